// Package synth makes defective pictures where none were collected: simulated
// defects on normal pictures, and real defects pasted onto other ones
// (METHOD section 6, "Simulated defects" and "Real defects").
//
// Its words:
//
//   - picture: RGB bytes at the detector's input size.
//   - mask: one byte a pixel of a picture, 1 where the picture is defective.
//   - region: an 8-connected set of mask pixels. No region of METHOD's simulated
//     defects is smaller than MinRegion pixels at a longer side of Ref.
//   - foreground: the part of a picture a defect may lie on: the object's
//     silhouette before a plain background, or the whole picture.
//   - fill: what the mask is painted with: another texture, the picture itself,
//     augmented and shuffled, or, on an object, the background behind it (a gap). It names
//     the kind of a defect, the kinds of thin.go, faint.go and part.go included.
//   - recipe: a mix of kinds, each with its share. METHOD's is one of them.
//   - source: the normal picture that a sample was made from. Bank rows of the
//     source are left out when the sample's residuals are computed, because
//     the untouched part of the sample would find itself there.
//
// Everything takes a *rand.Rand; the same seed gives the same bytes.
package synth

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// Values of METHOD section 6.
const (
	Ref       = 512 // the longer side at which MinRegion is stated
	MinRegion = 250 // pixels; every region is larger

	maxScaleExponent = 5    // Perlin scales are 2^0 to 2^5 cells an axis
	maxTurn          = 90.0 // degrees, either way
	maskLevel        = 0.5  // noise above it is mask
	minOpacity       = 0.5  // uniform up to 1
	gridCells        = 8    // the shuffled grid is 8x8
	augmentations    = 3    // drawn out of the ten
)

// ErrNoMask is returned when no mask meets the rules after many draws: the
// foreground is too small for a region of the stated size.
var ErrNoMask = errors.New("synth: no mask fits the foreground")

// Picture is an RGB picture, row-major, 3 bytes a pixel: [H, W, 3].
type Picture struct {
	W, H int
	Pix  []byte
}

// NewPicture returns a black picture.
func NewPicture(w, h int) Picture {
	if w <= 0 || h <= 0 {
		panic("synth: picture without pixels")
	}
	return Picture{W: w, H: h, Pix: make([]byte, w*h*3)}
}

// Clone returns a copy that shares nothing with p.
func (p Picture) Clone() Picture {
	return Picture{W: p.W, H: p.H, Pix: append([]byte(nil), p.Pix...)}
}

// Grey says whether every pixel has three equal channels. A picture of a grey
// camera gets grey fills: a coloured patch on it would teach nothing but
// "colour is a defect".
func (p Picture) Grey() bool {
	for i := 0; i < len(p.Pix); i += 3 {
		if p.Pix[i] != p.Pix[i+1] || p.Pix[i] != p.Pix[i+2] {
			return false
		}
	}
	return true
}

func (p Picture) check() error {
	if p.W <= 0 || p.H <= 0 || len(p.Pix) != p.W*p.H*3 {
		return fmt.Errorf("synth: picture of %dx%d has %d bytes, want %d", p.W, p.H, len(p.Pix), p.W*p.H*3)
	}
	return nil
}

// Fill says what a simulated defect is painted with.
type Fill string

// The fills, and the name of a pasted real defect.
const (
	FillTexture Fill = "texture"
	FillSelf    Fill = "self"
	Pasted      Fill = "pasted"
)

// Sample is a picture made defective.
type Sample struct {
	Picture
	Mask    []byte  // [H, W], 1 = defective
	Inside  []byte  // [H, W], 1 = inside a bounding box whose content is not labelled; nil if there is none
	Fill    Fill    // how the newest defect was made
	Opacity float64 // of the newest simulated defect, 0.5 to 1 but for a faint one; 1 when pasted
}

// Simulator draws simulated defects by a recipe. It holds no random state and may be
// used by several goroutines.
type Simulator struct {
	recipe   Recipe
	textures []Picture
}

// New returns a Simulator by the recipe Gaps that fills from textures, or, where there are
// none, from the built-in procedural set.
func New(textures []Picture) (*Simulator, error) {
	for i, t := range textures {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("synth: texture %d: %w", i, err)
		}
	}
	if len(textures) == 0 {
		textures = Procedural()
	}
	return &Simulator{Gaps, textures}, nil
}

// With returns a Simulator of the same textures by another recipe.
func (s *Simulator) With(r Recipe) *Simulator { return &Simulator{r, s.textures} }

// Simulate draws one simulated defect on p. Where foreground is not nil, the
// mask is cut to it ([H, W], 1 = may be defective). mask, where not nil, is the
// mask p already has: the sample's mask is the union, and p may thus be a real
// defective picture that gets one more defect. The recipe's shares decide the kind. It
// returns ErrNoMask when the foreground is too small.
func (s *Simulator) Simulate(rng *rand.Rand, p Picture, foreground, mask []byte) (Sample, error) {
	fill, err := s.recipe.draw(rng, foreground != nil)
	if err != nil {
		return Sample{}, err
	}
	return s.SimulateFill(rng, p, foreground, mask, fill)
}

