package main

import (
	"fmt"

	"github.com/nlpodyssey/gopickle/pytorch"
	"github.com/nlpodyssey/gopickle/types"

	"semirest/models/weights"
)

// checkpoint reads a state dictionary that torch.save wrote, old format or new.
// Counters (num_batches_tracked) are left out: they matter in training only.
func checkpoint(path string) (*weights.Set, error) {
	top, err := pytorch.Load(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	set := weights.NewSet()
	add := func(key, value any) error {
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("%s: a key is %T, not a name", path, key)
		}
		t, ok := value.(*pytorch.Tensor)
		if !ok {
			return fmt.Errorf("%s: %q is %T, not a tensor", path, name, value)
		}
		if _, counter := t.Source.(*pytorch.LongStorage); counter {
			return nil
		}
		v, err := floats(t)
		if err != nil {
			return fmt.Errorf("%s: %q: %w", path, name, err)
		}
		set.Tensors[name] = weights.NewF32(v, t.Size...)
		return nil
	}
	switch dict := top.(type) {
	case *types.OrderedDict:
		for key, e := range dict.Map {
			if err := add(key, e.Value); err != nil {
				return nil, err
			}
		}
	case *types.Dict:
		for _, e := range *dict {
			if err := add(e.Key, e.Value); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("%s holds %T, not a state dictionary", path, top)
	}
	return set, nil
}

// floats copies a tensor's numbers, row-major.
func floats(t *pytorch.Tensor) ([]float32, error) {
	var data []float32
	switch s := t.Source.(type) {
	case *pytorch.FloatStorage:
		data = s.Data
	case *pytorch.HalfStorage:
		data = s.Data
	default:
		return nil, fmt.Errorf("its numbers are %T; float32 or float16 is needed", s)
	}
	return gather(data, t.StorageOffset, t.Size, t.Stride)
}

// gather copies a strided view of data, row-major. TensorFlow's kernels came over as
// transposed views.
func gather(data []float32, offset int, size, stride []int) ([]float32, error) {
	n, last := 1, offset
	for i, d := range size {
		if d <= 0 || stride[i] < 0 {
			return nil, fmt.Errorf("shape %v, strides %v", size, stride)
		}
		n *= d
		last += (d - 1) * stride[i]
	}
	if offset < 0 || last >= len(data) || n > len(data) {
		return nil, fmt.Errorf("shape %v, strides %v at %d do not fit its %d numbers", size, stride, offset, len(data))
	}
	out := make([]float32, 0, n)
	index := make([]int, len(size))
	for at := offset; len(out) < n; {
		out = append(out, data[at])
		for i := len(size) - 1; i >= 0; i-- { // the next index, as an odometer turns
			index[i]++
			at += stride[i]
			if index[i] < size[i] {
				break
			}
			at -= size[i] * stride[i]
			index[i] = 0
		}
	}
	return out, nil
}
