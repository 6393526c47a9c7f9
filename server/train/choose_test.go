package train

import (
	"strings"
	"testing"
)

func TestBestBuysAsMuchInsuranceAsThePremiumPays(t *testing.T) {
	choices := func(probes ...float64) []Choice {
		var out []Choice
		for i, ap := range probes {
			out = append(out, Choice{Weight: fusionWeights[i], Held: Held{Probes: Measure{AP: ap}, Simulated: Measure{AP: ap}}})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		probes []float64
		sup    Supervision
		want   float64
		why    string
	}{
		{"the classifier is far better", []float64{0.9, 0.87, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3}, Un, 0, "stands alone"},
		{"a little distance is cheap", []float64{0.80, 0.798, 0.795, 0.791, 0.76, 0.7, 0.6, 0.2}, Un, 0.3, "0.3"},
		{"a poor match", []float64{0.50, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57}, Un, 1, "the distance alone"},
		{"hardly better", []float64{0.60, 0.6, 0.6, 0.6, 0.59, 0.58, 0.55, 0.5}, Un, 1, "the distance alone"},
		{"the same, real ones seen", []float64{0.60, 0.6, 0.6, 0.6, 0.59, 0.58, 0.55, 0.5}, Semi, 0.3, "0.3"},
		{"a small premium", []float64{0.80, 0.795, 0.79, 0.785, 0.76, 0.7, 0.6, 0.5}, Semi, 0.1, "0.1"},
	} {
		list := choices(c.probes...)
		at := best(list, c.sup)
		if got := list[at].Weight; got != c.want {
			t.Errorf("%s: weight %v, want %v", c.name, got, c.want)
		}
		if why := explain(list, at, premium(c.sup)); !strings.Contains(why, c.why) {
			t.Errorf("%s: %q does not say %q", c.name, why, c.why)
		}
	}
	if premium(Un) <= premium(Semi) {
		t.Error("a classifier that has seen real defects needs less insurance")
	}
}
