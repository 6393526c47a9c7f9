// Package outline turns what a person marked into what a format can hold: marked pixels
// into regions and their edges, points into boxes around them, and back. Coordinates are
// pixels of the upright picture, as package format has them; points run clockwise on the
// screen where nothing else is said.
package outline

import (
	"image"
	"math"

	"semirest/shared/annot"
)

// Outline is the outer edge of a region, along the edges of its pixels, with a
// point at each turn: the polygon whose inside are the region's pixels and its
// holes. It walks with the region on its right hand and, where two pixels only
// meet at a corner, goes on to the second, so that one walk goes round all.
func (g Region) Outline() []annot.Point {
	w, h := g.Bounds.Dx(), g.Bounds.Dy()
	bits := g.Bitmap()
	set := func(x, y int) bool { return x >= 0 && y >= 0 && x < w && y < h && bits[y*w+x] != 0 }
	// Directions: right, down, left, up; from the corner (x, y) the pixel ahead
	// to the left and to the right of each.
	step := [4]image.Point{{X: 1}, {Y: 1}, {X: -1}, {Y: -1}}
	left := [4]image.Point{{X: 0, Y: -1}, {X: 0, Y: 0}, {X: -1, Y: 0}, {X: -1, Y: -1}}
	right := [4]image.Point{{X: 0, Y: 0}, {X: -1, Y: 0}, {X: -1, Y: -1}, {X: 0, Y: -1}}

	start := image.Pt(g.runs[0].x0-g.Bounds.Min.X, g.runs[0].y-g.Bounds.Min.Y)
	var out []annot.Point
	turn := func(p image.Point) {
		out = append(out, annot.Point{X: float64(p.X + g.Bounds.Min.X), Y: float64(p.Y + g.Bounds.Min.Y)})
	}
	turn(start)
	for p, d := start.Add(step[0]), 0; p != start || d != 3; p = p.Add(step[d]) {
		l, r := p.Add(left[d]), p.Add(right[d])
		switch {
		case set(l.X, l.Y):
			turn(p)
			d = (d + 3) % 4
		case !set(r.X, r.Y):
			turn(p)
			d = (d + 1) % 4
		}
	}
	return out
}

// Thin takes points from a polygon until it has at most n: those whose loss
// moves the edge least (Douglas and Peucker, Cartographica 10, 1973, with a
// tolerance that grows until it does).
func Thin(points []annot.Point, n int) []annot.Point {
	for tolerance := 0.5; len(points) > n; tolerance *= 1.5 {
		keep := make([]bool, len(points))
		far := 0 // the point farthest from the first: two open lines instead of a ring
		for i, p := range points {
			if Distance(p, points[0]) > Distance(points[far], points[0]) {
				far = i
			}
		}
		keep[0], keep[far] = true, true
		type span struct{ a, b int }
		todo := []span{{0, far}, {far, len(points)}}
		for len(todo) > 0 {
			s := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			worst, at := tolerance, -1
			for i := s.a + 1; i < s.b; i++ {
				if d := offLine(points[i], points[s.a], points[s.b%len(points)]); d > worst {
					worst, at = d, i
				}
			}
			if at >= 0 {
				keep[at] = true
				todo = append(todo, span{s.a, at}, span{at, s.b})
			}
		}
		var out []annot.Point
		for i, k := range keep {
			if k {
				out = append(out, points[i])
			}
		}
		if len(out) < 3 {
			return points[:n]
		}
		points = out
	}
	return points
}

func Distance(p, q annot.Point) float64 { return math.Hypot(p.X-q.X, p.Y-q.Y) }

// offLine is the distance of p from the line through a and b.
func offLine(p, a, b annot.Point) float64 {
	d := Distance(a, b)
	if d == 0 {
		return Distance(p, a)
	}
	return math.Abs((b.X-a.X)*(p.Y-a.Y)-(b.Y-a.Y)*(p.X-a.X)) / d
}

// Area is a polygon's area, negative where it runs counter-clockwise on the
// screen.
func Area(points []annot.Point) float64 {
	sum := 0.0
	for i, p := range points {
		q := points[(i+1)%len(points)]
		sum += p.X*q.Y - q.X*p.Y
	}
	return sum / 2
}
