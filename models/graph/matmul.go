package graph

import (
	"slices"

	"semirest/models/onnx"
)

// MatMul multiplies matrices in the last two axes and broadcasts the others, as
// NumPy's matmul; both operands have rank 2 or more. A matrix on the right of a
// stack of rows becomes one large Gemm.
func (b *Builder) MatMul(x, y *Value) *Value {
	b.own(x, y)
	dtype := sameType("MatMul", x, y)
	if len(x.shape) < 2 || len(y.shape) < 2 {
		panicf("MatMul of %v and %v: both need rank 2 or more", x, y)
	}
	rx, ry := len(x.shape), len(y.shape)
	m, k, n := x.shape[rx-2], x.shape[rx-1], y.shape[ry-1]
	if y.shape[ry-2] != k {
		panicf("MatMul of %v and %v: inner sizes differ", x, y)
	}
	batch := broadcastShape(x.shape[:rx-2], y.shape[:ry-2])
	out := b.emit("MatMul", []*Value{x, y}, nil, Spec{dtype, append(batch, m, n)})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		if ry == 2 {
			// x is a stack of rows: one Gemm each, the transposes inside it.
			rows := b.Reshape(g, elements(g.shape)/n, n)
			if a.wants(0) {
				a.give(0, b.Reshape(b.Gemm(rows, y, nil, false, true), x.shape...))
			}
			if a.wants(1) {
				a.give(1, b.Gemm(b.Reshape(x, elements(x.shape)/k, k), rows, nil, true, false))
			}
			return
		}
		a.giveTo(0, func() *Value { return b.MatMul(g, b.swap(y)) })
		a.giveTo(1, func() *Value { return b.MatMul(b.swap(x), g) })
	}
	return out
}

// swap transposes the last two axes; ONNX Runtime fuses it into the MatMul that follows.
func (b *Builder) swap(x *Value) *Value {
	perm := make([]int, len(x.shape))
	for i := range perm {
		perm[i] = i
	}
	n := len(perm)
	perm[n-2], perm[n-1] = n-1, n-2
	return b.Transpose(x, perm...)
}

// Gemm returns x*y + c for matrices, x [m, k] or its transpose (transX), y
// [k, n] or its transpose (transY). c, which may be nil, broadcasts to [m, n].
func (b *Builder) Gemm(x, y, c *Value, transX, transY bool) *Value {
	b.own(x, y)
	rank("Gemm", x, 2)
	rank("Gemm", y, 2)
	dtype := sameType("Gemm", x, y)
	dims := func(v *Value, trans bool) (int, int) {
		if trans {
			return v.shape[1], v.shape[0]
		}
		return v.shape[0], v.shape[1]
	}
	m, k := dims(x, transX)
	k2, n := dims(y, transY)
	if k != k2 {
		panicf("Gemm of %v and %v (transposed: %v, %v): inner sizes differ", x, y, transX, transY)
	}
	inputs := []*Value{x, y}
	shape := []int{m, n}
	if c != nil {
		b.own(c)
		sameType("Gemm", x, c)
		if !slices.Equal(broadcastShape(c.shape, shape), shape) {
			panicf("Gemm adds %v to a result %v", c, shape)
		}
		inputs = append(inputs, c)
	}
	attrs := []onnx.Attribute{onnx.Int("transA", flag(transX)), onnx.Int("transB", flag(transY))}
	out := b.emit("Gemm", inputs, attrs, Spec{dtype, shape})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		// y' = x' z' has dx' = g z'^T and dz' = x'^T g; Gemm transposes while it reads.
		if a.wants(0) {
			if transX { // x' = x^T: dx = (g y'^T)^T = y' g^T
				a.give(0, b.Gemm(y, g, nil, transY, true))
			} else {
				a.give(0, b.Gemm(g, y, nil, false, !transY))
			}
		}
		if a.wants(1) {
			if transY {
				a.give(1, b.Gemm(g, x, nil, true, transX))
			} else {
				a.give(1, b.Gemm(x, g, nil, !transX, false))
			}
		}
		if c != nil {
			a.giveTo(2, func() *Value { return g })
		}
	}
	return out
}

// Linear applies weight [out, in] (PyTorch's layout) and bias [out] (nil: none)
// to the last axis of x, as one Gemm over all rows.
func (b *Builder) Linear(x, weight, bias *Value) *Value {
	b.own(x, weight)
	rank("Linear weight", weight, 2)
	in, out := weight.shape[1], weight.shape[0]
	if x.Dim(-1) != in {
		panicf("Linear of %v by %v: inner sizes differ", x, weight)
	}
	y := b.Gemm(b.Reshape(x, elements(x.shape)/in, in), weight, bias, false, true)
	return b.Reshape(y, append(x.Shape()[:len(x.shape)-1], out)...)
}
