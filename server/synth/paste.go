package synth

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Limits of METHOD section 6, "Real defects".
const (
	pasteTurn = 45.0 // degrees, either way
	pasteMin  = 0.8
	pasteMax  = 1.2
)

// ErrNoDefect is returned for a defective picture without a defect in it.
var ErrNoDefect = errors.New("synth: the mask is empty")

// Paste cuts the defect out of a real defective picture by its mask, turns it
// by up to 45 degrees about its centroid, scales it by 0.8 to 1.2, and puts it
// onto a normal picture of the same size, edges hard. A defect that would leave
// the picture by more than half is drawn again.
//
// Where only boxes are known, pass the box's pixels as mask and set
// Sample.Inside from the result's Mask: what lies inside is not labelled.
func Paste(rng *rand.Rand, defect Picture, mask []byte, onto Picture) (Sample, error) {
	if err := errors.Join(defect.check(), onto.check()); err != nil {
		return Sample{}, err
	}
	if defect.W != onto.W || defect.H != onto.H {
		return Sample{}, fmt.Errorf("synth: paste from %dx%d onto %dx%d: sizes differ", defect.W, defect.H, onto.W, onto.H)
	}
	if len(mask) != defect.W*defect.H {
		return Sample{}, fmt.Errorf("synth: mask has %d bytes, the picture %dx%d pixels", len(mask), defect.W, defect.H)
	}
	area := count(mask)
	if area == 0 {
		return Sample{}, ErrNoDefect
	}
	w, h := defect.W, defect.H
	cx, cy := centroid(mask, w)
	out := Sample{Mask: make([]byte, w*h), Fill: Pasted, Opacity: 1}
	for range 50 {
		scale := between(rng, pasteMin, pasteMax)
		sin, cos := math.Sincos(between(rng, -pasteTurn, pasteTurn) * math.Pi / 180)
		sin, cos = sin/scale, cos/scale // from the destination back to the source
		out.Picture = onto.Clone()
		clear(out.Mask)
		n := 0
		for y := range h {
			for x := range w {
				dx, dy := float64(x)-cx, float64(y)-cy
				u, v := cx+cos*dx+sin*dy, cy-sin*dx+cos*dy
				mx, my := int(math.Floor(u+0.5)), int(math.Floor(v+0.5))
				if mx < 0 || my < 0 || mx >= w || my >= h || mask[my*w+mx] == 0 {
					continue
				}
				out.Mask[y*w+x] = 1
				n++
				defect.sample(out.Pix[3*(y*w+x):], u, v)
			}
		}
		if float64(n) >= 0.5*scale*scale*float64(area) && n > 0 {
			return out, nil
		}
	}
	return Sample{}, fmt.Errorf("synth: a defect of %d pixels does not fit the picture when turned", area)
}

func centroid(mask []byte, w int) (x, y float64) {
	n := 0.0
	for i, m := range mask {
		if m != 0 {
			x += float64(i % w)
			y += float64(i / w)
			n++
		}
	}
	return x / n, y / n
}
