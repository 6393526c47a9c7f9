package train

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"semirest/models/graph"
	"semirest/server/ort"
)

// The reference values are PyTorch's in float64 (testdata/README.md).
func TestFocalEqualsPyTorch(t *testing.T) {
	data, err := os.ReadFile("testdata/focal.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Cases []struct {
			Alpha, Gamma         float64
			Logits, Target, Grad [][2]float64
			Loss                 []float64
		}
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range ref.Cases {
		for i := range c.Loss {
			loss, grad := Focal(c.Logits[i], c.Target[i], c.Alpha, c.Gamma)
			if d := math.Abs(loss - c.Loss[i]); d > 1e-12*(1+math.Abs(c.Loss[i])) {
				t.Errorf("alpha %g gamma %g case %d: loss %g, want %g", c.Alpha, c.Gamma, i, loss, c.Loss[i])
			}
			for k := range 2 {
				if d := math.Abs(grad[k] - c.Grad[i][k]); d > 1e-12*(1+math.Abs(c.Grad[i][k])) {
					t.Errorf("alpha %g gamma %g case %d: gradient %v, want %v", c.Alpha, c.Gamma, i, grad, c.Grad[i])
				}
			}
		}
	}
}

func TestFocalGradientAgainstDifferences(t *testing.T) {
	const h = 1e-6
	for _, logits := range [][2]float64{{0, 0}, {2, -1}, {-3, 4}, {0.5, 0.4}} {
		for _, target := range [][2]float64{{1, 0}, {0, 1}, {0.3, 0.7}} {
			_, grad := Focal(logits, target, 0.25, 4)
			for k := range 2 {
				up, down := logits, logits
				up[k] += h
				down[k] -= h
				a, _ := Focal(up, target, 0.25, 4)
				b, _ := Focal(down, target, 0.25, 4)
				if d := math.Abs((a-b)/(2*h) - grad[k]); d > 1e-8 {
					t.Errorf("logits %v target %v: gradient %d is %g, differences give %g", logits, target, k, grad[k], (a-b)/(2*h))
				}
			}
		}
	}
}

// hopeless are answers whose probability of the truth is as small as 1e-12 and 1e-40, at
// which a float32's softmax is 0, and what is right beside them. Soft targets, too.
var hopeless = struct{ logits, target [][2]float64 }{
	logits: [][2]float64{
		{math.Log(1e-12), math.Log1p(-1e-12)}, {14, -14}, {-46, 46}, {100, 0}, {0, 0}, {-20, 3}, {-2, 2}, {30, -30},
		{math.Log(1e-12), math.Log1p(-1e-12)}, {25, -25}, {3, -1}, {-60, 60},
	},
	target: [][2]float64{
		{1, 0}, {0, 1}, {1, 0}, {0, 1}, {1, 0}, {1, 0}, {0, 1}, {1, 0},
		{0.9, 0.1}, {0.2, 0.8}, {0.5, 0.5}, {0.999, 0.001},
	},
}

// The graph's loss has the gradient of the oracle where p_t is 1e-12 and less, and the
// oracle's own agrees with differences there.
func TestFocalTeachesWhereItIsHopeless(t *testing.T) {
	library(t)
	n := len(hopeless.logits)
	for _, gamma := range []float64{0, 1, 2.5, 4} {
		m, err := graph.Build("focal", func(b *graph.Builder) {
			logits, target := b.Input("logits", graph.Float32, n, 2), b.Input("target", graph.Float32, n, 2)
			loss := focal(b, logChance(b, logits, target), gamma)
			b.Output("loss", loss)
			b.Output("gradient", b.Gradients(b.ReduceSum(loss, false), logits)[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := ort.Open(m.Marshal(), ort.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		feed := func(rows [][2]float64) ort.Tensor {
			var v []float32
			for _, r := range rows {
				v = append(v, float32(r[0]), float32(r[1]))
			}
			return ort.Of(v, n, 2)
		}
		out, err := s.Run(context.Background(), ort.Feeds{"logits": feed(hopeless.logits), "target": feed(hopeless.target)})
		if err != nil {
			t.Fatal(err)
		}
		for i, logits := range hopeless.logits {
			target := hopeless.target[i]
			alpha := 0.0 // the weight of an anomalous block; a normal one has 1 - alpha
			if target[1] > target[0] {
				alpha = 1
			}
			of := func(logits [2]float64) (float64, [2]float64) { return Focal(logits, target, alpha, gamma) }
			loss, grad := of(logits)
			close := func(what string, got, want, tolerance float64) {
				t.Helper()
				if math.IsNaN(got) || math.Abs(got-want) > tolerance*(1e-3+math.Abs(want)) {
					t.Errorf("gamma %g, logits %v, target %v: %s %.9g, want %.9g", gamma, logits, target, what, got, want)
				}
			}
			close("loss", float64(out["loss"].F32()[i]), loss, 1e-5)
			for k := range 2 {
				close("gradient", float64(out["gradient"].F32()[2*i+k]), grad[k], 1e-4)
				const h = 1e-5
				up, down := logits, logits
				up[k], down[k] = up[k]+h, down[k]-h
				a, _ := of(up)
				b, _ := of(down)
				close("differences", (a-b)/(2*h), grad[k], 1e-5)
			}
		}
	}
}
