package outline

import "semirest/shared/annot"

// Clip cuts a convex polygon at the edges of a picture (Sutherland and Hodgman,
// CACM 17, 1974).
func Clip(points []annot.Point, w, h float64) []annot.Point {
	for side := range 4 {
		// How far inside the side a point lies.
		depth := func(p annot.Point) float64 { return [4]float64{p.X, p.Y, w - p.X, h - p.Y}[side] }
		var out []annot.Point
		for i, p := range points {
			q := points[(i+1)%len(points)]
			dp, dq := depth(p), depth(q)
			if dp >= 0 {
				out = append(out, p)
			}
			if dp > 0 && dq < 0 || dp < 0 && dq > 0 {
				t := dp / (dp - dq)
				out = append(out, annot.Point{X: p.X + t*(q.X-p.X), Y: p.Y + t*(q.Y-p.Y)})
			}
		}
		points = out
	}
	return points
}