// SimulateFill is Simulate with the kind given. What would not be seen (a gap in a
// picture that shows next to no background, a part moved over one that looks the same) is
// filled from the picture itself instead.
func (s *Simulator) SimulateFill(rng *rand.Rand, p Picture, foreground, mask []byte, fill Fill) (Sample, error) {
	if err := p.check(); err != nil {
		return Sample{}, err
	}
	for name, m := range map[string][]byte{"foreground": foreground, "mask": mask} {
		if m != nil && len(m) != p.W*p.H {
			return Sample{}, fmt.Errorf("synth: %s has %d bytes, the picture %dx%d pixels", name, len(m), p.W, p.H)
		}
	}
	if foreground == nil && needsObject(fill) {
		return Sample{}, fmt.Errorf("synth: a defect of the kind %q needs an object to be on", fill)
	}
	var out Sample
	var err error
	switch fill {
	case FillTexture, FillSelf, FillGap:
		out, err = s.blot(rng, p, foreground, fill)
	case FillStroke, FillSpot, FillFaint, FillDisplaced, FillMissing:
		out, err = s.subtle(rng, p, foreground, fill)
	default:
		err = fmt.Errorf("synth: no kind of defect is called %q", fill)
	}
	if err != nil {
		return Sample{}, err
	}
	for i, m := range mask {
		if m != 0 {
			out.Mask[i] = 1
		}
	}
	return out, nil
}

// blot fills a Perlin mask, edges hard (METHOD section 6).
func (s *Simulator) blot(rng *rand.Rand, p Picture, foreground []byte, fill Fill) (Sample, error) {
	drawn, err := drawMask(rng, p.W, p.H, foreground)
	if err != nil {
		return Sample{}, err
	}
	var paint Picture
	least := minOpacity
	if fill == FillGap {
		var ok bool
		if paint, ok = gapFill(rng, p, foreground, drawn); ok {
			least = minGapOpacity
		} else {
			fill = FillSelf
		}
	}
	switch fill {
	case FillTexture:
		paint = textureFill(rng, s.textures[rng.IntN(len(s.textures))], p.W, p.H)
	case FillSelf:
		paint = selfFill(rng, p)
	}
	if p.Grey() {
		greyInPlace(paint)
	}
	opacity := least + (1-least)*rng.Float64()
	out := Sample{Picture: p.Clone(), Mask: drawn, Fill: fill, Opacity: opacity}
	blend(out.Picture, paint, drawn, opacity)
	return out, nil
}

// subtle draws a defect of one of the kinds that Fine adds, until it is visible.
func (s *Simulator) subtle(rng *rand.Rand, p Picture, foreground []byte, fill Fill) (Sample, error) {
	grey := p.Grey()
	for range 30 {
		var d coat
		switch fill {
		case FillStroke:
			d = stroke(rng, p, foreground)
		case FillSpot:
			d = spots(rng, p, foreground)
		default:
			shape := part
			if fill == FillFaint {
				shape = drawMask
			}
			mask, err := shape(rng, p.W, p.H, foreground)
			if err != nil {
				return Sample{}, err
			}
			switch fill {
			case FillFaint:
				d = s.faint(rng, p, mask)
			case FillDisplaced:
				d = displaced(rng, p, mask)
			case FillMissing:
				d = missing(rng, p, mask)
			}
		}
		if grey {
			greyInPlace(d.picture)
		}
		if out := d.on(p, foreground, fill); change(p, out) >= justVisible {
			return out, nil
		}
	}
	return s.blot(rng, p, foreground, FillSelf)
}

// on blends a defect into a picture. Nothing outside the foreground changes.
func (d coat) on(p Picture, foreground []byte, fill Fill) Sample {
	out := Sample{Picture: p.Clone(), Mask: make([]byte, p.W*p.H), Fill: fill, Opacity: d.opacity}
	for i, c := range d.cover {
		if c <= 0 || foreground != nil && foreground[i] == 0 {
			continue
		}
		if c >= 0.5 {
			out.Mask[i] = 1
		}
		a := c * d.opacity
		for k := 3 * i; k < 3*i+3; k++ {
			out.Pix[k] = toByte((1-a)*float64(p.Pix[k]) + a*float64(d.picture.Pix[k]))
		}
	}
	return out
}

// blend paints dst where mask is set: opacity*paint + (1-opacity)*dst, rounded.
func blend(dst, paint Picture, mask []byte, opacity float64) {
	a := int(opacity*256 + 0.5)
	for i, m := range mask {
		if m == 0 {
			continue
		}
		for c := 3 * i; c < 3*i+3; c++ {
			dst.Pix[c] = byte((a*int(paint.Pix[c]) + (256-a)*int(dst.Pix[c]) + 128) >> 8)
		}
	}
}

func greyInPlace(p Picture) {
	for i := 0; i < len(p.Pix); i += 3 {
		y := luma(p.Pix[i], p.Pix[i+1], p.Pix[i+2])
		p.Pix[i], p.Pix[i+1], p.Pix[i+2] = y, y, y
	}
}

// luma is ITU-R 601 brightness in integers, as Pillow computes it.
func luma(r, g, b byte) byte {
	return byte((19595*int(r) + 38470*int(g) + 7471*int(b) + 0x8000) >> 16)
}
