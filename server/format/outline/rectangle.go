package outline

import (
	"cmp"
	"math"
	"slices"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Rectangle reads a box from its four corners, in either sense, beginning
// with the left upper one before it was turned. It says whether they are a
// rectangle's, within the slack in pixels that rounding leaves.
func Rectangle(p []annot.Point, slack float64) (block.Box, bool) {
	if len(p) != 4 {
		return block.Box{}, false
	}
	if Area(p) < 0 { // counter-clockwise: the same corners the other way round
		p = []annot.Point{p[1], p[0], p[3], p[2]}
	}
	// Opposite sides, averaged.
	ux, uy := (p[1].X-p[0].X+p[2].X-p[3].X)/2, (p[1].Y-p[0].Y+p[2].Y-p[3].Y)/2
	vx, vy := (p[3].X-p[0].X+p[2].X-p[1].X)/2, (p[3].Y-p[0].Y+p[2].Y-p[1].Y)/2
	w, h := math.Hypot(ux, uy), math.Hypot(vx, vy)
	if !(w > 0 && h > 0) {
		return block.Box{}, false
	}
	skew := math.Hypot(p[0].X-p[1].X+p[2].X-p[3].X, p[0].Y-p[1].Y+p[2].Y-p[3].Y) / 2
	lean := math.Abs(ux*vx+uy*vy) / max(w, h)
	b := block.Box{
		X:     (p[0].X + p[1].X + p[2].X + p[3].X) / 4,
		Y:     (p[0].Y + p[1].Y + p[2].Y + p[3].Y) / 4,
		HalfW: w / 2, HalfH: h / 2, Angle: math.Atan2(uy, ux),
	}
	return level(b, slack), skew <= slack && lean <= slack
}

// level makes a box axis-parallel whose angle is too small to move a corner by
// the slack, or is so close to quarter turns.
func level(b block.Box, slack float64) block.Box {
	quarters := math.Round(b.Angle / (math.Pi / 2))
	off := b.Angle - quarters*math.Pi/2
	if math.Abs(off)*math.Hypot(b.HalfW, b.HalfH) > min(slack, 0.01) {
		return b
	}
	if math.Mod(quarters, 2) != 0 {
		b.HalfW, b.HalfH = b.HalfH, b.HalfW
	}
	b.Angle = 0
	return b
}

// Around is the smallest rotated box that holds all points: one of its sides
// runs along a side of their convex hull (Freeman and Shapira, CACM 18, 1975).
func Around(points []annot.Point) block.Box {
	hull := hull(points)
	if len(hull) < 3 {
		x0, y0, x1, y1 := Extent(points)
		return block.Box{X: (x0 + x1) / 2, Y: (y0 + y1) / 2, HalfW: (x1 - x0) / 2, HalfH: (y1 - y0) / 2}
	}
	var best block.Box
	least := math.Inf(1)
	for i, p := range hull {
		q := hull[(i+1)%len(hull)]
		d := Distance(p, q)
		ux, uy := (q.X-p.X)/d, (q.Y-p.Y)/d
		u0, v0, u1, v1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, r := range hull {
			u, v := r.X*ux+r.Y*uy, r.Y*ux-r.X*uy
			u0, u1, v0, v1 = min(u0, u), max(u1, u), min(v0, v), max(v1, v)
		}
		if area := (u1 - u0) * (v1 - v0); area < least-1e-9 {
			least = area
			cu, cv := (u0+u1)/2, (v0+v1)/2
			best = block.Box{X: cu*ux - cv*uy, Y: cu*uy + cv*ux, HalfW: (u1 - u0) / 2, HalfH: (v1 - v0) / 2, Angle: math.Atan2(uy, ux)}
		}
	}
	return level(best, 0.01)
}

// hull is the convex hull, clockwise on the screen, without points on its sides
// (Andrew's monotone chain, IPL 9, 1979).
func hull(points []annot.Point) []annot.Point {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b annot.Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	sorted = slices.Compact(sorted)
	if len(sorted) < 3 {
		return sorted
	}
	half := func(points []annot.Point) []annot.Point {
		var out []annot.Point
		for _, p := range points {
			for len(out) > 1 {
				a, b := out[len(out)-2], out[len(out)-1]
				if (b.X-a.X)*(p.Y-a.Y)-(b.Y-a.Y)*(p.X-a.X) > 0 {
					break
				}
				out = out[:len(out)-1]
			}
			out = append(out, p)
		}
		return out[:len(out)-1]
	}
	lower := half(sorted)
	slices.Reverse(sorted)
	return append(lower, half(sorted)...)
}

// Extent is the smallest upright rectangle that holds the points.
func Extent(points []annot.Point) (x0, y0, x1, y1 float64) {
	return annot.Shape{Points: points}.Bounds()
}

// Corners are a box's four, from the left upper one before it was turned,
// clockwise on the screen.
func Corners(b block.Box) []annot.Point {
	out := make([]annot.Point, 4)
	for i, c := range b.Corners() {
		out[i] = annot.Point{X: c[0], Y: c[1]}
	}
	return out
}
