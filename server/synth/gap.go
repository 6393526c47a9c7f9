package synth

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// A defect may be a part that is missing: a chip, a hole, a piece broken off, through
// which the background shows. Where a picture shows an object on a plain background,
// a third of the simulated defects, and of the probes, are such gaps. (Choice: the
// sources fill from textures and from the picture itself only; what the object stands
// on is the one filling that the picture tells of.)

// FillGap is the fill of a gap: the picture's own background.
const FillGap Fill = "gap"

// A gap hides what it covers, all but a shadow's worth.
const minGapOpacity = 0.85

// gapFill returns a picture [H, W] that shows p's background wherever mask is set: the
// picture moved and mirrored so that its background lies there. foreground marks the
// object. ok is false where too little background is to be seen.
func gapFill(rng *rand.Rand, p Picture, foreground, mask []byte) (out Picture, ok bool) {
	background := clearOf(foreground, p.W, p.H)
	const least = 0.02 // of the picture
	if float64(count(background)) < least*float64(len(background)) {
		return Picture{}, false
	}
	var holes, plain []int
	for i := range mask {
		if mask[i] != 0 {
			holes = append(holes, i)
		}
		if background[i] != 0 {
			plain = append(plain, i)
		}
	}
	// The moves that show most background come first; what one leaves, the next fills.
	type move struct {
		dx, dy  int
		flip    bool
		covered int
	}
	from := func(m move, i int) int {
		x, y := i%p.W, i/p.W
		if m.flip {
			x = p.W - 1 - x
		}
		return mirror(y+m.dy, p.H)*p.W + mirror(x+m.dx, p.W)
	}
	moves := make([]move, 24)
	for k := range moves {
		m := move{dx: rng.IntN(p.W), dy: rng.IntN(p.H), flip: rng.IntN(2) == 1}
		for _, i := range holes {
			m.covered += int(background[from(m, i)])
		}
		moves[k] = m
	}
	slices.SortStableFunc(moves, func(a, b move) int { return cmp.Compare(b.covered, a.covered) })
	out = NewPicture(p.W, p.H)
	for _, i := range holes {
		source := -1
		for _, m := range moves {
			if at := from(m, i); background[at] != 0 {
				source = at
				break
			}
		}
		if source < 0 {
			source = plain[rng.IntN(len(plain))]
		}
		copy(out.Pix[3*i:3*i+3], p.Pix[3*source:3*source+3])
	}
	return out, true
}

// clearOf is the background [h, w] at some distance from the object, whose silhouette
// is found on a shrunken picture and may be off by a few pixels.
func clearOf(foreground []byte, w, h int) []byte {
	away := max(1, max(w, h)*2/workSide)
	out := make([]byte, len(foreground))
	for i := range foreground {
		x, y := i%w, i/w
		if foreground[i]|
			foreground[y*w+max(x-away, 0)]|foreground[y*w+min(x+away, w-1)]|
			foreground[max(y-away, 0)*w+x]|foreground[min(y+away, h-1)*w+x] == 0 {
			out[i] = 1
		}
	}
	return out
}
