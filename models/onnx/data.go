package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// number is an element type whose memory layout on a little-endian machine is
// the file's.
type number interface {
	float32 | float64 | int8 | uint8 | int32 | int64 | bool
}

// littleEndian is true on every machine this project is built for (amd64,
// arm64); elsewhere the constructors below copy and swap.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Raw returns data's bytes as TensorProto.raw_data wants them. On a
// little-endian machine the result shares memory with data: a memory bank of
// 300 MB must not be copied only to be written. data must not change until the
// model has been marshalled.
func Raw[T number](data []T) []byte {
	if len(data) == 0 {
		return nil
	}
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(unsafe.Sizeof(data[0])))
	}
	out, err := binary.Append(nil, binary.LittleEndian, data)
	if err != nil {
		panic("onnx: " + err.Error()) // cannot happen: every number has a fixed size
	}
	return out
}

// F32s decodes a float32 tensor into a new slice.
func (t *Tensor) F32s() ([]float32, error) {
	if err := t.check(Float32); err != nil {
		return nil, err
	}
	out := make([]float32, len(t.Raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Raw[4*i:]))
	}
	return out, nil
}

// I64s decodes an int64 tensor into a new slice.
func (t *Tensor) I64s() ([]int64, error) {
	if err := t.check(Int64); err != nil {
		return nil, err
	}
	out := make([]int64, len(t.Raw)/8)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(t.Raw[8*i:]))
	}
	return out, nil
}

func (t *Tensor) check(want DType) error {
	if t.Type != want {
		return fmt.Errorf("onnx: tensor %q holds %v, not %v", t.Name, t.Type, want)
	}
	n := int64(1)
	for _, d := range t.Dims {
		if d < 0 || (d > 0 && n > math.MaxInt64/8/d) {
			return fmt.Errorf("onnx: tensor %q has the impossible shape %v", t.Name, t.Dims)
		}
		n *= d
	}
	if n*int64(want.Size()) != int64(len(t.Raw)) {
		return fmt.Errorf("onnx: tensor %q of shape %v needs %d bytes of raw data, has %d",
			t.Name, t.Dims, n*int64(want.Size()), len(t.Raw))
	}
	return nil
}
