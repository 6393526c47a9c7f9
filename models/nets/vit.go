package nets

import (
	"fmt"

	"semirest/models/graph"
)

// ViT is the ablation's plain vision transformer (https://arxiv.org/abs/2010.11929): the
// Swin's embedding, blocks and head, but every cell attends to the whole window and a
// learned position embedding tells cells apart. Its attention takes heads * mu^4 numbers a
// window: 8 heads of 32x32 cells are 34 MB a block.
type ViT struct {
	In       int // d, channels of a residual
	Width    int // of a token; a multiple of Heads
	Heads    int
	Depth    int // blocks
	Map      int // mu, cells of the sliding window's side
	Residual Residual
}

// Params lists the parameters.
func (v ViT) Params() []graph.Param {
	var l declared
	l.embed(v.In, v.Width)
	l = append(l, graph.Param{Name: "position", Shape: []int{v.Map * v.Map, v.Width}, Init: graph.TruncNormal(0.02)})
	for i := range v.Depth {
		l.block(blockName(i), v.Width)
	}
	l.norm("norm", v.Width)
	l.head(v.Width)
	return l
}

// DropPath grows over the blocks from 0 to 0.1, as the Swin's.
func (v ViT) DropPath() []float64 { return dropPath(v.Depth) }

// Logits adds the network to a graph, as [Classifier] says.
func (v ViT) Logits(b *graph.Builder, src graph.Source, x *graph.Value, t *Training) *graph.Value {
	if v.In < 1 || v.Heads < 1 || v.Depth < 1 || v.Width < 1 || v.Width%v.Heads != 0 {
		b.Fail(fmt.Errorf("nets: a ViT's sizes must be positive, its width a multiple of its heads: %+v", v))
	}
	if x.Rank() != 3 || x.Dim(1) != v.Map*v.Map || x.Dim(2) != v.In {
		b.Fail(fmt.Errorf("nets: a ViT takes [n, %d, %d], not %v", v.Map*v.Map, v.In, x))
	}
	p := resolve(v.Params(), src)
	x = p.norm(b, "embed_norm", p.linear(b, "embed", v.Residual.add(b, x)))
	x = b.Add(x, p["position"])
	paths := t.paths(b, v.DropPath())
	for i := range v.Depth {
		x = p.block(b, blockName(i), x, attend{heads: v.Heads, groups: 1}, paths[i])
	}
	return p.linear(b, "head", p.norm(b, "norm", x))
}
