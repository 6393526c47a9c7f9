package synth

import (
	"fmt"
	"slices"
)

// Where may a defect lie? On an object before a plain background, only on the
// object: a "defect" floating beside it teaches the classifier that background
// is suspicious. On a texture that fills the picture: anywhere.
//
// The silhouette is found in one picture by itself, in five steps:
//
//  1. The background's colour is a quadratic surface fitted to a ring of pixels
//     along the border, in rounds that leave out what fits badly.
//  2. The ring must fit well, or the background is not plain.
//  3. Pixels far from the surface are object; a region that lies along the
//     border (a light bar, a table's edge) is not.
//  4. Holes are filled: a bottle's bright mouth is bottle.
//  5. The object must be clear of the border, neither a speck nor the whole
//     picture, and stand out clearly.

// ForegroundMode says where defects may be simulated.
type ForegroundMode string

// The modes: Auto decides once for a set of pictures.
const (
	ForegroundAuto   ForegroundMode = "auto"
	ForegroundObject ForegroundMode = "object"
	ForegroundAll    ForegroundMode = "all"
)

// ParseForeground reads a mode by its name.
func ParseForeground(s string) (ForegroundMode, error) {
	switch m := ForegroundMode(s); m {
	case ForegroundAuto, ForegroundObject, ForegroundAll:
		return m, nil
	}
	return "", fmt.Errorf("synth: no foreground mode is called %q: use auto, object or all", s)
}

// DecideForeground settles Auto from a few normal pictures: object, where most
// of them (four in five) show a silhouette, else all. The other modes are
// returned as they are.
func DecideForeground(mode ForegroundMode, normal []Picture) ForegroundMode {
	if mode != ForegroundAuto {
		return mode
	}
	found := 0
	for _, p := range normal {
		if _, ok := Silhouette(p); ok {
			found++
		}
	}
	if len(normal) > 0 && 5*found >= 4*len(normal) {
		return ForegroundObject
	}
	return ForegroundAll
}

// Foreground returns the pixels of p [H, W] a defect may lie on, 1 = yes, or nil
// for the whole picture. In mode object it is nil, too, for a picture whose
// silhouette cannot be found. mode must be settled (not auto).
func Foreground(mode ForegroundMode, p Picture) []byte {
	switch mode {
	case ForegroundAll:
		return nil
	case ForegroundObject:
		if fg, ok := Silhouette(p); ok {
			return fg
		}
		return nil
	}
	panic("synth: foreground mode " + string(mode) + " is not settled")
}

const (
	workSide    = 128  // longer side at which the silhouette is found
	minSpread   = 3.0  // grey levels; below it noise is no evidence
	minContrast = 14.0 // grey levels between background and object at least
	maxSpread   = 16.0 // grey levels; a rougher ring is a texture

	// minSteepness is how much steeper the silhouette's edge must be than the
	// picture on the whole. Objects in the test pictures reach 5 to 30.
	minSteepness = 4.0
)

// Silhouette finds the object in p [H, W], 1 = object; ok is false where the
// background is not plain or no object stands out from it.
func Silhouette(p Picture) (mask []byte, ok bool) {
	s := shrink(p, workSide)
	ring := s.ring(max(2, min(s.w, s.h)/24))
	surface, spread, fits := s.background(ring)
	if fits < 0.7*float64(len(ring)) || spread > maxSpread {
		return nil, false
	}
	dist := s.distance(surface)
	floor := max(4*spread, minContrast)
	split := otsu(dist)
	slope := gradient(dist, s.w, s.h)
	overall := 0.0
	for _, g := range slope {
		overall += g / float64(len(slope))
	}
	// Any level between shadow and object cuts the picture in two; the right
	// one runs along the steepest edge. A texture has no such level: its edges
	// are as steep as the rest of it.
	steepest := minSteepness * overall
	object := make([]byte, len(dist))
	for f := 0.6; f < 1.6; f += 0.1 {
		for i, d := range dist {
			object[i] = 0
			if d > max(floor, f*split) {
				object[i] = 1
			}
		}
		keepClear(object, s.w, s.h)
		contrast := medianWhere(dist, object)
		fillHoles(object, s.w, s.h)
		share := float64(count(object)) / float64(len(object))
		if share < 0.03 || share > 0.92 || contrast < 1.4*floor {
			continue
		}
		if g := alongEdge(slope, object, s.w, s.h); g > steepest {
			steepest = g
			mask = slices.Clone(object)
		}
	}
	if mask == nil {
		return nil, false
	}
	return grow(mask, s.w, s.h, p.W, p.H), true
}
