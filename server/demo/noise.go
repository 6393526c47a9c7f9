package demo

import (
	"math"
	"math/rand/v2"
)

// lattice is smooth noise: independent uniform values in [-1, 1] on a grid of cells, blended between its corners.
// A cell longer than it is high gives streaks.
type lattice struct {
	cols, rows     int
	perX, perY     float64 // cells a pixel
	shiftX, shiftY float64 // keeps the grid lines of two lattices apart
	v              []float64
}

// newLattice covers the picture, with a margin of a tenth for coordinates that were turned or moved, in cells of
// cellX x cellY pixels.
func newLattice(r *rand.Rand, cellX, cellY float64) *lattice {
	const reach = Side * 1.2
	l := &lattice{
		cols: int(reach/cellX) + 3, rows: int(reach/cellY) + 3,
		perX: 1 / cellX, perY: 1 / cellY,
		shiftX: r.Float64(), shiftY: r.Float64(),
	}
	l.v = make([]float64, l.cols*l.rows)
	for i := range l.v {
		l.v[i] = uniform(r, -1, 1)
	}
	return l
}

// at is the noise at pixel x, y; outside the covered area the edge goes on.
func (l *lattice) at(x, y float64) float64 {
	x = clamp((x+Side*0.1)*l.perX+l.shiftX, 0, float64(l.cols-2))
	y = clamp((y+Side*0.1)*l.perY+l.shiftY, 0, float64(l.rows-2))
	i, j := int(x), int(y)
	fx, fy := ease(x-float64(i)), ease(y-float64(j))
	if j > l.rows-2 {
		j = l.rows - 2
	}
	if i > l.cols-2 {
		i = l.cols - 2
	}
	top, low := l.v[j*l.cols+i:], l.v[(j+1)*l.cols+i:]
	a := top[0] + (top[1]-top[0])*fx
	b := low[0] + (low[1]-low[0])*fx
	return a + (b-a)*fy
}

// uniform draws from [lo, hi).
func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// ease is 3t^2 - 2t^3: no creases at a lattice's grid lines.
func ease(t float64) float64 { return t * t * (3 - 2*t) }

// step goes smoothly from 0 at lo to 1 at hi; hi may be below lo.
func step(lo, hi, x float64) float64 { return ease(clamp((x-lo)/(hi-lo), 0, 1)) }

// bell is a rounded peak: 1 at 0, a half at 1, long tails. It stands in for a Gaussian, because math.Exp may differ
// in the last bit from processor to processor, and the pictures must not.
func bell(x float64) float64 { return 1 / (1 + x*x) }

func clamp(x, lo, hi float64) float64 { return math.Min(math.Max(x, lo), hi) }

// tone turns a linear value, 0 to 1, into a byte.
func tone(x float64) byte { return byte(clamp(x, 0, 1)*255 + 0.5) }
