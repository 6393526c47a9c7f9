package ort

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/models/graph"
)

// library loads ONNX Runtime or skips nothing: without it no test here means anything.
func library(t testing.TB) {
	t.Helper()
	path, err := Locate("")
	if err != nil {
		t.Fatal(err)
	}
	if err := Init(path); err != nil {
		t.Fatal(err)
	}
}

// build serialises a graph.
func build(t testing.TB, f func(b *graph.Builder)) []byte {
	t.Helper()
	m, err := graph.Build(t.Name(), f)
	if err != nil {
		t.Fatal(err)
	}
	return m.Marshal()
}

func open(t testing.TB, model []byte, o Options) *Session {
	t.Helper()
	library(t)
	s, err := Open(model, o)
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

// affine is y = x*2 + 1 over [n, 3], with the sum over everything beside it.
func affine(b *graph.Builder) {
	b.Metadata("unit", "blocks")
	x := b.Input("x", graph.Float32, -1, 3)
	y := b.Add(b.Mul(x, b.Scalar(2)), b.Scalar(1))
	b.Output("y", y)
	b.Output("pairs", b.Reshape(b.Concat(0, y, y), -2, 3))
	b.Output("sum", b.ReduceSum(y, false))
}

func TestRun(t *testing.T) {
	s := open(t, build(t, affine), Options{Threads: 1})
	if s.Device() != CPU || s.Metadata()["unit"] != "blocks" {
		t.Errorf("device %q, metadata %v", s.Device(), s.Metadata())
	}
	for n := 1; n <= 3; n++ {
		x := make([]float32, 3*n)
		for i := range x {
			x[i] = float32(i)
		}
		mine := make([]float32, 3*n)
		out := Feeds{"y": Of(mine, n, 3)}
		if err := s.RunInto(context.Background(), Feeds{"x": Of(x, n, 3)}, out); err != nil {
			t.Fatal(err)
		}
		sum := float32(0)
		for i, v := range mine {
			if v != 2*x[i]+1 {
				t.Errorf("n=%d: y[%d] = %g", n, i, v)
			}
			sum += v
		}
		if got := out["sum"].F32(); len(got) != 1 || got[0] != sum || len(out["sum"].Shape) != 0 {
			t.Errorf("n=%d: sum %v, want %g", n, out["sum"], sum)
		}
		if p := out["pairs"]; p.Shape[0] != 2*n || p.F32()[3*n] != mine[0] {
			t.Errorf("n=%d: pairs %v", n, p)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	s := open(t, build(t, affine), Options{Threads: 1})
	ctx := context.Background()
	for _, c := range []struct {
		name string
		in   Feeds
		out  Feeds
		want string
	}{
		{"missing input", Feeds{}, nil, `input "x" is missing`},
		{"unknown input", Feeds{"x": Of(make([]float32, 3), 1, 3), "z": Scalar(1.0)}, nil, `no input "z"`},
		{"wrong type", Feeds{"x": Of(make([]uint8, 3), 1, 3)}, nil, "wrong type"},
		{"wrong rank", Feeds{"x": Of(make([]float32, 3), 3)}, nil, "wrong rank"},
		{"wrong size", Feeds{"x": Of(make([]float32, 4), 1, 4)}, nil, "dimension 1 is 4"},
		{"empty batch", Feeds{"x": Of([]float32{}, 0, 3)}, nil, "empty"},
		{"short data", Feeds{"x": {Shape: []int{2, 3}, data: make([]float32, 3)}}, nil, "wants 6 elements"},
		{"zero tensor", Feeds{"x": {}}, nil, "nothing"},
		{"output size", Feeds{"x": Of(make([]float32, 3), 1, 3)}, Feeds{"y": Of(make([]float32, 6), 2, 3)}, "n is 1 elsewhere"},
	} {
		out := c.out
		if out == nil {
			out = Feeds{}
		}
		err := s.RunInto(ctx, c.in, out)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := s.Run(ctx, Feeds{"x": Of(make([]float32, 3), 1, 3)}); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

func TestSomeOutputs(t *testing.T) {
	s := open(t, build(t, affine), Options{Outputs: []string{"sum"}})
	out, err := s.Run(context.Background(), Feeds{"x": Of(make([]float32, 3), 1, 3)})
	if err != nil || len(out) != 1 || out["sum"].F32()[0] != 3 {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := Open(build(t, affine), Options{Outputs: []string{"none"}}); err == nil {
		t.Error("an unknown output was accepted")
	}
}

func TestConcurrentRunsAndClose(t *testing.T) {
	library(t)
	s, err := Open(build(t, affine), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 50 {
				out, err := s.Run(context.Background(), Feeds{"x": Of([]float32{float32(g), 0, 0}, 1, 3)})
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil || out["y"].F32()[0] != float32(2*g+1) {
					t.Errorf("%v, %v", out["y"].F32(), err)
					return
				}
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Error("second close:", err)
	}
}

// TestCancel stops a run that would take many seconds.
func TestCancel(t *testing.T) {
	model := build(t, func(b *graph.Builder) {
		x := b.Input("x", graph.Float32, 512, 512)
		y := x
		for range 2000 {
			y = b.MatMul(y, x)
		}
		b.Output("y", y)
	})
	s := open(t, model, Options{Threads: 1})
	ctx, cancel := context.WithCancel(context.Background())
	var stopped time.Time
	time.AfterFunc(100*time.Millisecond, func() { stopped = time.Now(); cancel() })
	_, err := s.Run(ctx, Feeds{"x": Of(make([]float32, 512*512), 512, 512)})
	late := time.Since(stopped)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if stopped.IsZero() || late > time.Second {
		t.Errorf("the run went on for %v after the cancel", late)
	}
	t.Logf("stopped %v after the cancel", late)
	if _, err := s.Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a run with an ended context: %v", err)
	}
}

func TestLocate(t *testing.T) {
	old := inside
	t.Cleanup(func() { inside = old })
	inside = carried{} // as in a program built without the tag embedort
	dir := t.TempDir()
	write := func(name, data string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct{ name, path, want string }{
		{"missing", filepath.Join(dir, "none.so"), "no such file"},
		{"empty", write("empty.so", ""), "0 bytes"},
		{"text", write("text.so", "not a library"), "not a shared library"},
		{"folder", dir, dir},
	} {
		_, err := Locate(c.path)
		if !errors.Is(err, ErrLibrary) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "make ort") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	elf := write("elf.so", "\x7fELF and nothing more")
	t.Setenv(EnvLibrary, elf)
	if p, err := Locate(""); err != nil || p != elf {
		t.Errorf("%s, %v", p, err)
	}
	t.Setenv(EnvLibrary, "")
	t.Setenv("XDG_CACHE_HOME", dir)
	if _, err := Locate(""); err == nil || !strings.Contains(err.Error(), filepath.Join("semirest", "ort", Version)) {
		t.Errorf("cache: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	library(t)
	good := build(t, affine)
	for _, c := range []struct {
		name  string
		model []byte
		o     Options
		want  string
	}{
		{"empty", nil, Options{}, "no graph"},
		{"text", []byte("hello, world"), Options{}, "read model"},
		{"truncated", good[:len(good)/2], Options{}, "read model"},
		{"device", good, Options{Device: "tpu"}, "cpu, cuda or auto"},
		{"threads", good, Options{Threads: -1}, "threads"},
	} {
		if _, err := Open(c.model, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCUDA holds 'no silent fallback' on machines without CUDA, and that 'auto' says what it took.
func TestCUDA(t *testing.T) {
	library(t)
	model := build(t, affine)
	s, err := Open(model, Options{Device: CUDA})
	if err == nil {
		defer s.Close()
		if s.Device() != CUDA {
			t.Errorf("device %q", s.Device())
		}
	} else if !errors.Is(err, ErrNoCUDA) || !strings.Contains(err.Error(), "--device cpu") {
		t.Error(err)
	}
	a, err2 := Open(model, Options{Device: Auto})
	if err2 != nil {
		t.Fatal(err2)
	}
	defer a.Close()
	want := CUDA
	if err != nil {
		want = CPU
	}
	if a.Device() != want || (a.Why() == "") != (want == CUDA) {
		t.Errorf("auto took %q because %q", a.Device(), a.Why())
	}
}
