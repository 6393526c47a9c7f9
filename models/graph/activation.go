package graph

import (
	"math"

	"semirest/models/onnx"
)

// Activations: one tensor in, one of the same shape out.

// Relu returns max(x, 0).
func (b *Builder) Relu(x *Value) *Value {
	float("Relu", x)
	return b.unary("Relu", x, nil, func(out, g *Value) *Value {
		return b.Where(b.Greater(out, b.ScalarOf(x, 0)), g, b.ScalarOf(g, 0))
	})
}

// Relu6 returns min(max(x, 0), 6).
func (b *Builder) Relu6(x *Value) *Value { return b.Clip(x, 0, 6) }

// LeakyRelu returns x where x > 0, slope * x elsewhere.
func (b *Builder) LeakyRelu(x *Value, slope float64) *Value {
	float("LeakyRelu", x)
	return b.unary("LeakyRelu", x, []onnx.Attribute{onnx.Float("alpha", float32(slope))},
		func(_, g *Value) *Value {
			return b.Where(b.Greater(x, b.ScalarOf(x, 0)), g, b.Mul(g, b.ScalarOf(g, slope)))
		})
}

// Sigmoid returns 1 / (1 + exp(-x)).
func (b *Builder) Sigmoid(x *Value) *Value {
	float("Sigmoid", x)
	return b.unary("Sigmoid", x, nil, func(out, g *Value) *Value {
		return b.Mul(g, b.Sub(out, b.Square(out)))
	})
}

// Tanh returns the hyperbolic tangent.
func (b *Builder) Tanh(x *Value) *Value {
	float("Tanh", x)
	return b.unary("Tanh", x, nil, func(out, g *Value) *Value {
		return b.Mul(g, b.Sub(b.ScalarOf(x, 1), b.Square(out)))
	})
}

// Softplus returns log(1 + exp(x)).
func (b *Builder) Softplus(x *Value) *Value {
	float("Softplus", x)
	return b.unary("Softplus", x, nil, func(_, g *Value) *Value { return b.Mul(g, b.Sigmoid(x)) })
}

// Swish returns x * sigmoid(x), also called SiLU.
func (b *Builder) Swish(x *Value) *Value { return b.Mul(x, b.Sigmoid(x)) }

// Erf returns the error function.
func (b *Builder) Erf(x *Value) *Value {
	float("Erf", x)
	return b.unary("Erf", x, nil, func(_, g *Value) *Value {
		density := b.Mul(b.Exp(b.Neg(b.Square(x))), b.ScalarOf(x, 2/math.Sqrt(math.Pi)))
		return b.Mul(g, density)
	})
}

// Gelu returns the exact GELU, x * Phi(x) with Phi the standard normal
// distribution function (https://arxiv.org/abs/1606.08415). It is written as
// the Div-Erf-Add-Mul-Mul chain, which ONNX Runtime fuses into one kernel when
// only the forward pass uses it; the gradient shares Phi with the forward pass.
func (b *Builder) Gelu(x *Value) *Value {
	float("Gelu", x)
	erf := b.Erf(b.Div(x, b.ScalarOf(x, math.Sqrt2)))
	twice := b.Add(erf, b.ScalarOf(x, 1)) // 2 Phi(x)
	out := b.emit("Mul", []*Value{b.Mul(x, twice), b.ScalarOf(x, 0.5)}, nil, Spec{x.dtype, x.shape})
	// One closed form in the place of five chained ones: 3 fewer passes over memory.
	// The closed form is with respect to x, past the nodes between; see node.wrt.
	out.node.wrt = []*Value{x}
	out.node.back = func(a *adjoint) {
		// Phi(x) + x phi(x), phi(x) = exp(-x^2/2) / sqrt(2 pi)
		phi := b.Exp(b.Mul(b.Square(x), b.ScalarOf(x, -0.5)))
		slope := b.Add(b.Mul(twice, b.ScalarOf(x, 0.5)),
			b.Mul(b.Mul(x, phi), b.ScalarOf(x, 1/math.Sqrt(2*math.Pi))))
		a.give(0, b.Mul(a.out(0), slope))
	}
	return out
}

// Softmax normalises exp(x) along an axis; a negative axis counts from the end.
func (b *Builder) Softmax(x *Value, axis int) *Value {
	float("Softmax", x)
	axis = x.axis(axis)
	return b.unary("Softmax", x, []onnx.Attribute{onnx.Int("axis", axis)}, func(out, g *Value) *Value {
		// dx_i = y_i (g_i - sum_j g_j y_j)
		gy := b.Mul(g, out)
		return b.Sub(gy, b.Mul(out, b.ReduceSum(gy, true, axis)))
	})
}

// LogSoftmax is the logarithm of Softmax, without its underflow.
func (b *Builder) LogSoftmax(x *Value, axis int) *Value {
	float("LogSoftmax", x)
	axis = x.axis(axis)
	return b.unary("LogSoftmax", x, []onnx.Attribute{onnx.Int("axis", axis)}, func(out, g *Value) *Value {
		// dx_i = g_i - y_i sum_j g_j: no division, so nothing is lost where y_i is tiny
		return b.Sub(g, b.Mul(b.Exp(out), b.ReduceSum(g, true, axis)))
	})
}
