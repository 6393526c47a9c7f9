package nets_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/models/weights"
	"semirest/server/ort"
)

var (
	square   = nets.Residual{Scale: 3}
	absolute = nets.Residual{Abs: true, Scale: 2}
)

// references are the networks of testdata/make_classifiers.py.
var references = []struct {
	name       string
	classifier nets.Classifier
	n, side    int
	keep       []float32 // drop path
}{
	{"swin_square", nets.Swin{In: 12, Width: 16, Heads: 2, Depth: 4, Window: 8, Map: 16, Residual: square}, 2, 16, nil},
	{"swin_abs", nets.Swin{In: 12, Width: 16, Heads: 2, Depth: 4, Window: 8, Map: 16, Residual: absolute}, 2, 16, nil},
	{"swin_drop", nets.Swin{In: 12, Width: 16, Heads: 2, Depth: 4, Window: 8, Map: 16, Residual: square}, 2, 16,
		[]float32{1, 1, 1, 1, 0, 1.25, 1.25, 1.25, 1.25, 0, 0, 0, 1.5, 1.5, 1.5, 0}},
	{"swin_wide", nets.Swin{In: 12, Width: 32, Heads: 4, Depth: 4, Window: 8, Map: 32, Residual: square}, 1, 32, nil},
	{"swin_one", nets.Swin{In: 12, Width: 16, Heads: 2, Depth: 2, Window: 8, Map: 8, Residual: square}, 2, 8, nil},
	{"vit", nets.ViT{In: 12, Width: 16, Heads: 2, Depth: 2, Map: 16, Residual: square}, 2, 16, nil},
	{"mlp", nets.MLP{In: 12, Width: 16, Residual: square}, 2, 16, nil},
	{"unet", nets.UNet{In: 12, Width: 8, Map: 32, Residual: square}, 1, 32, nil},
}

