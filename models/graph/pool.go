package graph

import (
	"math"
	"slices"

	"semirest/models/onnx"
)

// Pooling and resizing over [n, channels, height, width].

// PoolOptions says how a pooling window moves.
type PoolOptions struct {
	Kernel int    // rows and columns of the window
	Stride int    // 0 means 1
	Pads   [4]int // top, left, bottom, right
	// ExcludePad leaves padding out of an average's count; by default its
	// zeros count, as in PyTorch.
	ExcludePad bool
}

func (p PoolOptions) conv() ConvOptions { return ConvOptions{Stride: p.Stride, Pads: p.Pads}.filled() }

func (b *Builder) pool(op string, x *Value, p PoolOptions, attrs ...onnx.Attribute) *Value {
	b.own(x)
	rank(op, x, 4)
	float(op, x)
	if p.Kernel < 1 || slices.Max(p.Pads[:]) >= p.Kernel {
		panicf("%s with kernel %d and padding %v", op, p.Kernel, p.Pads)
	}
	c := p.conv()
	attrs = append(attrs, onnx.Ints("kernel_shape", p.Kernel, p.Kernel),
		onnx.Ints("strides", c.Stride, c.Stride), onnx.Ints("pads", p.Pads[:]...))
	return b.emit(op, []*Value{x}, attrs,
		Spec{x.dtype, []int{x.shape[0], x.shape[1], c.out(x, 0, p.Kernel), c.out(x, 1, p.Kernel)}})
}

// AveragePool averages windows.
func (b *Builder) AveragePool(x *Value, p PoolOptions) *Value {
	out := b.pool("AveragePool", x, p, onnx.Int("count_include_pad", flag(!p.ExcludePad)))
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		k := p.Kernel
		oh, ow, h, w := out.shape[2], out.shape[3], x.shape[2], x.shape[3]
		share := 1 / float64(k*k)
		if p.ExcludePad {
			share = 1
			g = b.Mul(g, b.poolShares(x, p, oh, ow))
		}
		// Each window hands its gradient to all its cells: a transposed
		// convolution with a constant kernel, one channel at a time.
		planes := x.shape[0] * x.shape[1]
		g = b.convTransposeTo(b.Reshape(g, planes, 1, oh, ow), b.Cast(b.Full(share, 1, 1, k, k), x.dtype),
			h, w, p.conv())
		a.give(0, b.Reshape(g, x.shape...))
	}
	return out
}

// poolShares is one over the number of cells inside the picture, a window.
func (b *Builder) poolShares(x *Value, p PoolOptions, oh, ow int) *Value {
	c := p.conv()
	count := func(i, axis int) int {
		from := i*c.Stride - p.Pads[axis]
		return min(from+p.Kernel, x.shape[2+axis]) - max(from, 0)
	}
	data := make([]float32, 0, oh*ow)
	for i := range oh {
		for j := range ow {
			data = append(data, 1/float32(count(i, 0)*count(j, 1)))
		}
	}
	return b.Cast(b.F32("", data, 1, 1, oh, ow), x.dtype)
}

// MaxPool takes the largest element of each window; padding never wins. At a
// tie the first one, row by row, takes the gradient, as in PyTorch.
func (b *Builder) MaxPool(x *Value, p PoolOptions) *Value {
	out := b.pool("MaxPool", x, p)
	out.node.back = func(a *adjoint) { a.give(0, b.maxPoolGradient(x, a.out(0), p)) }
	return out
}

