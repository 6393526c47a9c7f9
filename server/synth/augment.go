package synth

import (
	"math"
	"math/rand/v2"
)

// augmentation holds the ten ways to change a picture's look before it fills a
// mask; the list is DRAEM's (Zavrtanik et al., 2021). Each returns a new
// picture of the same size and leaves its argument alone.
var augmentation = [...]func(*rand.Rand, Picture) Picture{
	gamma, brightness, sharpness, hueSaturation, solarize,
	posterize, invert, autocontrast, equalize, turn,
}

// curve returns p with every byte of every channel looked up in lut.
func curve(p Picture, lut func(v int) float64) Picture {
	var table [256]byte
	for v := range table {
		table[v] = toByte(lut(v))
	}
	out := NewPicture(p.W, p.H)
	for i, v := range p.Pix {
		out.Pix[i] = table[v]
	}
	return out
}

func toByte(v float64) byte { return byte(min(max(v+0.5, 0), 255)) }

func between(rng *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }

// gamma: 255 (v/255)^g, g uniform on a logarithmic scale in 0.5 to 2.
func gamma(rng *rand.Rand, p Picture) Picture {
	g := math.Exp2(between(rng, -1, 1))
	return curve(p, func(v int) float64 { return 255 * math.Pow(float64(v)/255, g) })
}

// brightness: times 0.8 to 1.2, plus -30 to 30.
func brightness(rng *rand.Rand, p Picture) Picture {
	mul, add := between(rng, 0.8, 1.2), between(rng, -30, 30)
	return curve(p, func(v int) float64 { return float64(v)*mul + add })
}

// sharpness: away from (factor over 1) or towards (under 1) the 3x3-smoothed
// picture, factor 0 to 3; Pillow's kernel, 5 in the middle and 1 around it.
func sharpness(rng *rand.Rand, p Picture) Picture {
	f := between(rng, 0, 3)
	out := NewPicture(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			for c := range 3 {
				sum := 4 * int(p.Pix[3*(y*p.W+x)+c])
				for dy := -1; dy <= 1; dy++ {
					yy := min(max(y+dy, 0), p.H-1)
					for dx := -1; dx <= 1; dx++ {
						sum += int(p.Pix[3*(yy*p.W+min(max(x+dx, 0), p.W-1))+c])
					}
				}
				smooth := float64(sum) / 13
				v := float64(p.Pix[3*(y*p.W+x)+c])
				out.Pix[3*(y*p.W+x)+c] = toByte(smooth + f*(v-smooth))
			}
		}
	}
	return out
}

// hueSaturation turns the hue by up to 70 degrees and adds up to a fifth of
// the range to the saturation, either way (50 of 255 in DRAEM).
func hueSaturation(rng *rand.Rand, p Picture) Picture {
	hue, sat := between(rng, -50, 50)/255, between(rng, -50, 50)/255
	out := NewPicture(p.W, p.H)
	for i := 0; i < len(p.Pix); i += 3 {
		h, s, v := toHSV(p.Pix[i], p.Pix[i+1], p.Pix[i+2])
		h += hue
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = fromHSV(h-math.Floor(h), min(max(s+sat, 0), 1), v)
	}
	return out
}

// toHSV returns hue and saturation in 0 to 1 and the value in 0 to 255.
func toHSV(r, g, b byte) (h, s, v float64) {
	hi, lo := max(r, g, b), min(r, g, b)
	v = float64(hi)
	if hi == lo {
		return 0, 0, v
	}
	d := float64(hi) - float64(lo)
	switch hi {
	case r:
		h = (float64(g) - float64(b)) / d
	case g:
		h = 2 + (float64(b)-float64(r))/d
	default:
		h = 4 + (float64(r)-float64(g))/d
	}
	h /= 6
	return h - math.Floor(h), d / v, v
}

func fromHSV(h, s, v float64) (r, g, b byte) {
	part := func(n float64) byte {
		k := math.Mod(n+6*h, 6)
		return toByte(v - v*s*max(0, min(k, 4-k, 1)))
	}
	return part(5), part(3), part(1)
}

// solarize inverts what is brighter than a level of 32 to 128.
func solarize(rng *rand.Rand, p Picture) Picture {
	level := 32 + rng.IntN(97)
	return curve(p, func(v int) float64 {
		if v >= level {
			v = 255 - v
		}
		return float64(v)
	})
}

// posterize keeps the upper 2 to 5 bits.
func posterize(rng *rand.Rand, p Picture) Picture {
	drop := 3 + rng.IntN(4)
	return curve(p, func(v int) float64 { return float64(v >> drop << drop) })
}

func invert(_ *rand.Rand, p Picture) Picture {
	return curve(p, func(v int) float64 { return float64(255 - v) })
}

// autocontrast stretches each channel over the whole range after up to 2 % of
// the pixels at either end are cut off.
func autocontrast(rng *rand.Rand, p Picture) Picture {
	cut := int(between(rng, 0, 0.02) * float64(p.W*p.H))
	return perChannel(p, func(hist *[256]int) (lut [256]byte) {
		lo, hi := 0, 255
		for n := hist[lo]; n <= cut && lo < 255; n += hist[lo] {
			lo++
		}
		for n := hist[hi]; n <= cut && hi > 0; n += hist[hi] {
			hi--
		}
		for v := range lut {
			lut[v] = byte(v)
			if hi > lo {
				lut[v] = toByte(255 * float64(v-lo) / float64(hi-lo))
			}
		}
		return lut
	})
}

// equalize makes each channel's histogram as flat as a look-up table can.
func equalize(_ *rand.Rand, p Picture) Picture {
	total := p.W * p.H
	return perChannel(p, func(hist *[256]int) (lut [256]byte) {
		below := 0
		for v, n := range hist {
			lut[v] = toByte(255 * (float64(below) + float64(n)/2) / float64(total))
			below += n
		}
		return lut
	})
}

func perChannel(p Picture, f func(hist *[256]int) [256]byte) Picture {
	var lut [3][256]byte
	for c := range 3 {
		var hist [256]int
		for i := c; i < len(p.Pix); i += 3 {
			hist[p.Pix[i]]++
		}
		lut[c] = f(&hist)
	}
	out := NewPicture(p.W, p.H)
	for i, v := range p.Pix {
		out.Pix[i] = lut[i%3][v]
	}
	return out
}

// turn rotates the picture about its centre by up to 45 degrees either way;
// the corners are mirrored.
func turn(rng *rand.Rand, p Picture) Picture {
	sin, cos := math.Sincos(between(rng, -45, 45) * math.Pi / 180)
	cx, cy := float64(p.W-1)/2, float64(p.H-1)/2
	out := NewPicture(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			dx, dy := float64(x)-cx, float64(y)-cy
			p.sample(out.Pix[3*(y*p.W+x):], cx+cos*dx+sin*dy, cy-sin*dx+cos*dy)
		}
	}
	return out
}
