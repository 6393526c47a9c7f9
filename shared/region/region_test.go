package region

import (
	"math"
	"math/rand/v2"
	"testing"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// plate is a grey picture of w x h pixels with noise and a dark disc, reduced to its grid, and a map that is hot there.
func plate(w, h int, cx, cy, r float64) (rgba []byte, cols, rows int, s block.Scores, truth func(x, y int) bool) {
	cols, rows = Size(w, h)
	rng := rand.New(rand.NewPCG(1, 2))
	truth = func(x, y int) bool { return math.Hypot(float64(x)+0.5-cx, float64(y)+0.5-cy) < r }
	for row := range rows {
		for col := range cols {
			v := 150 + rng.IntN(12)
			if truth((2*col+1)*w/(2*cols), (2*row+1)*h/(2*rows)) {
				v = 80 + rng.IntN(12)
			}
			rgba = append(rgba, byte(v), byte(v), byte(v), 255)
		}
	}
	s = block.NewScores(block.Grid{Rows: 64, Cols: 64, Size: 8})
	for i := range s.Values {
		c := s.Cell(i)
		s.Values[i] = 0.2
		if truth((2*c.Col+1)*w/128, (2*c.Row+1)*h/128) {
			s.Values[i] = 2
		}
	}
	return rgba, cols, rows, s, truth
}

// Whatever was clicked, the region holds every click on the defect and none on what is none; what is taken back leaves
// no trace.
func TestClicksAreBelieved(t *testing.T) {
	const w, h = 400, 260
	rgba, cols, rows, s, _ := plate(w, h, 150, 120, 50)
	g := New(rgba, cols, rows, w, h, s)
	if g.Add(Click{annot.Point{X: 10, Y: 10}, false}) {
		t.Error("a region began with a click on what is no defect")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var before annot.Mask
	for k := range 12 {
		before = g.Mask()
		c := Click{annot.Point{X: w * rng.Float64(), Y: h * rng.Float64()}, k%3 == 0}
		far := true
		for _, other := range g.Clicks() {
			far = far && math.Hypot(other.X-c.X, other.Y-c.Y) > 12
		}
		if !far || !g.Add(c) {
			continue
		}
		m := g.Mask()
		for _, c := range g.Clicks() {
			if m.Contains(int(c.X), int(c.Y)) != c.Defect {
				t.Errorf("after click %d: %+v is wrong", k, c)
			}
		}
	}
	g.Back()
	after := g.Mask()
	if string(after.Bytes(w, h)) != string(before.Bytes(w, h)) {
		t.Error("a click that was taken back left something")
	}
	for g.Back() {
	}
	if m := g.Mask(); !m.Empty() {
		t.Error("a region without clicks")
	}
}

// The runs of a row are what sampling the field at every pixel's middle gives.
func TestRunsAreTheField(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		g := &Grower{w: 1 + rng.IntN(20), pw: 1 + rng.IntN(90), h: 1, ph: 1}
		g.shown = make([]float32, g.w)
		for i := range g.shown {
			g.shown[i] = float32(rng.NormFloat64())
		}
		m := g.Mask()
		for x := range g.pw {
			a, b, u := between(x, g.pw, g.w)
			v := g.shown[a]*(1-u) + g.shown[b]*u
			if math.Abs(float64(v)) > 1e-4 && m.Contains(x, 0) != (v > 0) {
				t.Fatalf("pixel %d of %d, %d cells: %v", x, g.pw, g.w, v)
			}
		}
	}
}

// Ways are within a few per cent of the exact shortest ones, and never shorter.
func TestWaysAreNearlyShortest(t *testing.T) {
	rgba, cols, rows, s, _ := plate(96, 80, 40, 40, 15)
	g := New(rgba, cols, rows, 96, 80, s)
	from := 40*cols + 10
	got := g.ways(from)
	want := make([]float32, len(got))
	for i := range want {
		want[i] = math.MaxFloat32
	}
	want[from] = 0
	for changed := true; changed; { // Bellman and Ford
		changed = false
		for k, a := range across {
			for y := range rows - a.dy {
				for x := max(-a.dx, 0); x < cols-max(a.dx, 0); x++ {
					p := y*cols + x
					q := p + a.dy*cols + a.dx
					if v := want[p] + g.steps[k][p]; v < want[q] {
						want[q], changed = v, true
					}
					if v := want[q] + g.steps[k][p]; v < want[p] {
						want[p], changed = v, true
					}
				}
			}
		}
	}
	for p := range want {
		if got[p] < want[p]-1e-5 || got[p] > 1.1*want[p]+1e-4 {
			t.Fatalf("cell %d: %v, the shortest is %v", p, got[p], want[p])
		}
	}
}

func BenchmarkClick2048(b *testing.B) {
	rgba, cols, rows, s, _ := plate(2048, 2048, 800, 1000, 300)
	for b.Loop() {
		g := New(rgba, cols, rows, 2048, 2048, s)
		g.Add(Click{annot.Point{X: 800, Y: 1000}, true})
		m := g.Mask()
		if m.Empty() {
			b.Fatal("nothing grew")
		}
	}
}

func BenchmarkCorrection2048(b *testing.B) {
	rgba, cols, rows, s, _ := plate(2048, 2048, 800, 1000, 300)
	g := New(rgba, cols, rows, 2048, 2048, s)
	g.Add(Click{annot.Point{X: 800, Y: 1000}, true})
	for b.Loop() {
		g.Add(Click{annot.Point{X: 1020, Y: 1000}, true})
		m := g.Mask()
		if m.Empty() {
			b.Fatal("nothing grew")
		}
		g.Back()
	}
}
