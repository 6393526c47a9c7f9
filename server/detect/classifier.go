package detect

import (
	"encoding/json"
	"fmt"
	"math"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/onnx"
	"semirest/models/weights"
)

// Classifier describes the trained head of a detector, which stands in the distance
// head's place: residuals in, the probability of "anomalous" a block out
// (METHOD section 5).
type Classifier struct {
	Net       string `json:"net"` // swin, mlp, vit or unet
	Width     int    `json:"width"`
	Heads     int    `json:"heads,omitempty"`
	Blocks    int    `json:"blocks,omitempty"`           // transformer blocks
	Attention int    `json:"attention_window,omitempty"` // cells a side, Swin only

	// A residual becomes Scale times its square or, with Abs, its absolute value.
	Abs   bool    `json:"abs"`
	Scale float64 `json:"residual_scale"`

	Window  int    `json:"window"`       // mu, cells a side
	Bagging int    `json:"bagging_step"` // cells from one window to the next; 0: a single pass
	Fusion  Fusion `json:"fusion"`

	// How it was trained: settings, course and choices, as package train wrote them.
	Training json.RawMessage `json:"training,omitempty"`
	// Moved names the defective images that were moved from the test set to the
	// training set: an evaluation leaves them out.
	Moved []string `json:"moved,omitempty"`
}

// Fusion joins the probability p of a block with its squared distance d2 to the
// memory bank: (1-w) p + w d2/(d2 + Half). It is an insurance for data on which
// simulated defects are a poor match, and steadies faint scores, which AUROC and PRO
// count; chosen on held-out pictures.
type Fusion struct {
	Weight float64 `json:"weight"` // w: 0 the probability alone, 1 the order of the distance alone
	Half   float64 `json:"half"`   // the squared distance that counts a half
}

// Names of the classifiers.
const (
	NetSwin = "swin"
	NetMLP  = "mlp"
	NetViT  = "vit"
	NetUNet = "unet"
)

// classifierPrefix stands before the names of the classifier's tensors.
const classifierPrefix = "classifier."

// Network is the network for residuals of d numbers.
func (c *Classifier) Network(d int) (nets.Classifier, error) {
	r := nets.Residual{Abs: c.Abs, Scale: c.Scale}
	switch c.Net {
	case NetSwin:
		s := nets.Swin{In: d, Width: c.Width, Heads: c.Heads, Depth: c.Blocks, Window: c.Attention, Map: c.Window, Residual: r}
		return s, s.Check()
	case NetMLP:
		return nets.MLP{In: d, Width: c.Width, Residual: r}, nil
	case NetViT:
		return nets.ViT{In: d, Width: c.Width, Heads: c.Heads, Depth: c.Blocks, Map: c.Window, Residual: r}, nil
	case NetUNet:
		return nets.UNet{In: d, Width: c.Width, Map: c.Window, Residual: r}, nil
	}
	return nil, fmt.Errorf("no classifier is called %q: known are swin, mlp, vit and unet", c.Net)
}

// sliding is how windows slide over a crop.
func (s *Spec) sliding() nets.Sliding {
	g := s.cells()
	return nets.Sliding{Rows: g.Rows, Cols: g.Cols, Map: s.Classifier.Window, Step: s.Classifier.Bagging, Block: s.Block / stride}
}

// check holds a classifier that was read from a file to what the graph relies on.
func (c *Classifier) check(s *Spec) error {
	if !positive(c.Scale) {
		return fmt.Errorf("the classifier's residual scale is %v", c.Scale)
	}
	if !(c.Fusion.Weight >= 0 && c.Fusion.Weight <= 1) || c.Fusion.Weight > 0 && !positive(c.Fusion.Half) {
		return fmt.Errorf("the classifier is fused with weight %v and half distance %v", c.Fusion.Weight, c.Fusion.Half)
	}
	if max(c.Width, c.Heads, c.Blocks, c.Attention, c.Window) > 1<<14 || c.Width < 1 || c.Window < 1 {
		return fmt.Errorf("the classifier's sizes are %+v", *c)
	}
	if _, err := c.Network(s.Dim()); err != nil {
		return err
	}
	return s.sliding().Check()
}

// SetClassifier puts a trained classifier, its parameters by name, in the place of
// the distance head. block is 8 or 16 pixels. The threshold is the caller's to set
// anew: it was one of distances.
func (m *Model) SetClassifier(c Classifier, block int, parameters *weights.Set) error {
	old := m.Spec
	m.Spec.Classifier, m.Spec.Block = &c, block
	err := m.Spec.check()
	if err == nil {
		err = m.setClassifier(parameters, "")
	}
	if err != nil {
		m.Spec = old
		return fmt.Errorf("detect: set the classifier: %w", err)
	}
	return nil
}

// setClassifier checks and takes the parameters out of a set.
func (m *Model) setClassifier(set *weights.Set, prefix string) error {
	net, err := m.Classifier.Network(m.Dim())
	if err != nil {
		return err
	}
	kept := weights.NewSet()
	for _, p := range net.Params() {
		v, err := set.Floats(prefix+p.Name, p.Shape...)
		if err != nil {
			return err
		}
		kept.Tensors[p.Name] = weights.NewF32(v, p.Shape...)
	}
	m.classifier = kept
	return nil
}

// ClassifierWeights returns the classifier's parameters by name, nil for a
// detector without one. The set is the model's own.
func (m *Model) ClassifierWeights() *weights.Set { return m.classifier }

