package synth

import (
	"math"
	"math/rand/v2"
)

// Probes are defects made by another recipe than the training's: blobs and bent
// lines with soft edges, filled with a blurred and shifted copy of the picture, with a
// misplaced part of another normal picture, or with the background. No classifier is trained on
// them, so how well it finds them says more about real defects than how well it
// finds more of what it learnt. They help to choose (checkpoint, fusion, threshold)
// and nothing else.

// The names of the probes' fills.
const (
	FillShift Fill = "shift" // blurred, brighter or darker, grained
	FillMoved Fill = "moved" // another normal picture, turned and moved
)

// visible is how much, in grey levels, a probe changes its pixels on average, at
// least: a part of a surface put onto the same surface is no defect.
const visible = 20.0

// Probe draws one probe on p. other is another normal picture of the same size; it
// may be p itself. It returns ErrNoMask where the foreground is too small, or where
// nothing drawn is visible.
func Probe(rng *rand.Rand, p, other Picture, foreground []byte) (Sample, error) {
	if err := p.check(); err != nil {
		return Sample{}, err
	}
	if other.W != p.W || other.H != p.H || other.check() != nil {
		panic("synth: probe with pictures of two sizes")
	}
	grey := p.Grey()
	for range 100 {
		mask, err := probeMask(rng, p.W, p.H, foreground)
		if err != nil {
			return Sample{}, err
		}
		s := Sample{Picture: p.Clone(), Mask: mask, Opacity: between(rng, 0.6, 1)}
		soft := soften(mask, p.W, p.H)
		var paint Picture
		fills := []Fill{FillShift, FillMoved}
		if foreground != nil {
			fills = append(fills, FillGap)
		}
		switch s.Fill = fills[rng.IntN(len(fills))]; s.Fill {
		case FillShift:
			paint = shifted(rng, p)
		case FillMoved:
			paint = moved(rng, other)
		case FillGap:
			var ok bool
			if paint, ok = gapFill(rng, p, foreground, touched(soft)); !ok {
				continue
			}
			s.Opacity = between(rng, minGapOpacity, 1)
		}
		if grey {
			greyInPlace(paint)
		}
		for i, a := range soft {
			if a == 0 || (foreground != nil && foreground[i] == 0) {
				continue
			}
			a *= s.Opacity
			for c := 3 * i; c < 3*i+3; c++ {
				s.Pix[c] = toByte((1-a)*float64(p.Pix[c]) + a*float64(paint.Pix[c]))
			}
		}
		if change(p, s) >= visible {
			return s, nil
		}
	}
	return Sample{}, ErrNoMask
}

// change is the mean absolute change of the masked pixels. [grey levels]
func change(p Picture, s Sample) float64 {
	sum, n := 0, 0
	for i, m := range s.Mask {
		if m != 0 {
			for c := 3 * i; c < 3*i+3; c++ {
				sum += max(int(p.Pix[c]), int(s.Pix[c])) - min(int(p.Pix[c]), int(s.Pix[c]))
			}
			n += 3
		}
	}
	return float64(sum) / float64(max(n, 1))
}

// probeMask draws one or two shapes and cuts them to the foreground.
func probeMask(rng *rand.Rand, w, h int, foreground []byte) ([]byte, error) {
	mask := make([]byte, w*h)
	least := minRegion(w, h)
	for range 500 {
		clear(mask)
		for range 1 + rng.IntN(2) {
			if rng.IntN(2) == 0 {
				blob(rng, mask, w, h)
			} else {
				crack(rng, mask, w, h)
			}
		}
		for i := range foreground {
			mask[i] &= foreground[i]
		}
		if count(mask) > least {
			return mask, nil
		}
	}
	return nil, ErrNoMask
}

// blob sets an ellipse with an uneven edge; its half axes are 1.2 to 15 % of the
// longer side.
func blob(rng *rand.Rand, mask []byte, w, h int) {
	long := float64(max(w, h))
	axis := func() float64 { return long * math.Exp(between(rng, math.Log(0.012), math.Log(0.15))) }
	a, b := axis(), axis()
	cx, cy := rng.Float64()*float64(w), rng.Float64()*float64(h)
	sin, cos := math.Sincos(rng.Float64() * math.Pi)
	edge := newNoise(rng, 8, 8, w, h, 0)
	for y := range h {
		for x := range w {
			dx, dy := float64(x)-cx, float64(y)-cy
			u, v := (cos*dx+sin*dy)/a, (cos*dy-sin*dx)/b
			if r := u*u + v*v; r < 2 && r+0.7*edge.at(float64(x), float64(y)) < 1 {
				mask[y*w+x] = 1
			}
		}
	}
}

