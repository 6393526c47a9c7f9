package block

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWindows(t *testing.T) {
	// METHOD section 5: 25 windows for 64x64 cells, mu 32, step 8.
	cells := Windows(64, 64, 32, 8)
	if len(cells) != 25 || cells[0] != (Cell{}) || cells[6] != (Cell{8, 8}) || cells[24] != (Cell{32, 32}) {
		t.Fatalf("%d windows: %v", len(cells), cells)
	}
	for _, c := range []struct {
		n, mu, step int
		want        []int
	}{
		{64, 32, 8, []int{0, 8, 16, 24, 32}},
		{48, 32, 8, []int{0, 8, 16}},
		{32, 32, 8, []int{0}},
		{33, 32, 8, []int{0, 1}},
		{50, 32, 8, []int{0, 8, 16, 18}}, // flush with the edge
		{20, 32, 8, []int{0}},            // shorter than the window
		{5, 2, 3, []int{0, 3}},
	} {
		if got := Starts(c.n, c.mu, c.step); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
	mustPanic(t, func() { Starts(8, 4, 0) })
	mustPanic(t, func() { Starts(0, 4, 1) })
}

func TestWindowsCover(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 1000 {
		rows, cols, mu := 1+rng.IntN(80), 1+rng.IntN(80), 1+rng.IntN(40)
		step := 1 + rng.IntN(mu)
		n := make([]int, rows*cols)
		for _, w := range Windows(rows, cols, mu, step) {
			if rows >= mu && w.Row+mu > rows || cols >= mu && w.Col+mu > cols {
				t.Fatalf("window %v of %d leaves %dx%d", w, mu, rows, cols)
			}
			for r := w.Row; r < min(w.Row+mu, rows); r++ {
				for c := w.Col; c < min(w.Col+mu, cols); c++ {
					n[r*cols+c]++
				}
			}
		}
		if slices.Contains(n, 0) {
			t.Fatalf("%dx%d, window %d, step %d: a cell is not covered", rows, cols, mu, step)
		}
	}
}
