package weights

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Set is named tensors and metadata, what one file holds.
type Set struct {
	Tensors  map[string]Tensor
	Metadata map[string]string
}

// NewSet is an empty set, ready to be filled.
func NewSet() *Set {
	return &Set{Tensors: map[string]Tensor{}, Metadata: map[string]string{}}
}

// Names are the tensors' names, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.Tensors)) }

// Get finds a tensor; the error of a missing one names it.
func (s *Set) Get(name string) (Tensor, error) {
	t, ok := s.Tensors[name]
	if !ok {
		return Tensor{}, fmt.Errorf("weights: there is no tensor %q", name)
	}
	return t, nil
}

// Floats finds a tensor of floats of the given shape. A missing one, another
// shape or type, and a number that is not finite are errors that name the tensor.
// A dimension of -1 in shape fits any size. The result is the tensor's own memory
// if it is F32.
func (s *Set) Floats(name string, shape ...int) ([]float32, error) {
	t, err := s.Get(name)
	if err != nil {
		return nil, err
	}
	fits := len(shape) == len(t.shape)
	for i := 0; fits && i < len(shape); i++ {
		fits = shape[i] == -1 || shape[i] == t.shape[i]
	}
	if !fits {
		return nil, fmt.Errorf("weights: tensor %q has shape %v where %v is needed", name, t.shape, shape)
	}
	v, err := t.Floats()
	if err != nil {
		return nil, fmt.Errorf("weights: tensor %q: %w", name, err)
	}
	if i := notFinite(v); i >= 0 {
		return nil, fmt.Errorf("weights: tensor %q holds %v at index %d; the file is damaged or its training diverged", name, v[i], i)
	}
	return v, nil
}

// notFinite is the index of the first NaN or infinity, -1 if there is none.
func notFinite(v []float32) int {
	for i, x := range v {
		if math.Float32bits(x)&0x7f800000 == 0x7f800000 {
			return i
		}
	}
	return -1
}
