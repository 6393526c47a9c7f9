package synth

import (
	"math"
	"math/rand/v2"
)

// Perlin's gradient noise (K. Perlin, "Improving noise", 2002), on a lattice
// whose cells differ in width and height and that is turned about the
// picture's centre. The authors turn the finished noise picture, which leaves
// corners without noise; evaluating at turned coordinates leaves none (choice).

// drawMask draws masks until one meets the rules: not empty after it is cut to
// the foreground, and every region larger than MinRegion (scaled to the
// picture's size).
func drawMask(rng *rand.Rand, w, h int, foreground []byte) ([]byte, error) {
	min := minRegion(w, h)
	if foreground != nil && count(foreground) <= min {
		return nil, ErrNoMask
	}
	mask := make([]byte, w*h)
	lab := newLabeler(w, h)
	// One draw in about seven is good on a square picture, one in about thirty
	// on a thin foreground. A thousand bad ones in a row mean it cannot be met.
	for range 1000 {
		perlinMask(rng, mask, w, h)
		for i := range foreground {
			mask[i] &= foreground[i]
		}
		if smallest := lab.smallest(mask); smallest > min {
			return mask, nil
		}
	}
	return nil, ErrNoMask
}

// minRegion scales MinRegion from a longer side of Ref to this picture's. [px]
func minRegion(w, h int) int {
	long := float64(max(w, h))
	return int(math.Round(MinRegion * long * long / (Ref * Ref)))
}

// perlinMask fills mask [h, w] with 1 where noise of random scales and a random
// turn exceeds maskLevel.
func perlinMask(rng *rand.Rand, mask []byte, w, h int) {
	cellsX := 1 << rng.IntN(maxScaleExponent+1)
	cellsY := 1 << rng.IntN(maxScaleExponent+1)
	turn := (2*rng.Float64() - 1) * maxTurn * math.Pi / 180
	n := newNoise(rng, cellsX, cellsY, w, h, turn)
	for y := range h {
		row := mask[y*w : (y+1)*w]
		for x := range row {
			row[x] = 0
			if n.at(float64(x), float64(y)) > maskLevel {
				row[x] = 1
			}
		}
	}
}

// noise is gradient noise over a picture, its range about -1 to 1.
type noise struct {
	grad       [][2]float64 // [rows, cols] unit vectors, times sqrt(2), as |noise| is at most 1/sqrt(2) of them
	cols, rows int
	// lattice coordinates are a linear map of pixel coordinates:
	// u = ux*x + uy*y + u0, v = vx*x + vy*y + v0
	ux, uy, u0 float64
	vx, vy, v0 float64
}

func newNoise(rng *rand.Rand, cellsX, cellsY, w, h int, turn float64) *noise {
	sin, cos := math.Sincos(turn)
	sx, sy := float64(cellsX)/float64(w), float64(cellsY)/float64(h) // cells a pixel
	n := &noise{ux: sx * cos, uy: sx * sin, vx: -sy * sin, vy: sy * cos}
	// The turned picture's bounding box in lattice coordinates decides how
	// large the lattice must be and where its origin lies.
	cx, cy := float64(w-1)/2, float64(h-1)/2
	halfU := math.Abs(n.ux)*cx + math.Abs(n.uy)*cy
	halfV := math.Abs(n.vx)*cx + math.Abs(n.vy)*cy
	// A random phase, as the lattice lines would otherwise always pass the
	// same places and no defect would ever sit on them.
	pu, pv := rng.Float64(), rng.Float64()
	n.u0 = halfU + pu - n.ux*cx - n.uy*cy
	n.v0 = halfV + pv - n.vx*cx - n.vy*cy
	n.cols = int(2*halfU+pu) + 2
	n.rows = int(2*halfV+pv) + 2
	n.grad = make([][2]float64, n.cols*n.rows)
	for i := range n.grad {
		s, c := math.Sincos(2 * math.Pi * rng.Float64())
		n.grad[i] = [2]float64{math.Sqrt2 * c, math.Sqrt2 * s}
	}
	return n
}

// at is the noise at pixel (x, y) of the picture it was made for.
func (n *noise) at(x, y float64) float64 {
	u := max(n.ux*x+n.uy*y+n.u0, 0)
	v := max(n.vx*x+n.vy*y+n.v0, 0)
	col, row := min(int(u), n.cols-2), min(int(v), n.rows-2)
	u -= float64(col)
	v -= float64(row)
	g := n.grad[row*n.cols+col:]
	below := g[n.cols:]
	n00 := g[0][0]*u + g[0][1]*v
	n10 := g[1][0]*(u-1) + g[1][1]*v
	n01 := below[0][0]*u + below[0][1]*(v-1)
	n11 := below[1][0]*(u-1) + below[1][1]*(v-1)
	fu, fv := fade(u), fade(v)
	top := n00 + fu*(n10-n00)
	return top + fv*(n01+fu*(n11-n01)-top)
}

// fade is Perlin's quintic, 6t^5 - 15t^4 + 10t^3: its first two derivatives are 0 at both
// ends, so that no crease shows where cells meet.
func fade(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }
