package ort

import (
	"context"
	"math/rand/v2"
	"testing"
)

// BenchmarkRun is the cost of a run beside its arithmetic: views, checks, cgo.
func BenchmarkRun(b *testing.B) {
	s := open(b, build(b, affine), Options{Threads: 1})
	in := Feeds{"x": Of(makeAligned[float32](3), 1, 3)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Run(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStep is one training step of a small transformer: 4 blocks of width
// 128 over 64 groups of 16 tokens, AdamW included.
func BenchmarkStep(b *testing.B) {
	const rows, width = 64, 128
	model, layout := transformer(b, rows, width, 4)
	rng := rand.New(rand.NewPCG(1, 2))
	tr, err := NewTrainer(open(b, model, Options{Training: true, Threads: 1}), NewState(layout.Init(rng)))
	if err != nil {
		b.Fatal(err)
	}
	in := batch(rng, rows, width)
	for b.Loop() {
		if _, err := tr.Step(context.Background(), 1e-3, in); err != nil {
			b.Fatal(err)
		}
	}
}
