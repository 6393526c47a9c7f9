package detect

import (
	"fmt"
	"math"
	"slices"
)

// Methods of setting a threshold.
const (
	// Empirical: the quantile of the normal images' scores, where there are enough
	// of them that at least one lies above it.
	Empirical = "empirical quantile"
	// LogNormal: the quantile of a normal distribution fitted to the logarithms of
	// the scores. It reaches beyond the largest score seen.
	LogNormal = "log-normal quantile"
)

// SetThreshold finds the score that a normal image exceeds with probability
// rate, from the scores of normal images that took no part in the bank. rate is
// above 0 and at most 0.5; there are at least two scores.
func SetThreshold(scores []float32, rate float64) (Threshold, error) {
	if !(rate > 0 && rate <= 0.5) {
		return Threshold{}, fmt.Errorf("detect: a false-alarm rate of %v: give one above 0 and at most 0.5", rate)
	}
	n := len(scores)
	if n < 2 {
		return Threshold{}, fmt.Errorf("detect: %d normal images to set the threshold from: at least 2 are needed", n)
	}
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	// Not a number sorts first, zeros leave nothing to divide scores by.
	if low, top := float64(sorted[0]), float64(sorted[n-1]); !(low >= 0) || !positive(top) {
		return Threshold{}, fmt.Errorf("detect: the normal images score from %v to %v: no threshold can be set; are they all the same picture?", low, top)
	}
	t := Threshold{FalseAlarmRate: rate, Images: n}
	if float64(n)*rate >= 1 { // with fewer the quantile would lie beyond the largest score
		// Linear between order statistics (Hyndman and Fan's type 7, NumPy's default).
		at := (1 - rate) * float64(n-1)
		low := int(at)
		t.Method = Empirical
		t.Value = float64(sorted[low])
		if low+1 < n {
			t.Value += (at - float64(low)) * (float64(sorted[low+1]) - float64(sorted[low]))
		}
	} else {
		var mean, square float64
		for _, v := range sorted {
			mean += math.Log(max(float64(v), math.SmallestNonzeroFloat32)) / float64(n)
		}
		for _, v := range sorted {
			d := math.Log(max(float64(v), math.SmallestNonzeroFloat32)) - mean
			square += d * d / float64(n-1)
		}
		// The standard normal's quantile of 1 - rate is sqrt(2) erfinv(1 - 2 rate). Logarithms,
		// since scores are positive and their upper tail is the longer one.
		t.Method = LogNormal
		t.Value = math.Exp(mean + math.Sqrt2*math.Erfinv(1-2*rate)*math.Sqrt(square))
	}
	if !positive(t.Value) {
		return Threshold{}, fmt.Errorf("detect: no threshold can be set: of the normal images' scores it would be %v", t.Value)
	}
	return t, nil
}
