package graph

import (
	"slices"

	"semirest/models/onnx"
)

// Operators that move elements without computing.

// Reshape gives x a new shape with the same number of elements. Dimensions are
// as in the package comment: -1 is the batch, not 'whatever remains'; write 0
// for the one dimension to be inferred.
func (b *Builder) Reshape(x *Value, shape ...int) *Value {
	b.own(x)
	shape = slices.Clone(shape)
	if i := slices.Index(shape, 0); i >= 0 {
		shape[i] = 1
		rest := elements(shape)
		if rest == 0 || elements(x.shape)%rest != 0 {
			shape[i] = 0
			panicf("Reshape of %v to %v", x, shape)
		}
		shape[i] = elements(x.shape) / rest
	}
	if slices.Equal(shape, x.shape) {
		return x
	}
	checkShape(shape)
	if elements(shape) != elements(x.shape) {
		panicf("Reshape of %v to %v", x, shape)
	}
	if x.data != nil {
		return &Value{b: b, name: b.constView(x), dtype: x.dtype, shape: shape, data: x.data}
	}
	out := b.emit("Reshape", []*Value{x, b.ints(positive(shape)...)}, nil, Spec{x.dtype, shape})
	out.node.back = func(a *adjoint) { a.give(0, b.Reshape(a.out(0), x.shape...)) }
	return out
}

// constView names a constant that shares another's data under a new shape.
func (b *Builder) constView(x *Value) string { return b.unique(x.name + ".view") }

// Flatten joins all axes from the given one on.
func (b *Builder) Flatten(x *Value, axis int) *Value {
	axis = x.axis(axis)
	return b.Reshape(x, append(slices.Clone(x.shape[:axis]), elements(x.shape[axis:]))...)
}

// Unsqueeze inserts an axis of size 1 so that it becomes the given one.
func (b *Builder) Unsqueeze(x *Value, axis int) *Value {
	if axis < 0 {
		axis += len(x.shape) + 1
	}
	if axis < 0 || axis > len(x.shape) {
		panicf("Unsqueeze axis %d of %v", axis, x)
	}
	return b.Reshape(x, slices.Insert(slices.Clone(x.shape), axis, 1)...)
}

// Squeeze removes an axis of size 1.
func (b *Builder) Squeeze(x *Value, axis int) *Value {
	axis = x.axis(axis)
	if x.shape[axis] != 1 {
		panicf("Squeeze axis %d of %v", axis, x)
	}
	return b.Reshape(x, slices.Delete(slices.Clone(x.shape), axis, axis+1)...)
}

// Transpose reorders the axes: axis i of the result is axis perm[i] of x.
func (b *Builder) Transpose(x *Value, perm ...int) *Value {
	b.own(x)
	if len(perm) != len(x.shape) {
		panicf("Transpose of %v by %v", x, perm)
	}
	shape := make([]int, len(perm))
	inverse := make([]int, len(perm))
	seen := make([]bool, len(perm))
	for i, p := range perm {
		if p < 0 || p >= len(perm) || seen[p] {
			panicf("Transpose of %v by %v", x, perm)
		}
		seen[p] = true
		shape[i] = x.shape[p]
		inverse[p] = i
	}
	if slices.IsSorted(perm) {
		return x
	}
	attrs := []onnx.Attribute{onnx.Ints("perm", perm...)}
	out := b.emit("Transpose", []*Value{x}, attrs, Spec{x.dtype, shape})
	out.node.back = func(a *adjoint) { a.give(0, b.Transpose(a.out(0), inverse...)) }
	return out
}

// Concat joins values along an axis; all other dimensions are equal.
func (b *Builder) Concat(axis int, vs ...*Value) *Value {
	b.own(vs...)
	if len(vs) == 0 {
		panicf("Concat of nothing")
	}
	if len(vs) == 1 {
		return vs[0]
	}
	axis = vs[0].axis(axis)
	dtype := sameType("Concat", vs...)
	shape := vs[0].Shape()
	sizes := []int{shape[axis]}
	for _, v := range vs[1:] {
		if len(v.shape) != len(shape) {
			panicf("Concat of %v and %v", vs[0], v)
		}
		for i, d := range v.shape {
			if i == axis {
				if (d < 0) != (shape[axis] < 0) {
					panicf("Concat of %v and %v: a batch and a fixed size cannot be added", vs[0], v)
				}
				shape[axis] += d
				sizes = append(sizes, d)
			} else if d != shape[i] {
				panicf("Concat along %d of %v and %v", axis, vs[0], v)
			}
		}
	}
	attrs := []onnx.Attribute{onnx.Int("axis", axis)}
	out := b.emit("Concat", vs, attrs, Spec{dtype, shape})
	out.node.back = func(a *adjoint) {
		for i, part := range b.Split(a.out(0), axis, sizes...) {
			a.give(i, part)
		}
	}
	return out
}

