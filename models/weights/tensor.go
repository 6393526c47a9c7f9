package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Tensor is an array of numbers of one type. The zero value holds nothing and
// has no type; make one with [NewF32] and its like, or read a file.
// Its methods alias the tensor's own memory where they say so.
type Tensor struct {
	dtype DType
	shape []int
	f32   []float32 // the numbers of an F32 tensor
	raw   []byte    // those of every other type, little endian
}

// NewF32 makes a tensor of v, which is kept, not copied. No shape means one
// number. It panics if the shape does not hold len(v) numbers.
func NewF32(v []float32, shape ...int) Tensor {
	mustHold("NewF32", len(v), shape)
	return Tensor{dtype: F32, shape: slices.Clone(shape), f32: v}
}

// NewU8 makes a tensor of v, which is kept, not copied.
// It panics if the shape does not hold len(v) numbers.
func NewU8(v []byte, shape ...int) Tensor {
	mustHold("NewU8", len(v), shape)
	return Tensor{dtype: U8, shape: slices.Clone(shape), raw: v}
}

// NewF16 makes a tensor of half floats, each number rounded to the nearest, ties to even;
// what is too large becomes the largest finite half.
// It panics if the shape does not hold len(v) numbers.
func NewF16(v []float32, shape ...int) Tensor {
	mustHold("NewF16", len(v), shape)
	raw := make([]byte, 0, 2*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint16(raw, ToHalf(x))
	}
	return Tensor{dtype: F16, shape: slices.Clone(shape), raw: raw}
}

// NewI32 makes a tensor of a copy of v.
// It panics if the shape does not hold len(v) numbers.
func NewI32(v []int32, shape ...int) Tensor {
	mustHold("NewI32", len(v), shape)
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(x))
	}
	return Tensor{dtype: I32, shape: slices.Clone(shape), raw: raw}
}

// NewI64 makes a tensor of a copy of v.
// It panics if the shape does not hold len(v) numbers.
func NewI64(v []int64, shape ...int) Tensor {
	mustHold("NewI64", len(v), shape)
	raw := make([]byte, 0, 8*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	return Tensor{dtype: I64, shape: slices.Clone(shape), raw: raw}
}

// NewRaw makes a tensor of any known type from its little-endian bytes. raw is
// kept, not copied, except for F32. It panics if the type is not known or the
// shape does not fit the bytes.
func NewRaw(d DType, raw []byte, shape ...int) Tensor {
	size := d.Size()
	if size == 0 {
		panic(fmt.Sprintf("weights: NewRaw: unknown type %q", d))
	}
	if len(raw)%size != 0 {
		panic(fmt.Sprintf("weights: NewRaw: %d bytes are no whole number of %s", len(raw), d))
	}
	mustHold("NewRaw", len(raw)/size, shape)
	if d != F32 {
		return Tensor{dtype: d, shape: slices.Clone(shape), raw: raw}
	}
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return Tensor{dtype: F32, shape: slices.Clone(shape), f32: v}
}

func mustHold(what string, n int, shape []int) {
	want, ok := count(shape)
	if !ok || want != n {
		panic(fmt.Sprintf("weights: %s: shape %v does not hold %d numbers", what, shape, n))
	}
}

// count multiplies a shape out; ok is false where it is negative or overflows.
func count(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d > 0 && n > math.MaxInt64/16/d { // 16: times a size in bytes still fits
			return 0, false
		}
		n *= d
	}
	return n, true
}

// DType is the type of the numbers.
func (t Tensor) DType() DType { return t.dtype }

// Shape is the tensor's shape; the caller must not change it. A scalar's is empty.
func (t Tensor) Shape() []int { return t.shape }

// Len is how many numbers there are.
func (t Tensor) Len() int {
	if t.dtype == F32 {
		return len(t.f32)
	}
	if size := t.dtype.Size(); size > 0 {
		return len(t.raw) / size
	}
	return 0
}

// bytes is how much room the numbers take in a file.
func (t Tensor) bytes() int { return t.Len() * t.dtype.Size() }

// Floats are the numbers as float32. For F32 it is the tensor's own memory; F16
// and BF16 are widened, exactly; other types are an error.
func (t Tensor) Floats() ([]float32, error) {
	switch t.dtype {
	case F32:
		return t.f32, nil
	case F16:
		v := make([]float32, t.Len())
		for i := range v {
			v[i] = FromHalf(binary.LittleEndian.Uint16(t.raw[2*i:]))
		}
		return v, nil
	case BF16:
		v := make([]float32, t.Len())
		for i := range v {
			v[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(t.raw[2*i:])) << 16)
		}
		return v, nil
	}
	return nil, t.notA("F32, F16 or BF16")
}

// Bytes are the numbers of a U8 or BOOL tensor, its own memory.
func (t Tensor) Bytes() ([]byte, error) {
	if t.dtype != U8 && t.dtype != Bool {
		return nil, t.notA("U8")
	}
	return t.raw, nil
}

// Ints32 are the numbers of an I32 tensor, copied.
func (t Tensor) Ints32() ([]int32, error) {
	if t.dtype != I32 {
		return nil, t.notA("I32")
	}
	v := make([]int32, t.Len())
	for i := range v {
		v[i] = int32(binary.LittleEndian.Uint32(t.raw[4*i:]))
	}
	return v, nil
}

// Ints64 are the numbers of an I64 tensor, copied; I32 is widened.
func (t Tensor) Ints64() ([]int64, error) {
	v := make([]int64, t.Len())
	switch t.dtype {
	case I64:
		for i := range v {
			v[i] = int64(binary.LittleEndian.Uint64(t.raw[8*i:]))
		}
	case I32:
		for i := range v {
			v[i] = int64(int32(binary.LittleEndian.Uint32(t.raw[4*i:])))
		}
	default:
		return nil, t.notA("I64 or I32")
	}
	return v, nil
}

func (t Tensor) notA(want string) error {
	return fmt.Errorf("weights: the tensor holds %s, not %s", t.dtype, want)
}
