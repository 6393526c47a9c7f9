package nets_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/server/ort"
	"semirest/shared/block"
)

// bag computes a map's probabilities [n, rows/block, cols/block].
func bag(t testing.TB, c nets.Classifier, s nets.Sliding, r ort.Tensor, shared bool, threads int) ort.Tensor {
	t.Helper()
	set := netstest.Classifier(c.Params())
	m, err := graph.Build(t.Name(), func(b *graph.Builder) {
		src := graph.Frozen(b, nets.FromSet(set, ""))
		x := b.Input("r", graph.Float32, -1, r.Shape[1], r.Shape[2])
		if shared {
			b.Output("p", nets.Bagged(b, c, src, x, s))
		} else {
			b.Output("p", nets.Unshared(b, c, src, x, s))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := session(t, m.Marshal(), threads).Run(context.Background(), ort.Feeds{"r": r})
	if err != nil {
		t.Fatal(err)
	}
	return out["p"]
}

func swin(d, width, mu int) nets.Swin {
	return nets.Swin{In: d, Width: width, Heads: width / 16, Depth: 4, Window: 8, Map: mu, Residual: square}
}

func residuals(n, cells, d int) ort.Tensor {
	return ort.Of(netstest.Fill("residuals", n*cells*d), n, cells, d)
}

// Shared bagging equals the sliding windows one by one, bit for bit.
func TestSharedEqualsUnshared(t *testing.T) {
	const d, width = 24, 32
	for _, c := range []struct {
		n    int
		s    nets.Sliding
		note string
	}{
		{1, nets.Sliding{Rows: 64, Cols: 64, Map: 32, Step: 8}, ""},
		{1, nets.Sliding{Rows: 48, Cols: 64, Map: 32, Step: 8}, ""},
		{1, nets.Sliding{Rows: 32, Cols: 48, Map: 32, Step: 8}, ""},
		{1, nets.Sliding{Rows: 32, Cols: 32, Map: 32, Step: 8}, "one window"},
		{2, nets.Sliding{Rows: 32, Cols: 40, Map: 16, Step: 8}, "two maps"},
		{1, nets.Sliding{Rows: 40, Cols: 64, Map: 32, Step: 16}, "the last window flush with the edge"},
		{1, nets.Sliding{Rows: 37, Cols: 43, Map: 16, Step: 8}, "sizes that no step divides"},
		{1, nets.Sliding{Rows: 24, Cols: 40, Map: 32, Step: 8}, "rows fewer than a window's"},
		{1, nets.Sliding{Rows: 20, Cols: 12, Map: 32, Step: 8}, "a map smaller than a window"},
		{1, nets.Sliding{Rows: 48, Cols: 64, Map: 32}, "single pass"},
		{1, nets.Sliding{Rows: 48, Cols: 64, Map: 32, Step: 8, Block: 2}, "blocks of 16 pixels"},
	} {
		t.Run(fmt.Sprintf("%dx%d_%d_%d_%s", c.s.Rows, c.s.Cols, c.s.Map, c.s.Step, c.note), func(t *testing.T) {
			net := swin(d, width, c.s.Map)
			r := residuals(c.n, c.s.Rows*c.s.Cols, d)
			for _, threads := range []int{1, 2} {
				got := bag(t, net, c.s, r, true, threads)
				want := bag(t, net, c.s, r, false, threads)
				if f := max(c.s.Block, 1); !slices.Equal(got.Shape, []int{c.n, c.s.Rows / f, c.s.Cols / f}) {
					t.Fatalf("shape %v", got.Shape)
				}
				most := 0.0
				for i, w := range want.F32() {
					most = max(most, math.Abs(float64(w)-float64(got.F32()[i])))
				}
				if most != 0 {
					t.Errorf("%d threads: the largest difference is %g", threads, most)
				}
			}
		})
	}
}

// The oracle's oracle: bagging by loops in Go over the classifier's own logits, written
// down from METHOD section 5.
func TestBaggedEqualsLoops(t *testing.T) {
	const d, mu = 12, 16
	for _, c := range []struct {
		name string
		net  nets.Classifier
		s    nets.Sliding
	}{
		{"swin", swin(d, 16, mu), nets.Sliding{Rows: 24, Cols: 37, Map: mu, Step: 8}},
		{"swin, small map", swin(d, 16, mu), nets.Sliding{Rows: 10, Cols: 30, Map: mu, Step: 8}},
		{"swin, single pass", swin(d, 16, mu), nets.Sliding{Rows: 24, Cols: 40, Map: mu}},
		{"swin, blocks of 2", swin(d, 16, mu), nets.Sliding{Rows: 24, Cols: 40, Map: mu, Step: 8, Block: 2}},
		{"mlp", nets.MLP{In: d, Width: 16, Residual: square}, nets.Sliding{Rows: 24, Cols: 32, Map: mu, Step: 8}},
		{"vit", nets.ViT{In: d, Width: 16, Heads: 2, Depth: 1, Map: mu, Residual: absolute}, nets.Sliding{Rows: 24, Cols: 32, Map: mu, Step: 8}},
		{"unet", nets.UNet{In: d, Width: 8, Map: mu, Residual: square}, nets.Sliding{Rows: 24, Cols: 32, Map: mu, Step: 8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := residuals(1, c.s.Rows*c.s.Cols, d)
			got := bag(t, c.net, c.s, r, true, 1)
			for i, w := range loops(t, c.net, c.s, r.F32(), d) {
				if math.Abs(w-float64(got.F32()[i])) > 1e-5 {
					t.Fatalf("block %d: %v, want %v", i, got.F32()[i], w)
				}
			}
		})
	}
}

func loops(t *testing.T, c nets.Classifier, s nets.Sliding, r []float32, d int) []float64 {
	t.Helper()
	set := netstest.Classifier(c.Params())
	f, mu, step := max(s.Block, 1), s.Map, s.Step
	if step == 0 {
		step = mu
	}
	windows := block.Windows(s.Rows, s.Cols, mu, step)
	var x []float32
	for _, at := range windows {
		for i := range mu {
			for j := range mu {
				cell := make([]float32, d)
				if row, col := at.Row+i, at.Col+j; row < s.Rows && col < s.Cols {
					copy(cell, r[(row*s.Cols+col)*d:])
				}
				x = append(x, cell...)
			}
		}
	}
	out := run(t, ort.Feeds{"x": ort.Of(x, len(windows), mu*mu, d)}, func(b *graph.Builder) {
		in := b.Input("x", graph.Float32, -1, mu*mu, d)
		b.Output("logits", nets.Blocks(b, c.Logits(b, graph.Frozen(b, nets.FromSet(set, "")), in, nil), mu, f))
	})
	logits, per := out["logits"].F32(), mu/f
	sum, count := make([]float64, s.Rows/f*s.Cols/f), make([]float64, s.Rows/f*s.Cols/f)
	for w, at := range windows {
		for i := range per {
			for j := range per {
				row, col := at.Row/f+i, at.Col/f+j
				if row >= s.Rows/f || col >= s.Cols/f {
					continue
				}
				k := row*(s.Cols/f) + col
				if s.Step == 0 && count[k] > 0 {
					continue
				}
				l := logits[((w*per+i)*per+j)*2:]
				sum[k] += 1 / (1 + math.Exp(float64(l[0])-float64(l[1])))
				count[k]++
			}
		}
	}
	for k := range sum {
		sum[k] /= count[k]
	}
	return sum
}

func TestSlidingRefuses(t *testing.T) {
	for _, s := range []nets.Sliding{
		{Rows: 0, Cols: 32, Map: 32, Step: 8},
		{Rows: 32, Cols: 32, Map: 32, Step: 40},
		{Rows: 32, Cols: 32, Map: 32, Step: -1},
		{Rows: 33, Cols: 32, Map: 32, Step: 8, Block: 2},
		{Rows: 32, Cols: 32, Map: 32, Step: 7, Block: 2},
		{Rows: 32, Cols: 32, Map: 16, Step: 8}, // the Swin's is 32
		{Rows: 32, Cols: 40, Map: 32, Step: 8}, // the residuals are 32 x 32
	} {
		net := swin(12, 16, 32)
		_, err := graph.Build("x", func(b *graph.Builder) {
			src := graph.Frozen(b, nets.FromSet(netstest.Classifier(net.Params()), ""))
			b.Output("p", nets.Bagged(b, net, src, b.Input("r", graph.Float32, -1, 32*32, 12), s))
		})
		if err == nil || !strings.Contains(err.Error(), "nets: ") {
			t.Errorf("%+v: error %v", s, err)
		}
	}
}
