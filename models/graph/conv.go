package graph

import "semirest/models/onnx"

// Convolutions over [n, channels, height, width].

// ConvOptions says how a convolution moves. The zero value is stride 1, dilation
// 1, no padding, one group.
type ConvOptions struct {
	Stride   int    // both axes; 0 means 1
	Dilation int    // both axes; 0 means 1
	Groups   int    // 0 means 1
	Pads     [4]int // top, left, bottom, right (ONNX's order)
}

// Same returns the padding that PyTorch's padding=p means: p on all sides.
func Same(p int) [4]int { return [4]int{p, p, p, p} }

func (c ConvOptions) filled() ConvOptions {
	c.Stride, c.Dilation, c.Groups = max(c.Stride, 1), max(c.Dilation, 1), max(c.Groups, 1)
	return c
}

func (c ConvOptions) attrs(kh, kw int) []onnx.Attribute {
	return []onnx.Attribute{
		onnx.Ints("kernel_shape", kh, kw), onnx.Ints("strides", c.Stride, c.Stride),
		onnx.Ints("dilations", c.Dilation, c.Dilation), onnx.Int("group", c.Groups),
		onnx.Ints("pads", c.Pads[:]...),
	}
}

// out returns the output size along an axis (0 rows, 1 columns).
func (c ConvOptions) out(x *Value, axis, kernel int) int {
	n := fixed("Conv", x, 2+axis) + c.Pads[axis] + c.Pads[axis+2] - c.Dilation*(kernel-1) - 1
	if n < 0 {
		panicf("Conv: a kernel of %d (dilation %d) does not fit %v", kernel, c.Dilation, x)
	}
	return n/c.Stride + 1
}

// Conv convolves x [n, cin, h, w] with weight [cout, cin/group, kh, kw] and adds
// bias [cout] (nil: none).
func (b *Builder) Conv(x, weight, bias *Value, c ConvOptions) *Value {
	b.own(x, weight)
	c = c.filled()
	rank("Conv", x, 4)
	rank("Conv weight", weight, 4)
	dtype := sameType("Conv", x, weight)
	cout, cg, kh, kw := weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3]
	if cg*c.Groups != x.shape[1] || cout%c.Groups != 0 {
		panicf("Conv of %v by %v in %d groups: channels differ", x, weight, c.Groups)
	}
	inputs := []*Value{x, weight}
	if bias != nil {
		b.vector("Conv bias", bias, cout)
		inputs = append(inputs, bias)
	}
	oh, ow := c.out(x, 0, kh), c.out(x, 1, kw)
	out := b.emit("Conv", inputs, c.attrs(kh, kw), Spec{dtype, []int{x.shape[0], cout, oh, ow}})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		if a.wants(0) {
			a.give(0, b.convTransposeTo(g, weight, x.shape[2], x.shape[3], c))
		}
		if a.wants(1) {
			a.give(1, b.kernelGradient(x, g, kh, kw, c))
		}
		if bias != nil && a.wants(2) {
			a.give(2, b.ReduceSum(g, false, 0, 2, 3))
		}
	}
	return out
}

// ConvTranspose is the transpose of a convolution: x [n, cin, h, w], weight
// [cin, cout/group, kh, kw], bias [cout] or nil. The result has
// stride*(h-1) + dilation*(kh-1) + 1 - pads + outputPadding rows.
func (b *Builder) ConvTranspose(x, weight, bias *Value, c ConvOptions, outputPadding int) *Value {
	c = c.filled()
	rank("ConvTranspose", x, 4)
	rank("ConvTranspose weight", weight, 4)
	size := func(axis int) int {
		return c.Stride*(fixed("ConvTranspose", x, 2+axis)-1) + c.Dilation*(weight.shape[2+axis]-1) + 1 -
			c.Pads[axis] - c.Pads[axis+2] + outputPadding
	}
	out := b.convTransposeTo(x, weight, size(0), size(1), c)
	if bias != nil {
		b.vector("ConvTranspose bias", bias, out.shape[1])
		out = b.Add(out, b.Reshape(bias, 1, out.shape[1], 1, 1))
	}
	return out
}

