package nets

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"semirest/models/graph"
	"semirest/models/weights"
)

// Stage is a map that a backbone yields.
type Stage struct {
	Channels int
	Stride   int // input pixels from one cell to the next
}

// Architecture is a backbone without its weights.
type Architecture struct {
	Name   string
	Stages []Stage // in the order in which [Backbone.Add] yields them: fine to coarse
	Fine   Stage   // the map one stage before them, see [Architecture.Maps]
	Coarse Stage   // the map one stage after them, of a [Architecture.Deep] trunk only
	// Mean and Std normalise RGB pixels scaled to 0..1: (pixel/255 - Mean) / Std.
	Mean, Std [3]float32

	eps   float64                                                            // of batch norm
	convs []conv                                                             // the trunk's convolutions
	later []string                                                           // prefixes of the parameters after the trunk, which are ignored
	add   func(n *Backbone, b *graph.Builder, x *graph.Value) []*graph.Value // the maps of Maps
	deep  func() *Architecture                                               // nil: there is no deeper trunk
}

// conv is a convolution without bias, with the batch norm that follows it.
type conv struct {
	name, norm string // parameters NAME.weight, NORM.weight, NORM.bias, ...
	in, out    int
	kernel     int
	stride     int
	groups     int
}

// shape is the kernel's: [out, in/groups, kernel, kernel].
func (c conv) shape() []int { return []int{c.out, c.in / c.groups, c.kernel, c.kernel} }

// The normalisation of ImageNet (METHOD section 1).
var (
	imageNetMean = [3]float32{0.485, 0.456, 0.406}
	imageNetStd  = [3]float32{0.229, 0.224, 0.225}
)

// Names of the backbones.
const (
	EfficientNetLite0 = "efficientnet_lite0"
	EfficientNetLite2 = "efficientnet_lite2"
	WideResNet50      = "wide_resnet50_2"
)

// Lookup finds an architecture by its name.
func Lookup(name string) (*Architecture, error) {
	switch name {
	case EfficientNetLite0:
		return efficientNetLite(name, 1.0, 1.0, liteEnd), nil
	case EfficientNetLite2:
		return efficientNetLite(name, 1.1, 1.2, liteEnd), nil
	case WideResNet50:
		return wideResNet50(), nil
	}
	return nil, fmt.Errorf("nets: there is no backbone %q; known are %s, %s and %s",
		name, EfficientNetLite0, EfficientNetLite2, WideResNet50)
}

// Maps lists every map that [Backbone.Maps] yields, fine to coarse: Fine, those of
// Stages, and Coarse where the trunk reaches it.
func (a *Architecture) Maps() []Stage {
	maps := append([]Stage{a.Fine}, a.Stages...)
	if a.Coarse.Channels > 0 {
		maps = append(maps, a.Coarse)
	}
	return maps
}

// Deep returns the architecture with the trunk that reaches the stage Coarse. It needs
// more of a weights file, and takes more time; the maps before are the same.
func (a *Architecture) Deep() (*Architecture, error) {
	if a.deep == nil {
		return nil, fmt.Errorf("nets: %s has no stage behind its stride of %d", a.Name, a.Stages[len(a.Stages)-1].Stride)
	}
	return a.deep(), nil
}

// Parameter is a tensor that a trunk needs.
type Parameter struct {
	Name  string
	Kind  string // the name's last word: weight, bias, running_mean, running_var
	Shape []int  // of 4 dimensions: a kernel [out, in/groups, rows, cols]; of 1: a batch norm's
}

// Parameters lists what the trunk needs of a weights file.
func (a *Architecture) Parameters() []Parameter {
	var list []Parameter
	for _, c := range a.convs {
		list = append(list, Parameter{c.name + ".weight", "weight", c.shape()})
		for _, part := range normParts {
			list = append(list, Parameter{c.norm + "." + part, part, []int{c.out}})
		}
	}
	return list
}

// normParts are the parameters of a batch norm.
var normParts = []string{"weight", "bias", "running_mean", "running_var"}

// Trunk picks the trunk's parameters out of a checkpoint and checks them all: one that
// is missing, has another shape, or holds a number that is not finite is an error that
// names it, and so is one that the whole network does not have. Parameters after the
// trunk (the classifier's head) and training counters are left out.
func (a *Architecture) Trunk(set *weights.Set) (*weights.Set, error) {
	out := weights.NewSet()
	var problems []error
	take := func(name string, shape ...int) {
		if _, err := set.Floats(name, shape...); err != nil {
			problems = append(problems, err)
			return
		}
		out.Tensors[name] = set.Tensors[name]
	}
	for _, p := range a.Parameters() {
		take(p.Name, p.Shape...)
	}
	for _, name := range set.Names() {
		if _, taken := out.Tensors[name]; taken || a.expects(name) {
			continue
		}
		problems = append(problems, fmt.Errorf("parameter %q is none of this network's", name))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("nets: these are no weights of %s: %w", a.Name, first(problems))
	}
	return out, nil
}

