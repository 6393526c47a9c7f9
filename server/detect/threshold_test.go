package detect

import (
	"math"
	"slices"
	"testing"
)

func TestSetThreshold(t *testing.T) {
	hundred := make([]float32, 100) // 100, 99, ... 1
	for i := range hundred {
		hundred[i] = float32(100 - i)
	}
	e := float32(math.E)
	for _, c := range []struct {
		name   string
		scores []float32
		rate   float64
		want   float64
		method string
	}{
		// numpy.quantile(arange(1, 101), 0.95) and 0.99
		{"5 % of 100", hundred, 0.05, 95.05, Empirical},
		{"1 % of 100", hundred, 0.01, 99.01, Empirical},
		{"half of 2", []float32{3, 1}, 0.5, 2, Empirical},
		{"all equal", slices.Repeat([]float32{7}, 20), 0.1, 7, Empirical},
		// logarithms 0 and 2: mean 1, deviation sqrt(2), z(0.99) 2.3263478740
		{"1 % of 2", []float32{e * e, 1}, 0.01, math.Exp(1 + 2.3263478740408408*math.Sqrt2), LogNormal},
		// logarithms -1, 0, 1: mean 0, deviation 1, z(0.9) 1.2815515655
		{"10 % of 3", []float32{1, e, 1 / e}, 0.1, math.Exp(1.2815515655446004), LogNormal},
		{"equal and few", []float32{4, 4, 4}, 0.01, 4, LogNormal},
	} {
		was := slices.Clone(c.scores)
		got, err := SetThreshold(c.scores, c.rate)
		if err != nil || math.Abs(got.Value-c.want) > 1e-5*c.want || got.Method != c.method || got.Images != len(was) || got.FalseAlarmRate != c.rate {
			t.Errorf("%s: %+v, %v, want %v by %s", c.name, got, err, c.want, c.method)
		}
		if !slices.Equal(was, c.scores) {
			t.Errorf("%s: the scores were changed", c.name)
		}
	}
}

func TestSetThresholdRefuses(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name   string
		scores []float32
		rate   float64
	}{
		{"no score", nil, 0.1},
		{"one score", []float32{1}, 0.1},
		{"rate 0", []float32{1, 2}, 0},
		{"rate below 0", []float32{1, 2}, -0.1},
		{"rate above a half", []float32{1, 2}, 0.51},
		{"rate NaN", []float32{1, 2}, math.NaN()},
		{"zeros, few", []float32{0, 0}, 0.01},
		{"zeros, many", make([]float32, 200), 0.01},
		{"NaN", []float32{1, nan}, 0.01},
		{"infinite", []float32{1, inf}, 0.01},
	} {
		if got, err := SetThreshold(c.scores, c.rate); err == nil {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
