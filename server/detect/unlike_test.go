package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"semirest/server/ort"
	"semirest/shared/prep"
)

// noise is a picture of nothing that any of the tests' detectors learnt.
func noise(size prep.Size) []byte {
	rng := rand.New(rand.NewPCG(3, 3))
	pix := make([]byte, 3*size.W*size.H)
	for i := range pix {
		pix[i] = byte(rng.IntN(256))
	}
	return pix
}

// Pictures of something else are told from a detector's own, defective ones among them; whole, in tiles, and where there
// were too few pictures to hold some out. A model of before says nothing.
func TestUnlike(t *testing.T) {
	startORT(t)
	few := fabrics{n: 3, size: square}
	small3, err := Fit(t.Context(), quick(t), few, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m      *Model
		size   prep.Size
		normal []byte
		bad    []byte
	}{
		"whole": {smallModel(t), square, fabric(60, square), spoil(spoil(fabric(61, square), square, 40, 90), square, 120, 60)},
		"tiles": {tiledModel(t), wide, fabric(80, wide), spoil(fabric(81, wide), wide, 304, 144)},
		"few":   {small3, square, fabric(60, square), spoil(fabric(61, square), square, 40, 90)},
	} {
		if l := c.m.Likeness; l == nil || l.Limit < farLeast*l.Typical || l.Images < 2 {
			t.Fatalf("%s: %+v", name, l)
		}
		other := scoresOf(t, c.m, noise(c.size), c.size).Unlike
		normal := scoresOf(t, c.m, c.normal, c.size).Unlike
		bad := scoresOf(t, c.m, c.bad, c.size).Unlike
		if !(other >= 1) || !(normal > 0 && normal < 1) || !(bad > 0 && bad < 1) {
			t.Errorf("%s: another picture is unlike by %v, a normal one by %v, a defective one by %v", name, other, normal, bad)
		}
	}
	before := *smallModel(t)
	before.Likeness = nil
	if u := scoresOf(t, &before, noise(square), square).Unlike; u != 0 {
		t.Errorf("a model that cannot tell says %v", u)
	}
}

// What the graph says is the mean over crops of the quartile of the cells' distances, by the limit.
func TestUnlikeIsTheQuartile(t *testing.T) {
	m := tiledModel(t)
	rgb := spoil(fabric(82, wide), wide, 304, 144)
	s, err := NewScorer(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	plan, crops, err := m.Crops(rgb, wide)
	if err != nil {
		t.Fatal(err)
	}
	scores, whole, err := s.whole(t.Context(), plan, crops)
	if err != nil {
		t.Fatal(err)
	}
	if want := whole / m.Likeness.Limit; math.Abs(float64(scores.Unlike)-want) > 1e-5*want {
		t.Errorf("the graph says %v, the cells %v", scores.Unlike, want)
	}
	if q := wholeDistance([]float32{9, 1, 5, 3, 7}); q != 3 {
		t.Errorf("the lower quartile of 1, 3, 5, 7, 9 is %v", q)
	}
}

// Blank pictures, at no distance from each other, tell nothing; a spread of many is believed beyond the least factor.
func TestLikeness(t *testing.T) {
	if l := newLikeness([]float64{0, 0}); l != nil {
		t.Errorf("of blank pictures %+v", l)
	}
	if l := newLikeness([]float64{2, 2, 2}); l.Typical != 2 || l.Limit != 3 {
		t.Errorf("of equal pictures %+v", l)
	}
	if l := newLikeness([]float64{1, 2, 1, 2}); l.Limit < 4*l.Typical {
		t.Errorf("of uneven pictures %+v", l)
	}
}
