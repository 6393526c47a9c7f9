package nets

import (
	"fmt"
	"math"

	"semirest/models/graph"
	"semirest/models/weights"
)

// Classifier judges every cell of a window of residuals: normal or anomalous.
type Classifier interface {
	// Params lists the parameters, in the order in which Logits declares them.
	Params() []graph.Param
	// Logits adds the network: x holds the signed residuals of n windows,
	// [n, mu*mu, d], row by row; the result is [n, mu*mu, 2], normal first.
	// t is nil when the graph only scores.
	Logits(b *graph.Builder, src graph.Source, x *graph.Value, t *Training) *graph.Value
	// DropPath lists the probabilities with which training drops each residual
	// branch; empty for a network that has none to drop.
	DropPath() []float64
}

// Training is what a training graph feeds a classifier beside its windows.
type Training struct {
	// Keep [branches, n] holds 0 where a branch is dropped for a window and
	// 1/(1-p) where it is kept, p from [Classifier.DropPath]. nil drops none.
	Keep *graph.Value
}

// FromSet is the lookup of [graph.Frozen]: parameters out of a weights file. prefix stands
// before each name there. A parameter that is missing, has another shape or holds a
// number that is not finite is an error that names it.
func FromSet(set *weights.Set, prefix string) func(graph.Param) ([]float32, error) {
	return func(p graph.Param) ([]float32, error) { return set.Floats(prefix+p.Name, p.Shape...) }
}

// params are a network's parameters in a graph, by name.
type params map[string]*graph.Value

// resolve asks the source for each parameter.
func resolve(list []graph.Param, src graph.Source) params {
	p := make(params, len(list))
	for _, d := range list {
		p[d.Name] = src.Param(d)
	}
	return p
}

// Residual is a classifier's first step: the signed residual r becomes Scale*r*r, or
// Scale*|r| (METHOD section 3). Scale decides much: the layer norm after the embedding
// hides the size of a token that dwarfs the embedding's bias.
type Residual struct {
	Abs   bool
	Scale float64 // positive
}

func (r Residual) add(b *graph.Builder, x *graph.Value) *graph.Value {
	if !(r.Scale > 0) || math.IsInf(r.Scale, 1) {
		b.Fail(fmt.Errorf("nets: residual scale %v is not a positive number", r.Scale))
	}
	if r.Abs {
		return b.Mul(b.Abs(x), b.Scalar(r.Scale))
	}
	return b.Mul(b.Square(x), b.Scalar(r.Scale))
}

// declared gathers a network's parameters.
type declared []graph.Param

// linear adds a weight [out, in], truncated normal 0.02, and a bias, zero.
func (l *declared) linear(name string, in, out int) {
	*l = append(*l,
		graph.Param{Name: name + ".weight", Shape: []int{out, in}, Decay: true, Init: graph.TruncNormal(0.02)},
		graph.Param{Name: name + ".bias", Shape: []int{out}})
}

// norm adds a layer norm's gain and bias. Neither decays, nor do the biases and tables of
// the others: see graph.Param.
func (l *declared) norm(name string, width int) {
	*l = append(*l,
		graph.Param{Name: name + ".weight", Shape: []int{width}, Init: graph.Ones},
		graph.Param{Name: name + ".bias", Shape: []int{width}})
}

// embed adds the first layer. Its bias is not zero at the start: with a zero bias, the
// layer norm that follows would erase the residual's size, the very signal.
func (l *declared) embed(in, width int) {
	l.linear("embed", in, width)
	(*l)[len(*l)-1].Init = graph.Uniform(1 / math.Sqrt(float64(in)))
	l.norm("embed_norm", width)
}

// head adds the last layer, two logits, near zero at the start.
func (l *declared) head(width int) {
	l.linear("head", width, 2)
	(*l)[len(*l)-2].Init = graph.TruncNormal(2e-5)
}

// normEps is what layer norms add to a variance.
const normEps = 1e-5

func (p params) linear(b *graph.Builder, name string, x *graph.Value) *graph.Value {
	return b.Linear(x, p[name+".weight"], p[name+".bias"])
}

func (p params) norm(b *graph.Builder, name string, x *graph.Value) *graph.Value {
	return b.LayerNorm(x, p[name+".weight"], p[name+".bias"], normEps)
}
