package outline

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Numbers is a box before it is turned, and the turn in degrees. All are exact
// in decimal: coordinates are 1/256 pixel, angles 1/65536 turn.
func Numbers(b block.Box) ([]float64, float64) {
	turns := math.Round(b.Angle / (2 * math.Pi) * 65536)
	return []float64{b.X - b.HalfW, b.Y - b.HalfH, 2 * b.HalfW, 2 * b.HalfH}, turns * 360 / 65536
}

func Box(v []float64, degrees float64) (block.Box, bool) {
	if len(v) != 4 {
		return block.Box{}, false
	}
	return block.Box{X: v[0] + v[2]/2, Y: v[1] + v[3]/2, HalfW: v[2] / 2, HalfH: v[3] / 2, Angle: degrees * math.Pi / 180}, true
}

func Flat(points []annot.Point) []float64 {
	out := make([]float64, 0, 2*len(points))
	for _, p := range points {
		out = append(out, p.X, p.Y)
	}
	return out
}

// Points is the inverse; false for fewer than three points or half of one.
func Points(v []float64) ([]annot.Point, bool) {
	if len(v) < 6 || len(v)%2 != 0 {
		return nil, false
	}
	out := make([]annot.Point, len(v)/2)
	for i := range out {
		out[i] = annot.Point{X: v[2*i], Y: v[2*i+1]}
	}
	return out, true
}
