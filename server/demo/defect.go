package demo

import (
	"math"
	"math/rand/v2"
)

// relief is a defect of shape. At pixel x, y it gives the slope it adds to the surface along x and y (rise over run,
// positive faces the lamp), how far the surface is stripped to bright bare material (0 to 1), and whether the pixel
// belongs to the defect's ground truth.
type relief interface {
	at(x, y float64) (gx, gy, bare float64, inside bool)
}

// dent is an elliptic hollow with a raised rim.
type dent struct {
	x, y, a, b, sin, cos, depth float64
}

func newDent(r *rand.Rand) relief {
	turn := uniform(r, 0, math.Pi)
	d := dent{
		x: uniform(r, 0.2, 0.8) * Side, y: uniform(r, 0.2, 0.8) * Side,
		a: uniform(r, 26, 44), depth: uniform(r, 0.34, 0.46),
		sin: math.Sin(turn), cos: math.Cos(turn),
	}
	d.b = d.a * uniform(r, 0.65, 0.95)
	return d
}

func (d dent) at(x, y float64) (gx, gy, bare float64, inside bool) {
	px, py := x-d.x, y-d.y
	u, v := (px*d.cos+py*d.sin)/d.a, (py*d.cos-px*d.sin)/d.b
	q := u*u + v*v
	if q >= 1.5 {
		return 0, 0, 0, false
	}
	// depth as a function of q: steep flank at q = 1/2, a low rim towards q = 1.5
	slope := d.depth * 2.2 * math.Sqrt(q) * (1 - q) * step(1.5, 1.1, q)
	length := math.Sqrt(px*px+py*py) + 1e-9
	return slope * px / length, -slope * py / length, 0, q < 1.15
}

// scratch is a groove along a bent line: one flank lit, the other dark, bare metal at the bottom.
type scratch struct {
	line  curve
	width float64
	depth float64
	rough *lattice
}

func newScratch(r *rand.Rand) relief {
	return scratch{line: newCurve(r, 150, 300, uniform(r, 0.15, math.Pi-0.15)), width: uniform(r, 2.6, 4.2), depth: uniform(r, 0.40, 0.60), rough: newLattice(r, 9, 9)}
}

func (s scratch) at(x, y float64) (gx, gy, bare float64, inside bool) {
	side, along, nx, ny, ok := s.line.near(x, y, 8)
	if !ok {
		return 0, 0, 0, false
	}
	// pressed harder in the middle, lifted at both ends, and never even
	force := step(0, 0.10, along) * step(1, 0.80, along) * (0.85 + 0.35*s.rough.at(x, y))
	w := s.width * (0.45 + 0.55*force)
	t := side / w
	if t < -1.6 || t > 1.6 {
		return 0, 0, 0, false
	}
	slope := s.depth * force * 2.6 * t * step(1.6, 0.4, math.Abs(t))
	bare = 0.75 * force * step(0.75, 0, math.Abs(t))
	return slope * nx, -slope * ny, bare, math.Abs(t) < 1.2
}

// stain is a blot with a ragged outline, a darker rim, and a few drops beside it.
type stain struct {
	blots []blot
	edge  *lattice
	fine  *lattice
	body  *lattice
}

type blot struct{ x, y, radius, squash float64 }

func newStain(r *rand.Rand) *stain {
	s := &stain{edge: newLattice(r, 34, 34), fine: newLattice(r, 9, 9), body: newLattice(r, 24, 24)}
	main := blot{uniform(r, 0.22, 0.78) * Side, uniform(r, 0.22, 0.78) * Side, uniform(r, 32, 52), uniform(r, 0.75, 1.3)}
	s.blots = append(s.blots, main)
	for range 2 + r.IntN(3) {
		turn, far := uniform(r, 0, 2*math.Pi), main.radius*uniform(r, 1.35, 1.9)
		s.blots = append(s.blots, blot{main.x + far*math.Cos(turn), main.y + far*math.Sin(turn), uniform(r, 5, 11), 1})
	}
	return s
}

// at gives how much of the stain covers the pixel and how much of its rim lies there, 0 to 1 each.
func (s *stain) at(x, y float64) (cover, rim float64, inside bool) {
	for _, b := range s.blots {
		dx, dy := (x-b.x)/b.squash, (y-b.y)*b.squash
		if dx > 2*b.radius || dx < -2*b.radius || dy > 2*b.radius || dy < -2*b.radius {
			continue
		}
		// distance to the outline in pixels, positive inside
		d := b.radius*(1+0.30*s.edge.at(x, y)+0.07*s.fine.at(x, y)) - math.Sqrt(dx*dx+dy*dy)
		if d < -2 {
			continue
		}
		c := step(-1.5, 3, d) * (0.80 + 0.30*s.body.at(x, y) + 0.10*s.fine.at(x, y))
		cover = math.Max(cover, c)
		rim = math.Max(rim, step(-1.5, 1, d)*step(8, 2, d))
		inside = inside || d > 0
	}
	return cover, rim, inside
}

// curve is a line through a few points, each a short straight piece of a quadratic Bezier.
type curve struct {
	x, y                   []float64
	minX, minY, maxX, maxY float64
}

// newCurve draws a gently bent line of a length between lo and hi pixels, turned by turn radians from the x axis, that
// stays inside the picture.
func newCurve(r *rand.Rand, lo, hi, turn float64) curve {
	length := uniform(r, lo, hi)
	cx, cy := uniform(r, 0.35, 0.65)*Side, uniform(r, 0.35, 0.65)*Side
	dx, dy := math.Cos(turn)*length/2, math.Sin(turn)*length/2
	bend := uniform(r, -0.2, 0.2)
	mx, my := cx-dy*bend*2, cy+dx*bend*2
	c := curve{minX: Side, minY: Side}
	const pieces = 24
	for i := range pieces + 1 {
		t := float64(i) / pieces
		a, b, e := (1-t)*(1-t), 2*t*(1-t), t*t
		x := clamp(a*(cx-dx)+b*mx+e*(cx+dx), 12, Side-12)
		y := clamp(a*(cy-dy)+b*my+e*(cy+dy), 12, Side-12)
		c.x, c.y = append(c.x, x), append(c.y, y)
		c.minX, c.maxX = math.Min(c.minX, x), math.Max(c.maxX, x)
		c.minY, c.maxY = math.Min(c.minY, y), math.Max(c.maxY, y)
	}
	return c
}

// near finds the closest point of the line within reach pixels: side is the signed distance, along runs from 0 to 1
// over the line, nx and ny are the unit normal there.
func (c curve) near(x, y, reach float64) (side, along, nx, ny float64, ok bool) {
	if x < c.minX-reach || x > c.maxX+reach || y < c.minY-reach || y > c.maxY+reach {
		return 0, 0, 0, 0, false
	}
	best := reach * reach
	n := len(c.x) - 1
	for i := range n {
		dx, dy := c.x[i+1]-c.x[i], c.y[i+1]-c.y[i]
		px, py := x-c.x[i], y-c.y[i]
		square := dx*dx + dy*dy
		if square == 0 {
			continue
		}
		t := clamp((px*dx+py*dy)/square, 0, 1)
		ex, ey := px-t*dx, py-t*dy
		d := ex*ex + ey*ey
		if d >= best {
			continue
		}
		best, ok = d, true
		length := math.Sqrt(square)
		nx, ny = -dy/length, dx/length
		side = math.Sqrt(d)
		if ex*nx+ey*ny < 0 {
			side = -side
		}
		along = (float64(i) + t) / float64(n)
	}
	return side, along, nx, ny, ok
}
