package nets_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/server/ort"
)

// processor is the processor time this process has used.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bench times a graph's runs after a first one, in seconds of all processors.
func bench(b *testing.B, g []byte, feeds ort.Feeds) {
	b.Helper()
	s := session(b, g, 2)
	once(b, s, feeds)
	before := processor(b)
	for b.Loop() {
		once(b, s, feeds)
	}
	b.ReportMetric((processor(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}

func once(tb testing.TB, s *ort.Session, feeds ort.Feeds) {
	tb.Helper()
	if _, err := s.Run(context.Background(), feeds); err != nil {
		tb.Fatal(err)
	}
}

// bagged scores a map of 64x64 cells, 256 channels, width 128, windows of 32.
func bagged(tb testing.TB, step int, shared bool) ([]byte, ort.Feeds) {
	tb.Helper()
	net := nets.Swin{In: 256, Width: 128, Heads: 8, Depth: 4, Window: 8, Map: 32, Residual: square}
	set := netstest.Classifier(net.Params())
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
		tb.Fatal(err)
	}
	return m.Marshal(), ort.Feeds{"r": residuals(1, 64*64, 256)}
}

// step takes one training step: 8 windows of 32x32 cells, 256 channels, width 128,
// focal loss, gradient clipping, AdamW.
func step(tb testing.TB) ([]byte, ort.Feeds) {
	tb.Helper()
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
		tb.Fatal(err)
	}
	set := netstest.Classifier(net.Params())
	size := layout.Size()
	flat := make([]float32, size)
	layout.Each(flat, func(p graph.Param, data []float32) {
		v, err := nets.FromSet(set, "")(p)
		if err != nil {
			tb.Fatal(err)
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
	return m.Marshal(), feeds
}

func BenchmarkBagged(b *testing.B) {
	for _, step := range []int{8, 16, 0} {
		for _, shared := range []bool{true, false} {
			b.Run(fmt.Sprintf("step=%d/shared=%v", step, shared), func(b *testing.B) {
				g, feeds := bagged(b, step, shared)
				bench(b, g, feeds)
			})
		}
	}
}

func BenchmarkStep(b *testing.B) {
	g, feeds := step(b)
	bench(b, g, feeds)
}

// TestBenchAgainstPyTorch sets the processor time of scoring and training beside that of
// testdata/bench.py, PyTorch eager on the same shapes and weights, in turns within one
// session. PYTHON names an interpreter that has torch.
func TestBenchAgainstPyTorch(t *testing.T) {
	if os.Getenv("SEMIREST_BENCH") == "" {
		t.Skip("SEMIREST_BENCH is not set")
	}
	python := cmp.Or(os.Getenv("PYTHON"), "python3")
	if filepath.Base(python) != python && !filepath.IsAbs(python) { // from where make was called
		root, err := filepath.Abs(filepath.Join("..", ".."))
		if err != nil {
			t.Fatal(err)
		}
		python = filepath.Join(root, python)
	}
	if err := exec.Command(python, "-c", "import torch").Run(); err != nil {
		t.Skipf("%s has no torch: name an interpreter that has, as in make bench PYTHON=../venv/bin/python", python)
	}
	type part struct {
		what    string
		most    float64 // of PyTorch's time
		session *ort.Session
		feeds   ort.Feeds
	}
	var parts []part
	add := func(what string, most float64, g []byte, feeds ort.Feeds) {
		p := part{what, most, session(t, g, 2), feeds}
		once(t, p.session, feeds)
		parts = append(parts, p)
	}
	for _, every := range []int{8, 16} {
		g, feeds := bagged(t, every, true)
		add(fmt.Sprintf("bagged, step %d", every), 0.6, g, feeds)
	}
	g, feeds := step(t)
	add("training step", 1.1, g, feeds)
	const rounds, runs = 5, 5
	ours, theirs := map[string][]float64{}, map[string][]float64{}
	for range rounds {
		for what, seconds := range torch(t, python) {
			theirs[what] = append(theirs[what], seconds)
		}
		for _, p := range parts {
			before := processor(t)
			for range runs {
				once(t, p.session, p.feeds)
			}
			ours[p.what] = append(ours[p.what], (processor(t)-before).Seconds()/runs)
		}
	}
	for _, p := range parts {
		var ratios []float64
		for i, v := range ours[p.what] {
			ratios = append(ratios, v/theirs[p.what][i])
		}
		slices.Sort(ratios)
		ratio := ratios[rounds/2]
		t.Logf("%s: %.3f of PyTorch's processor time (%.3f to %.3f); asked: at most %.1f", p.what, ratio, ratios[0], ratios[rounds-1], p.most)
		if ratio > p.most {
			t.Errorf("%s takes %.3f of PyTorch's processor time, more than %.1f", p.what, ratio, p.most)
		}
	}
}

// torch runs bench.py and returns processor seconds a run.
func torch(t *testing.T, python string) map[string]float64 {
	t.Helper()
	cmd := exec.Command(python, "bench.py")
	cmd.Dir = "testdata"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("bench.py: %v\n%s", err, errs.Bytes())
	}
	found := map[string]float64{}
	line := regexp.MustCompile(`^(.+): ([0-9.]+) cpu-s`)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if m := line.FindStringSubmatch(lines.Text()); m != nil {
			if found[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	return found
}
