package train

import (
	"math"
	"slices"
	"testing"

	"semirest/shared/block"
)

// mapWithBox is a map of rows x cols normal blocks with probability 0.1, in which inside
// says which blocks are unknown and defect which of them are more likely anomalous.
func mapWithBox(rows, cols int, inside, defect func(row, col int) bool) Map {
	m := Map{Labels: make([]block.Label, rows*cols), guess: make([]float32, rows*cols)}
	for at := range m.Labels {
		m.Labels[at], m.guess[at] = block.Normal, 0.1
		if inside(at/cols, at%cols) {
			m.Labels[at] = block.Unknown
		}
		if defect(at/cols, at%cols) {
			m.guess[at] = 0.35 // below a half, as a focal loss leaves it
		}
	}
	return m
}

// agreement is the share of the unknown blocks whose guess says what defect says.
func agreement(m Map, cols int, defect func(row, col int) bool) float64 {
	right, n := 0, 0
	for at, l := range m.Labels {
		if l != block.Unknown {
			continue
		}
		n++
		if (m.guess[at] > 0.5) == defect(at/cols, at%cols) {
			right++
		}
	}
	return float64(right) / float64(n)
}

func TestTightenFindsTheDefectInItsBox(t *testing.T) {
	const rows, cols = 40, 44
	for name, c := range map[string]struct {
		inside, defect func(row, col int) bool
		least          float64
	}{
		"an ellipse": {
			func(r, c int) bool { return r >= 5 && r < 17 && c >= 8 && c < 30 },
			func(r, c int) bool {
				y, x := (float64(r)-10.5)/6, (float64(c)-18.5)/11
				return x*x+y*y <= 1
			},
			0.9,
		},
		"a line across": { // a small share of its box, which a share for all boxes would miss
			func(r, c int) bool { return r >= 4 && r < 34 && c >= 4 && c < 34 },
			func(r, c int) bool { return r >= 4 && r < 34 && r-c >= -1 && r-c <= 1 },
			0.97,
		},
		"all of a box": {
			func(r, c int) bool { return r >= 10 && r < 20 && c >= 10 && c < 24 },
			func(r, c int) bool { return r >= 10 && r < 20 && c >= 10 && c < 24 },
			0.95,
		},
		"a turned box": {
			func(r, c int) bool {
				y, x := float64(r)-20, float64(c)-22
				u, v := x*math.Cos(0.8)+y*math.Sin(0.8), y*math.Cos(0.8)-x*math.Sin(0.8)
				return math.Abs(u) <= 15 && math.Abs(v) <= 9
			},
			func(r, c int) bool {
				y, x := float64(r)-20, float64(c)-22
				u, v := x*math.Cos(0.8)+y*math.Sin(0.8), y*math.Cos(0.8)-x*math.Sin(0.8)
				return u*u/(15*15)+v*v/(9*9) <= 1
			},
			0.97,
		},
	} {
		m := mapWithBox(rows, cols, c.inside, c.defect)
		tighten(&m, cols)
		if got := agreement(m, cols, c.defect); got < c.least {
			t.Errorf("%s: %.3f of the blocks are guessed right, want %g", name, got, c.least)
		}
	}
}

func TestTightenAlignsEachBoxByItself(t *testing.T) {
	// A bright defect in one box, a faint one in another: one shift for both would
	// call the bright box anomalous and the faint one normal.
	const rows, cols = 30, 60
	bright := func(r, c int) bool { return r >= 8 && r < 20 && c >= 5 && c < 20 && (r+c)%3 == 0 }
	faint := func(r, c int) bool { return r >= 8 && r < 20 && c >= 35 && c < 50 && (r+c)%3 == 0 }
	m := mapWithBox(rows, cols, func(r, c int) bool {
		return r >= 8 && r < 20 && (c >= 5 && c < 20 || c >= 35 && c < 50)
	}, faint)
	for at := range m.guess {
		if bright(at/cols, at%cols) {
			m.guess[at] = 0.9
		}
	}
	normal := m.guess[0]
	tighten(&m, cols)
	for name, from := range map[string]int{"bright": 5, "faint": 35} {
		above := 0
		for r := 8; r < 20; r++ {
			for c := from; c < from+15; c++ {
				if m.guess[r*cols+c] > 0.5 {
					above++
				}
			}
		}
		if above < 40 {
			t.Errorf("%s: %d blocks of the box are above a half, want its defect's 60 or so", name, above)
		}
	}
	if m.guess[0] != normal {
		t.Error("a guess outside the boxes was changed")
	}
}

func TestTightenWithoutBoxes(t *testing.T) {
	none := func(int, int) bool { return false }
	m := mapWithBox(4, 5, none, none)
	before := slices.Clone(m.guess)
	tighten(&m, 5)
	if !slices.Equal(m.guess, before) {
		t.Error("a map without a box was changed")
	}
	one := mapWithBox(4, 5, func(r, c int) bool { return r == 3 && c == 4 }, none)
	tighten(&one, 5)
	if one.guess[19] <= 0.5 {
		t.Errorf("a box of one block has guess %v: the defect must be there", one.guess[19])
	}
}

func TestBoxesAreJoinedBySides(t *testing.T) {
	const cols = 4
	labels := make([]block.Label, 3*cols)
	for i := range labels {
		labels[i] = block.Normal
	}
	for _, at := range []int{0, 1, 4, 10, 3, 8} { // 0, 1, 4 and 8 meet; 3 and 10 stand alone; 3 and 4 are not neighbours
		labels[at] = block.Unknown
	}
	got := boxes(labels, cols)
	for _, b := range got {
		slices.Sort(b)
	}
	if want := [][]int{{0, 1, 4, 8}, {3}, {10}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("boxes %v, want %v", got, want)
	}
}
