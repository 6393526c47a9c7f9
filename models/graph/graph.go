// Package graph builds ONNX graphs in Go: nodes, shapes, and reverse-mode
// gradients while the graph is built.
//
// Words:
//   - Builder: one graph under construction. Its methods are the operators.
//   - Value: a tensor that will exist when the graph runs: shape, element type, name.
//   - Constant: a value whose data is known while building.
//   - Batch: a size known only at run time. Dimension -1 is the batch n itself,
//     dimension -64 is 64*n: a product of dimensions stays a product, so a batch
//     is carried through Reshape and counted by Concat. A shape holds at most
//     one such dimension. Every input of a graph speaks of the same n.
//
// Shapes and types are inferred and asserted as nodes are added. A violation is
// the programmer's error and panics with the prefix "graph: "; Build is the one
// door where such a panic becomes an error.
//
// Only nodes that outputs depend on are written, in the order they were added,
// with names made from a counter: the same calls give the same bytes.
//
// Gradients (gradient.go) are plain ONNX nodes added to the same graph; no
// operator of the ONNX training opsets is used, so every execution provider
// that runs the forward pass runs them too.
package graph

import (
	"fmt"
	"slices"

	"semirest/models/onnx"
)

// DType is the element type of a Value.
type DType = onnx.DType

// The element types.
const (
	Float32 = onnx.Float32
	Float64 = onnx.Float64
	Uint8   = onnx.Uint8
	Int8    = onnx.Int8
	Int32   = onnx.Int32
	Int64   = onnx.Int64
	Bool    = onnx.Bool
)

// Value is one tensor of the graph. Values belong to the Builder that made
// them and are compared by identity.
type Value struct {
	b     *Builder
	name  string
	dtype DType
	shape []int
	node  *node // nil for inputs and constants
	out   int   // which output of node
	data  any   // constants: []float32, []int64, ... ; nil else
}

// Shape returns a copy of the value's shape; see the package comment for
// negative dimensions. A scalar's shape is empty.
func (v *Value) Shape() []int { return slices.Clone(v.shape) }

// Dim returns one dimension; a negative axis counts from the end.
func (v *Value) Dim(axis int) int { return v.shape[v.axis(axis)] }

// Rank returns the number of dimensions.
func (v *Value) Rank() int { return len(v.shape) }

// DType returns the element type.
func (v *Value) DType() DType { return v.dtype }

// Name returns the name the value has in the ONNX graph.
func (v *Value) Name() string { return v.name }

// IsConst tells whether the value's data is known while building.
func (v *Value) IsConst() bool { return v.data != nil }

func (v *Value) String() string {
	return fmt.Sprintf("%s %v%v", v.name, v.dtype, v.shape)
}

func (v *Value) axis(axis int) int {
	a := axis
	if a < 0 {
		a += len(v.shape)
	}
	if a < 0 || a >= len(v.shape) {
		panicf("axis %d of %v", axis, v)
	}
	return a
}

// node is one operator call.
type node struct {
	name   string
	op     string
	domain string
	inputs []*Value // nil: optional input not given
	outs   []*Value
	attrs  []onnx.Attribute
	// optional is how many of the last outputs may go unnamed when nobody reads
	// them. Other unread outputs keep their names: ONNX Runtime dereferences
	// a Split's unnamed output and dies.
	optional int
	// back adds the node's contribution to its inputs' gradients. nil where the
	// operator has none; zero is true where the gradient is zero by nature
	// (comparisons, indices, StopGradient).
	back func(*adjoint)
	zero bool
	// wrt are the values back differentiates with respect to; nil: inputs. It
	// differs where the node ends a chain whose gradient has a closed form.
	wrt []*Value
}

// Builder is one graph under construction. It is not safe for concurrent use.
type Builder struct {
	name     string
	scope    string
	nodes    []*node
	inputs   []*Value
	outputs  []*Value
	names    map[string]int // uses of each base name
	consts   map[string]*Value
	named    map[string]*Value // named constants
	metadata map[string]string
	pending  []func() // run when f of Build has returned: late nodes such as Trainable's
	prologue []*node  // written before nodes
}

// Metadata adds one metadata property to the model.
func (b *Builder) Metadata(key, value string) { b.metadata[key] = value }

// Scope puts prefix (and a dot) before the names of everything f adds. Names
// serve profiles and readers of the graph; they change nothing else.
func (b *Builder) Scope(prefix string, f func()) {
	old := b.scope
	b.scope += prefix + "."
	f()
	b.scope = old
}

// unique returns a name not yet used, made from base.
func (b *Builder) unique(base string) string {
	base = b.scope + base
	name := base
	for n := b.names[base]; b.names[name] > 0 || name == ""; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
		b.names[base] = n + 1
	}
	b.names[name]++
	return name
}

// claim takes name as it stands; a second use is an error.
func (b *Builder) claim(name string) {
	if name == "" {
		panicf("empty name")
	}
	if b.names[name] > 0 {
		panicf("the name %q is used twice", name)
	}
	b.names[name] = 1
}

// Input declares a graph input. Scope does not touch its name.
func (b *Builder) Input(name string, dtype DType, shape ...int) *Value {
	b.claim(name)
	checkShape(shape)
	v := &Value{b: b, name: name, dtype: dtype, shape: slices.Clone(shape)}
	b.inputs = append(b.inputs, v)
	return v
}

// Output makes v a graph output and gives it the name. Scope does not touch the
// name. What is no node's result, or an output already, goes through an
// Identity; for others that would be a copy, as ONNX Runtime keeps an Identity
// whose input has other readers.
func (b *Builder) Output(name string, v *Value) {
	b.own(v)
	b.claim(name)
	if v.node == nil || slices.Contains(b.outputs, v) {
		v = b.emit("Identity", []*Value{v}, nil, Spec{v.dtype, v.shape})
	}
	v.name = name
	b.outputs = append(b.outputs, v)
}

// own checks that the values belong to this Builder.
func (b *Builder) own(vs ...*Value) {
	for _, v := range vs {
		if v == nil {
			panicf("nil value")
		}
		if v.b != b {
			panicf("%v belongs to another graph", v)
		}
	}
}

// Spec is the type and shape of a node's output.
type Spec struct {
	DType DType
	Shape []int
}

// emit adds a node with one output.
func (b *Builder) emit(op string, inputs []*Value, attrs []onnx.Attribute, out Spec) *Value {
	return b.emitN(op, "", inputs, attrs, out).outs[0]
}

// emitN adds a node. nil inputs are optional ones not given.
func (b *Builder) emitN(op, domain string, inputs []*Value, attrs []onnx.Attribute, outs ...Spec) *node {
	for _, v := range inputs {
		if v != nil {
			b.own(v)
		}
	}
	n := &node{name: b.unique(op), op: op, domain: domain, inputs: inputs, attrs: attrs}
	for i, s := range outs {
		checkShape(s.Shape)
		name := n.name + ".out"
		if i > 0 {
			name = fmt.Sprintf("%s%d", name, i)
		}
		n.outs = append(n.outs, &Value{
			b: b, name: name, dtype: s.DType, shape: slices.Clone(s.Shape), node: n, out: i,
		})
	}
	b.nodes = append(b.nodes, n)
	return n
}

// Node adds an operator this package has no method for (domain "" is ONNX's
// own). The caller vouches for the outputs' types and shapes. It has no gradient.
func (b *Builder) Node(op, domain string, inputs []*Value, attrs []onnx.Attribute, outs ...Spec) []*Value {
	return b.emitN(op, domain, inputs, attrs, outs...).outs
}
