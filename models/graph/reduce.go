package graph

import (
	"slices"

	"semirest/models/onnx"
)

// Reductions. No axes means all of them. keep leaves a 1 where an axis was.

// ReduceSum sums over the axes.
func (b *Builder) ReduceSum(x *Value, keep bool, over ...int) *Value {
	return b.reduce("ReduceSum", x, keep, over, func(a *adjoint, _, g *Value) {
		a.give(0, b.expandLike(g, x))
	})
}

// ReduceMean averages over the axes.
func (b *Builder) ReduceMean(x *Value, keep bool, over ...int) *Value {
	return b.reduce("ReduceMean", x, keep, over, func(a *adjoint, _, g *Value) {
		n := 1
		for _, i := range axes(x, over) {
			n *= fixed("gradient of ReduceMean", x, i)
		}
		a.give(0, b.expandLike(b.Mul(g, b.ScalarOf(g, 1/float64(n))), x))
	})
}

// ReduceMax takes the largest element over the axes; equal largest ones share the gradient.
func (b *Builder) ReduceMax(x *Value, keep bool, over ...int) *Value {
	return b.reduceExtreme("ReduceMax", x, keep, over)
}

// ReduceMin takes the smallest element over the axes; equal smallest ones share the gradient.
func (b *Builder) ReduceMin(x *Value, keep bool, over ...int) *Value {
	return b.reduceExtreme("ReduceMin", x, keep, over)
}

func (b *Builder) reduceExtreme(op string, x *Value, keep bool, over []int) *Value {
	list := axes(x, over)
	return b.reduce(op, x, keep, over, func(a *adjoint, out, g *Value) {
		kept := without(x.shape, list, true)
		hit := b.Cast(b.Equal(x, b.Reshape(out, kept...)), x.dtype)
		share := b.Div(b.Reshape(g, kept...), b.ReduceSum(hit, true, list...))
		a.give(0, b.Mul(hit, share))
	})
}

// reduce adds a reduction; back's g has the kept shape (1 where an axis was).
func (b *Builder) reduce(op string, x *Value, keep bool, over []int, back func(a *adjoint, out, g *Value)) *Value {
	b.own(x)
	list := axes(x, over)
	attrs := []onnx.Attribute{onnx.Int("keepdims", flag(keep))}
	out := b.emit(op, []*Value{x, b.ints(list...)}, attrs, Spec{x.dtype, without(x.shape, list, keep)})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		if !keep {
			g = b.Reshape(g, without(x.shape, list, true)...)
		}
		back(a, out, g)
	}
	return out
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// ArgMax returns the int64 index of the largest element along an axis, the
// first one at a tie; the axis disappears unless keep.
func (b *Builder) ArgMax(x *Value, axis int, keep bool) *Value {
	b.own(x)
	axis = x.axis(axis)
	attrs := []onnx.Attribute{onnx.Int("axis", axis), onnx.Int("keepdims", flag(keep))}
	out := b.emit("ArgMax", []*Value{x}, attrs, Spec{Int64, without(x.shape, []int{axis}, keep)})
	out.node.zero = true
	return out
}

// TopK returns the k largest (or smallest) elements along an axis, sorted, and
// their int64 indices. The values carry no gradient.
func (b *Builder) TopK(x *Value, k, axis int, largest bool) (values, indices *Value) {
	b.own(x)
	axis = x.axis(axis)
	if n := x.shape[axis]; k < 1 || (n > 0 && k > n) {
		panicf("TopK(%d) along axis %d of %v", k, axis, x)
	}
	shape := slices.Clone(x.shape)
	shape[axis] = k
	attrs := []onnx.Attribute{
		onnx.Int("axis", axis), onnx.Int("largest", flag(largest)), onnx.Int("sorted", 1),
	}
	n := b.emitN("TopK", "", []*Value{x, b.ints(k)}, attrs, Spec{x.dtype, shape}, Spec{Int64, shape})
	return n.outs[0], n.outs[1]
}

// sumTo reverses broadcasting: it sums g down to shape.
func (b *Builder) sumTo(g *Value, shape []int) *Value {
	if slices.Equal(g.shape, shape) {
		return g
	}
	off := len(g.shape) - len(shape)
	var over []int
	for i, d := range g.shape {
		if i < off || (shape[i-off] == 1 && d != 1) {
			over = append(over, i)
		}
	}
	if len(over) > 0 {
		g = b.ReduceSum(g, true, over...)
	}
	return b.Reshape(g, shape...)
}

// expandLike broadcasts g to the shape of x.
func (b *Builder) expandLike(g, x *Value) *Value {
	if slices.Equal(g.shape, x.shape) {
		return g
	}
	var shape *Value
	if elements(x.shape) < 0 {
		shape = b.emit("Shape", []*Value{x}, nil, Spec{Int64, []int{len(x.shape)}})
		shape.node.zero = true
	} else {
		shape = b.ints(x.shape...)
	}
	return b.expand(g, shape, x.shape)
}
