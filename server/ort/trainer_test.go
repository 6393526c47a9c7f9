package ort

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"semirest/models/graph"
	"semirest/models/graph/graphtest"
)

// TestAdamW holds five steps against PyTorch's AdamW: clipped gradients, weight
// decay on the matrix only, a rate that changes (see graphtest/testdata/make.py).
func TestAdamW(t *testing.T) {
	ref := graphtest.Fixture(t)
	for _, device := range devices(t) {
		var layout graph.Layout
		model := build(t, func(b *graph.Builder) {
			p := b.Trainable()
			x := b.F32("x", ref["adamw/x"].F32s(), 8, 4)
			y := b.Input("y", graph.Float32, 8, 3)
			// The bias first: the layout has to put the decayed matrix ahead of it.
			bias := p.Param(graph.Param{Name: "b", Shape: []int{3}})
			w := p.Param(graph.Param{Name: "w", Shape: []int{3, 4}, Decay: true})
			loss := b.ReduceMean(b.Square(b.Sub(b.Linear(x, w, bias), y)), false)
			layout = p.Step(loss, graph.AdamW{Decay: 0.05, Clip: 1})
		})
		if layout.Size() != 15 || layout.Decayed() != 12 || layout[0].Name != "w" {
			t.Fatalf("layout %+v", layout)
		}
		params := make([]float32, layout.Size())
		layout.Each(params, func(p graph.Param, data []float32) { copy(data, ref["adamw/"+p.Name].F32s()) })
		tr, err := NewTrainer(open(t, model, Options{Training: true, Threads: 1, Device: device}), NewState(params))
		if err != nil {
			t.Fatal(err)
		}
		var losses, norms []float32
		for step := 1; step <= 5; step++ {
			out, err := tr.Step(context.Background(), 0.01*float64(step), Feeds{"y": Of(ref["adamw/y"].F32s(), 8, 3)})
			if err != nil {
				t.Fatal(err)
			}
			if len(out) != 2 {
				t.Errorf("outputs %v", out)
			}
			losses = append(losses, out[graph.OutLoss].F32()[0])
			norms = append(norms, out[graph.OutNorm].F32()[0])
		}
		if s := tr.State(); s.Step != 5 {
			t.Errorf("step %d", s.Step)
		}
		near := func(what string, got []float32, want graphtest.Array) {
			if e := graphtest.RelativeError(got, want.F32s()); !(e <= 1e-6) {
				t.Errorf("%s: %s: relative error %.2g: %v, want %v", device, what, e, got, want.F32s())
			}
		}
		near("losses", losses, ref["adamw/losses"])
		near("norms", norms, ref["adamw/norms"])
		layout.Each(tr.State().Params, func(p graph.Param, data []float32) { near(p.Name, data, ref["adamw/"+p.Name+"5"]) })
	}
}

// transformer is a training graph with everything a Swin has: a few hundred nodes.
func transformer(t testing.TB, rows, width, blocks int) ([]byte, graph.Layout) {
	var layout graph.Layout
	model := build(t, func(b *graph.Builder) {
		p := b.Trainable()
		x := b.Input("x", graph.Float32, rows, 16, width)
		target := b.Input("target", graph.Float32, rows*16, 2)
		matrix := func(name string, shape ...int) *graph.Value {
			return p.Param(graph.Param{Name: name, Shape: shape, Decay: true, Init: graph.TruncNormal(0.02)})
		}
		vector := func(name string, n int, init graph.Init) *graph.Value {
			return p.Param(graph.Param{Name: name, Shape: []int{n}, Init: init})
		}
		h := x
		for i := range blocks {
			b.Scope("block"+string(rune('0'+i)), func() {
				name := func(s string) string { return string(rune('0'+i)) + s }
				n := b.LayerNorm(h, vector(name("g1"), width, graph.Ones), vector(name("b1"), width, nil), 1e-5)
				qkv := b.Split(b.Linear(n, matrix(name("qkv"), 3*width, width), vector(name("qkvb"), 3*width, nil)), 2, width, width, width)
				heads := func(v *graph.Value) *graph.Value {
					return b.Transpose(b.Reshape(v, rows, 16, 4, width/4), 0, 2, 1, 3)
				}
				s := b.MatMul(b.Mul(heads(qkv[0]), b.Scalar(1/math.Sqrt(float64(width/4)))), b.Transpose(heads(qkv[1]), 0, 1, 3, 2))
				s = b.Softmax(s, -1)
				y := b.Reshape(b.Transpose(b.MatMul(s, heads(qkv[2])), 0, 2, 1, 3), rows, 16, width)
				h = b.Add(h, b.Linear(y, matrix(name("proj"), width, width), nil))
				n = b.LayerNorm(h, vector(name("g2"), width, graph.Ones), vector(name("b2"), width, nil), 1e-5)
				n = b.Gelu(b.Linear(n, matrix(name("fc1"), 4*width, width), vector(name("fc1b"), 4*width, nil)))
				h = b.Add(h, b.Linear(n, matrix(name("fc2"), width, 4*width), nil))
			})
		}
		z := b.Reshape(b.Linear(h, matrix("head", 2, width), nil), rows*16, 2)
		pt := b.ReduceSum(b.Mul(b.Softmax(z, -1), target), false, 1)
		loss := b.Neg(b.ReduceMean(b.Mul(b.Pow(b.Sub(b.Scalar(1), pt), b.Scalar(4)), b.Log(pt)), false))
		layout = p.Step(loss, graph.AdamW{Decay: 0.05, Clip: 1})
	})
	return model, layout
}

