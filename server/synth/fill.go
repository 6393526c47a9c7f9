package synth

import (
	"math"
	"math/rand/v2"
)

// textureFill cuts a random square part of a texture (half of its shorter side
// to all of it), turns it by a random number of quarters, and stretches it over
// w x h pixels. (Choice: the sources resize the whole texture; a part of it
// makes a small folder of textures go further.)
func textureFill(rng *rand.Rand, texture Picture, w, h int) Picture {
	short := float64(min(texture.W, texture.H))
	side := short * (0.5 + 0.5*rng.Float64())
	x0 := rng.Float64() * (float64(texture.W) - side)
	y0 := rng.Float64() * (float64(texture.H) - side)
	quarter, flip := rng.IntN(4), rng.IntN(2) == 1
	scale := side / float64(max(w, h))
	out := NewPicture(w, h)
	for y := range h {
		for x := range w {
			u, v := (float64(x)+0.5)*scale, (float64(y)+0.5)*scale
			if flip {
				u = side - u
			}
			for range quarter {
				u, v = v, side-u
			}
			texture.sample(out.Pix[3*(y*w+x):], x0+u-0.5, y0+v-0.5)
		}
	}
	return out
}

// selfFill is p after 3 of the 10 augmentations, each drawn at most once, and
// a shuffle of its 8x8 grid.
func selfFill(rng *rand.Rand, p Picture) Picture {
	out := p
	for _, i := range rng.Perm(len(augmentation))[:augmentations] {
		out = augmentation[i](rng, out)
	}
	return shuffleGrid(rng, out)
}

// shuffleGrid permutes the cells of an 8x8 grid. Where the size is not a
// multiple of 8, the pixels right of and below the last whole cell stay.
func shuffleGrid(rng *rand.Rand, p Picture) Picture {
	cw, ch := p.W/gridCells, p.H/gridCells
	out := p.Clone()
	for to, from := range rng.Perm(gridCells * gridCells) {
		tx, ty := to%gridCells*cw, to/gridCells*ch
		fx, fy := from%gridCells*cw, from/gridCells*ch
		for y := range ch {
			t, f := 3*((ty+y)*p.W+tx), 3*((fy+y)*p.W+fx)
			copy(out.Pix[t:t+3*cw], p.Pix[f:f+3*cw])
		}
	}
	return out
}

// sample writes to dst[:3] the colour at (x, y), pixel centres at integers,
// bilinear, mirrored at the edges.
func (p Picture) sample(dst []byte, x, y float64) {
	fx, fy := math.Floor(x), math.Floor(y)
	ax, ay := x-fx, y-fy
	x0, x1 := mirror(int(fx), p.W), mirror(int(fx)+1, p.W)
	y0, y1 := mirror(int(fy), p.H), mirror(int(fy)+1, p.H)
	a, b := p.Pix[3*(y0*p.W+x0):], p.Pix[3*(y0*p.W+x1):]
	c, d := p.Pix[3*(y1*p.W+x0):], p.Pix[3*(y1*p.W+x1):]
	for i := range 3 {
		top := float64(a[i]) + ax*(float64(b[i])-float64(a[i]))
		bottom := float64(c[i]) + ax*(float64(d[i])-float64(c[i]))
		dst[i] = byte(top + ay*(bottom-top) + 0.5)
	}
}

// mirror folds i into [0, n), the edge pixel repeated: -1 is 0, n is n-1.
func mirror(i, n int) int {
	period := 2 * n
	i %= period
	if i < 0 {
		i += period
	}
	if i >= n {
		i = period - 1 - i
	}
	return i
}
