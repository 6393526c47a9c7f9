package nets

import (
	"fmt"
	"math"

	"semirest/models/graph"
)

// What the Swin and the ViT share: pre-norm blocks of self-attention and MLP.

// mlpRatio is how much wider an MLP's hidden layer is.
const mlpRatio = 4

// block adds a transformer block's parameters.
func (l *declared) block(name string, width int) {
	l.norm(name+".norm1", width)
	l.linear(name+".attn.qkv", width, 3*width)
	l.linear(name+".attn.proj", width, width)
	l.norm(name+".norm2", width)
	l.linear(name+".mlp.fc1", width, mlpRatio*width)
	l.linear(name+".mlp.fc2", mlpRatio*width, width)
}

// blockPath is how training drops a block's two branches: a factor [n, 1, 1] each, nil
// for a branch that is always kept.
type blockPath struct{ attention, mlp *graph.Value }

// paths cuts Keep [branches, n] into a factor [n, 1, 1] a branch: a branch is kept or
// dropped for a window as a whole. With no training, or no probability, there are none.
func (t *Training) paths(b *graph.Builder, drop []float64) []blockPath {
	list := make([]blockPath, len(drop)/2)
	if t == nil || t.Keep == nil {
		return list
	}
	if t.Keep.Rank() != 2 || t.Keep.Dim(0) != len(drop) {
		b.Fail(fmt.Errorf("nets: drop path wants [%d, n], not %v", len(drop), t.Keep))
	}
	n := t.Keep.Dim(1)
	factor := func(i int) *graph.Value {
		if drop[i] == 0 {
			return nil
		}
		return b.Reshape(b.Slice(t.Keep, 0, i, i+1), n, 1, 1)
	}
	for i := range list {
		list[i] = blockPath{factor(2 * i), factor(2*i + 1)}
	}
	return list
}

// dropPath are the probabilities of both branches of each block, from 0 to 0.1.
func dropPath(depth int) []float64 {
	const most = 0.1
	p := make([]float64, 2*depth)
	for i := range p {
		if depth > 1 {
			p[i] = most * float64(i/2) / float64(depth-1)
		}
	}
	return p
}

// attend describes where a block's attention looks: tokens attend within groups.
type attend struct {
	heads  int
	groups int          // a window's tokens, in order, are groups * size
	bias   *graph.Value // [heads, size, size], added to every group's logits; nil: none
	mask   *graph.Value // [groups, 1, size, size], added too; nil: none
}

// block adds a pre-norm block to x [n, tokens, width].
func (p params) block(b *graph.Builder, name string, x *graph.Value, a attend, path blockPath) *graph.Value {
	y := p.attention(b, name+".attn", p.norm(b, name+".norm1", x), a)
	x = b.Add(x, kept(b, y, path.attention))
	y = p.norm(b, name+".norm2", x)
	y = p.linear(b, name+".mlp.fc2", b.Gelu(p.linear(b, name+".mlp.fc1", y)))
	return b.Add(x, kept(b, y, path.mlp))
}

func kept(b *graph.Builder, y, factor *graph.Value) *graph.Value {
	if factor == nil {
		return y
	}
	return b.Mul(y, factor)
}

// attention adds multi-head self-attention within groups of x [n, groups*size, width].
func (p params) attention(b *graph.Builder, name string, x *graph.Value, a attend) *graph.Value {
	n, tokens, width := x.Dim(0), x.Dim(1), x.Dim(2)
	size, each := tokens/a.groups, width/a.heads
	// One product makes all three; a copy lays each head's rows side by side, which is what
	// MatMul wants of a stack of matrices.
	var parts [3]*graph.Value // query, key, value, each [n*groups, heads, size, each]
	for i, part := range b.Split(p.linear(b, name+".qkv", x), 2, width, width, width) {
		part = b.Reshape(part, n*a.groups, size, a.heads, each)
		parts[i] = b.Transpose(part, 0, 2, 1, 3)
	}
	// Dot products of random rows grow with the square root of their length. It is
	// taken out of the query, which is smaller than the logits wherever size > each.
	query := b.Mul(parts[0], b.Scalar(1/math.Sqrt(float64(each))))
	logits := b.MatMul(query, b.Transpose(parts[1], 0, 1, 3, 2)) // [n*groups, heads, size, size]
	if a.bias != nil {
		logits = b.Add(logits, a.bias)
	}
	if a.mask != nil { // a mask is a group's, whichever window the group is of
		logits = b.Add(b.Reshape(logits, n, a.groups, a.heads, size, size), a.mask)
		logits = b.Reshape(logits, n*a.groups, a.heads, size, size)
	}
	y := b.MatMul(b.Softmax(logits, -1), parts[2]) // [n*groups, heads, size, each]
	y = b.Reshape(b.Transpose(y, 0, 2, 1, 3), n, tokens, width)
	return p.linear(b, name+".proj", y)
}
