package ort

import (
	"fmt"
	"math"

	onnxruntime "github.com/yalue/onnxruntime_go"
)

// Tensor is a slice with a shape, row-major. A scalar's shape is empty. The
// zero Tensor holds nothing.
type Tensor struct {
	Shape []int
	data  any
}

// Element lists the element types tensors are made of.
type Element interface {
	float32 | float64 | uint8 | int8 | int32 | int64 | bool
}

// Of makes a tensor that shares memory with data. It panics when the shape
// does not have len(data) elements.
func Of[T Element](data []T, shape ...int) Tensor {
	if n := count(shape); n != len(data) {
		panic(fmt.Sprintf("ort: %d elements for shape %v", len(data), shape))
	}
	return Tensor{Shape: shape, data: data}
}

// Scalar makes a tensor of rank 0.
func Scalar[T Element](x T) Tensor { return Tensor{Shape: []int{}, data: []T{x}} }

// F32 returns the data of a float32 tensor, shared; nil for another type.
func (t Tensor) F32() []float32 { d, _ := t.data.([]float32); return d }

// F64 returns the data of a float64 tensor, shared; nil for another type.
func (t Tensor) F64() []float64 { d, _ := t.data.([]float64); return d }

// I64 returns the data of an int64 tensor, shared; nil for another type.
func (t Tensor) I64() []int64 { d, _ := t.data.([]int64); return d }

// I32 returns the data of an int32 tensor, shared; nil for another type.
func (t Tensor) I32() []int32 { d, _ := t.data.([]int32); return d }

// U8 returns the data of a uint8 tensor, shared; nil for another type.
func (t Tensor) U8() []uint8 { d, _ := t.data.([]uint8); return d }

// I8 returns the data of an int8 tensor, shared; nil for another type.
func (t Tensor) I8() []int8 { d, _ := t.data.([]int8); return d }

// Bools returns the data of a boolean tensor, shared; nil for another type.
func (t Tensor) Bools() []bool { d, _ := t.data.([]bool); return d }

// Len returns the number of elements.
func (t Tensor) Len() int {
	if t.data == nil {
		return 0
	}
	return count(t.Shape)
}

func (t Tensor) String() string { return fmt.Sprintf("%s%v", typeName(t.data), t.Shape) }

func typeName(data any) string {
	if data == nil {
		return "nothing"
	}
	return fmt.Sprintf("%T", data)[2:]
}

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 || (d > 0 && n > math.MaxInt/d) {
			panic(fmt.Sprintf("ort: impossible shape %v", shape))
		}
		n *= d
	}
	return n
}

// value makes the runtime's view of a tensor. Both share memory; t.data must
// stay reachable until the view is destroyed.
func (t Tensor) value() (onnxruntime.Value, error) {
	switch d := t.data.(type) {
	case []float32:
		return view(d, t.Shape)
	case []float64:
		return view(d, t.Shape)
	case []uint8:
		return view(d, t.Shape)
	case []int8:
		return view(d, t.Shape)
	case []int32:
		return view(d, t.Shape)
	case []int64:
		return view(d, t.Shape)
	case []bool:
		return view(d, t.Shape)
	}
	return nil, fmt.Errorf("a tensor of %s", typeName(t.data))
}

func view[T Element](data []T, shape []int) (onnxruntime.Value, error) {
	if len(shape) == 0 {
		// The wrapper's scalars hold a copy; collect takes it back after a run.
		return onnxruntime.NewScalar(data[0])
	}
	dims := make(onnxruntime.Shape, len(shape))
	for i, d := range shape {
		dims[i] = int64(d)
	}
	return onnxruntime.NewTensor(dims, data)
}

// collect copies a scalar output from the runtime's view into t; other tensors
// share memory with theirs.
func (t Tensor) collect(v onnxruntime.Value) {
	switch v := v.(type) {
	case *onnxruntime.Scalar[float32]:
		t.data.([]float32)[0] = v.GetData()
	case *onnxruntime.Scalar[float64]:
		t.data.([]float64)[0] = v.GetData()
	case *onnxruntime.Scalar[uint8]:
		t.data.([]uint8)[0] = v.GetData()
	case *onnxruntime.Scalar[int8]:
		t.data.([]int8)[0] = v.GetData()
	case *onnxruntime.Scalar[int32]:
		t.data.([]int32)[0] = v.GetData()
	case *onnxruntime.Scalar[int64]:
		t.data.([]int64)[0] = v.GetData()
	case *onnxruntime.Scalar[bool]:
		t.data.([]bool)[0] = v.GetData()
	}
}

// adopt turns a value the runtime allocated into a Tensor.
func adopt(v onnxruntime.Value) (Tensor, error) {
	dims := v.GetShape()
	shape := make([]int, len(dims))
	for i, d := range dims {
		shape[i] = int(d)
	}
	switch v := v.(type) {
	case *onnxruntime.Tensor[float32]:
		return Tensor{shape, v.GetData()}, nil
	case *onnxruntime.Tensor[float64]:
		return Tensor{shape, v.GetData()}, nil
	case *onnxruntime.Tensor[uint8]:
		return Tensor{shape, v.GetData()}, nil
	case *onnxruntime.Tensor[int8]:
		return Tensor{shape, v.GetData()}, nil
	case *onnxruntime.Tensor[int32]:
		return Tensor{shape, v.GetData()}, nil
	case *onnxruntime.Tensor[int64]:
		return Tensor{shape, v.GetData()}, nil
	case *onnxruntime.Tensor[bool]:
		return Tensor{shape, v.GetData()}, nil
	}
	return Tensor{}, fmt.Errorf("an output of type %T, which this program does not use", v)
}

// empty allocates a tensor of an ONNX element type.
func empty(dtype int32, shape []int) (Tensor, error) {
	n := count(shape)
	switch dtype {
	case 1:
		return Tensor{shape, makeAligned[float32](n)}, nil
	case 2:
		return Tensor{shape, makeAligned[uint8](n)}, nil
	case 3:
		return Tensor{shape, makeAligned[int8](n)}, nil
	case 6:
		return Tensor{shape, makeAligned[int32](n)}, nil
	case 7:
		return Tensor{shape, makeAligned[int64](n)}, nil
	case 9:
		return Tensor{shape, makeAligned[bool](n)}, nil
	case 11:
		return Tensor{shape, makeAligned[float64](n)}, nil
	}
	return Tensor{}, fmt.Errorf("element type %d", dtype)
}

// length is the number of elements data really has.
func length(data any) int {
	switch d := data.(type) {
	case []float32:
		return len(d)
	case []float64:
		return len(d)
	case []uint8:
		return len(d)
	case []int8:
		return len(d)
	case []int32:
		return len(d)
	case []int64:
		return len(d)
	case []bool:
		return len(d)
	}
	return 0
}
