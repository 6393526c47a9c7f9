package synth

import (
	"math"
	"math/rand/v2"
)

// Small and thin defects: scratches and cracks a few pixels wide, and spots. The
// Perlin masks of METHOD never make them, as their regions exceed 250 pixels; a detector
// that has seen blots alone does not learn that a line may be a defect. Sizes are
// in pixels at a longer side of Ref.
const (
	FillStroke Fill = "stroke" // one line, or two that meet, darker or brighter than the picture
	FillSpot   Fill = "spot"   // one to five small spots
)

// coat is a defect before it is blended in: what to paint and how much of it, [h, w],
// 0 to 1. The defect's mask is where at least half of it shows, as an inspector who draws
// around it would have it.
type coat struct {
	picture Picture
	cover   []float64
	opacity float64
}

// stroke paints a scratch or crack: a path of slowly changing direction, 1 to 4 pixels wide
// and 5 to 50 % of the longer side long. In a third of them a second one leaves it.
func stroke(rng *rand.Rand, p Picture, foreground []byte) coat {
	cover := make([]float64, p.W*p.H)
	x, y := place(rng, p, foreground)
	angle := rng.Float64() * 2 * math.Pi
	length := float64(max(p.W, p.H)) * math.Exp(between(rng, math.Log(0.05), math.Log(0.5)))
	half := max(unit(p)*between(rng, 0.5, 2), 0.7) // less would leave holes in the mask
	path := walk(rng, cover, p, x, y, angle, length, half)
	if rng.IntN(3) == 0 && len(path) > 0 {
		at := path[rng.IntN(len(path))]
		side := between(rng, 0.4, 1.2)
		if rng.IntN(2) == 0 {
			side = -side
		}
		walk(rng, cover, p, at[0], at[1], at[2]+side, 0.6*length, 0.7*half)
	}
	return coat{tinted(rng, p), cover, between(rng, minOpacity, 1)}
}

// walk draws a path and returns where it went: x, y and the direction. It bends by a
// curvature that wanders, which makes arcs and not the shivers that independent turns
// would; the width wanders too.
func walk(rng *rand.Rand, cover []float64, p Picture, x, y, angle, length, half float64) (path [][3]float64) {
	step := max(1, unit(p))
	bend := 0.02 * rng.NormFloat64() // radians a step
	width := 1.0
	for range int(length / step) {
		if x < 0 || y < 0 || x >= float64(p.W) || y >= float64(p.H) {
			break
		}
		dot(cover, p, x, y, half*width)
		path = append(path, [3]float64{x, y, angle})
		bend = 0.95*bend + 0.012*rng.NormFloat64()
		width = min(max(width+0.05*rng.NormFloat64(), 0.6), 1.4)
		angle += bend
		sin, cos := math.Sincos(angle)
		x, y = x+step*cos, y+step*sin
	}
	return path
}

// dot covers a disc of the given radius, its edge a pixel wide.
func dot(cover []float64, p Picture, cx, cy, radius float64) {
	reach := radius + 1
	for y := max(int(cy-reach), 0); y <= min(int(cy+reach), p.H-1); y++ {
		for x := max(int(cx-reach), 0); x <= min(int(cx+reach), p.W-1); x++ {
			c := radius + 0.5 - math.Hypot(float64(x)-cx, float64(y)-cy)
			cover[y*p.W+x] = max(cover[y*p.W+x], min(c, 1))
		}
	}
}

// spots paints one to five spots with radii of 1.5 to 9 pixels.
func spots(rng *rand.Rand, p Picture, foreground []byte) coat {
	cover := make([]float64, p.W*p.H)
	for range 1 + rng.IntN(5) {
		x, y := place(rng, p, foreground)
		radius := unit(p) * math.Exp(between(rng, math.Log(1.5), math.Log(9)))
		// Three overlapping discs are less round than one.
		for range 3 {
			dot(cover, p, x+0.5*radius*rng.NormFloat64(), y+0.5*radius*rng.NormFloat64(), radius*between(rng, 0.5, 1))
		}
	}
	return coat{tinted(rng, p), cover, between(rng, minOpacity, 1)}
}

// unit is a pixel at a longer side of Ref, in the picture's own.
func unit(p Picture) float64 { return float64(max(p.W, p.H)) / Ref }

// place is a random point of the foreground, or of the picture.
func place(rng *rand.Rand, p Picture, foreground []byte) (x, y float64) {
	at := rng.IntN(p.W * p.H)
	if n := count(foreground); n > 0 {
		k := rng.IntN(n)
		for i, m := range foreground {
			if m == 0 {
				continue
			}
			if k == 0 {
				at = i
				break
			}
			k--
		}
	}
	return float64(at % p.W), float64(at / p.W)
}

// tinted is p 15 to 90 grey levels darker or brighter, with grain. Unlike a probe's fill,
// it keeps the surface's own pattern.
func tinted(rng *rand.Rand, p Picture) Picture {
	shift := between(rng, 15, 90)
	if rng.IntN(2) == 0 {
		shift = -shift
	}
	grain := between(rng, 0, 6)
	out := NewPicture(p.W, p.H)
	for i := range out.Pix {
		out.Pix[i] = toByte(float64(p.Pix[i]) + shift + grain*rng.NormFloat64())
	}
	return out
}
