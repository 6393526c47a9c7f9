package synth

import (
	"math"
	"slices"
)

// The background as a smooth surface, measured on a shrunken picture: averaging
// takes the grain out, and a silhouette needs no more detail.

// small is a shrunken picture in float32, [h, w, 3], 0 to 255.
type small struct {
	w, h int
	pix  []float32
}

// shrink averages areas so that the longer side has at most side pixels.
func shrink(p Picture, side int) small {
	f := max(1, (max(p.W, p.H)+side-1)/side)
	s := small{w: (p.W + f - 1) / f, h: (p.H + f - 1) / f}
	s.pix = make([]float32, s.w*s.h*3)
	for y := range s.h {
		for x := range s.w {
			var sum [3]int
			y1, x1 := min((y+1)*f, p.H), min((x+1)*f, p.W)
			for yy := y * f; yy < y1; yy++ {
				for xx := x * f; xx < x1; xx++ {
					i := 3 * (yy*p.W + xx)
					sum[0] += int(p.Pix[i])
					sum[1] += int(p.Pix[i+1])
					sum[2] += int(p.Pix[i+2])
				}
			}
			n := float32((y1 - y*f) * (x1 - x*f))
			for c := range 3 {
				s.pix[3*(y*s.w+x)+c] = float32(sum[c]) / n
			}
		}
	}
	return s
}

// ring lists the pixels at most width from the border.
func (s small) ring(width int) []int {
	var at []int
	for y := range s.h {
		for x := range s.w {
			if x < width || y < width || x >= s.w-width || y >= s.h-width {
				at = append(at, y*s.w+x)
			}
		}
	}
	return at
}

// quadratic holds, for each channel, the coefficients of 1, x, y, xx, xy, yy,
// with x and y in -1 to 1 over the picture.
type quadratic [3][6]float64

func (s small) basis(i int) [6]float64 {
	x := 2*float64(i%s.w)/float64(max(s.w-1, 1)) - 1
	y := 2*float64(i/s.w)/float64(max(s.h-1, 1)) - 1
	return [6]float64{1, x, y, x * x, x * y, y * y}
}

// background fits the surface to the ring, and returns the ring's spread about
// it in grey levels (a robust standard deviation) and how many of its pixels
// fit within four spreads. Least trimmed squares: each round fits to the better
// two thirds, so that a bar or an object on a third of the ring does not bend it.
func (s small) background(ring []int) (q quadratic, spread, fits float64) {
	keep := ring
	res := make([]float64, len(ring))
	sorted := make([]float64, len(ring))
	for range 12 {
		q = s.fit(keep)
		for k, i := range ring {
			res[k] = s.residual(&q, i)
		}
		copy(sorted, res)
		slices.Sort(sorted)
		keep = keep[:0:0]
		for k, i := range ring {
			if res[k] <= sorted[2*len(sorted)/3] {
				keep = append(keep, i)
			}
		}
	}
	spread = max(minSpread, 1.2*sorted[len(sorted)/2])
	for _, r := range res {
		if r <= max(4*spread, minContrast) {
			fits++
		}
	}
	return q, spread, fits
}

// fit is least squares over the given pixels, by the normal equations.
func (s small) fit(at []int) (q quadratic) {
	var a [6][9]float64 // the 6x6 matrix and three right-hand sides
	for _, i := range at {
		b := s.basis(i)
		for r := range 6 {
			for c := range 6 {
				a[r][c] += b[r] * b[c]
			}
			for ch := range 3 {
				a[r][6+ch] += b[r] * float64(s.pix[3*i+ch])
			}
		}
	}
	for r := range 6 {
		a[r][r] += 1e-6 * float64(len(at)+1) // keeps a ring without extent solvable
	}
	for r := range 6 { // Gauss-Jordan; the matrix is positive definite
		for k := range 6 {
			if k == r {
				continue
			}
			f := a[k][r] / a[r][r]
			for c := r; c < 9; c++ {
				a[k][c] -= f * a[r][c]
			}
		}
	}
	for r := range 6 {
		for ch := range 3 {
			q[ch][r] = a[r][6+ch] / a[r][r]
		}
	}
	return q
}

// residual is the colour distance of pixel i from the surface, in grey levels:
// the root of the mean over the channels.
func (s small) residual(q *quadratic, i int) float64 {
	b := s.basis(i)
	sum := 0.0
	for c := range 3 {
		v := float64(s.pix[3*i+c])
		for k := range 6 {
			v -= q[c][k] * b[k]
		}
		sum += v * v
	}
	return math.Sqrt(sum / 3)
}

func (s small) distance(q quadratic) []float64 {
	d := make([]float64, s.w*s.h)
	for i := range d {
		d[i] = s.residual(&q, i)
	}
	return d
}

// grow brings a small mask to W x H pixels: bilinear, then at least half.
func grow(mask []byte, w, h, W, H int) []byte {
	f := max(1, (max(W, H)+workSide-1)/workSide)
	out := make([]byte, W*H)
	for y := range H {
		v := min(max((float64(y)+0.5)/float64(f)-0.5, 0), float64(h-1))
		y0 := int(v)
		y1, ay := min(y0+1, h-1), v-float64(y0)
		for x := range W {
			u := min(max((float64(x)+0.5)/float64(f)-0.5, 0), float64(w-1))
			x0 := int(u)
			x1, ax := min(x0+1, w-1), u-float64(x0)
			top := (1-ax)*float64(mask[y0*w+x0]) + ax*float64(mask[y0*w+x1])
			bottom := (1-ax)*float64(mask[y1*w+x0]) + ax*float64(mask[y1*w+x1])
			if (1-ay)*top+ay*bottom >= 0.5 {
				out[y*W+x] = 1
			}
		}
	}
	return out
}
