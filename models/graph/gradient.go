package graph

import "slices"

// Reverse-mode differentiation while the graph is built.
//
// Words, after gomlx's rev_autodiff:
//   - adjoint: the gradient of the loss with respect to a value.
//   - back: a node's rule. It receives the adjoints of the node's outputs and
//     gives contributions to the adjoints of its inputs (vector-Jacobian product).
//   - path: the values the loss depends on and that depend on a wanted value.
//     Only they get adjoints; the rest of the graph is constant as far as the
//     loss is concerned.
//
// Nodes are visited in the reverse of the order they were added, which is a
// topological order, so a value's adjoint is complete when its node is reached.

// Gradients adds nodes that compute the derivative of loss (one element) with
// respect to each of wrt, which may be inputs, parameters or any other float
// values of this graph. A value the loss does not depend on is an error: a
// gradient that is silently zero hides a network joined up wrongly.
func (b *Builder) Gradients(loss *Value, wrt ...*Value) []*Value {
	b.own(loss)
	b.own(wrt...)
	float("Gradients", loss)
	if elements(loss.shape) != 1 {
		panicf("Gradients of %v: a loss has one element", loss)
	}
	wanted := map[*Value]bool{}
	for _, v := range wrt {
		float("Gradients", v)
		wanted[v] = true
	}
	seed := b.ScalarOf(loss, 1) // d loss / d loss
	if len(loss.shape) > 0 {
		seed = b.Reshape(seed, loss.shape...)
	}
	w := &walk{b: b, path: b.path(loss, wanted), parts: map[*Value][]*Value{loss: {seed}}}
	nodes := slices.Concat(b.prologue, b.nodes) // back adds to b.nodes: walk over what was there before
	for _, n := range slices.Backward(nodes) {
		if !slices.ContainsFunc(n.outs, func(v *Value) bool { return w.path[v] && len(w.parts[v]) > 0 }) {
			continue
		}
		if n.zero || !slices.ContainsFunc(n.sources(), func(v *Value) bool { return w.path[v] }) {
			continue
		}
		if n.back == nil {
			panicf("%s has no gradient", n.op)
		}
		n.back(&adjoint{walk: w, n: n})
	}
	out := make([]*Value, len(wrt))
	for i, v := range wrt {
		if out[i] = w.adjoint(v); out[i] == nil {
			panicf("the loss does not depend on %v", v)
		}
	}
	return out
}

// sources are the values a node's gradient goes to.
func (n *node) sources() []*Value {
	if n.wrt != nil {
		return n.wrt
	}
	return n.inputs
}

// path returns the values between wanted and loss.
func (b *Builder) path(loss *Value, wanted map[*Value]bool) map[*Value]bool {
	// Forward, in topological order: what depends on a wanted value?
	depends := map[*Value]bool{}
	for v := range wanted {
		depends[v] = true
	}
	for _, n := range slices.Concat(b.prologue, b.nodes) {
		if n.zero {
			continue
		}
		if slices.ContainsFunc(n.sources(), func(v *Value) bool { return v != nil && depends[v] }) {
			for _, out := range n.outs {
				depends[out] = true
			}
		}
	}
	// Backward: which of them does the loss depend on?
	path := map[*Value]bool{}
	stack := []*Value{loss}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if path[v] || !depends[v] {
			continue
		}
		path[v] = true
		if v.node != nil {
			for _, in := range v.node.sources() {
				if in != nil {
					stack = append(stack, in)
				}
			}
		}
	}
	return path
}

// walk is one call of Gradients.
type walk struct {
	b     *Builder
	path  map[*Value]bool
	parts map[*Value][]*Value // contributions so far
}

// adjoint sums v's contributions; nil when there is none.
func (w *walk) adjoint(v *Value) *Value {
	parts := w.parts[v]
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	case 2:
		w.parts[v] = []*Value{w.b.Add(parts[0], parts[1])}
	default:
		sum := w.b.emit("Sum", parts, nil, Spec{v.dtype, v.shape})
		w.parts[v] = []*Value{sum}
	}
	return w.parts[v][0]
}

// adjoint is what a back function sees: its node's place in a walk.
type adjoint struct {
	*walk
	n *node
}

// out returns the adjoint of output i; zeros where nothing depends on that output.
func (a *adjoint) out(i int) *Value {
	v := a.n.outs[i]
	if g := a.adjoint(v); g != nil {
		return g
	}
	return a.b.expandLike(a.b.ScalarOf(v, 0), v)
}

// wants tells whether source i is on the path: give it nothing otherwise, to
// add no dead nodes.
func (a *adjoint) wants(i int) bool { return a.path[a.n.sources()[i]] }

// give adds g to the adjoint of source i.
func (a *adjoint) give(i int, g *Value) {
	v := a.n.sources()[i]
	if !a.path[v] {
		return
	}
	if !slices.Equal(g.shape, v.shape) || g.dtype != v.dtype {
		panicf("gradient %v of %s for %v", g, a.n.op, v)
	}
	a.parts[v] = append(a.parts[v], g)
}

// giveTo is give for a broadcast source: it makes the gradient only if wanted
// and sums it down to the source's shape.
func (a *adjoint) giveTo(i int, make func() *Value) {
	if a.wants(i) {
		a.give(i, a.b.sumTo(make(), a.n.sources()[i].shape))
	}
}
