package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Param describes one trainable tensor.
type Param struct {
	Name  string
	Shape []int
	// Decay says whether weight decay applies: to matrices and kernels. Biases, norms'
	// gains and position tables are left alone, as in the Swin's public training; METHOD
	// section 6 names one decay and no exception. They are few, and decay pulls gains
	// towards 0 where they do nothing. Decay of everything was measured to change nothing:
	// bottle at 320 pixels, preset fast, two seeds, 91.95 and 91.98 AP either way.
	Decay bool
	// Init fills the tensor before training. nil means zeros.
	Init Init
}

// Init fills a new parameter's data, row-major.
type Init func(rng *rand.Rand, data []float32)

// Ones fills with 1.
func Ones(_ *rand.Rand, data []float32) {
	for i := range data {
		data[i] = 1
	}
}

// Uniform fills with numbers uniform in [-bound, bound).
func Uniform(bound float64) Init {
	return func(rng *rand.Rand, data []float32) {
		for i := range data {
			data[i] = float32((2*rng.Float64() - 1) * bound)
		}
	}
}

// Normal fills with normal numbers of mean 0.
func Normal(std float64) Init {
	return func(rng *rand.Rand, data []float32) {
		for i := range data {
			data[i] = float32(rng.NormFloat64() * std)
		}
	}
}

// TruncNormal is Normal without numbers beyond -2 and 2, as PyTorch's
// trunc_normal_(std=std): its default limits are numbers, not multiples of std, so that
// at the 0.02 of METHOD section 5 next to nothing is cut off.
func TruncNormal(std float64) Init {
	return func(rng *rand.Rand, data []float32) {
		for i := range data {
			v := math.Inf(1)
			for math.Abs(v) > 2 {
				v = rng.NormFloat64() * std
			}
			data[i] = float32(v)
		}
	}
}

// Source gives a network its parameters: Trainable while training, Frozen after.
type Source interface {
	// Param returns the value of a parameter; asking again for the same name
	// gives the same value.
	Param(p Param) *Value
}

// Frozen is a Source of constants. lookup returns a parameter's data by name,
// which is kept, not copied; its error fails the graph.
func Frozen(b *Builder, lookup func(p Param) ([]float32, error)) Source {
	return frozen{b, lookup}
}

type frozen struct {
	b      *Builder
	lookup func(p Param) ([]float32, error)
}

func (f frozen) Param(p Param) *Value {
	data, err := f.lookup(p)
	if err != nil {
		f.b.Fail(err)
	}
	if len(data) != elements(p.Shape) {
		f.b.Fail(fmt.Errorf("parameter %q of shape %v has %d elements", p.Name, p.Shape, len(data)))
	}
	return f.b.F32(p.Name, data, p.Shape...)
}

// Layout is the order of parameters in a flat vector: first those with weight
// decay, then the others, each part in the order they were declared.
type Layout []Param

// Size returns the number of elements of the flat vector.
func (l Layout) Size() int {
	n := 0
	for _, p := range l {
		n += elements(p.Shape)
	}
	return n
}

// Decayed returns how many elements at the vector's start decay.
func (l Layout) Decayed() int {
	n := 0
	for _, p := range l {
		if p.Decay {
			n += elements(p.Shape)
		}
	}
	return n
}

// Init makes the flat vector of a new network.
func (l Layout) Init(rng *rand.Rand) []float32 {
	flat := make([]float32, l.Size())
	l.Each(flat, func(p Param, data []float32) {
		if p.Init != nil {
			p.Init(rng, data)
		}
	})
	return flat
}

// Each calls f with every parameter and its part of flat, which is shared.
func (l Layout) Each(flat []float32, f func(p Param, data []float32)) {
	at := 0
	for _, p := range l {
		n := elements(p.Shape)
		f(p, flat[at:at+n:at+n])
		at += n
	}
}

// Trainable is a Source whose parameters are the parts of one flat input
// vector, so that the optimiser is one chain of operators over one vector and
// the caller keeps two buffers in all. The vector's input is named when the
// graph is finished, as only then its size is known.
type Trainable struct {
	b      *Builder
	params []Param
	values []*Value
	flat   *Value // the input, once laid out
	layout Layout
}

// Names of the training graph's inputs and outputs. The state is three flat
// vectors of Layout.Size elements.
const (
	InParams, OutParams = "params", "params.next"
	InMean, OutMean     = "adam.m", "adam.m.next"
	InSquare, OutSquare = "adam.v", "adam.v.next"
	InRate              = "rate" // learning rate, float32 scalar
	InStep              = "step" // int64 scalar, 1 for the first step
	OutLoss             = "loss"
	OutNorm             = "gradient_norm" // before clipping
)

// Trainable declares an empty set of parameters; use it as a network's Source.
func (b *Builder) Trainable() *Trainable {
	t := &Trainable{b: b}
	b.pending = append(b.pending, t.layOut)
	return t
}

// Param implements Source.
func (t *Trainable) Param(p Param) *Value {
	if i := slices.IndexFunc(t.params, func(q Param) bool { return q.Name == p.Name }); i >= 0 {
		if !slices.Equal(t.params[i].Shape, p.Shape) || t.params[i].Decay != p.Decay {
			panicf("parameter %q is asked for as %v and as %v", p.Name, t.params[i].Shape, p.Shape)
		}
		return t.values[i]
	}
	if t.flat != nil {
		panicf("parameter %q is declared after the optimiser step", p.Name)
	}
	checkShape(p.Shape)
	if elements(p.Shape) < 0 {
		panicf("parameter %q of shape %v", p.Name, p.Shape)
	}
	t.b.claim(p.Name)
	// The value stands for the output of a Reshape that layOut adds.
	v := &Value{b: t.b, name: p.Name, dtype: Float32, shape: slices.Clone(p.Shape)}
	t.params = append(t.params, p)
	t.values = append(t.values, v)
	return v
}

// Layout returns the parameters in the order of the flat vector. It may be
// called once the network stands; after it, no parameter can be declared.
func (t *Trainable) Layout() Layout {
	t.layOut()
	return t.layout
}

// layOut declares the flat vector and cuts it up, ahead of all other nodes.
func (t *Trainable) layOut() {
	if t.flat != nil || len(t.params) == 0 {
		return
	}
	var order []int
	for _, decay := range []bool{true, false} {
		for i, p := range t.params {
			if p.Decay == decay {
				order = append(order, i)
			}
		}
	}
	sizes := make([]int, len(order))
	for k, i := range order {
		t.layout = append(t.layout, t.params[i])
		sizes[k] = elements(t.params[i].Shape)
	}
	b := t.b
	scope, nodes := b.scope, b.nodes
	b.scope, b.nodes = "", nil
	t.flat = b.Input(InParams, Float32, t.layout.Size())
	for k, part := range b.Split(t.flat, 0, sizes...) {
		v := t.values[order[k]]
		// Reshape by hand, even to the same shape: the node's output is v.
		n := b.emitN("Reshape", "", []*Value{part, b.ints(v.shape...)}, nil, Spec{Float32, v.shape})
		n.outs[0] = v
		v.node = n
		n.back = func(a *adjoint) { a.give(0, b.Reshape(a.out(0), part.shape...)) }
	}
	b.prologue = append(b.prologue, b.nodes...)
	b.scope, b.nodes = scope, nodes
}