// Split cuts x along an axis into parts of the given sizes.
func (b *Builder) Split(x *Value, axis int, sizes ...int) []*Value {
	b.own(x)
	axis = x.axis(axis)
	total := 0
	specs := make([]Spec, len(sizes))
	for i, s := range sizes {
		total += s
		shape := slices.Clone(x.shape)
		shape[axis] = s
		specs[i] = Spec{x.dtype, shape}
	}
	if total != x.shape[axis] {
		panicf("Split axis %d of %v into %v", axis, x, sizes)
	}
	fixed("Split", x, axis)
	if len(sizes) == 1 {
		return []*Value{x}
	}
	attrs := []onnx.Attribute{onnx.Int("axis", axis)}
	n := b.emitN("Split", "", []*Value{x, b.ints(sizes...)}, attrs, specs...)
	n.back = func(a *adjoint) {
		parts := make([]*Value, len(n.outs))
		for i := range parts {
			parts[i] = a.out(i)
		}
		a.give(0, b.Concat(axis, parts...))
	}
	return slices.Clone(n.outs) // the caller may change its slice, not the node
}

// Slice takes elements [from, to) along one axis; negative bounds count from the end.
func (b *Builder) Slice(x *Value, axis, from, to int) *Value {
	return b.SliceStep(x, axis, from, to, 1)
}

// SliceStep takes every step-th element of [from, to) along one axis. step is positive.
func (b *Builder) SliceStep(x *Value, axis, from, to, step int) *Value {
	b.own(x)
	axis = x.axis(axis)
	n := fixed("Slice", x, axis)
	if from < 0 {
		from += n
	}
	if to < 0 {
		to += n
	}
	if from < 0 || to > n || from >= to || step < 1 {
		panicf("Slice [%d:%d:%d] along axis %d of %v", from, to, step, axis, x)
	}
	if from == 0 && to == n && step == 1 {
		return x
	}
	shape := slices.Clone(x.shape)
	shape[axis] = (to - from + step - 1) / step
	out := b.emit("Slice", []*Value{x, b.ints(from), b.ints(to), b.ints(axis), b.ints(step)}, nil,
		Spec{x.dtype, shape})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		if step == 1 {
			before, after := make([]int, len(shape)), make([]int, len(shape))
			before[axis], after[axis] = from, n-to
			a.give(0, b.Pad(g, before, after, 0))
			return
		}
		rows := make([]int, n)
		for i := range rows {
			rows[i] = -1
		}
		for i := range shape[axis] {
			rows[from+i*step] = i
		}
		a.give(0, b.gatherOrZero(g, axis, rows))
	}
	return out
}

// Pad surrounds x with a constant: before[i] elements ahead of axis i, after[i] behind.
func (b *Builder) Pad(x *Value, before, after []int, value float64) *Value {
	b.own(x)
	if len(before) != len(x.shape) || len(after) != len(x.shape) {
		panicf("Pad of %v by %v and %v", x, before, after)
	}
	shape := slices.Clone(x.shape)
	some := false
	for i := range shape {
		if before[i] < 0 || after[i] < 0 {
			panicf("Pad of %v by %v and %v", x, before, after)
		}
		if before[i]+after[i] > 0 {
			shape[i] = fixed("Pad", x, i) + before[i] + after[i]
			some = true
		}
	}
	if !some {
		return x
	}
	pads := b.ints(slices.Concat(before, after)...)
	attrs := []onnx.Attribute{onnx.String("mode", "constant")}
	out := b.emit("Pad", []*Value{x, pads, b.ScalarOf(x, value)}, attrs, Spec{x.dtype, shape})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		for i := range shape {
			if before[i]+after[i] > 0 {
				g = b.Slice(g, i, before[i], shape[i]-after[i])
			}
		}
		a.give(0, g)
	}
	return out
}

// Expand broadcasts x to shape.
func (b *Builder) Expand(x *Value, shape ...int) *Value {
	b.own(x)
	out := broadcastShape(x.shape, shape)
	if !slices.Equal(out, shape) || elements(shape) < 0 {
		panicf("Expand of %v to %v", x, shape)
	}
	return b.expand(x, b.ints(shape...), shape)
}

func (b *Builder) expand(x, shape *Value, dims []int) *Value {
	out := b.emit("Expand", []*Value{x, shape}, nil, Spec{x.dtype, dims})
	out.node.back = func(a *adjoint) { a.give(0, b.sumTo(a.out(0), x.shape)) }
	return out
}

// ExpandLike broadcasts x to the shape of y, batch included.
func (b *Builder) ExpandLike(x, y *Value) *Value {
	b.own(x, y)
	if !slices.Equal(broadcastShape(x.shape, y.shape), y.shape) {
		panicf("Expand of %v to the shape of %v", x, y)
	}
	return b.expandLike(x, y)
}

// Cast converts x to another element type. Between floats the gradient is cast
// back; elsewhere it is zero.
func (b *Builder) Cast(x *Value, to DType) *Value {
	b.own(x)
	if x.dtype == to {
		return x
	}
	out := b.emit("Cast", []*Value{x}, []onnx.Attribute{onnx.Int("to", int(to))}, Spec{to, x.shape})
	isFloat := func(d DType) bool { return d == Float32 || d == Float64 }
	if isFloat(x.dtype) && isFloat(to) {
		out.node.back = func(a *adjoint) { a.give(0, b.Cast(a.out(0), x.dtype)) }
	} else {
		out.node.zero = true
	}
	return out
}