// Logits are within 1e-4 and gradients within relative 1e-5 of float32 PyTorch's on the
// same weights. Both networks are built as training builds them.
func TestClassifierEqualsPyTorch(t *testing.T) {
	for _, r := range references {
		t.Run(r.name, func(t *testing.T) {
			want := fixture(t, r.name)
			list := r.classifier.Params()
			set := netstest.Classifier(list)
			cells := r.side * r.side
			feeds := ort.Feeds{"x": ort.Of(netstest.Fill("residuals", r.n*cells*12), r.n, cells, 12)}
			var flat []float32
			m, err := graph.Build(t.Name(), func(b *graph.Builder) {
				x := b.Input("x", graph.Float32, r.n, cells, 12)
				var training *nets.Training
				if r.keep != nil {
					rows := len(r.classifier.DropPath())
					training = &nets.Training{Keep: b.Input("keep", graph.Float32, rows, r.n)}
					feeds["keep"] = ort.Of(r.keep, rows, r.n)
				}
				src := b.Trainable()
				logits := r.classifier.Logits(b, src, x, training)
				weigh := b.F32("", netstest.Fill("loss", r.n*cells*2), r.n, cells, 2)
				loss := b.Add(b.ReduceMean(b.Mul(logits, weigh), false), b.ReduceMean(b.Square(logits), false))
				values := []*graph.Value{x}
				for _, p := range list {
					values = append(values, src.Param(p))
				}
				grads := b.Gradients(loss, values...)
				b.Output("logits", logits)
				b.Output("loss", loss)
				b.Output("grad.x", grads[0])
				for i, p := range list {
					b.Output("grad."+p.Name, grads[i+1])
				}
				layout := src.Layout()
				flat = make([]float32, layout.Size())
				layout.Each(flat, func(p graph.Param, data []float32) {
					v, err := nets.FromSet(set, "")(p)
					if err != nil {
						t.Error(err)
					}
					copy(data, v)
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			feeds[graph.InParams] = ort.Of(flat, len(flat))
			got, err := runModel(t, m.Marshal(), feeds)
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for i, w := range tensor(t, want, "logits").F32() {
				worst = max(worst, math.Abs(float64(w-got["logits"].F32()[i])))
			}
			if worst > 1e-4 || math.IsNaN(worst) {
				t.Errorf("logits differ by %.2g", worst)
			}
			steepest := 0.0
			for name := range want.Tensors {
				if !strings.HasPrefix(name, "grad.") {
					continue
				}
				e := relative(t, got[name], tensor(t, want, name))
				if steepest = max(steepest, e); !(e <= 1e-5) {
					t.Errorf("%s: relative error %.2g", name, e)
				}
			}
			t.Logf("logits within %.2g, gradients within %.2g", worst, steepest)
		})
	}
}

// Frozen weights give the logits that trainable ones give.
func TestFrozenEqualsTrainable(t *testing.T) {
	r := references[0]
	want := tensor(t, fixture(t, r.name), "logits")
	set := weights.NewSet()
	for name, w := range netstest.Classifier(r.classifier.Params()).Tensors {
		set.Tensors["classifier."+name] = w
	}
	x := ort.Of(netstest.Fill("residuals", r.n*256*12), r.n, 256, 12)
	got := run(t, ort.Feeds{"x": x}, func(b *graph.Builder) {
		src := graph.Frozen(b, nets.FromSet(set, "classifier."))
		b.Output("logits", r.classifier.Logits(b, src, b.Input("x", graph.Float32, -1, 256, 12), nil))
	})
	if e := relative(t, got["logits"], want); e > 1e-5 {
		t.Errorf("relative error %.2g", e)
	}
	delete(set.Tensors, "classifier.blocks.2.norm1.weight")
	_, err := graph.Build("missing", func(b *graph.Builder) {
		src := graph.Frozen(b, nets.FromSet(set, "classifier."))
		b.Output("logits", r.classifier.Logits(b, src, b.Input("x", graph.Float32, -1, 256, 12), nil))
	})
	if err == nil || !strings.Contains(err.Error(), `"classifier.blocks.2.norm1.weight"`) {
		t.Errorf("a missing weight: error %v", err)
	}
}

func size(c nets.Classifier) int { return graph.Layout(c.Params()).Size() }

func TestSizes(t *testing.T) {
	paper := nets.Swin{In: 1024, Width: 1024, Heads: 32, Depth: 4, Window: 8, Map: 32, Residual: nets.Residual{Scale: 1}}
	if got := size(paper); got != 51_469_442 { // METHOD section 5
		t.Errorf("Swin at the paper's size: %d numbers, want 51469442", got)
	}
	if got := size(nets.MLP{In: 256, Width: 128, Residual: square}); got != 49_922 {
		t.Errorf("MLP: %d numbers", got)
	}
	if got := paper.DropPath(); len(got) != 8 || got[0] != 0 || got[1] != 0 || math.Abs(got[7]-0.1) > 1e-15 || math.Abs(got[2]-0.1/3) > 1e-15 {
		t.Errorf("drop path %v", got)
	}
}

// The start values are METHOD section 5's.
func TestInitialisation(t *testing.T) {
	const d, width = 256, 64
	c := nets.Swin{In: d, Width: width, Heads: 4, Depth: 2, Window: 8, Map: 32, Residual: square}
	layout := graph.Layout(c.Params())
	flat := layout.Init(rand.New(rand.NewPCG(1, 2)))
	if !slices.Equal(flat, layout.Init(rand.New(rand.NewPCG(1, 2)))) {
		t.Error("one seed, two networks")
	}
	layout.Each(flat, func(p graph.Param, v []float32) {
		var sum, squares, most float64
		for _, x := range v {
			sum += float64(x)
			squares += float64(x) * float64(x)
			most = max(most, math.Abs(float64(x)))
		}
		mean, std := sum/float64(len(v)), math.Sqrt(squares/float64(len(v)))
		near := func(what string, got, want, by float64) {
			if math.Abs(got-want) > by {
				t.Errorf("%s: %s %v, want %v", p.Name, what, got, want)
			}
		}
		matrix := len(p.Shape) == 2
		if decays := matrix && !strings.HasSuffix(p.Name, "bias_table"); p.Decay != decays {
			t.Errorf("%s: decay %v", p.Name, p.Decay)
		}
		switch {
		case p.Name == "embed.bias": // uniform in +-1/16
			if most > 1.0/16 {
				t.Errorf("%s: %v, want at most 1/16", p.Name, most)
			}
			near("deviation", std, 1.0/16/math.Sqrt(3), 0.01)
		case strings.HasSuffix(p.Name, "norm.weight"), strings.HasSuffix(p.Name, "norm1.weight"), strings.HasSuffix(p.Name, "norm2.weight"):
			near("mean", mean, 1, 0)
			near("root mean square", std, 1, 0)
		case p.Name == "head.weight":
			near("deviation", std, 2e-5, 5e-6)
		case matrix:
			near("deviation", std, 0.02, 0.002)
			near("mean", mean, 0, 0.002)
		default:
			near("largest", most, 0, 0)
		}
	})
}

func TestClassifierRefuses(t *testing.T) {
	good := nets.Swin{In: 12, Width: 16, Heads: 2, Depth: 2, Window: 8, Map: 16, Residual: square}
	heads, mapping, scale, negative := good, good, good, good
	heads.Heads, mapping.Map, scale.Residual.Scale, negative.Depth = 3, 12, math.NaN(), -1
	for name, c := range map[string]nets.Classifier{
		"heads":     heads,
		"no scale":  nets.MLP{In: 12, Width: 16},
		"scale NaN": scale,
		"depth":     negative,
		"U-Net":     nets.UNet{In: 12, Width: 12, Map: 16, Residual: square},
		"ViT":       nets.ViT{In: 12, Width: 16, Heads: 5, Depth: 1, Map: 16, Residual: square},
		"map":       mapping,
		"shape":     nets.Swin{In: 13, Width: 16, Heads: 2, Depth: 2, Window: 8, Map: 16, Residual: square},
	} {
		_, err := graph.Build(name, func(b *graph.Builder) {
			b.Output("y", c.Logits(b, b.Trainable(), b.Input("x", graph.Float32, 1, 256, 12), nil))
		})
		if err == nil || !strings.Contains(err.Error(), "nets: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