func batch(rng *rand.Rand, rows, width int) Feeds {
	x, target := make([]float32, rows*16*width), make([]float32, rows*32)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range rows * 16 {
		target[2*i+rng.IntN(2)] = 1
	}
	return Feeds{"x": Of(x, rows, 16, width), "target": Of(target, rows*16, 2)}
}

// TestTrainingIsReproducible: one seed and one number of threads give one
// result, bit for bit, and a cancelled step changes nothing of it.
func TestTrainingIsReproducible(t *testing.T) {
	const rows, width, steps = 8, 32, 6
	model, layout := transformer(t, rows, width, 2)
	train := func(threads int, disturb bool) State {
		s := open(t, model, Options{Training: true, Threads: threads})
		rng := rand.New(rand.NewPCG(1, 2))
		tr, err := NewTrainer(s, NewState(layout.Init(rng)))
		if err != nil {
			t.Fatal(err)
		}
		schedule := graph.Schedule{Rate: 1e-3, WarmUp: 2, Steps: steps, Cosine: true}
		for step := 1; step <= steps; step++ {
			in := batch(rng, rows, width)
			if disturb {
				// A misaligned copy of the input must not change a bit either.
				x := in["x"].F32()
				moved := append(make([]float32, 1, len(x)+1), x...)[1:]
				in["x"] = Of(moved, rows, 16, width)
				cancelled(t, tr, in, layout)
			}
			if _, err := tr.Step(context.Background(), schedule.At(step), in); err != nil {
				t.Fatal(err)
			}
		}
		return tr.State().Clone()
	}
	for _, threads := range []int{1, 2} {
		a, b, c := train(threads, false), train(threads, false), train(threads, true)
		for name, s := range map[string]State{"a second run": b, "a run with cancelled steps": c} {
			if s.Step != a.Step || !slices.Equal(s.Params, a.Params) || !slices.Equal(s.Mean, a.Mean) || !slices.Equal(s.Square, a.Square) {
				t.Errorf("%d threads: %s gives other bits", threads, name)
			}
		}
	}
}

// cancelled runs a step whose context ends after a random part of a
// millisecond, and holds the state against what it was when it was cancelled.
func cancelled(t *testing.T, tr *Trainer, in Feeds, layout graph.Layout) {
	t.Helper()
	before := tr.State().Clone()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(before.Step*100)*time.Microsecond)
	defer cancel()
	_, err := tr.Step(ctx, 1, in)
	if err == nil { // it was faster: take the step back
		tr.now = housed(before)
		return
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	after := tr.State()
	if after.Step != before.Step || !slices.Equal(after.Params, before.Params) || !slices.Equal(after.Mean, before.Mean) {
		t.Error("a cancelled step changed the state")
	}
}

func TestTrainingLearns(t *testing.T) {
	model, layout := transformer(t, 8, 32, 2)
	rng := rand.New(rand.NewPCG(3, 4))
	tr, err := NewTrainer(open(t, model, Options{Training: true, Threads: 1}), NewState(layout.Init(rng)))
	if err != nil {
		t.Fatal(err)
	}
	in := batch(rng, 8, 32)
	var first, last float32
	for step := 1; step <= 40; step++ {
		out, err := tr.Step(context.Background(), 3e-3, in)
		if err != nil {
			t.Fatal(err)
		}
		last = out[graph.OutLoss].F32()[0]
		if step == 1 {
			first = last
		}
	}
	if !(last < first/10) {
		t.Errorf("the loss went from %g to %g only", first, last)
	}
}

func TestTrainerRefuses(t *testing.T) {
	model, layout := transformer(t, 2, 8, 1)
	s := open(t, model, Options{Training: true})
	n := layout.Size()
	if _, err := NewTrainer(s, NewState(make([]float32, n-1))); err == nil {
		t.Error("a state of another size was taken")
	}
	if _, err := NewTrainer(s, State{Params: make([]float32, n)}); err == nil {
		t.Error("a state without moments was taken")
	}
	if _, err := NewTrainer(open(t, build(t, affine), Options{}), NewState(make([]float32, n))); err == nil {
		t.Error("a model that does not train was taken")
	}
	tr, err := NewTrainer(s, NewState(make([]float32, n)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Step(context.Background(), 1, Feeds{graph.InRate: Scalar(float32(1))}); err == nil {
		t.Error("a batch that names the rate was taken")
	}
	if _, err := tr.Step(context.Background(), 1, nil); err == nil || tr.State().Step != 0 {
		t.Error("a step without its batch was taken")
	}
}
