package graph

import "semirest/models/onnx"

// Element-wise operators. Two-operand ones broadcast as NumPy does; types must
// be equal. Derivatives are beside their operators; a broadcast operand's
// gradient is summed back to its shape.

// binary adds a broadcasting operator whose output has dtype (0: the operands').
func (b *Builder) binary(op string, x, y *Value, dtype DType, back func(a *adjoint, out, g *Value)) *Value {
	b.own(x, y)
	in := sameType(op, x, y)
	if dtype == 0 {
		dtype = in
	}
	out := b.emit(op, []*Value{x, y}, nil, Spec{dtype, broadcastShape(x.shape, y.shape)})
	if back == nil {
		out.node.zero = true
	} else {
		out.node.back = func(a *adjoint) { back(a, out, a.out(0)) }
	}
	return out
}

// Add returns x + y.
func (b *Builder) Add(x, y *Value) *Value {
	return b.binary("Add", x, y, 0, func(a *adjoint, _, g *Value) {
		a.giveTo(0, func() *Value { return g })
		a.giveTo(1, func() *Value { return g })
	})
}

// Sub returns x - y.
func (b *Builder) Sub(x, y *Value) *Value {
	return b.binary("Sub", x, y, 0, func(a *adjoint, _, g *Value) {
		a.giveTo(0, func() *Value { return g })
		// Summed before the sign is changed: the smaller tensor is negated.
		if a.wants(1) {
			a.give(1, b.Neg(b.sumTo(g, y.shape)))
		}
	})
}

// Mul returns x * y.
func (b *Builder) Mul(x, y *Value) *Value {
	return b.binary("Mul", x, y, 0, func(a *adjoint, _, g *Value) {
		a.giveTo(0, func() *Value { return b.Mul(g, y) })
		a.giveTo(1, func() *Value { return b.Mul(g, x) })
	})
}

// Div returns x / y.
func (b *Builder) Div(x, y *Value) *Value {
	return b.binary("Div", x, y, 0, func(a *adjoint, out, g *Value) {
		a.giveTo(0, func() *Value { return b.Div(g, y) })
		a.giveTo(1, func() *Value { return b.Neg(b.Div(b.Mul(g, out), y)) })
	})
}

// Min returns the smaller of x and y; at a tie the gradient goes half to each, as in PyTorch.
func (b *Builder) Min(x, y *Value) *Value { return b.extreme("Min", x, y, b.Less) }

// Max returns the larger of x and y; at a tie the gradient goes half to each, as in PyTorch.
func (b *Builder) Max(x, y *Value) *Value { return b.extreme("Max", x, y, b.Greater) }

func (b *Builder) extreme(op string, x, y *Value, wins func(x, y *Value) *Value) *Value {
	return b.binary(op, x, y, 0, func(a *adjoint, _, g *Value) {
		half := b.Where(b.Equal(x, y), b.scalar(g.dtype, 0.5), b.scalar(g.dtype, 0))
		share := func(won *Value) *Value {
			return b.Mul(g, b.Add(half, b.Cast(won, g.dtype)))
		}
		a.giveTo(0, func() *Value { return share(wins(x, y)) })
		a.giveTo(1, func() *Value { return share(wins(y, x)) })
	})
}

// Pow returns x raised to y. The exponent's gradient needs x > 0. Constant
// exponents 1, 2, 3 and 4 become multiplications.
func (b *Builder) Pow(x, y *Value) *Value {
	b.own(x, y)
	if e, ok := y.scalarConst(); ok && e == float64(int(e)) && e >= 1 && e <= 4 && len(y.shape) <= len(x.shape) {
		switch int(e) {
		case 1:
			return x
		case 2:
			return b.Square(x)
		case 3:
			return b.Mul(b.Square(x), x)
		case 4:
			return b.Square(b.Square(x))
		}
	}
	return b.binary("Pow", x, y, 0, func(a *adjoint, out, g *Value) {
		a.giveTo(0, func() *Value {
			return b.Mul(g, b.Mul(y, b.Pow(x, b.Sub(y, b.ScalarOf(y, 1)))))
		})
		a.giveTo(1, func() *Value { return b.Mul(g, b.Mul(out, b.Log(x))) })
	})
}

