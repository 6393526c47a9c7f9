package demo

import (
	"math"
	"math/rand/v2"
)

// hole is torn cloth: nothing but the dark behind it, threads pushed outwards around it, ragged ends.
type hole struct {
	x, y, radius, squash float64
	edge, ragged         *lattice
	endsX, endsY         *lattice // loose ends along x and along y
}

func newHole(r *rand.Rand) *hole {
	return &hole{
		x: uniform(r, 0.22, 0.78) * Side, y: uniform(r, 0.22, 0.78) * Side,
		radius: uniform(r, 18, 30), squash: uniform(r, 0.75, 1.3),
		edge: newLattice(r, 16, 16), ragged: newLattice(r, 3.5, 3.5),
		endsX: newLattice(r, 26, 3.2), endsY: newLattice(r, 3.2, 26),
	}
}

// at gives where the threads that show at x, y lay before the tear, how much of the dark shows, and whether the pixel
// belongs to the ground truth.
func (h *hole) at(x, y float64) (px, py, torn float64, inside bool) {
	dx, dy := (x-h.x)/h.squash, (y-h.y)*h.squash
	d := math.Sqrt(dx*dx + dy*dy)
	if d > 4*h.radius {
		return x, y, 0, false
	}
	// threads are crowded around the hole: look up nearer to the middle than they now lie
	push := 0.24 * h.radius * bell(d/h.radius) * step(4, 2, d/h.radius)
	scale := push / (d + 1)
	rim := h.radius*(1+0.28*h.edge.at(x, y)) + 2.5*h.ragged.at(x, y)
	ends := (math.Max(0, h.endsX.at(x, y))*math.Abs(dx) + math.Max(0, h.endsY.at(x, y))*math.Abs(dy)) / (d + 1)
	rim -= 1.1 * h.radius * ends * ends
	torn = 0.96 * step(1.6, -1.6, d-rim)
	return x - (x-h.x)*scale, y - (y-h.y)*scale, torn, d < h.radius*(1+0.28*h.edge.at(x, y))+5
}

// snag is a pulled thread: along a line one thread has come out and lies on the cloth as a loop, and its neighbours are
// drawn together under it.
type snag struct {
	line  curve
	width float64
	rough *lattice
}

func newSnag(r *rand.Rand) *snag {
	turn := uniform(r, -0.12, 0.12)
	if r.IntN(2) == 0 {
		turn += math.Pi / 2
	}
	return &snag{line: newCurve(r, 150, 260, turn), width: uniform(r, 3.2, 4.4), rough: newLattice(r, 18, 18)}
}

// at gives where the threads that show at x, y lay before, the height of the loop there (0: none), how much its shadow
// darkens, and whether the pixel belongs to the ground truth.
func (s *snag) at(x, y float64) (px, py, loop, dark float64, inside bool) {
	side, along, nx, ny, ok := s.line.near(x, y, 60)
	if !ok {
		return x, y, 0, 0, false
	}
	force := step(0, 0.16, along) * step(1, 0.84, along)
	// drawn towards the line from both sides
	t := side / 19
	pull := 24 * force * t * bell(t) * bell(t) * step(60, 30, math.Abs(side))
	w := s.width * (0.7 + 0.5*force) * (1 + 0.25*s.rough.at(x, y))
	d := (side + 2.5*s.rough.at(y, x)) / w
	ends := step(0, 0.04, along) * step(1, 0.96, along)
	loop = ends * clamp(1-d*d, 0, 1)
	dark = 0.55 * ends * step(3.2, 1.0, math.Abs(d-0.6))
	return x + nx*pull, y + ny*pull, loop, dark, math.Abs(side) < 17 && along > 0.01 && along < 0.99
}
