package outline

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"semirest/shared/annot"
	"semirest/shared/block"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 17)) }

// TestOutlineFills: the outline's inside are the region's pixels and its holes,
// the oracle filling the holes by walking in from the edge.
func TestOutlineFills(t *testing.T) {
	rng := newRand(1)
	for range 400 {
		w, h := 1+rng.IntN(14), 1+rng.IntN(14)
		pix := make([]byte, w*h)
		for i := range pix {
			if rng.Float64() < 0.6 || i > 0 && pix[i-1] != 0 && rng.IntN(2) == 0 {
				pix[i] = 1
			}
		}
		m := annot.MaskOf(pix, w, h)
		for _, g := range Regions(&m, h) {
			points := g.Outline()
			l := annot.Labels{W: w, H: h, Shapes: []annot.Shape{{ID: 1, Points: points}}}
			got := l.Defects(false).Bytes(w, h)
			want := filled(g, w, h)
			if !bytes.Equal(got, want) {
				t.Fatalf("%d x %d %v: %v\nis  %v\nnot %v", w, h, g.runs, points, got, want)
			}
			for i, p := range points { // a point at each turn and nowhere else
				q, r := points[(i+1)%len(points)], points[(i+2)%len(points)]
				if (p.X == q.X) == (q.X == r.X) {
					t.Fatalf("%v: no turn", points)
				}
			}
		}
	}
}

// filled is a region with its holes: all but what can be reached from outside by
// sides.
func filled(g Region, w, h int) []byte {
	in := make([]bool, (w+2)*(h+2)) // with a margin
	for _, r := range g.runs {
		for x := r.x0; x < r.x1; x++ {
			in[(r.y+1)*(w+2)+x+1] = true
		}
	}
	out := make([]bool, len(in))
	todo := []int{0}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if out[i] || in[i] {
			continue
		}
		out[i] = true
		x, y := i%(w+2), i/(w+2)
		if x > 0 {
			todo = append(todo, i-1)
		}
		if x < w+1 {
			todo = append(todo, i+1)
		}
		if y > 0 {
			todo = append(todo, i-w-2)
		}
		if y < h+1 {
			todo = append(todo, i+w+2)
		}
	}
	pix := make([]byte, w*h)
	for y := range h {
		for x := range w {
			if !out[(y+1)*(w+2)+x+1] {
				pix[y*w+x] = 255
			}
		}
	}
	return pix
}

func TestThin(t *testing.T) {
	var ring []annot.Point
	for i := range 5000 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 5000)
		ring = append(ring, annot.Point{X: 500 + 400*cos, Y: 500 + 400*sin})
	}
	for _, n := range []int{4096, 100, 5} {
		got := Thin(ring, n)
		if len(got) > n || len(got) < 3 {
			t.Errorf("%d points of %d", len(got), n)
		}
		if area := math.Abs(Area(got)); n >= 100 && math.Abs(area-math.Pi*160000) > 0.01*math.Pi*160000 {
			t.Errorf("%d points: area %g", n, area)
		}
	}
	if got := Thin(ring[:50], 100); len(got) != 50 {
		t.Error("points were taken that need not")
	}
}

