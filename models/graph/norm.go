package graph

import (
	"slices"

	"semirest/models/onnx"
)

// Normalisations. Their gradients have closed forms (Ba et al., Layer
// Normalization, https://arxiv.org/abs/1607.06450): with xhat the normalised x,
//
//	dx = invstd * (g - mean(g) - xhat * mean(g * xhat)).

// LayerNorm normalises over the last axis and applies gamma and beta, both
// [channels]; beta may be nil.
func (b *Builder) LayerNorm(x, gamma, beta *Value, eps float64) *Value {
	b.own(x, gamma)
	float("LayerNorm", x)
	last := len(x.shape) - 1
	c := fixed("LayerNorm", x, x.axis(-1))
	b.vector("LayerNorm gamma", gamma, c)
	inputs := []*Value{x, gamma}
	if beta != nil {
		b.vector("LayerNorm beta", beta, c)
		inputs = append(inputs, beta)
	}
	stat := without(x.shape, []int{last}, true)
	attrs := []onnx.Attribute{onnx.Int("axis", -1), onnx.Float("epsilon", float32(eps))}
	n := b.emitN("LayerNormalization", "", inputs, attrs,
		Spec{x.dtype, x.shape}, Spec{Float32, stat}, Spec{Float32, stat})
	n.optional = 2
	mean, invstd := n.outs[1], n.outs[2]
	n.back = func(a *adjoint) {
		g := a.out(0)
		hat := b.Mul(b.Sub(x, b.Cast(mean, x.dtype)), b.Cast(invstd, x.dtype))
		rows := elements(x.shape) / c
		if a.wants(1) {
			a.give(1, b.Reshape(b.ReduceSum(b.Reshape(b.Mul(g, hat), rows, c), false, 0), c))
		}
		if beta != nil && a.wants(2) {
			a.give(2, b.ReduceSum(b.Reshape(g, rows, c), false, 0))
		}
		if a.wants(0) {
			a.give(0, b.normGradient(b.Mul(g, gamma), hat, b.Cast(invstd, x.dtype), []int{last}))
		}
	}
	return n.outs[0]
}

func (b *Builder) normGradient(g, hat, invstd *Value, over []int) *Value {
	mean := b.ReduceMean(g, true, over...)
	slope := b.ReduceMean(b.Mul(g, hat), true, over...)
	return b.Mul(b.Sub(b.Sub(g, mean), b.Mul(hat, slope)), invstd)
}

// Normalize subtracts the mean over the axes and divides by the standard
// deviation there (the variance is the biased one, plus eps).
func (b *Builder) Normalize(x *Value, eps float64, over ...int) *Value {
	b.own(x)
	float("Normalize", x)
	list := axes(x, over)
	centred := b.Sub(x, b.ReduceMean(x, true, list...))
	variance := b.ReduceMean(b.Square(centred), true, list...)
	invstd := b.Reciprocal(b.Sqrt(b.Add(variance, b.ScalarOf(x, eps))))
	out := b.emit("Mul", []*Value{centred, invstd}, nil, Spec{x.dtype, x.shape})
	out.node.wrt = []*Value{x}
	out.node.back = func(a *adjoint) { a.give(0, b.normGradient(a.out(0), out, invstd, list)) }
	return out
}

// GroupNorm normalises [n, channels, h, w] over each group of channels and all
// positions, then applies gamma and beta [channels]. One group a channel is
// instance normalisation.
func (b *Builder) GroupNorm(x, gamma, beta *Value, groups int, eps float64) *Value {
	rank("GroupNorm", x, 4)
	c := x.shape[1]
	if groups < 1 || c%groups != 0 {
		panicf("GroupNorm of %v in %d groups", x, groups)
	}
	y := b.Reshape(x, x.shape[0], groups, c/groups*x.shape[2]*x.shape[3])
	return b.affine(b.Reshape(b.Normalize(y, eps, 2), x.shape...), gamma, beta)
}

// BatchNorm normalises [n, channels, h, w] with the batch's own statistics, as
// in training, then applies gamma and beta [channels]. At inference fold the
// running statistics into the convolution before it.
func (b *Builder) BatchNorm(x, gamma, beta *Value, eps float64) *Value {
	rank("BatchNorm", x, 4)
	return b.affine(b.Normalize(x, eps, 0, 2, 3), gamma, beta)
}

// affine multiplies channels (axis 1) by gamma and adds beta.
func (b *Builder) affine(x, gamma, beta *Value) *Value {
	c := x.shape[1]
	b.vector("gamma", gamma, c)
	b.vector("beta", beta, c)
	shape := slices.Repeat([]int{1}, len(x.shape))
	shape[1] = c
	return b.Add(b.Mul(x, b.Reshape(gamma, shape...)), b.Reshape(beta, shape...))
}
