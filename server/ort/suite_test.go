package ort

import (
	"context"
	"testing"

	"semirest/models/graph"
	"semirest/models/graph/graphtest"
	"semirest/models/onnx"
)

// devices returns the execution providers of this machine.
func devices(t *testing.T) []string {
	library(t)
	s, err := Open(build(t, affine), Options{Device: CUDA})
	if err != nil {
		t.Logf("CUDA is left out: %v", err)
		return []string{CPU}
	}
	s.Close()
	return []string{CPU, CUDA}
}

// TestOperators runs every operator's cases, forwards and backwards, on every device.
func TestOperators(t *testing.T) {
	for _, device := range devices(t) {
		t.Run(device, func(t *testing.T) {
			graphtest.Run(t, func(t *testing.T, model []byte) func(map[string]graphtest.Array) (map[string]graphtest.Array, error) {
				s := open(t, model, Options{Device: device, Threads: 1})
				return func(in map[string]graphtest.Array) (map[string]graphtest.Array, error) {
					feeds := Feeds{}
					for name, a := range in {
						feeds[name] = fromArray(t, a)
					}
					got, err := s.Run(context.Background(), feeds)
					out := map[string]graphtest.Array{}
					for name, v := range got {
						out[name] = toArray(t, v)
					}
					return out, err
				}
			})
		})
	}
}

func fromArray(t *testing.T, a graphtest.Array) Tensor {
	t.Helper()
	x, err := empty(int32(a.DType), a.Shape)
	if err != nil {
		t.Fatal(err)
	}
	copy(raw(t, x), a.Raw)
	return x
}

func toArray(t *testing.T, x Tensor) graphtest.Array {
	t.Helper()
	types := map[string]graph.DType{
		"float32": graph.Float32, "float64": graph.Float64, "uint8": graph.Uint8, "int64": graph.Int64, "bool": graph.Bool,
	}
	return graphtest.Array{DType: types[typeName(x.data)], Shape: x.Shape, Raw: raw(t, x)}
}

// raw returns a tensor's bytes, shared.
func raw(t *testing.T, x Tensor) []byte {
	switch d := x.data.(type) {
	case []float32:
		return onnx.Raw(d)
	case []float64:
		return onnx.Raw(d)
	case []uint8:
		return onnx.Raw(d)
	case []int64:
		return onnx.Raw(d)
	case []bool:
		return onnx.Raw(d)
	}
	t.Fatalf("no bytes of %v", x)
	return nil
}