// maxPoolGradient finds each window's first largest element again, among its
// k*k cells laid out as channels, and sends the gradient there by a transposed
// convolution whose kernel number i has its single 1 at place i.
func (b *Builder) maxPoolGradient(x, g *Value, p PoolOptions) *Value {
	c, k := p.conv(), p.Kernel
	oh, ow := g.shape[2], g.shape[3]
	padded := b.Pad(x, []int{0, 0, p.Pads[0], p.Pads[1]}, []int{0, 0, p.Pads[2], p.Pads[3]}, math.Inf(-1))
	planes := x.shape[0] * x.shape[1]
	cells := make([]*Value, 0, k*k)
	kernels := make([]float32, k*k*k*k)
	ids := make([]int64, k*k)
	for i := range k {
		rows := b.window(padded, 2, i, oh, c.Stride)
		for j := range k {
			at := len(cells)
			cells = append(cells, b.Reshape(b.window(rows, 3, j, ow, c.Stride), planes, 1, oh, ow))
			kernels[at*k*k+at] = 1
			ids[at] = int64(at)
		}
	}
	first := b.ArgMax(b.Concat(1, cells...), 1, true) // [planes, 1, oh, ow]
	hit := b.Cast(b.Equal(first, b.I64("", ids, 1, k*k, 1, 1)), x.dtype)
	spread := b.Mul(hit, b.Reshape(g, planes, 1, oh, ow)) // [planes, k*k, oh, ow]
	back := b.convTransposeTo(spread, b.Cast(b.F32("", kernels, k*k, 1, k, k), x.dtype),
		x.shape[2], x.shape[3], c)
	return b.Reshape(back, x.shape...)
}

// Resize brings x bilinearly to h x w, half-pixel centres, edges clamped (as
// PyTorch's interpolate with align_corners=False, no antialiasing).
func (b *Builder) Resize(x *Value, h, w int) *Value {
	return b.resize(x, h, w, "linear", "half_pixel", linearRows)
}

// ResizeNearest brings x to h x w by the nearest lower element (PyTorch's mode 'nearest').
func (b *Builder) ResizeNearest(x *Value, h, w int) *Value {
	return b.resize(x, h, w, "nearest", "asymmetric", nearestRows)
}

func (b *Builder) resize(x *Value, h, w int, mode, coords string, rows func(from, to int) []float64) *Value {
	b.own(x)
	rank("Resize", x, 4)
	float("Resize", x)
	xh, xw := fixed("Resize", x, 2), fixed("Resize", x, 3)
	if h < 1 || w < 1 {
		panicf("Resize of %v to %d x %d", x, h, w)
	}
	if h == xh && w == xw {
		return x
	}
	attrs := []onnx.Attribute{
		onnx.String("mode", mode), onnx.String("coordinate_transformation_mode", coords),
		onnx.Ints("axes", 2, 3),
	}
	if mode == "nearest" {
		attrs = append(attrs, onnx.String("nearest_mode", "floor"))
	}
	out := b.emit("Resize", []*Value{x, nil, nil, b.ints(h, w)}, attrs,
		Spec{x.dtype, []int{x.shape[0], x.shape[1], h, w}})
	out.node.back = func(a *adjoint) {
		// Resizing a plane [xh, xw] is R x C^T with constant matrices R [h, xh] and C [w, xw];
		// its transpose, which the gradient wants, is R^T g C.
		down := b.Cast(b.transposed(rows(xh, h), h, xh), x.dtype) // [xh, h]
		left := b.Cast(b.F32("", floats(rows(xw, w)), w, xw), x.dtype)
		a.give(0, b.MatMul(down, b.MatMul(a.out(0), left)))
	}
	return out
}

func floats(xs []float64) []float32 {
	out := make([]float32, len(xs))
	for i, x := range xs {
		out[i] = float32(x)
	}
	return out
}

func (b *Builder) transposed(m []float64, rows, cols int) *Value {
	out := make([]float32, len(m))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = float32(m[i*cols+j])
		}
	}
	return b.F32("", out, cols, rows)
}

// linearRows is the matrix [to, from] of bilinear resizing along one axis: pixel i's
// centre, (i + 1/2) * from/to - 1/2 in the old pixels' numbers, lies between two of them.
func linearRows(from, to int) []float64 {
	m := make([]float64, to*from)
	for i := range to {
		at := (float64(i)+0.5)*float64(from)/float64(to) - 0.5
		at = min(max(at, 0), float64(from-1))
		lo := int(at)
		hi := min(lo+1, from-1)
		f := at - float64(lo)
		m[i*from+lo] += 1 - f
		m[i*from+hi] += f
	}
	return m
}

// nearestRows is the matrix [to, from] of nearest resizing along one axis.
func nearestRows(from, to int) []float64 {
	m := make([]float64, to*from)
	for i := range to {
		m[i*from+min(i*from/to, from-1)] = 1
	}
	return m
}
