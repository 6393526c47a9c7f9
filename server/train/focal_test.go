package train

import (
	"encoding/json"
	"math"
	"os"
	"testing"
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
