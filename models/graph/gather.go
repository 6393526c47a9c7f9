package graph

import (
	"slices"

	"semirest/models/onnx"
)

// Gather takes rows of x along an axis: the result's shape is x's with that axis
// replaced by indices' shape. indices are int64 or int32 in [0, size).
//
// Gradients need no Scatter. For constant indices the rows of the gradient are
// gathered by the inverse table: plainly for a permutation or a part of one;
// with the rows of each source summed where a row is taken several times. For
// indices known only at run time the gradient is a product with a one-hot
// matrix [size, number of indices], which costs that much memory.
func (b *Builder) Gather(x, indices *Value, axis int) *Value {
	b.own(x, indices)
	axis = x.axis(axis)
	if indices.dtype != Int64 && indices.dtype != Int32 {
		panicf("Gather by %v: indices are integers", indices)
	}
	list, known := indices.constInts()
	if known && x.shape[axis] > 0 {
		for _, i := range list {
			if i < 0 || i >= x.shape[axis] {
				panicf("Gather of row %d along axis %d of %v", i, axis, x)
			}
		}
	}
	shape := slices.Concat(x.shape[:axis], indices.shape, x.shape[axis+1:])
	out := b.emit("Gather", []*Value{x, indices}, []onnx.Attribute{onnx.Int("axis", axis)}, Spec{x.dtype, shape})
	out.node.back = func(a *adjoint) {
		n := fixed("gradient of Gather", x, axis)
		// [before..., number of indices, after...]
		flat := slices.Concat(x.shape[:axis], []int{elements(indices.shape)}, x.shape[axis+1:])
		g := b.Reshape(a.out(0), flat...)
		if known {
			a.give(0, b.scatterRows(g, axis, n, list))
		} else {
			a.give(0, b.oneHotRows(g, axis, n, b.Reshape(indices, elements(indices.shape))))
		}
	}
	return out
}

// Take is Gather by indices known while building.
func (b *Builder) Take(x *Value, axis int, indices ...int) *Value {
	return b.Gather(x, b.ints(indices...), axis)
}

// scatterRows returns the sum over k of g's row k added to row list[k], n rows in all.
func (b *Builder) scatterRows(g *Value, axis, n int, list []int) *Value {
	taken := make([][]int, n)
	most := 0
	for k, i := range list {
		taken[i] = append(taken[i], k)
		most = max(most, len(taken[i]))
	}
	if most <= 1 {
		rows := make([]int, n)
		for i, ks := range taken {
			rows[i] = -1
			if len(ks) == 1 {
				rows[i] = ks[0]
			}
		}
		return b.gatherOrZero(g, axis, rows)
	}
	if most*n > 8*len(list) {
		// A few rows are taken very often (the zero offset of a position bias):
		// padding all to that count would cost more than the one-hot product.
		ids := make([]int64, len(list))
		for k, i := range list {
			ids[k] = int64(i)
		}
		return b.oneHotRows(g, axis, n, b.I64("", ids, len(ids)))
	}
	rows := make([]int, n*most)
	for i, ks := range taken {
		for j := range most {
			rows[i*most+j] = -1
			if j < len(ks) {
				rows[i*most+j] = ks[j]
			}
		}
	}
	all := b.gatherOrZero(g, axis, rows)
	all = b.Reshape(all, slices.Concat(g.shape[:axis], []int{n, most}, g.shape[axis+1:])...)
	return b.ReduceSum(all, false, axis+1)
}

// gatherOrZero takes rows of g; row -1 is a row of zeros.
func (b *Builder) gatherOrZero(g *Value, axis int, rows []int) *Value {
	size := fixed("Gather", g, axis)
	ids := make([]int64, len(rows))
	zero := false
	identity := len(rows) == size
	for k, r := range rows {
		identity = identity && r == k
		if r < 0 {
			zero, r = true, size
		}
		ids[k] = int64(r)
	}
	if identity {
		return g
	}
	if zero {
		after := make([]int, len(g.shape))
		after[axis] = 1
		g = b.Pad(g, make([]int, len(g.shape)), after, 0)
	}
	return b.Gather(g, b.I64("", ids, len(ids)), axis)
}

// oneHotRows is scatterRows as a matrix product, for indices [k].
func (b *Builder) oneHotRows(g *Value, axis, n int, indices *Value) *Value {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	k := indices.shape[0]
	rows := b.I64("", ids, n, 1)
	hot := b.Cast(b.Equal(rows, b.Reshape(b.Cast(indices, Int64), 1, k)), g.dtype) // [n, k]
	// [before, k, after] -> [before, n, after]
	before, after := elements(g.shape[:axis]), elements(g.shape[axis+1:])
	out := b.MatMul(hot, b.Reshape(g, before, k, after))
	return b.Reshape(out, slices.Concat(g.shape[:axis], []int{n}, g.shape[axis+1:])...)
}

// GatherElements takes x[..., indices[i], ...] along an axis: indices has x's
// rank, and its shape is the result's (ONNX GatherElements). It has a gradient
// for an axis of known size, by comparison: size times the result's memory.
func (b *Builder) GatherElements(x, indices *Value, axis int) *Value {
	b.own(x, indices)
	axis = x.axis(axis)
	if len(indices.shape) != len(x.shape) {
		panicf("GatherElements of %v by %v", x, indices)
	}
	for i, d := range indices.shape {
		if i != axis && d != x.shape[i] {
			panicf("GatherElements along %d of %v by %v", axis, x, indices)
		}
	}
	out := b.emit("GatherElements", []*Value{x, indices}, []onnx.Attribute{onnx.Int("axis", axis)},
		Spec{x.dtype, indices.shape})
	out.node.back = func(a *adjoint) {
		n := fixed("gradient of GatherElements", x, axis)
		ids := make([]int64, n)
		for i := range ids {
			ids[i] = int64(i)
		}
		// Insert the source's axis: indices [.., k, ..] against ids [.., n, 1, ..].
		row := make([]int, len(x.shape)+1)
		for i := range row {
			row[i] = 1
		}
		row[axis] = n
		hit := b.Equal(b.Unsqueeze(b.Cast(indices, Int64), axis), b.I64("", ids, row...))
		g := b.Mul(b.Cast(hit, x.dtype), b.Unsqueeze(a.out(0), axis))
		a.give(0, b.ReduceSum(g, false, axis+1))
	}
	return out
}
