package onnx

import (
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of onnx.proto3, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
const (
	modelIRVersion, modelProducerName, modelProducerVersion = 1, 2, 3
	modelDoc, modelGraph, modelOpset, modelMetadata         = 6, 7, 8, 14
	opsetDomain, opsetVersion                               = 1, 2
	entryKey, entryValue                                    = 1, 2
	graphNode, graphName, graphInitializer                  = 1, 2, 5
	graphInput, graphOutput                                 = 11, 12
	nodeInput, nodeOutput, nodeName, nodeOp                 = 1, 2, 3, 4
	nodeAttr, nodeDomain                                    = 5, 7
	attrName, attrF, attrI, attrS, attrT                    = 1, 2, 3, 4, 5
	attrFloats, attrInts, attrStrings, attrType             = 7, 8, 9, 20
	tensorDims, tensorType, tensorFloats, tensorInt32s      = 1, 2, 4, 5
	tensorInt64s, tensorName, tensorRaw, tensorDoubles      = 7, 8, 9, 10
	tensorExternal                                          = 13
	infoName, infoType                                      = 1, 2
	typeTensor                                              = 1
	typeElem, typeShape                                     = 1, 2
	shapeDim                                                = 1
	dimValue, dimParam                                      = 1, 2
)

// Marshal returns the model's protobuf bytes. Equal models give equal bytes:
// maps are written in the order of their keys.
func (m *Model) Marshal() []byte {
	graph := m.Graph.size()
	b := make([]byte, 0, graph+4096)
	b = putInt(b, modelIRVersion, m.IRVersion)
	b = putString(b, modelProducerName, m.ProducerName)
	b = putString(b, modelProducerVersion, m.Producer)
	b = putString(b, modelDoc, m.Doc)
	for _, domain := range slices.Sorted(maps.Keys(m.Opsets)) {
		b = putMessage(b, modelOpset, func(b []byte) []byte {
			b = putString(b, opsetDomain, domain)
			return putInt(b, opsetVersion, m.Opsets[domain])
		})
	}
	// Metadata stands before the graph, so that a reader of the head alone meets it.
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		b = putMessage(b, modelMetadata, func(b []byte) []byte {
			b = putString(b, entryKey, key)
			return putString(b, entryValue, m.Metadata[key])
		})
	}
	return putMessage(b, modelGraph, m.Graph.append)
}

// size bounds the graph's bytes from above, near enough to avoid growing the
// buffer (and copying a memory bank of 300 MB) while writing.
func (g *Graph) size() int {
	n := 1024
	for i := range g.Initializers {
		n += len(g.Initializers[i].Raw) + len(g.Initializers[i].Name) + 128
	}
	for i := range g.Nodes {
		node := &g.Nodes[i]
		n += len(node.Name) + len(node.Op) + 64
		for _, s := range node.Inputs {
			n += len(s) + 8
		}
		for _, s := range node.Outputs {
			n += len(s) + 8
		}
		for j := range node.Attrs {
			n += 64 + 10*len(node.Attrs[j].Ints) + 4*len(node.Attrs[j].Floats)
			if t := node.Attrs[j].T; t != nil {
				n += len(t.Raw) + 128
			}
		}
	}
	return n + 128*(len(g.Inputs)+len(g.Outputs))
}

func (g *Graph) append(b []byte) []byte {
	for i := range g.Nodes {
		b = putMessage(b, graphNode, g.Nodes[i].append)
	}
	b = putString(b, graphName, g.Name)
	for i := range g.Initializers {
		b = putMessage(b, graphInitializer, g.Initializers[i].append)
	}
	for i := range g.Inputs {
		b = putMessage(b, graphInput, g.Inputs[i].append)
	}
	for i := range g.Outputs {
		b = putMessage(b, graphOutput, g.Outputs[i].append)
	}
	return b
}

func (n *Node) append(b []byte) []byte {
	for _, s := range n.Inputs {
		b = putElem(b, nodeInput, s)
	}
	for _, s := range n.Outputs {
		b = putElem(b, nodeOutput, s)
	}
	b = putString(b, nodeName, n.Name)
	b = putString(b, nodeOp, n.Op)
	for i := range n.Attrs {
		b = putMessage(b, nodeAttr, n.Attrs[i].append)
	}
	return putString(b, nodeDomain, n.Domain)
}

func (a *Attribute) append(b []byte) []byte {
	b = putString(b, attrName, a.Name)
	switch a.Kind {
	case AttrFloat:
		b = protowire.AppendTag(b, attrF, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(a.F))
	case AttrInt:
		b = protowire.AppendTag(b, attrI, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(a.I))
	case AttrString:
		b = putElem(b, attrS, a.S)
	case AttrTensor:
		b = putMessage(b, attrT, a.T.append)
	case AttrFloats:
		for _, f := range a.Floats {
			b = protowire.AppendTag(b, attrFloats, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(f))
		}
	case AttrInts:
		for _, v := range a.Ints {
			b = protowire.AppendTag(b, attrInts, protowire.VarintType)
			b = protowire.AppendVarint(b, uint64(v))
		}
	case AttrStrings:
		for _, s := range a.Strings {
			b = putElem(b, attrStrings, s)
		}
	}
	return putInt(b, attrType, int64(a.Kind))
}

func (t *Tensor) append(b []byte) []byte {
	if len(t.Dims) > 0 {
		b = putMessage(b, tensorDims, func(b []byte) []byte { // packed
			for _, d := range t.Dims {
				b = protowire.AppendVarint(b, uint64(d))
			}
			return b
		})
	}
	b = putInt(b, tensorType, int64(t.Type))
	b = putString(b, tensorName, t.Name)
	b = protowire.AppendTag(b, tensorRaw, protowire.BytesType)
	return protowire.AppendBytes(b, t.Raw)
}

func (v *ValueInfo) append(b []byte) []byte {
	b = putString(b, infoName, v.Name)
	return putMessage(b, infoType, func(b []byte) []byte {
		return putMessage(b, typeTensor, func(b []byte) []byte {
			b = putInt(b, typeElem, int64(v.Type))
			return putMessage(b, typeShape, func(b []byte) []byte {
				for _, d := range v.Dims {
					b = putMessage(b, shapeDim, func(b []byte) []byte {
						switch {
						case d.Param != "":
							return putElem(b, dimParam, d.Param)
						case d.Size >= 0:
							b = protowire.AppendTag(b, dimValue, protowire.VarintType)
							return protowire.AppendVarint(b, uint64(d.Size))
						}
						return b
					})
				}
				return b
			})
		})
	})
}

// putMessage appends a length-delimited field whose length is known only after
// it is written: the body is written in place and moved by the length's size.
func putMessage(b []byte, field protowire.Number, body func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	start := len(b)
	b = body(append(b, 0)) // room for lengths below 128, the common case
	n := len(b) - start - 1
	if extra := protowire.SizeVarint(uint64(n)) - 1; extra > 0 {
		b = slices.Grow(b, extra)[:len(b)+extra]
		copy(b[start+1+extra:], b[start+1:start+1+n])
	}
	protowire.AppendVarint(b[:start], uint64(n))
	return b
}

// putString appends a string field, left out when empty as proto3 does.
func putString(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return putElem(b, field, s)
}

// putElem appends one string even when empty: in a repeated field the place counts.
func putElem(b []byte, field protowire.Number, s string) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendString(b, s)
}

func putInt(b []byte, field protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(v))
}
