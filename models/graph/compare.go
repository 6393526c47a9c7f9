package graph

// Comparisons and choices. Their boolean results carry no gradient.

// Equal returns x == y, element by element.
func (b *Builder) Equal(x, y *Value) *Value { return b.binary("Equal", x, y, Bool, nil) }

// Greater returns x > y.
func (b *Builder) Greater(x, y *Value) *Value { return b.binary("Greater", x, y, Bool, nil) }

// GreaterOrEqual returns x >= y.
func (b *Builder) GreaterOrEqual(x, y *Value) *Value {
	return b.binary("GreaterOrEqual", x, y, Bool, nil)
}

// Less returns x < y.
func (b *Builder) Less(x, y *Value) *Value { return b.binary("Less", x, y, Bool, nil) }

// LessOrEqual returns x <= y.
func (b *Builder) LessOrEqual(x, y *Value) *Value { return b.binary("LessOrEqual", x, y, Bool, nil) }

// And returns x && y.
func (b *Builder) And(x, y *Value) *Value {
	booleans("And", x, y)
	return b.binary("And", x, y, Bool, nil)
}

// Or returns x || y.
func (b *Builder) Or(x, y *Value) *Value {
	booleans("Or", x, y)
	return b.binary("Or", x, y, Bool, nil)
}

// Not returns !x.
func (b *Builder) Not(x *Value) *Value {
	booleans("Not", x)
	return b.unary("Not", x, nil, nil)
}

func booleans(op string, vs ...*Value) {
	for _, v := range vs {
		if v.dtype != Bool {
			panicf("%s wants booleans, got %v", op, v)
		}
	}
}

// Where returns x where cond is true, y elsewhere; all three broadcast.
func (b *Builder) Where(cond, x, y *Value) *Value {
	b.own(cond, x, y)
	booleans("Where", cond)
	dtype := sameType("Where", x, y)
	shape := broadcastShape(cond.shape, broadcastShape(x.shape, y.shape))
	out := b.emit("Where", []*Value{cond, x, y}, nil, Spec{dtype, shape})
	out.node.back = func(a *adjoint) {
		g := a.out(0)
		zero := b.ScalarOf(g, 0)
		a.giveTo(1, func() *Value { return b.Where(cond, g, zero) })
		a.giveTo(2, func() *Value { return b.Where(cond, zero, g) })
	}
	return out
}
