package synth

import (
	"math"
	"math/rand/v2"
)

// FillFaint is the fill of a defect that is hardly seen: a stain, a shade, a dull place.
const FillFaint Fill = "faint"

// A faint defect changes its pixels by so many grey levels on average: from what is just
// visible to what METHOD's opacity of a half makes of most fills.
const (
	justVisible = 6.0
	faintMost   = 24.0
)

// faint paints a mask with a texture, with the picture itself or with a shade, so thinly
// that the mean change lies between the two levels, small ones as often as large ones.
func (s *Simulator) faint(rng *rand.Rand, p Picture, mask []byte) coat {
	var fill Picture
	switch rng.IntN(3) {
	case 0:
		fill = textureFill(rng, s.textures[rng.IntN(len(s.textures))], p.W, p.H)
	case 1:
		fill = selfFill(rng, p)
	default:
		fill = tinted(rng, p)
	}
	if p.Grey() {
		greyInPlace(fill)
	}
	want := math.Exp(between(rng, math.Log(justVisible), math.Log(faintMost)))
	full := change(p, Sample{Picture: fill, Mask: mask})
	return coat{fill, soften(mask, p.W, p.H), min(want/max(full, 1), minOpacity)}
}
