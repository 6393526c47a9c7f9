package graph

import (
	"fmt"
	"hash/fnv"
	"slices"

	"semirest/models/onnx"
)

// element lists the Go types constants are made of.
type element interface {
	float32 | float64 | int8 | uint8 | int32 | int64 | bool
}

func dtypeOf(data any) (DType, int) {
	switch d := data.(type) {
	case []float32:
		return Float32, len(d)
	case []float64:
		return Float64, len(d)
	case []int8:
		return Int8, len(d)
	case []uint8:
		return Uint8, len(d)
	case []int32:
		return Int32, len(d)
	case []int64:
		return Int64, len(d)
	case []bool:
		return Bool, len(d)
	}
	panicf("no constants of type %T", data)
	return 0, 0
}

func rawOf(data any) []byte {
	switch d := data.(type) {
	case []float32:
		return onnx.Raw(d)
	case []float64:
		return onnx.Raw(d)
	case []int8:
		return onnx.Raw(d)
	case []uint8:
		return onnx.Raw(d)
	case []int32:
		return onnx.Raw(d)
	case []int64:
		return onnx.Raw(d)
	case []bool:
		return onnx.Raw(d)
	}
	panicf("no constants of type %T", data)
	return nil
}

func (v *Value) tensor() onnx.Tensor {
	t := onnx.Tensor{Name: v.name, Type: v.dtype, Raw: rawOf(v.data)}
	for _, d := range v.shape {
		t.Dims = append(t.Dims, int64(d))
	}
	return t
}

// dedupeLimit is the size in bytes up to which constants without a name are
// compared and shared: indices, shapes, scalars, masks.
const dedupeLimit = 1 << 16

// constant makes a constant. data is kept, not copied, and must not change
// before the model has been marshalled. With an empty name, equal small
// constants become one value.
func constant[T element](b *Builder, name string, data []T, shape []int) *Value {
	if data == nil {
		data = []T{}
	}
	dtype, n := dtypeOf(data)
	if elements(shape) != n {
		panicf("constant %q of shape %v needs %d elements, not %d", name, shape, elements(shape), n)
	}
	v := &Value{b: b, name: name, dtype: dtype, shape: slices.Clone(shape), data: data}
	if name != "" {
		if old, ok := b.named[name]; ok && slices.Equal(old.shape, shape) && same(old.data, data) {
			return old
		}
		b.claim(name)
		b.named[name] = v
		return v
	}
	if raw := rawOf(data); len(raw) <= dedupeLimit {
		h := fnv.New128a()
		h.Write(raw)
		key := fmt.Sprintf("%v%v%x", dtype, shape, h.Sum(nil))
		if old, ok := b.consts[key]; ok {
			return old
		}
		b.consts[key] = v
	}
	v.name = b.unique("const")
	return v
}

// same tells whether two constants share their memory: the same weight asked for twice.
func same[T element](a any, b []T) bool {
	x, ok := a.([]T)
	return ok && len(x) == len(b) && (len(x) == 0 || &x[0] == &b[0])
}

// F32 makes a float32 constant; an empty name lets the builder choose one and
// share equal small constants. data is kept, not copied.
func (b *Builder) F32(name string, data []float32, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// I64 makes an int64 constant, see F32.
func (b *Builder) I64(name string, data []int64, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// I32 makes an int32 constant, see F32.
func (b *Builder) I32(name string, data []int32, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// U8 makes a uint8 constant, see F32.
func (b *Builder) U8(name string, data []uint8, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// I8 makes an int8 constant, see F32.
func (b *Builder) I8(name string, data []int8, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// F64 makes a float64 constant, see F32.
func (b *Builder) F64(name string, data []float64, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// Bools makes a boolean constant, see F32.
func (b *Builder) Bools(name string, data []bool, shape ...int) *Value {
	return constant(b, name, data, shape)
}

// Scalar makes a float32 constant of rank 0.
func (b *Builder) Scalar(x float64) *Value { return constant(b, "", []float32{float32(x)}, nil) }

// ScalarOf makes a constant of rank 0 with v's element type; x must be representable in it.
func (b *Builder) ScalarOf(v *Value, x float64) *Value { return b.scalar(v.dtype, x) }

func (b *Builder) scalar(dtype DType, x float64) *Value {
	switch dtype {
	case Float32:
		return constant(b, "", []float32{float32(x)}, nil)
	case Float64:
		return constant(b, "", []float64{x}, nil)
	case Int64:
		return constant(b, "", []int64{int64(x)}, nil)
	case Int32:
		return constant(b, "", []int32{int32(x)}, nil)
	case Uint8:
		return constant(b, "", []uint8{uint8(x)}, nil)
	case Int8:
		return constant(b, "", []int8{int8(x)}, nil)
	case Bool:
		return constant(b, "", []bool{x != 0}, nil)
	}
	panicf("no scalar of type %v", dtype)
	return nil
}

// Full makes a float32 constant with every element x.
func (b *Builder) Full(x float64, shape ...int) *Value {
	data := make([]float32, elements(shape))
	for i := range data {
		data[i] = float32(x)
	}
	return constant(b, "", data, shape)
}

// ints makes the int64 vector that shape, axes and pads inputs want.
func (b *Builder) ints(xs ...int) *Value {
	data := make([]int64, len(xs))
	for i, x := range xs {
		data[i] = int64(x)
	}
	return constant(b, "", data, []int{len(xs)})
}

// constInts returns an int64 or int32 constant's data, and whether v is one.
func (v *Value) constInts() ([]int, bool) {
	switch d := v.data.(type) {
	case []int64:
		out := make([]int, len(d))
		for i, x := range d {
			out[i] = int(x)
		}
		return out, true
	case []int32:
		out := make([]int, len(d))
		for i, x := range d {
			out[i] = int(x)
		}
		return out, true
	}
	return nil, false
}
