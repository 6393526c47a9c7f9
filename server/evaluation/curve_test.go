package evaluation

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestCurve(t *testing.T) {
	for _, c := range []struct {
		name              string
		normal, defective []float64
		current           float64
		alarms, misses    int // at the current threshold
		best              int // wrong at the suggested
		verdict           string
	}{
		{"apart", []float64{0.2, 0.5}, []float64{3, 4}, 1, 0, 0, 0, "Every picture is judged rightly"},
		{"too low", []float64{0.2, 1.2, 1.4}, []float64{3, 4}, 1, 2, 0, 0, "At 2.2 there would be 0 false alarms and 0 misses"},
		{"too high", []float64{0.2}, []float64{0.6, 4}, 1, 0, 1, 0, "(50\u00a0%) would pass as normal. At 0.4 there would be"},
		{"mixed", []float64{0.2, 2}, []float64{1, 3}, 1.5, 1, 1, 1, "1 false alarm and 0 misses"},
		{"at the threshold is defective", []float64{1}, []float64{1}, 1, 1, 0, 1, "No other threshold"},
		{"no defective", []float64{0.5, 1.5}, nil, 1, 1, 0, 0, "Label defective pictures"},
		{"no normal", nil, []float64{0.5, 1.5}, 1, 0, 1, 0, "Keep some normal pictures"},
		{"nothing", nil, nil, 1, 0, 0, 0, "label some"},
	} {
		got := NewCurve(c.normal, c.defective, c.current)
		if got.Now != (Count{c.current, c.alarms, c.misses}) || got.Normal != len(c.normal) || got.Defective != len(c.defective) {
			t.Errorf("%s: %+v", c.name, got)
		}
		again := NewCurve(c.normal, c.defective, got.Suggested).Now
		if again.FalseAlarms+again.Misses != c.best || !strings.Contains(got.Verdict, c.verdict) {
			t.Errorf("%s: suggested %+v, %q", c.name, again, got.Verdict)
		}
	}
}

// Every point counts what is counted by hand, thresholds rise, alarms fall, misses
// rise, and none judges better than the suggestion.
func TestCurveProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		scores := func(n int, shift float64) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = float64(rng.IntN(12))/8 + shift
			}
			return out
		}
		normal, defective := scores(rng.IntN(20), 0), scores(rng.IntN(20), 0.4)
		c := NewCurve(normal, defective, 1)
		count := func(threshold float64) (n Count) {
			n.Threshold = threshold
			for _, s := range normal {
				if s >= threshold {
					n.FalseAlarms++
				}
			}
			for _, s := range defective {
				if s < threshold {
					n.Misses++
				}
			}
			return n
		}
		best := count(c.Suggested)
		for i, p := range c.Points {
			if p != count(p.Threshold) {
				t.Fatalf("%+v, by hand %+v", p, count(p.Threshold))
			}
			if p.FalseAlarms+p.Misses < best.FalseAlarms+best.Misses {
				t.Fatalf("%+v is better than the suggested %+v", p, best)
			}
			if i > 0 && (p.Threshold <= c.Points[i-1].Threshold || p.FalseAlarms > c.Points[i-1].FalseAlarms || p.Misses < c.Points[i-1].Misses) {
				t.Fatalf("point %d: %+v after %+v", i, p, c.Points[i-1])
			}
		}
	}
}
