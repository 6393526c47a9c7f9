package evaluation

import (
	"math"
	"slices"
	"testing"
)

// One kind at a time with the normal picture, and all together.
func TestTally(t *testing.T) {
	var tally Tally
	for _, p := range []struct {
		kind   string
		values []float32
		mask   []byte
	}{
		{"", []float32{0.1, 0.2, 0.3, 0.4}, make([]byte, 4)},
		{"hole", []float32{0.9, 0.1, 0.1, 0.1}, []byte{1, 0, 0, 0}},
		{"dent", []float32{0.375, 0.1, 0.1, 0.1}, []byte{7, 0, 0, 0}}, // any byte but 0 is anomalous
	} {
		if err := tally.Add(p.kind, slices.Max(p.values), p.values, p.mask, 2, 2); err != nil {
			t.Fatal(err)
		}
	}
	if got := tally.Kinds(); !slices.Equal(got, []string{"dent", "hole"}) {
		t.Fatalf("kinds %v", got)
	}
	if n, below := tally.Count("dent", 0.375); n != 1 || below != 0 {
		t.Errorf("%d pictures, %d below their own score", n, below)
	}
	if n, below := tally.Count("", 1); n != 1 || below != 1 {
		t.Errorf("%d normal pictures, %d below the threshold", n, below)
	}
	for _, c := range []struct {
		kinds     []string
		ap, image float64
	}{
		{[]string{"hole"}, 1, 1},
		{[]string{"dent"}, 0.5, 0},                       // 0.4 stands above it
		{[]string{"dent", "hole"}, 0.5*1 + 0.5*2/3, 0.5}, // precision at each of the two
	} {
		m, err := tally.Measure(c.kinds...)
		if err != nil || math.Abs(*m.AP-c.ap) > 1e-12 || *m.ImageAUROC != c.image {
			t.Errorf("%v: AP %v, image AUROC %v, %v; want %v, %v", c.kinds, *m.AP, *m.ImageAUROC, err, c.ap, c.image)
		}
	}
	if m, err := tally.Measure(); err != nil || m.AP != nil || m.PRO != nil || m.ImageAUROC != nil {
		t.Errorf("without defects: %+v, %v", m, err)
	}
	nan := float32(math.NaN())
	if err := tally.Add("", 0, []float32{nan}, []byte{0}, 1, 1); err == nil {
		t.Error("a map of NaN is taken in")
	}
}
