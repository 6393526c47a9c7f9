package detect

import (
	"math"
	"testing"
)

// METHOD section 2 by hand for d = 8: w = 1 and 10000^(-1/2) = 0.01; the column
// in the first half, the row in the second.
func TestPositionCodeByHand(t *testing.T) {
	f := []float32{1, 1, 1, 1, 1, 1, 1, 1}
	newPositions(8, 8, 0.5).add(f, 2, 3)
	want := []float64{
		math.Sin(3), math.Sin(0.03), math.Cos(3), math.Cos(0.03),
		math.Sin(2), math.Sin(0.02), math.Cos(2), math.Cos(0.02),
	}
	for i, w := range want {
		if got := float64(f[i]); math.Abs(got-(1+0.5*w)) > 1e-7 {
			t.Errorf("number %d: %v, want %v", i, got, 1+0.5*w)
		}
	}
}

// The first cell's code is 0 for the sines and 1 for the cosines, and every code
// has the same length, sqrt(d/2): positions differ in direction only.
func TestPositionCodeLength(t *testing.T) {
	const d = 256
	p := newPositions(64, d, 1)
	for _, at := range [][2]int{{0, 0}, {0, 63}, {40, 7}, {63, 63}} {
		f := make([]float32, d)
		p.add(f, at[0], at[1])
		sum := 0.0
		for _, v := range f {
			sum += float64(v) * float64(v)
		}
		if math.Abs(sum-d/2) > 1e-3 {
			t.Errorf("cell %v: squared length %v, want %v", at, sum, d/2)
		}
		if at == [2]int{} && (f[0] != 0 || f[d/4] != 1 || f[d/2] != 0 || f[3*d/4] != 1) {
			t.Errorf("first cell: %v", f)
		}
	}
}
