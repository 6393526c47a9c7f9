package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errExternal is returned for tensors kept in another file, which this project neither writes nor follows.
var errExternal = errors.New("tensor data lies in an external file")

// Unmarshal reads a model. Tensors' Raw shares memory with data. Fields this
// package does not name are skipped; wrong bytes give an error, never a panic.
func Unmarshal(data []byte) (*Model, error) {
	m := &Model{Opsets: map[string]int64{}, Metadata: map[string]string{}}
	seenGraph := false
	err := fields(data, func(f field) error {
		switch f.num {
		case modelIRVersion:
			return f.int(&m.IRVersion)
		case modelProducerName:
			return f.str(&m.ProducerName)
		case modelProducerVersion:
			return f.str(&m.Producer)
		case modelDoc:
			return f.str(&m.Doc)
		case modelOpset:
			return f.opset(m.Opsets)
		case modelMetadata:
			return f.entry(m.Metadata)
		case modelGraph:
			seenGraph = true
			return f.sub("graph", m.Graph.field)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("onnx: read model: %w", err)
	}
	if !seenGraph {
		return nil, errors.New("onnx: read model: no graph in it; is this an ONNX file?")
	}
	return m, nil
}

func (g *Graph) field(f field) error {
	switch f.num {
	case graphName:
		return f.str(&g.Name)
	case graphNode:
		var n Node
		if err := f.sub("node", n.field); err != nil {
			return err
		}
		g.Nodes = append(g.Nodes, n)
	case graphInitializer:
		t, err := f.tensor()
		if err != nil {
			return err
		}
		g.Initializers = append(g.Initializers, *t)
	case graphInput:
		return f.info(&g.Inputs)
	case graphOutput:
		return f.info(&g.Outputs)
	}
	return nil
}

func (n *Node) field(f field) error {
	switch f.num {
	case nodeInput:
		return f.strs(&n.Inputs)
	case nodeOutput:
		return f.strs(&n.Outputs)
	case nodeName:
		return f.str(&n.Name)
	case nodeOp:
		return f.str(&n.Op)
	case nodeDomain:
		return f.str(&n.Domain)
	case nodeAttr:
		var a Attribute
		if err := f.sub("attribute", a.field); err != nil {
			return err
		}
		n.Attrs = append(n.Attrs, a)
	}
	return nil
}

func (a *Attribute) field(f field) error {
	switch f.num {
	case attrName:
		return f.str(&a.Name)
	case attrType:
		var kind int64
		err := f.int(&kind)
		a.Kind = AttrKind(kind)
		return err
	case attrF:
		a.F = math.Float32frombits(uint32(f.bits))
	case attrI:
		return f.int(&a.I)
	case attrS:
		return f.str(&a.S)
	case attrT:
		t, err := f.tensor()
		a.T = t
		return err
	case attrFloats:
		return f.floats(func(v uint32) { a.Floats = append(a.Floats, math.Float32frombits(v)) })
	case attrInts:
		return f.ints(func(v int64) { a.Ints = append(a.Ints, v) })
	case attrStrings:
		return f.strs(&a.Strings)
	}
	return nil
}

// tensor reads a TensorProto; typed data (float_data and so on) becomes raw data.
func (f field) tensor() (*Tensor, error) {
	t := &Tensor{}
	var typed []byte
	var small []int64 // int32_data: holds every type narrower than 64 bits
	err := f.sub("tensor", func(f field) error {
		switch f.num {
		case tensorDims:
			return f.ints(func(v int64) { t.Dims = append(t.Dims, v) })
		case tensorType:
			var v int64
			err := f.int(&v)
			t.Type = DType(v)
			return err
		case tensorName:
			return f.str(&t.Name)
		case tensorRaw:
			t.Raw = f.bytes
		case tensorFloats:
			return f.floats(func(v uint32) { typed = binary.LittleEndian.AppendUint32(typed, v) })
		case tensorDoubles:
			return f.doubles(func(v uint64) { typed = binary.LittleEndian.AppendUint64(typed, v) })
		case tensorInt64s:
			return f.ints(func(v int64) { typed = binary.LittleEndian.AppendUint64(typed, uint64(v)) })
		case tensorInt32s:
			return f.ints(func(v int64) { small = append(small, v) })
		case tensorExternal:
			return errExternal
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, v := range small {
		switch t.Type.Size() {
		case 1:
			typed = append(typed, byte(v))
		case 2:
			typed = binary.LittleEndian.AppendUint16(typed, uint16(v))
		default:
			typed = binary.LittleEndian.AppendUint32(typed, uint32(v))
		}
	}
	if t.Raw == nil {
		t.Raw = typed
	}
	if t.Type.Size() > 0 { // a type we don't know keeps its bytes unchecked
		if err := t.check(t.Type); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (f field) info(list *[]ValueInfo) error {
	var v ValueInfo
	dim := func(f field) error {
		d := Dim{Size: -1}
		err := f.sub("dimension", func(f field) error {
			switch f.num {
			case dimValue:
				return f.int(&d.Size)
			case dimParam:
				d.Size = 0
				return f.str(&d.Param)
			}
			return nil
		})
		v.Dims = append(v.Dims, d)
		return err
	}
	err := f.sub("value", func(f field) error {
		switch f.num {
		case infoName:
			return f.str(&v.Name)
		case infoType:
			return f.sub("type", func(f field) error {
				if f.num != typeTensor {
					return nil
				}
				return f.sub("tensor type", func(f field) error {
					switch f.num {
					case typeElem:
						var t int64
						err := f.int(&t)
						v.Type = DType(t)
						return err
					case typeShape:
						return f.sub("shape", func(f field) error {
							if f.num != shapeDim {
								return nil
							}
							return dim(f)
						})
					}
					return nil
				})
			})
		}
		return nil
	})
	*list = append(*list, v)
	return err
}

func (f field) opset(into map[string]int64) error {
	var domain string
	var version int64
	err := f.sub("opset", func(f field) error {
		switch f.num {
		case opsetDomain:
			return f.str(&domain)
		case opsetVersion:
			return f.int(&version)
		}
		return nil
	})
	into[domain] = version
	return err
}

func (f field) entry(into map[string]string) error {
	var key, value string
	err := f.sub("metadata", func(f field) error {
		switch f.num {
		case entryKey:
			return f.str(&key)
		case entryValue:
			return f.str(&value)
		}
		return nil
	})
	into[key] = value
	return err
}
