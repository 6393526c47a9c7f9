package nets

import (
	"fmt"

	"semirest/models/graph"
)

// MLP judges each cell by its own residual alone: the fast preset, and what the ablation
// compares the transformers with. Embedding and norm are the Swin's; one hidden
// layer follows. About 50,000 numbers at 256 channels and width 128.
type MLP struct {
	In       int // d, channels of a residual
	Width    int
	Residual Residual
}

// Params lists the parameters.
func (m MLP) Params() []graph.Param {
	var l declared
	l.embed(m.In, m.Width)
	l.linear("fc", m.Width, m.Width)
	l.head(m.Width)
	return l
}

// DropPath is empty: there is no residual branch.
func (m MLP) DropPath() []float64 { return nil }

// Logits adds the network to a graph, as [Classifier] says.
func (m MLP) Logits(b *graph.Builder, src graph.Source, x *graph.Value, _ *Training) *graph.Value {
	if m.In < 1 || m.Width < 1 || x.Rank() != 3 || x.Dim(2) != m.In {
		b.Fail(fmt.Errorf("nets: an MLP of %+v takes [n, cells, %d], not %v", m, m.In, x))
	}
	p := resolve(m.Params(), src)
	x = p.norm(b, "embed_norm", p.linear(b, "embed", m.Residual.add(b, x)))
	x = b.Gelu(p.linear(b, "fc", b.Gelu(x)))
	return p.linear(b, "head", x)
}
