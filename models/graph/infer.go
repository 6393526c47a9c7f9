package graph

import "slices"

// checkShape asserts that at most one dimension is a batch and none is zero.
// (Zero is a legal size in ONNX, but here it is always a mistake.)
func checkShape(shape []int) {
	batch := 0
	for _, d := range shape {
		if d < 0 {
			batch++
		}
		if d == 0 {
			panicf("empty shape %v", shape)
		}
	}
	if batch > 1 {
		panicf("shape %v has more than one batch dimension", shape)
	}
}

// elements is the product of the dimensions; negative when the batch is in it.
func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// broadcastShape is NumPy's rule on two shapes. The batch meets only itself or 1:
// a fixed size against it would hold for one batch size only.
func broadcastShape(x, y []int) []int {
	if len(x) < len(y) {
		x, y = y, x
	}
	out := slices.Clone(x)
	off := len(x) - len(y)
	for i, d := range y {
		switch e := x[off+i]; {
		case d == e, d == 1:
		case e == 1:
			out[off+i] = d
		default:
			panicf("shapes %v and %v do not broadcast", x, y)
		}
	}
	return out
}

// sameType asserts that the values have one element type and returns it.
func sameType(op string, vs ...*Value) DType {
	for _, v := range vs[1:] {
		if v.dtype != vs[0].dtype {
			panicf("%s of %v and %v: types differ", op, vs[0], v)
		}
	}
	return vs[0].dtype
}

// float asserts a float32 or float64 value.
func float(op string, v *Value) {
	if v.dtype != Float32 && v.dtype != Float64 {
		panicf("%s wants floats, got %v", op, v)
	}
}

// rank asserts a value's rank.
func rank(op string, v *Value, want int) {
	if len(v.shape) != want {
		panicf("%s wants rank %d, got %v", op, want, v)
	}
}

// fixed asserts that a dimension is not the batch, and returns it.
func fixed(op string, v *Value, axis int) int {
	d := v.shape[axis]
	if d < 0 {
		panicf("%s along axis %d of %v: its size is known only at run time", op, axis, v)
	}
	return d
}

// axes normalises a list of axes (negative ones count from the end; none means
// all), sorted, and asserts that none comes twice.
func axes(v *Value, list []int) []int {
	out := make([]int, 0, len(v.shape))
	if len(list) == 0 {
		for i := range v.shape {
			out = append(out, i)
		}
		return out
	}
	for _, a := range list {
		out = append(out, v.axis(a))
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) != len(out) {
		panicf("axes %v of %v: one comes twice", list, v)
	}
	return out
}

// without returns shape less axes, or with 1 in their place.
func without(shape, axes []int, keep bool) []int {
	out := []int{}
	for i, d := range shape {
		switch {
		case !slices.Contains(axes, i):
			out = append(out, d)
		case keep:
			out = append(out, 1)
		}
	}
	return out
}

// positive returns a shape as ONNX's Reshape wants it: the batch as -1.
func positive(shape []int) []int {
	out := slices.Clone(shape)
	for i, d := range out {
		if d < 0 {
			out[i] = -1
		}
	}
	return out
}
