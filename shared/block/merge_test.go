package block

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMergeIsMean(t *testing.T) {
	g := Grid{Rows: 1, Cols: 4, Size: 8}
	tile := Grid{Rows: 1, Cols: 3, Size: 8}
	got := Merge(g, []Placed{
		{Scores{tile, []float32{1, 2, 3}, 0.5}, 0, 0},
		{Scores{tile, []float32{4, 5, 6}, 1}, 0, 1},
	})
	if !slices.Equal(got.Values, []float32{1, 3, 4, 6}) || got.Unlike != 0.75 {
		t.Fatal(got)
	}
}

// The oracle: for every block, look at every tile.
func TestMergeProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		g := Grid{Rows: 1 + rng.IntN(12), Cols: 1 + rng.IntN(12), Size: 8}
		var tiles []Placed
		for range rng.IntN(6) {
			s := NewScores(Grid{Rows: 1 + rng.IntN(8), Cols: 1 + rng.IntN(8), Size: 8})
			for i := range s.Values {
				s.Values[i] = rng.Float32()
			}
			tiles = append(tiles, Placed{s, rng.IntN(16) - 4, rng.IntN(16) - 4})
		}
		m := NewMerger(g)
		for _, i := range rng.Perm(len(tiles)) {
			m.Add(tiles[i])
		}
		got, covered := m.Scores(), m.Covered()
		for r := range g.Rows {
			for c := range g.Cols {
				sum, n := 0.0, 0
				for _, p := range tiles {
					if p.Holds(r-p.Row, c-p.Col) {
						sum += float64(p.At(r-p.Row, c-p.Col))
						n++
					}
				}
				want := sum / max(1, float64(n))
				if math.Abs(float64(got.At(r, c))-want) > 1e-6 || covered[g.Index(r, c)] != (n > 0) {
					t.Fatalf("block %d, %d: %v, want %v of %d", r, c, got.At(r, c), want, n)
				}
			}
		}
		if m.Complete() == slices.Contains(covered, false) {
			t.Fatal("complete?")
		}
	}
	mustPanic(t, func() { Merge(Grid{2, 2, 8}, []Placed{{Scores: NewScores(Grid{1, 1, 16})}}) })
}
