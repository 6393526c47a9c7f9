// Package onnx holds ONNX models as plain Go structures and turns them into
// protobuf bytes and back, without generated code.
//
// Words, as in the ONNX specification (https://onnx.ai/onnx/repo-docs/IR.html):
//   - Model: a graph with its operator-set versions and metadata.
//   - Graph: a list of nodes in topological order, joined by value names.
//   - Node: one operator call. An empty input or output name means 'not given'.
//   - Initializer: a constant tensor with a name.
//   - ValueInfo: name, element type and shape of an input or output.
//
// Marshal writes the fields of onnx.proto3 that this project uses; Unmarshal
// reads the same fields and skips the others, so it reads any model's inputs,
// outputs, initializers and metadata. Tensors share memory with their source:
// neither direction copies raw data more than once.
package onnx

import "fmt"

// IRVersion and Opset are what this project writes: ONNX 1.13, read by every
// ONNX Runtime from 1.14 on.
const (
	IRVersion = 8
	Opset     = 18
)

// DType is an element type, numbered as TensorProto.DataType.
type DType int32

// The element types in use. Their numbers are those of the file format.
const (
	Float32 DType = 1
	Uint8   DType = 2
	Int8    DType = 3
	Int32   DType = 6
	Int64   DType = 7
	Bool    DType = 9
	Float16 DType = 10
	Float64 DType = 11
)

// Size returns the bytes of one element, or 0 for a type this package does not know.
func (d DType) Size() int {
	switch d {
	case Uint8, Int8, Bool:
		return 1
	case Float16:
		return 2
	case Float32, Int32:
		return 4
	case Float64, Int64:
		return 8
	}
	return 0
}

func (d DType) String() string {
	switch d {
	case Float32:
		return "float32"
	case Uint8:
		return "uint8"
	case Int8:
		return "int8"
	case Int32:
		return "int32"
	case Int64:
		return "int64"
	case Bool:
		return "bool"
	case Float16:
		return "float16"
	case Float64:
		return "float64"
	}
	return fmt.Sprintf("dtype(%d)", int32(d))
}

// Model is a ModelProto.
type Model struct {
	IRVersion    int64
	Opsets       map[string]int64 // domain ("" is ONNX's own) to version
	ProducerName string
	Producer     string // producer_version
	Doc          string
	Metadata     map[string]string // metadata_props, written in the order of their keys
	Graph        Graph
}

// Graph is a GraphProto.
type Graph struct {
	Name         string
	Nodes        []Node
	Initializers []Tensor
	Inputs       []ValueInfo
	Outputs      []ValueInfo
}

// Node is a NodeProto.
type Node struct {
	Name    string
	Op      string
	Domain  string
	Inputs  []string
	Outputs []string
	Attrs   []Attribute
}

// AttrKind says which field of an Attribute is set, numbered as AttributeProto.AttributeType.
type AttrKind int32

// The attribute kinds in use.
const (
	AttrFloat   AttrKind = 1
	AttrInt     AttrKind = 2
	AttrString  AttrKind = 3
	AttrTensor  AttrKind = 4
	AttrFloats  AttrKind = 6
	AttrInts    AttrKind = 7
	AttrStrings AttrKind = 8
)

// Attribute is an AttributeProto; Kind says which field counts.
type Attribute struct {
	Name    string
	Kind    AttrKind
	F       float32
	I       int64
	S       string
	T       *Tensor
	Floats  []float32
	Ints    []int64
	Strings []string
}

// Int, Float, String, Ints and Floats make attributes.
func Int(name string, v int) Attribute { return Attribute{Name: name, Kind: AttrInt, I: int64(v)} }

// Float makes a float attribute.
func Float(name string, v float32) Attribute { return Attribute{Name: name, Kind: AttrFloat, F: v} }

// String makes a string attribute.
func String(name, v string) Attribute { return Attribute{Name: name, Kind: AttrString, S: v} }

// Ints makes an attribute that is a list of integers.
func Ints(name string, v ...int) Attribute {
	list := make([]int64, len(v))
	for i, x := range v {
		list[i] = int64(x)
	}
	return Attribute{Name: name, Kind: AttrInts, Ints: list}
}

// Floats makes an attribute that is a list of floats.
func Floats(name string, v ...float32) Attribute {
	return Attribute{Name: name, Kind: AttrFloats, Floats: v}
}

// Tensor is a TensorProto with raw_data: little-endian elements, row-major.
type Tensor struct {
	Name string
	Type DType
	Dims []int64 // empty for a scalar
	Raw  []byte
}

// Dim is one dimension of a ValueInfo. Param names a size known only at run
// time ("n", "64*n"), and Size is 0 then; without Param, Size holds, and -1
// stands for a size nothing is said about.
type Dim struct {
	Size  int64
	Param string
}

// ValueInfo is a ValueInfoProto of tensor type.
type ValueInfo struct {
	Name string
	Type DType
	Dims []Dim
}