// classifierHead adds search, residuals, bagged classifier and fusion to each view's
// features [n, cells of its grid, d]: [n, rows, cols] over the block grid, and the cells'
// distances [n, cells].
func (m *Model) classifierHead(b *graph.Builder, fs []*graph.Value) (score, distances *graph.Value) {
	var residual, squared *graph.Value
	b.Scope("nearest", func() { residual, squared = m.residuals(b, fs) })
	b.Scope("classifier", func() { score = m.bagged(b, residual) })
	b.Scope("fusion", func() { score = m.insured(b, score, squared) })
	return score, b.Sqrt(squared)
}

// residuals are what the classifier sees, [n, cells, d] of all views over the finest grid
// (METHOD section 3), and the square of the distance head's score, [n, cells].
func (m *Model) residuals(b *graph.Builder, fs []*graph.Value) (residual, squared *graph.Value) {
	rs, distances := make([]*graph.Value, len(fs)), make([]*graph.Value, len(fs))
	for i, f := range fs {
		d := m.Views[i].Feature.Dim // found: [n, cells, d+1], the residual, then the squared distance
		found := m.searched(b, i, m.neighbours(), f, func(bank, q, squared, rows *graph.Value) *graph.Value {
			row := b.Squeeze(b.Slice(rows, 1, 0, 1), 1)
			return b.Concat(1, b.Sub(b.Gather(bank, row, 0), q), b.Slice(squared, 1, 0, 1))
		})
		rs[i] = b.Slice(found, 2, 0, d)
		distances[i] = b.Reshape(b.Slice(found, 2, d, d+1), -1, found.Dim(1))
	}
	if len(fs) == 1 {
		return rs[0], distances[0]
	}
	g := m.cells()
	for i, r := range rs {
		rs[i] = m.spread(b, i, r)
		distances[i] = b.Sqrt(distances[i])
	}
	return b.Concat(2, rs...), b.Square(b.Reshape(m.fuse(b, distances), -1, g.Len()))
}

// spread divides a view's residuals [n, cells of its grid, d] by what is normal, so that
// those of all views have one size, and brings them to the finest grid. Their squares are
// interpolated, not they: between two cells whose residuals point different ways lies no
// place where the picture is normal. The sign is lost, which the classifier's first step
// drops in any case.
func (m *Model) spread(b *graph.Builder, view int, r *graph.Value) *graph.Value {
	own, g, d := m.grid(&m.Views[view]), m.cells(), m.Views[view].Feature.Dim
	r = b.Mul(r, b.Scalar(m.Unit(view)))
	if own == g {
		return r
	}
	r = b.Transpose(b.Reshape(b.Square(r), -1, own.Rows, own.Cols, d), 0, 3, 1, 2)
	r = b.Sqrt(b.Resize(r, g.Rows, g.Cols))
	return b.Transpose(b.Reshape(r, -1, d, g.Len()), 0, 2, 1)
}

// Unit is what a view's residuals are multiplied by before the classifier sees them: with
// several views the inverse of the root mean square of a normal channel, as far as the
// view's level tells it.
func (s *Spec) Unit(view int) float64 {
	if len(s.Views) == 1 {
		return 1
	}
	v := &s.Views[view]
	return math.Sqrt(float64(v.Feature.Dim)) / v.Level
}

// bagged is the probability a block for residuals [n, cells, d].
func (m *Model) bagged(b *graph.Builder, residual *graph.Value) *graph.Value {
	net, err := m.Classifier.Network(m.Dim())
	if err != nil {
		b.Fail(err)
	}
	src := graph.Frozen(b, nets.FromSet(m.classifier, ""))
	return nets.Bagged(b, net, src, residual, m.sliding())
}

// insured joins probabilities [n, rows, cols] with squared distances [n, cells].
func (m *Model) insured(b *graph.Builder, p, squared *graph.Value) *graph.Value {
	w, half := m.Classifier.Fusion.Weight, m.Classifier.Fusion.Half
	if w == 0 {
		return p
	}
	g, side := m.Grid(), m.Block/stride
	d := b.Reshape(squared, -1, g.Rows, side, g.Cols, side)
	if side > 1 { // a block's squared distance is the mean of its cells'
		d = b.ReduceMean(d, false, 2, 4)
	}
	d = b.Reshape(d, -1, g.Rows, g.Cols)
	d = b.Mul(b.Div(d, b.Add(d, b.Scalar(half))), b.Scalar(w))
	if w == 1 {
		return d
	}
	return b.Add(b.Mul(p, b.Scalar(1-w)), d)
}

// Fuse is what the graph computes of a probability and a squared distance.
func (f Fusion) Fuse(p, squared float64) float64 {
	if f.Weight == 0 {
		return p
	}
	return (1-f.Weight)*p + f.Weight*squared/(squared+f.Half)
}

// ClassifierGraph is the bagged classifier alone, for residuals that training
// keeps: InputResidual [n, cells, d] in, as residuals makes them, OutputScores [n, rows, cols] out, not
// fused.
func (m *Model) ClassifierGraph() (*onnx.Model, error) {
	return graph.Build("semirest.classifier", func(b *graph.Builder) {
		r := b.Input(InputResidual, graph.Float32, -1, m.cells().Len(), m.Dim())
		b.Output(OutputScores, m.bagged(b, r))
	})
}
