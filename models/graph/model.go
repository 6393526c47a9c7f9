package graph

import (
	"fmt"
	"maps"
	"slices"

	"semirest/models/onnx"
)

// model collects what the outputs depend on.
func (b *Builder) model() *onnx.Model {
	live := map[*node]bool{}
	used := map[*Value]bool{}
	stack := slices.Clone(b.outputs)
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		used[v] = true
		if v.node == nil || live[v.node] {
			continue
		}
		live[v.node] = true
		for _, in := range v.node.inputs {
			if in != nil && !used[in] {
				stack = append(stack, in)
			}
		}
	}
	m := &onnx.Model{
		IRVersion: onnx.IRVersion, Opsets: map[string]int64{"": onnx.Opset},
		ProducerName: "semirest", Metadata: maps.Clone(b.metadata),
		Graph: onnx.Graph{Name: b.name},
	}
	seen := map[*Value]bool{}
	for _, n := range slices.Concat(b.prologue, b.nodes) {
		if !live[n] {
			continue
		}
		if n.domain != "" {
			m.Opsets[n.domain] = 1
		}
		on := onnx.Node{Name: n.name, Op: n.op, Domain: n.domain, Attrs: n.attrs}
		for _, in := range n.inputs {
			if in == nil {
				on.Inputs = append(on.Inputs, "")
				continue
			}
			on.Inputs = append(on.Inputs, in.name)
			if in.data != nil && !seen[in] {
				seen[in] = true
				m.Graph.Initializers = append(m.Graph.Initializers, in.tensor())
			}
		}
		for len(on.Inputs) > 0 && on.Inputs[len(on.Inputs)-1] == "" {
			on.Inputs = on.Inputs[:len(on.Inputs)-1]
		}
		outs := n.outs
		for k := n.optional; k > 0 && !used[outs[len(outs)-1]]; k-- {
			outs = outs[:len(outs)-1]
		}
		for _, out := range outs {
			on.Outputs = append(on.Outputs, out.name)
		}
		m.Graph.Nodes = append(m.Graph.Nodes, on)
	}
	// Every declared input is kept, used or not: callers feed what they declared.
	for _, v := range b.inputs {
		m.Graph.Inputs = append(m.Graph.Inputs, v.info())
	}
	for _, v := range b.outputs {
		m.Graph.Outputs = append(m.Graph.Outputs, v.info())
	}
	return m
}

func (v *Value) info() onnx.ValueInfo {
	info := onnx.ValueInfo{Name: v.name, Type: v.dtype}
	for _, d := range v.shape {
		dim := onnx.Dim{Size: int64(d)}
		switch {
		case d == -1:
			dim = onnx.Dim{Param: "n"}
		case d < 0:
			dim = onnx.Dim{Param: fmt.Sprintf("%d*n", -d)}
		}
		info.Dims = append(info.Dims, dim)
	}
	return info
}
