package ort

import "unsafe"

// alignment is where every tensor given to the runtime begins, in bytes: the
// width of the widest vector registers. The runtime computes the elements ahead
// of an aligned address one by one and the others in vectors, whose last bits
// differ for functions like exp and cos: without alignment, results would
// depend on where Go happened to put a slice.
const alignment = 64

// makeAligned allocates n elements at an aligned address.
func makeAligned[T Element](n int) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	data := make([]T, n+alignment/size)
	skip := int(-uintptr(unsafe.Pointer(&data[0])) % alignment)
	return data[skip/size : skip/size+n : skip/size+n]
}

// aligned returns t itself when it begins at an aligned address, as slices of
// 32 KB and more always do, and else a tensor of the same shape that does; then
// same is false and the data has not been copied.
func (t Tensor) aligned() (a Tensor, same bool) {
	switch d := t.data.(type) {
	case []float32:
		return align(d, t)
	case []float64:
		return align(d, t)
	case []uint8:
		return align(d, t)
	case []int8:
		return align(d, t)
	case []int32:
		return align(d, t)
	case []int64:
		return align(d, t)
	case []bool:
		return align(d, t)
	}
	return t, true
}

func align[T Element](d []T, t Tensor) (Tensor, bool) {
	if len(t.Shape) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(d)))%alignment == 0 {
		return t, true
	}
	return Tensor{t.Shape, makeAligned[T](len(d))}, false
}

// copyTo copies t's elements to a tensor of the same type and size.
func (t Tensor) copyTo(to Tensor) {
	switch d := t.data.(type) {
	case []float32:
		copy(to.data.([]float32), d)
	case []float64:
		copy(to.data.([]float64), d)
	case []uint8:
		copy(to.data.([]uint8), d)
	case []int8:
		copy(to.data.([]int8), d)
	case []int32:
		copy(to.data.([]int32), d)
	case []int64:
		copy(to.data.([]int64), d)
	case []bool:
		copy(to.data.([]bool), d)
	}
}
