package block

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGrid(t *testing.T) {
	g := For(512, 384, 8)
	if g != (Grid{Rows: 48, Cols: 64, Size: 8}) || g.Len() != 3072 {
		t.Fatalf("%+v", g)
	}
	if w, h := g.Input(); w != 512 || h != 384 {
		t.Errorf("input %dx%d", w, h)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		g := Grid{Rows: 1 + rng.IntN(70), Cols: 1 + rng.IntN(70), Size: 8}
		w, h := 1+rng.IntN(5000), 1+rng.IntN(5000)
		r, c := rng.IntN(g.Rows), rng.IntN(g.Cols)
		x0, y0, x1, y1 := g.Area(r, c, w, h)
		if at, ok := g.At((x0+x1)/2, (y0+y1)/2, w, h); !ok || at != (Cell{r, c}) || g.Cell(g.Index(r, c)) != at {
			t.Fatalf("middle of block %d, %d of %+v is in %v", r, c, g, at)
		}
		if at, ok := g.At(math.Nextafter(float64(w), 0), math.Nextafter(float64(h), 0), w, h); !ok || !g.Holds(at.Row, at.Col) {
			t.Fatalf("last point of %dx%d is in %v of %+v", w, h, at, g)
		}
	}
	for _, p := range [][2]float64{{-1e-9, 1}, {1, -1}, {512, 1}, {1, 384}, {math.NaN(), 1}} {
		if _, ok := g.At(p[0], p[1], 512, 384); ok {
			t.Errorf("%v lies in the picture", p)
		}
	}
}

func TestForPanics(t *testing.T) {
	for _, c := range [][3]int{{500, 512, 8}, {512, 0, 8}, {512, 512, 0}, {-8, 8, 8}} {
		mustPanic(t, func() { For(c[0], c[1], c[2]) })
	}
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

func TestCalibrate(t *testing.T) {
	s := Scores{Grid: Grid{Rows: 2, Cols: 2, Size: 8}, Values: []float32{0, 0.35, 0.7, 1e-30}}
	s.Calibrate(0.35)
	for i, want := range []float32{0, 1, 2, 2.857143e-30} {
		if got := s.Values[i]; math.Abs(float64(got-want)) > 1e-6*float64(want) {
			t.Errorf("block %d: %v, want %v", i, got, want)
		}
	}
	for _, threshold := range []float64{0, -1, math.NaN()} {
		mustPanic(t, func() { s.Calibrate(threshold) })
	}
}

func TestScoresMax(t *testing.T) {
	nan := float32(math.NaN())
	g := Grid{Rows: 2, Cols: 3, Size: 8}
	for _, c := range []struct {
		values   []float32
		v        float32
		row, col int
	}{
		{[]float32{1, 2, 3, 9, 5, 9}, 9, 1, 0},
		{[]float32{-3, -2, -1, -9, -5, -9}, -1, 0, 2},
		{[]float32{nan, nan, -1, 0, nan, nan}, 0, 1, 0},
		{[]float32{nan, nan, nan, nan, nan, nan}, 0, 0, 0},
		{nil, 0, 0, 0},
	} {
		if v, r, col := (Scores{Grid: g, Values: c.values}).Max(); v != c.v || r != c.row || col != c.col {
			t.Errorf("%v: %v at %d, %d", c.values, v, r, col)
		}
	}
}