// expects reports whether the network has the parameter, in its trunk or after it.
func (a *Architecture) expects(name string) bool {
	if strings.HasSuffix(name, ".num_batches_tracked") {
		return true
	}
	for _, prefix := range a.later {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.ContainsFunc(a.Parameters(), func(p Parameter) bool { return p.Name == name })
}

// first keeps an error of hundreds readable.
func first(problems []error) error {
	const show = 5
	if n := len(problems) - show; n > 0 {
		problems = append(problems[:show:show], fmt.Errorf("and %d more problems like these", n))
	}
	return errors.Join(problems...)
}

// Backbone is an architecture with weights, batch norm folded in.
type Backbone struct {
	*Architecture
	folded map[string]folded // by the convolution's name
}

type folded struct {
	conv
	kernel []float32 // [out, in/groups, kernel, kernel]
	bias   []float32 // [out]
}

// Load checks the weights as [Architecture.Trunk] does and folds the batch norms.
func (a *Architecture) Load(set *weights.Set) (*Backbone, error) {
	trunk, err := a.Trunk(set)
	if err != nil {
		return nil, err
	}
	n := &Backbone{Architecture: a, folded: make(map[string]folded, len(a.convs))}
	for _, c := range a.convs {
		f, err := a.fold(c, trunk)
		if err != nil {
			return nil, fmt.Errorf("nets: weights of %s: %w", a.Name, err)
		}
		n.folded[c.name] = f
	}
	return n, nil
}

// fold multiplies each output channel's kernel by gamma/sqrt(var+eps); the bias is
// beta - mean times the same. float64, since the rounding of many layers adds up.
func (a *Architecture) fold(c conv, w *weights.Set) (folded, error) {
	kernel, err := w.Floats(c.name+".weight", c.shape()...)
	if err != nil {
		return folded{}, err
	}
	var norm [4][]float32
	for i, part := range normParts {
		if norm[i], err = w.Floats(c.norm+"."+part, c.out); err != nil {
			return folded{}, err
		}
	}
	f := folded{conv: c, kernel: make([]float32, len(kernel)), bias: make([]float32, c.out)}
	per := len(kernel) / c.out
	for o := range c.out {
		gamma, beta, mean, variance := float64(norm[0][o]), float64(norm[1][o]), float64(norm[2][o]), float64(norm[3][o])
		if variance < 0 {
			return folded{}, fmt.Errorf("%s.running_var is negative (%v) at channel %d", c.norm, variance, o)
		}
		scale := gamma / math.Sqrt(variance+a.eps)
		for i := o * per; i < (o+1)*per; i++ {
			f.kernel[i] = float32(float64(kernel[i]) * scale)
		}
		f.bias[o] = float32(beta - mean*scale)
	}
	return f, nil
}

// Maps adds the trunk's nodes: x is a normalised picture [n, 3, height, width] (see Mean
// and Std), the results are the maps that [Architecture.Maps] lists, [n, channels, rows,
// cols]. Height and width must be multiples of the last stride, or the maps would not lie
// over each other; other shapes fail the graph. n may be the batch.
func (n *Backbone) Maps(b *graph.Builder, x *graph.Value) []*graph.Value {
	all := n.Architecture.Maps()
	last := all[len(all)-1].Stride
	shape := x.Shape()
	if len(shape) != 4 || shape[1] != 3 || shape[2] <= 0 || shape[3] <= 0 || shape[2]%last != 0 || shape[3]%last != 0 {
		b.Fail(fmt.Errorf("nets: %s takes [n, 3, height, width], both multiples of %d, not %v", n.Name, last, shape))
	}
	return n.add(n, b, x)
}

// conv adds a folded convolution with the given padding: top, left, bottom, right.
func (n *Backbone) conv(b *graph.Builder, x *graph.Value, c conv, pads [4]int) *graph.Value {
	f := n.folded[c.name]
	kernel := b.F32(c.name+".weight", f.kernel, c.shape()...)
	bias := b.F32(c.name+".bias", f.bias, c.out)
	return b.Conv(x, kernel, bias, graph.ConvOptions{Stride: c.stride, Pads: pads, Groups: c.groups})
}