// scalarConst returns the value of a one-element float constant.
func (v *Value) scalarConst() (float64, bool) {
	switch d := v.data.(type) {
	case []float32:
		if len(d) == 1 {
			return float64(d[0]), true
		}
	case []float64:
		if len(d) == 1 {
			return d[0], true
		}
	}
	return 0, false
}

// unary adds an operator that keeps type and shape. back returns the input's gradient.
func (b *Builder) unary(op string, x *Value, attrs []onnx.Attribute, back func(out, g *Value) *Value) *Value {
	b.own(x)
	out := b.emit(op, []*Value{x}, attrs, Spec{x.dtype, x.shape})
	if back == nil {
		out.node.zero = true
	} else {
		out.node.back = func(a *adjoint) { a.give(0, back(out, a.out(0))) }
	}
	return out
}

// Neg returns -x.
func (b *Builder) Neg(x *Value) *Value {
	return b.unary("Neg", x, nil, func(_, g *Value) *Value { return b.Neg(g) })
}

// Abs returns |x|; the gradient at 0 is 0.
func (b *Builder) Abs(x *Value) *Value {
	return b.unary("Abs", x, nil, func(_, g *Value) *Value { return b.Mul(g, b.Sign(x)) })
}

// Sign returns -1, 0 or 1; its gradient is zero.
func (b *Builder) Sign(x *Value) *Value { return b.unary("Sign", x, nil, nil) }

// Floor rounds down; its gradient is zero.
func (b *Builder) Floor(x *Value) *Value { return b.unary("Floor", x, nil, nil) }

// Square returns x * x.
func (b *Builder) Square(x *Value) *Value {
	b.own(x)
	out := b.emit("Mul", []*Value{x, x}, nil, Spec{x.dtype, x.shape})
	out.node.back = func(a *adjoint) {
		a.give(0, b.Mul(a.out(0), b.Mul(x, b.ScalarOf(x, 2))))
	}
	return out
}

// Sqrt returns the square root; its gradient is infinite at 0.
func (b *Builder) Sqrt(x *Value) *Value {
	float("Sqrt", x)
	return b.unary("Sqrt", x, nil, func(out, g *Value) *Value {
		return b.Div(g, b.Mul(out, b.ScalarOf(x, 2)))
	})
}

// Reciprocal returns 1 / x.
func (b *Builder) Reciprocal(x *Value) *Value {
	float("Reciprocal", x)
	return b.unary("Reciprocal", x, nil, func(out, g *Value) *Value {
		return b.Neg(b.Mul(g, b.Square(out)))
	})
}

// Exp returns e to the x.
func (b *Builder) Exp(x *Value) *Value {
	float("Exp", x)
	return b.unary("Exp", x, nil, func(out, g *Value) *Value { return b.Mul(g, out) })
}

// Log returns the natural logarithm.
func (b *Builder) Log(x *Value) *Value {
	float("Log", x)
	return b.unary("Log", x, nil, func(_, g *Value) *Value { return b.Div(g, x) })
}

// Sin returns the sine of x in radians.
func (b *Builder) Sin(x *Value) *Value {
	float("Sin", x)
	return b.unary("Sin", x, nil, func(_, g *Value) *Value { return b.Mul(g, b.Cos(x)) })
}

// Cos returns the cosine of x in radians.
func (b *Builder) Cos(x *Value) *Value {
	float("Cos", x)
	return b.unary("Cos", x, nil, func(_, g *Value) *Value { return b.Neg(b.Mul(g, b.Sin(x))) })
}

// Clip limits x to [lo, hi]; the gradient is 1 between the limits, 0 on them and
// outside, as in PyTorch 2.15.
func (b *Builder) Clip(x *Value, lo, hi float64) *Value {
	if lo > hi {
		panicf("Clip to [%g, %g]", lo, hi)
	}
	l, h := b.ScalarOf(x, lo), b.ScalarOf(x, hi)
	out := b.emit("Clip", []*Value{x, l, h}, nil, Spec{x.dtype, x.shape})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		inside := b.And(b.Greater(x, l), b.Less(x, h))
		a.give(0, b.Where(inside, g, b.ScalarOf(g, 0)))
	}
	return out
}

// Identity returns x under a new name.
func (b *Builder) Identity(x *Value) *Value {
	return b.unary("Identity", x, nil, func(_, g *Value) *Value { return g })
}

// StopGradient returns x; no gradient flows through it.
func (b *Builder) StopGradient(x *Value) *Value { return b.unary("Identity", x, nil, nil) }
