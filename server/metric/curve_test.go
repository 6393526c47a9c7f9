package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// With a point at every threshold the areas under the curves are the measures.
func TestCurvesHoldTheMeasures(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var normal, defective Group
	for range 3 {
		const w, h = 40, 30
		scores, mask := make([]float32, w*h), make([]byte, w*h)
		for i := range scores {
			scores[i] = float32(rng.IntN(200)) / 200
		}
		if err := normal.Add(scores, mask, w, h); err != nil {
			t.Fatal(err)
		}
		for y := 5; y < 12; y++ {
			for x := 10; x < 20; x++ {
				mask[y*w+x] = 1
				scores[y*w+x] += 0.4
			}
		}
		if err := defective.Add(scores, mask, w, h); err != nil {
			t.Fatal(err)
		}
	}
	want := Measure(&normal, &defective)
	const all = 1_000_000_000
	ap, before := 0.0, 0.0
	for _, p := range PrecisionRecall(all, &normal, &defective) {
		ap += (p.X - before) * p.Y
		before = p.X
	}
	if math.Abs(ap-want.AP) > 1e-9 {
		t.Errorf("area under precision over recall %v, AP %v", ap, want.AP)
	}
	pro := 0.0
	curve := Overlap(all, &normal, &defective)
	for i := 1; i < len(curve); i++ {
		pro += (curve[i].X - curve[i-1].X) * (curve[i].Y + curve[i-1].Y) / 2
	}
	if pro /= FPRLimit; math.Abs(pro-want.PRO) > 1e-9 {
		t.Errorf("area under the overlap %v, PRO %v", pro, want.PRO)
	}
	if end := curve[len(curve)-1].X; end != FPRLimit {
		t.Errorf("the overlap ends at %v", end)
	}
	for name, c := range map[string][]Point{"precision": PrecisionRecall(50, &normal, &defective), "overlap": Overlap(50, &normal, &defective)} {
		if len(c) < 10 || len(c) > 110 {
			t.Errorf("%s: %d points for 50", name, len(c))
		}
		for i := 1; i < len(c); i++ {
			if c[i].X < c[i-1].X {
				t.Errorf("%s goes back at %d", name, i)
			}
		}
	}
	if PrecisionRecall(50, &normal) != nil || Overlap(50, &normal) != nil {
		t.Error("a curve without anomalous pixels")
	}
}
