package nets_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"semirest/models/graph"
	"semirest/models/weights"
	"semirest/server/ort"
)

// run builds a graph and runs it once, on the processor, with one thread.
func run(t testing.TB, in ort.Feeds, f func(b *graph.Builder)) ort.Feeds {
	t.Helper()
	m, err := graph.Build(t.Name(), f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := runModel(t, m.Marshal(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func runModel(t testing.TB, model []byte, in ort.Feeds) (ort.Feeds, error) {
	t.Helper()
	return session(t, model, 1).Run(context.Background(), in)
}

func session(t testing.TB, model []byte, threads int) *ort.Session {
	t.Helper()
	path, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	if err := ort.Init(path); err != nil {
		t.Fatal(err)
	}
	s, err := ort.Open(model, ort.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fixture reads a file of testdata.
func fixture(t testing.TB, name string) *weights.Set {
	t.Helper()
	s, err := weights.Load(filepath.Join("testdata", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tensor makes a fixture's tensor one for the runtime.
func tensor(t testing.TB, s *weights.Set, name string) ort.Tensor {
	t.Helper()
	x, err := s.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := x.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return ort.Of(v, x.Shape()...)
}

// relative is ||got - want|| / ||want||, in L2.
func relative(t testing.TB, got, want ort.Tensor) float64 {
	t.Helper()
	if got.Len() != want.Len() || got.Len() == 0 {
		t.Fatalf("shape %v, want %v", got.Shape, want.Shape)
	}
	for i := range want.Shape {
		if got.Shape[i] != want.Shape[i] {
			t.Fatalf("shape %v, want %v", got.Shape, want.Shape)
		}
	}
	var diff, norm float64
	for i, w := range want.F32() {
		d := float64(got.F32()[i]) - float64(w)
		diff += d * d
		norm += float64(w) * float64(w)
	}
	return math.Sqrt(diff / norm)
}