// TestRectangleOfCorners: a box comes back from its corners, in either sense and
// from any of them on.
func TestRectangleOfCorners(t *testing.T) {
	rng := newRand(2)
	for range 500 {
		b := block.Box{X: rng.Float64() * 99, Y: rng.Float64() * 99, HalfW: 1 + rng.Float64()*30, HalfH: 1 + rng.Float64()*30, Angle: rng.Float64() * 7}
		p := Corners(b)
		if rng.IntN(3) == 0 {
			b.Angle = 0
			p = Corners(b)
		}
		if rng.IntN(2) == 0 {
			p = []annot.Point{p[0], p[3], p[2], p[1]}
		}
		k := rng.IntN(4)
		p = append(p[k:], p[:k]...)
		got, ok := Rectangle(p, 0.5)
		if !ok || !alike(got, b) {
			t.Fatalf("%+v became %+v, %v", b, got, ok)
		}
		if b.Angle == 0 && got.Angle != 0 {
			t.Fatalf("%+v is upright", got)
		}
		if small := Around(p); !alike(small, b) {
			t.Fatalf("%+v is around %+v", small, b)
		}
	}
	for _, p := range [][]annot.Point{
		{{X: 0, Y: 0}, {X: 10, Y: 0}, {X: 20, Y: 10}, {X: 10, Y: 10}}, // a parallelogram
		{{X: 0, Y: 0}, {X: 10, Y: 0}, {X: 15, Y: 10}, {X: 0, Y: 10}},
		{{X: 0, Y: 0}, {X: 0, Y: 0}, {X: 0, Y: 0}, {X: 0, Y: 0}},
		{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 1, Y: 1}},
	} {
		if b, ok := Rectangle(p, 1); ok {
			t.Errorf("%v is %+v", p, b)
		}
	}
}

// alike says whether two boxes cover the same.
func alike(a, b block.Box) bool {
	for _, p := range Corners(a) {
		near := math.Inf(1)
		for _, q := range Corners(b) {
			near = min(near, Distance(p, q))
		}
		if near > 0.02 {
			return false
		}
	}
	return true
}

// TestAround holds the smallest box to a search over angles.
func TestAround(t *testing.T) {
	rng := newRand(3)
	for range 60 {
		points := make([]annot.Point, 3+rng.IntN(12))
		for i := range points {
			points[i] = annot.Point{X: rng.Float64() * 50, Y: rng.Float64() * 20}
		}
		got := Around(points)
		least := math.Inf(1)
		for i := range 9000 {
			sin, cos := math.Sincos(math.Pi / 2 * float64(i) / 9000)
			u0, v0, u1, v1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
			for _, p := range points {
				u, v := p.X*cos+p.Y*sin, p.Y*cos-p.X*sin
				u0, u1, v0, v1 = min(u0, u), max(u1, u), min(v0, v), max(v1, v)
			}
			least = min(least, (u1-u0)*(v1-v0))
		}
		area := 4 * got.HalfW * got.HalfH
		if area > least*1.001 || area < least*0.98 {
			t.Fatalf("area %g, want %g", area, least)
		}
		grown := got
		grown.HalfW, grown.HalfH = grown.HalfW+0.02, grown.HalfH+0.02
		for _, p := range points {
			if !grown.Contains(p.X, p.Y) {
				t.Fatalf("%v is not in %+v", p, got)
			}
		}
	}
	if b := Around([]annot.Point{{X: 1, Y: 1}, {X: 3, Y: 3}}); b.HalfW != 1 || b.HalfH != 1 {
		t.Errorf("%+v around a line", b)
	}
}

// TestClip holds the cut polygon to the pixels of the whole one.
func TestClip(t *testing.T) {
	rng := newRand(4)
	for range 200 {
		b := block.Box{X: rng.Float64() * 40, Y: rng.Float64() * 30, HalfW: 1 + rng.Float64()*30, HalfH: 1 + rng.Float64()*30, Angle: rng.Float64() * 7}
		points := Clip(Corners(b), 40, 30)
		s := annot.Shape{Points: points}
		for _, p := range points {
			if p.X < -1e-9 || p.Y < -1e-9 || p.X > 40+1e-9 || p.Y > 30+1e-9 {
				t.Fatalf("%v lies outside", p)
			}
		}
		differ := 0
		for y := range 30 {
			for x := range 40 {
				if s.Contains(float64(x)+0.5, float64(y)+0.5) != b.Contains(float64(x)+0.5, float64(y)+0.5) {
					differ++
				}
			}
		}
		if differ > 0 {
			t.Fatalf("%+v: %d pixels differ", b, differ)
		}
	}
}
