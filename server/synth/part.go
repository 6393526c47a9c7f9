package synth

import (
	"math"
	"math/rand/v2"
)

// Structural defects of an object: what is there is what should be, in the wrong place or
// not at all.
const (
	FillDisplaced Fill = "displaced" // a part of the object, moved and turned a little
	FillMissing   Fill = "missing"   // a part of the object gone, its surroundings grown over it
)

// part draws the mask of a part of an object: one blob, where METHOD's noise would make a
// dozen slivers.
func part(rng *rand.Rand, w, h int, foreground []byte) ([]byte, error) {
	mask := make([]byte, w*h)
	for range 500 {
		clear(mask)
		blob(rng, mask, w, h)
		for i, m := range foreground {
			mask[i] &= m
		}
		if count(mask) > minRegion(w, h) {
			return mask, nil
		}
	}
	return nil, ErrNoMask
}

// displaced paints a part of the object as if it had slipped: moved by 2 to 10 % of the
// longer side and turned by up to 20 degrees.
func displaced(rng *rand.Rand, p Picture, mask []byte) coat {
	way := float64(max(p.W, p.H)) * between(rng, 0.02, 0.1)
	dy, dx := math.Sincos(rng.Float64() * 2 * math.Pi)
	dx, dy = way*dx, way*dy
	sin, cos := math.Sincos(between(rng, -20, 20) * math.Pi / 180)
	cx, cy := centroid(mask, p.W)
	out := NewPicture(p.W, p.H)
	for i, m := range mask {
		if m == 0 {
			continue
		}
		x, y := float64(i%p.W)-cx, float64(i/p.W)-cy
		p.sample(out.Pix[3*i:], cx+dx+cos*x+sin*y, cy+dy-sin*x+cos*y)
	}
	return coat{out, soften(mask, p.W, p.H), 1}
}

// missing paints what would be seen if a part of the object were not there: each pixel is
// the mean of the nearest ones outside the mask to the left, right, above and below,
// weighted by one over their distance. Four sweeps find them all.
func missing(rng *rand.Rand, p Picture, mask []byte) coat {
	// The soft edge reaches a pixel beyond the mask: what is painted must, too.
	cover := soften(mask, p.W, p.H)
	covered := touched(cover)
	sum, weight := make([]float64, 3*p.W*p.H), make([]float64, p.W*p.H)
	sweep := func(lines, n int, at func(line, k int) int) {
		for line := range lines {
			last, distance := -1, 0
			for k := range n {
				i := at(line, k)
				if covered[i] == 0 {
					last, distance = i, 0
					continue
				}
				if distance++; last < 0 { // the mask begins at the picture's edge
					continue
				}
				w := 1 / float64(distance)
				weight[i] += w
				for c := range 3 {
					sum[3*i+c] += w * float64(p.Pix[3*last+c])
				}
			}
		}
	}
	sweep(p.H, p.W, func(y, x int) int { return y*p.W + x })
	sweep(p.H, p.W, func(y, x int) int { return y*p.W + p.W - 1 - x })
	sweep(p.W, p.H, func(x, y int) int { return y*p.W + x })
	sweep(p.W, p.H, func(x, y int) int { return (p.H-1-y)*p.W + x })
	grain := between(rng, 0, 4)
	out := p.Clone()
	for i, m := range covered {
		if m == 0 || weight[i] == 0 { // a mask that covers whole rows and columns
			continue
		}
		for c := 3 * i; c < 3*i+3; c++ {
			out.Pix[c] = toByte(sum[c]/weight[i] + grain*rng.NormFloat64())
		}
	}
	return coat{out, cover, 1}
}