// crack sets a bent line of two to six pieces, each 6 % of the longer side, 1 to
// 3 % wide.
func crack(rng *rand.Rand, mask []byte, w, h int) {
	long := float64(max(w, h))
	x, y := rng.Float64()*float64(w), rng.Float64()*float64(h)
	angle := rng.Float64() * 2 * math.Pi
	half := long * between(rng, 0.01, 0.033) / 2
	for range 2 + rng.IntN(5) {
		angle += 0.6 * rng.NormFloat64()
		sin, cos := math.Sincos(angle)
		nx, ny := x+0.06*long*cos, y+0.06*long*sin
		segment(mask, w, h, x, y, nx, ny, half)
		x, y = nx, ny
	}
}

// segment sets the pixels within half of the line from (x0, y0) to (x1, y1).
func segment(mask []byte, w, h int, x0, y0, x1, y1, half float64) {
	dx, dy := x1-x0, y1-y0
	length := dx*dx + dy*dy
	for y := max(int(min(y0, y1)-half), 0); y <= min(int(max(y0, y1)+half), h-1); y++ {
		for x := max(int(min(x0, x1)-half), 0); x <= min(int(max(x0, x1)+half), w-1); x++ {
			px, py := float64(x)-x0, float64(y)-y0
			t := min(max((px*dx+py*dy)/length, 0), 1)
			if math.Hypot(px-t*dx, py-t*dy) <= half {
				mask[y*w+x] = 1
			}
		}
	}
}

// shifted is p blurred, 20 to 70 grey levels brighter or darker, with grain.
func shifted(rng *rand.Rand, p Picture) Picture {
	shift := between(rng, 20, 70)
	if rng.IntN(2) == 0 {
		shift = -shift
	}
	grain := between(rng, 0, 10)
	out := boxBlur(p, max(1, max(p.W, p.H)/128))
	for i := range out.Pix {
		out.Pix[i] = toByte(float64(out.Pix[i]) + shift + grain*rng.NormFloat64())
	}
	return out
}

// moved is p turned by 60 to 300 degrees about its centre and moved by a random
// way, mirrored at the edges.
func moved(rng *rand.Rand, p Picture) Picture {
	sin, cos := math.Sincos(between(rng, 60, 300) * math.Pi / 180)
	cx, cy := rng.Float64()*float64(p.W), rng.Float64()*float64(p.H)
	out := NewPicture(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			dx, dy := float64(x)-float64(p.W)/2, float64(y)-float64(p.H)/2
			p.sample(out.Pix[3*(y*p.W+x):], cx+cos*dx+sin*dy, cy-sin*dx+cos*dy)
		}
	}
	return out
}

// boxBlur averages squares of 2r+1 pixels, the edge repeated, one axis after the
// other.
func boxBlur(p Picture, r int) Picture {
	pass := func(src Picture, n, lines, step, line int) Picture {
		dst := NewPicture(src.W, src.H)
		for l := range lines {
			for c := range 3 {
				at := func(i int) int { return int(src.Pix[3*(l*line+min(max(i, 0), n-1)*step)+c]) }
				sum := 0
				for i := -r; i <= r; i++ {
					sum += at(i)
				}
				for i := range n {
					dst.Pix[3*(l*line+i*step)+c] = byte((2*sum + 2*r + 1) / (2 * (2*r + 1)))
					sum += at(i+r+1) - at(i-r)
				}
			}
		}
		return dst
	}
	return pass(pass(p, p.W, p.H, 1, p.W), p.H, p.W, p.W, 1)
}

// soften turns a mask into opacities from 0 to 1 with an edge about three pixels
// wide.
func soften(mask []byte, w, h int) []float64 {
	out := make([]float64, w*h)
	weight := [3]float64{1, 2, 1}
	for y := range h {
		for x := range w {
			sum := 0.0
			for dy := -1; dy <= 1; dy++ {
				yy := min(max(y+dy, 0), h-1)
				for dx := -1; dx <= 1; dx++ {
					if mask[yy*w+min(max(x+dx, 0), w-1)] != 0 {
						sum += weight[dx+1] * weight[dy+1]
					}
				}
			}
			out[y*w+x] = sum / 16
		}
	}
	return out
}

// touched marks the pixels with any opacity.
func touched(opacity []float64) []byte {
	out := make([]byte, len(opacity))
	for i, a := range opacity {
		if a > 0 {
			out[i] = 1
		}
	}
	return out
}
