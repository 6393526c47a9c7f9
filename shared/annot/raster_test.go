package annot

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"semirest/shared/block"
)

// The oracle of the brush asks every pixel's middle for its distance from the
// way; that of the pixel under the start is let off.
func TestBrushAndErase(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 60 {
		w, h := 1+rng.IntN(60), 1+rng.IntN(60)
		e := New(w, h)
		want := make([]byte, w*h)
		for range 12 {
			p := Point{rng.Float64()*80 - 10, rng.Float64()*80 - 10}
			q := Point{rng.Float64()*80 - 10, rng.Float64()*80 - 10}
			if rng.IntN(4) == 0 {
				q = p
			}
			radius, erase := 0.5+rng.Float64()*10, rng.IntN(3) == 0
			e.Brush(p, q, radius, erase)
			for i := range want {
				x, y := i%w, i/w
				if distance(Point{float64(x) + 0.5, float64(y) + 0.5}, p, q) <= radius || x == int(math.Floor(p.X)) && y == int(math.Floor(p.Y)) {
					want[i] = 255
					if erase {
						want[i] = 0
					}
				}
			}
		}
		m := &e.Labels().Mask
		if got := m.Bytes(w, h); !bytes.Equal(got, want) {
			t.Fatalf("%dx%d differs", w, h)
		}
		checkMask(t, m, want, w, h)
	}
}

// checkMask holds every question to a mask against its pixels.
func checkMask(t *testing.T, m *Mask, pix []byte, w, h int) {
	t.Helper()
	n := 0
	for y := range h {
		last := -1
		for _, s := range m.Row(y) {
			if s.X0 <= last || s.X1 <= s.X0 || s.X1 > w {
				t.Fatalf("runs of row %d: %v", y, m.Row(y))
			}
			last = s.X1
		}
		for x := range w {
			if m.Contains(x, y) != (pix[y*w+x] != 0) {
				t.Fatalf("pixel %d, %d", x, y)
			}
			n += int(pix[y*w+x] / 255)
		}
	}
	if m.Count() != n || m.Empty() != (n == 0) || m.Contains(-1, 0) || m.Contains(0, h) {
		t.Fatalf("%d pixels, want %d", m.Count(), n)
	}
	again := MaskOf(pix, w, h)
	if !bytes.Equal(again.append(nil), m.append(nil)) {
		t.Fatal("MaskOf differs")
	}
	if n > 0 {
		b := m.Bounds()
		for i, v := range pix {
			if v != 0 && (i%w < b.Min.X || i%w >= b.Max.X || i/w < b.Min.Y || i/w >= b.Max.Y) {
				t.Fatal("bounds")
			}
		}
	}
}

// Shapes are filled where Contains says so.
func TestFillEqualsContains(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		w, h := 10+rng.IntN(50), 10+rng.IntN(50)
		e := New(w, h)
		var id uint32
		var err error
		if rng.IntN(2) == 0 {
			points := make([]Point, 3+rng.IntN(6)) // crossing itself as it will
			for i := range points {
				points[i] = Point{rng.Float64() * 60, rng.Float64() * 60}
			}
			id, err = e.AddPolygon(points, "")
		} else {
			id, err = e.AddBox(block.Box{X: 20, Y: 20, HalfW: 1 + rng.Float64()*20, HalfH: 1 + rng.Float64()*20, Angle: rng.Float64() * 7}, "")
		}
		if err != nil {
			continue
		}
		s := e.Labels().Shapes[0]
		// Middles on an edge, to the last bit, may fall either way.
		edge := func(x, y float64) bool {
			const d = 1e-9
			return s.Contains(x+d, y) != s.Contains(x-d, y) || s.Contains(x, y+d) != s.Contains(x, y-d)
		}
		got := e.Labels().Defects(true).Bytes(w, h)
		for i, v := range got {
			x, y := float64(i%w)+0.5, float64(i/w)+0.5
			if (v != 0) != s.Contains(x, y) && !edge(x, y) {
				t.Fatalf("pixel %v, %v of %+v: %d", x, y, s, v)
			}
		}
		if err := e.FillShape(id); err != nil || len(e.Labels().Shapes) != 0 {
			t.Fatal("the shape is still there")
		}
		if !bytes.Equal(e.Labels().Mask.Bytes(w, h), got) {
			t.Fatal("FillShape differs from Defects")
		}
	}
}

func TestView(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	e := New(70, 50)
	for range 5 {
		e.Brush(Point{rng.Float64() * 70, rng.Float64() * 50}, Point{rng.Float64() * 70, rng.Float64() * 50}, 4, false)
	}
	m := &e.Labels().Mask
	for range 100 {
		w, h := 1+rng.IntN(40), 1+rng.IntN(40)
		x0, y0, step := rng.Float64()*60-10, rng.Float64()*60-10, 0.1+rng.Float64()*4
		dst := make([]byte, w*h)
		m.View(dst, w, h, x0, y0, step)
		for i, v := range dst {
			x, y := x0+(float64(i%w)+0.5)*step, y0+(float64(i/w)+0.5)*step
			if x > math.Round(x)-1e-9 && x < math.Round(x)+1e-9 {
				continue
			}
			if (v != 0) != m.Contains(int(math.Floor(x)), int(math.Floor(y))) {
				t.Fatalf("sample %d of %dx%d from %v, %v by %v", i, w, h, x0, y0, step)
			}
		}
	}
}

func TestPaintBlocksPassesEveryCell(t *testing.T) {
	e := New(800, 600)
	g := block.Grid{Rows: 48, Cols: 64, Size: 8}
	if err := e.PaintBlocks(g, Point{0, 300}, Point{799, 300}, block.Anomalous); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, c := range e.Labels().Layers[0].Cells {
		if c == block.Anomalous {
			n++
			if g.Cell(i).Row != 24 {
				t.Errorf("block %v", g.Cell(i))
			}
		}
	}
	if n != 64 {
		t.Errorf("%d blocks of 64", n)
	}
	_ = e.PaintBlocks(g, Point{400, 300}, Point{400, 300}, block.Unknown)
	e.Erase(Point{100, 300}, Point{110, 300}, 1)
	left := 0
	for _, c := range e.Labels().Layers[0].Cells {
		if c == block.Anomalous {
			left++
		}
	}
	if left != 62 {
		t.Errorf("%d blocks left", left)
	}
}

func BenchmarkBrushStroke48MP(b *testing.B) {
	e := New(8000, 6000)
	rng := rand.New(rand.NewPCG(1, 1))
	p := Point{4000, 3000}
	e.Begin()
	for b.Loop() {
		q := Point{clamp(p.X+rng.Float64()*100-50, 0, 8000), clamp(p.Y+rng.Float64()*100-50, 0, 6000)}
		e.Brush(p, q, 60, rng.IntN(4) == 0)
		p = q
	}
	e.End()
}