// convTransposeTo is ConvTranspose with a result of oh x ow: the smallest size
// or up to stride-1 more, which is what a strided convolution's input leaves open.
func (b *Builder) convTransposeTo(x, weight *Value, oh, ow int, c ConvOptions) *Value {
	b.own(x, weight)
	dtype := sameType("ConvTranspose", x, weight)
	cin, cg, kh, kw := weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3]
	if cin != x.shape[1] || cin%c.Groups != 0 {
		panicf("ConvTranspose of %v by %v in %d groups: channels differ", x, weight, c.Groups)
	}
	extra := func(axis, size int) int {
		e := size - (c.Stride*(fixed("ConvTranspose", x, 2+axis)-1) + c.Dilation*(weight.shape[2+axis]-1) + 1 -
			c.Pads[axis] - c.Pads[axis+2])
		if e < 0 || e >= max(c.Stride, c.Dilation) {
			panicf("ConvTranspose of %v by %v to %d x %d", x, weight, oh, ow)
		}
		return e
	}
	attrs := append(c.attrs(kh, kw), onnx.Ints("output_padding", extra(0, oh), extra(1, ow)))
	out := b.emit("ConvTranspose", []*Value{x, weight}, attrs,
		Spec{dtype, []int{x.shape[0], cg * c.Groups, oh, ow}})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		if a.wants(0) {
			a.give(0, b.Conv(g, weight, nil, c))
		}
		if a.wants(1) {
			// x takes the place of a convolution's output, g that of its input.
			a.give(1, b.kernelGradient(g, x, kh, kw, c))
		}
	}
	return out
}

// kernelGradient returns the gradient of a convolution's weight, [cout,
// cin/group, kh, kw], from its input x and its output's gradient g.
//
// With channels last, the gradient at one kernel place is a matrix product over
// all positions: g [p, cout] transposed, times the shifted x [p, cin]. That is
// kh*kw well-shaped Gemms; convolving x with g as the kernel would leave
// ONNX Runtime Gemms only kh*kw columns wide. Grouped convolutions do that all
// the same: their Gemms would be as thin.
func (b *Builder) kernelGradient(x, g *Value, kh, kw int, c ConvOptions) *Value {
	x = b.Pad(x, []int{0, 0, c.Pads[0], c.Pads[1]}, []int{0, 0, c.Pads[2], c.Pads[3]}, 0)
	if c.Groups > 1 {
		return b.groupedKernelGradient(x, g, kh, kw, c)
	}
	cin, cout, oh, ow := x.shape[1], g.shape[1], g.shape[2], g.shape[3]
	xl := b.Transpose(x, 0, 2, 3, 1)
	gl := b.Transpose(g, 0, 2, 3, 1)
	gl = b.Reshape(gl, elements(gl.shape)/cout, cout)
	parts := make([]*Value, 0, kh*kw) // [cout, cin, 1] each
	for i := range kh {
		rows := b.window(xl, 1, i*c.Dilation, oh, c.Stride)
		for j := range kw {
			at := b.window(rows, 2, j*c.Dilation, ow, c.Stride)
			at = b.Reshape(at, elements(at.shape)/cin, cin)
			parts = append(parts, b.Reshape(b.Gemm(gl, at, nil, true, false), cout, cin, 1))
		}
	}
	return b.Reshape(b.Concat(2, parts...), cout, cin, kh, kw)
}

// window takes n elements from the given one on, stride apart.
func (b *Builder) window(x *Value, axis, from, n, stride int) *Value {
	return b.SliceStep(x, axis, from, from+(n-1)*stride+1, stride)
}

// groupedKernelGradient convolves x with g as the kernel: images become
// channels, stride and dilation change places.
func (b *Builder) groupedKernelGradient(x, g *Value, kh, kw int, c ConvOptions) *Value {
	n := fixed("gradient of a grouped convolution", x, 0)
	cg, cout := x.shape[1]/c.Groups, g.shape[1]
	// The result may be larger by what the stride left over: cut that from x.
	x = b.Slice(x, 2, 0, (kh-1)*c.Dilation+(g.shape[2]-1)*c.Stride+1)
	x = b.Slice(x, 3, 0, (kw-1)*c.Dilation+(g.shape[3]-1)*c.Stride+1)
	// A weight's gradient sums over images what a convolution sums over input channels.
	x = b.Reshape(x, n, c.Groups, cg, x.shape[2], x.shape[3])
	x = b.Transpose(x, 2, 1, 0, 3, 4)
	x = b.Reshape(x, cg, c.Groups*n, x.shape[3], x.shape[4]) // [cin/group, groups*n, h, w]
	// g [n, cout, oh, ow] as a kernel [cout, n, oh, ow]; k is [cin/group, cout, kh, kw].
	k := b.Conv(x, b.Transpose(g, 1, 0, 2, 3), nil,
		ConvOptions{Stride: c.Dilation, Dilation: c.Stride, Groups: c.Groups})
	return b.Reshape(b.Transpose(k, 1, 0, 2, 3), cout, cg, kh, kw)
}

// vector asserts a vector of n elements.
func (b *Builder) vector(op string, v *Value, n int) {
	b.own(v)
	if len(v.shape) != 1 || v.shape[0] != n {
		panicf("%s: want [%d], got %v", op, n, v)
	}
}
