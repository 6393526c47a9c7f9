package graph

import "semirest/models/onnx"

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter,
// https://arxiv.org/abs/1711.05101), computed as PyTorch's AdamW does.
type AdamW struct {
	Beta1, Beta2 float64 // 0.9 and 0.999 by default
	Eps          float64 // 1e-8 by default
	Decay        float64 // weight decay, of the parameters that ask for it; a step takes rate*Decay of them
	Clip         float64 // the gradient's norm is cut down to this; 0: it is not
}

func (o AdamW) filled() AdamW {
	if o.Beta1 == 0 {
		o.Beta1 = 0.9
	}
	if o.Beta2 == 0 {
		o.Beta2 = 0.999
	}
	if o.Eps == 0 {
		o.Eps = 1e-8
	}
	return o
}

// Step ends a training graph: the gradient of loss (one element) with respect
// to all of t's parameters, its norm, the clipping, and the update. It declares
// the inputs and outputs named in params.go, so that one run of the graph is
// one training step. It returns the layout of the flat vectors.
//
// A parameter on which the loss does not depend is an error.
func (t *Trainable) Step(loss *Value, o AdamW) Layout {
	b := t.b
	if len(t.params) == 0 {
		panicf("a training step without parameters")
	}
	o = o.filled()
	layout := t.Layout()
	size := layout.Size()
	var values []*Value
	for _, p := range layout {
		values = append(values, t.Param(p))
	}
	// One gradient a parameter, laid out as the flat vector is; the gradient
	// of Split would be the same Concat, but would not name a parameter that
	// the loss forgot.
	grads := b.Gradients(loss, values...)
	for i, g := range grads {
		grads[i] = b.Reshape(g, elements(g.shape))
	}
	g := b.Concat(0, grads...)

	m, v := b.Input(InMean, Float32, size), b.Input(InSquare, Float32, size)
	rate := b.Input(InRate, Float32)
	step := b.Input(InStep, Int64)

	// Without keepdims, a scalar: the norm of the gradient of all parameters together.
	norm := b.Sqrt(b.emit("ReduceSumSquare", []*Value{g, b.ints(0)},
		[]onnx.Attribute{onnx.Int("keepdims", 0)}, Spec{Float32, nil}))
	// All scalars are multiplied together before they meet a vector: every
	// operator here is one more pass over all parameters.
	// The clipped gradient is g*cut; m takes (1-beta1) of it, v (1-beta2) of its square.
	s1, s2 := b.Scalar(1-o.Beta1), b.Scalar(1-o.Beta2)
	if o.Clip > 0 {
		cut := b.Min(b.Div(b.Scalar(o.Clip), b.Add(norm, b.Scalar(1e-6))), b.Scalar(1))
		s1, s2 = b.Mul(s1, cut), b.Mul(s2, b.Square(cut))
	}
	// Bias corrections in float64: 1 - 0.999 in float32 would be off by 6e-5.
	correct := func(beta float64) *Value {
		one := b.scalar(Float64, 1)
		return b.Sub(one, b.Pow(b.scalar(Float64, beta), b.Cast(step, Float64)))
	}
	root2 := b.Sqrt(correct(o.Beta2))
	size1 := b.Mul(rate, b.Cast(b.Div(root2, correct(o.Beta1)), Float32))
	eps := b.Cast(b.Mul(root2, b.scalar(Float64, o.Eps)), Float32)

	m = b.Add(b.Mul(m, b.Scalar(o.Beta1)), b.Mul(g, s1))
	v = b.Add(b.Mul(v, b.Scalar(o.Beta2)), b.Mul(b.Square(g), s2))
	// rate * (m/c1) / (sqrt(v/c2) + eps), c = 1 - beta^step, is
	// rate*sqrt(c2)/c1 * m / (sqrt(v) + sqrt(c2)*eps): two scalars in the place of two
	// passes over vectors.
	update := b.Mul(b.Div(m, b.Add(b.Sqrt(v), eps)), size1)

	// Decoupled decay multiplies the parameters, not the gradient. Decayed ones come
	// first in the vector, so that it is one slice.
	p := t.flat
	if d := layout.Decayed(); d > 0 && o.Decay > 0 {
		keep := b.Sub(b.Scalar(1), b.Mul(rate, b.Scalar(o.Decay)))
		if d == size {
			p = b.Mul(p, keep)
		} else {
			parts := b.Split(p, 0, d, size-d)
			p = b.Concat(0, b.Mul(parts[0], keep), parts[1])
		}
	}
	b.Output(OutLoss, b.Reshape(loss))
	b.Output(OutNorm, norm)
	b.Output(OutParams, b.Sub(p, update))
	b.Output(OutMean, m)
	b.Output(OutSquare, v)
	return layout
}
