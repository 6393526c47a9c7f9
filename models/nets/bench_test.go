package nets_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/server/ort"
)

// processor is the processor time this process has used.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBagged scores a map of 64x64 cells, 256 channels, width 128, windows of 32. Its
// partner is testdata/bench.py, PyTorch eager on the same shapes.
func BenchmarkBagged(b *testing.B) {
	net := nets.Swin{In: 256, Width: 128, Heads: 8, Depth: 4, Window: 8, Map: 32, Residual: square}
	set := netstest.Classifier(net.Params())
	r := residuals(1, 64*64, 256)
	for _, step := range []int{8, 16, 0} {
		for _, shared := range []bool{true, false} {
			b.Run(fmt.Sprintf("step=%d/shared=%v", step, shared), func(b *testing.B) {
				m, err := graph.Build("bench", func(g *graph.Builder) {
					build := nets.Unshared
					if shared {
						build = nets.Bagged
					}
					src := graph.Frozen(g, nets.FromSet(set, ""))
					x := g.Input("r", graph.Float32, -1, 64*64, 256)
					g.Output("p", build(g, net, src, x, nets.Sliding{Rows: 64, Cols: 64, Map: 32, Step: step}))
				})
				if err != nil {
					b.Fatal(err)
				}
				s := session(b, m.Marshal(), 2)
				feeds := ort.Feeds{"r": r}
				if _, err := s.Run(context.Background(), feeds); err != nil {
					b.Fatal(err)
				}
				before := processor(b)
				b.ResetTimer()
				for range b.N {
					if _, err := s.Run(context.Background(), feeds); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((processor(b)-before).Seconds()/float64(b.N), "cpu-s/op")
			})
		}
	}
}

// BenchmarkStep takes one training step: 8 windows of 32x32 cells, 256 channels, width 128,
// focal loss, gradient clipping, AdamW.
func BenchmarkStep(b *testing.B) {
	net := nets.Swin{In: 256, Width: 128, Heads: 8, Depth: 4, Window: 8, Map: 32, Residual: square}
	const n, cells = 8, 32 * 32
	branches := len(net.DropPath())
	var layout graph.Layout
	m, err := graph.Build("step", func(g *graph.Builder) {
		x := g.Input("x", graph.Float32, n, cells, 256)
		target := g.Input("target", graph.Float32, n, cells, 2)
		keep := g.Input("keep", graph.Float32, branches, n)
		src := g.Trainable()
		logits := net.Logits(g, src, x, &nets.Training{Keep: keep})
		p := g.ReduceSum(g.Mul(g.Softmax(logits, -1), target), false, 2)
		miss := g.Square(g.Square(g.Sub(g.Scalar(1), p)))
		loss := g.Neg(g.ReduceMean(g.Mul(miss, g.Log(g.Max(p, g.Scalar(1e-8)))), false))
		layout = src.Step(loss, graph.AdamW{Decay: 0.05, Clip: 1})
	})
	if err != nil {
		b.Fatal(err)
	}
	set := netstest.Classifier(net.Params())
	size := layout.Size()
	flat := make([]float32, size)
	layout.Each(flat, func(p graph.Param, data []float32) {
		v, err := nets.FromSet(set, "")(p)
		if err != nil {
			b.Fatal(err)
		}
		copy(data, v)
	})
	ones := make([]float32, branches*n)
	for i := range ones {
		ones[i] = 1
	}
	target := make([]float32, n*cells*2)
	for i, v := range netstest.Fill("target", n*cells) {
		if v > 0 {
			target[2*i+1] = 1
		} else {
			target[2*i] = 1
		}
	}
	feeds := ort.Feeds{
		"x":            ort.Of(netstest.Fill("windows", n*cells*256), n, cells, 256),
		"target":       ort.Of(target, n, cells, 2),
		"keep":         ort.Of(ones, branches, n),
		graph.InParams: ort.Of(flat, size),
		graph.InMean:   ort.Of(make([]float32, size), size),
		graph.InSquare: ort.Of(make([]float32, size), size),
		graph.InRate:   ort.Scalar[float32](1e-4),
		graph.InStep:   ort.Scalar[int64](1),
	}
	s := session(b, m.Marshal(), 2)
	if _, err := s.Run(context.Background(), feeds); err != nil {
		b.Fatal(err)
	}
	before := processor(b)
	b.ResetTimer()
	for range b.N {
		if _, err := s.Run(context.Background(), feeds); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processor(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}
