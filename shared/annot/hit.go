package annot

import "math"

// Handle is a place on a shape that can be pulled.
type Handle int

// A box's handles by name; a polygon's handle number i is its point i.
const (
	Inside      Handle = -1 // the shape itself: moves
	LeftTop     Handle = 0
	Top         Handle = 1
	RightTop    Handle = 2
	Right       Handle = 3
	RightBottom Handle = 4
	Bottom      Handle = 5
	LeftBottom  Handle = 6
	Left        Handle = 7
	Rotate      Handle = 8
)

// sides is which sides of a box each handle moves, in the box's own directions.
var sides = [8][2]int{{-1, -1}, {0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}}

// RotateReach is how far above its top side a box's handle for turning lies, in
// multiples of the reach (see Handles).
const RotateReach = 3

// Hit is what lies under the pointer.
type Hit struct {
	ID     uint32
	Handle Handle
}

// Handles returns where a shape's handles lie: a box's nine, or a polygon's
// points. reach is the distance in picture pixels within which the pointer
// takes hold; it shrinks as one zooms in.
func (s Shape) Handles(reach float64) []Point {
	if s.Polygon() {
		return s.Points
	}
	out := make([]Point, 9)
	ux, uy, vx, vy := s.Box.Axes()
	for i, side := range sides {
		du, dv := float64(side[0])*s.Box.HalfW, float64(side[1])*s.Box.HalfH
		out[i] = Point{s.Box.X + du*ux + dv*vx, s.Box.Y + du*uy + dv*vy}
	}
	dv := -s.Box.HalfH - RotateReach*reach
	out[Rotate] = Point{s.Box.X + dv*vx, s.Box.Y + dv*vy}
	return out
}

// At finds what lies under the pointer. The selected shape (0: none) comes
// first with its handles within reach; then the shapes that hold the point,
// the smallest first, so that a box inside a box can be taken; then shapes whose
// handles lie within reach.
func (e *Editor) At(x, y, reach float64, selected uint32) (Hit, bool) {
	if at := e.l.Index(selected); selected != 0 && at >= 0 {
		if h, ok := e.l.Shapes[at].grab(x, y, reach); ok {
			return Hit{selected, h}, true
		}
	}
	if under := e.Under(x, y); len(under) > 0 {
		return Hit{under[0], Inside}, true
	}
	for i := len(e.l.Shapes) - 1; i >= 0; i-- {
		if b := e.bounds[i]; x < b[0]-reach || y < b[1]-reach || x > b[2]+reach || y > b[3]+reach {
			continue
		}
		if h, ok := e.l.Shapes[i].grab(x, y, reach); ok && h != Rotate {
			return Hit{e.l.Shapes[i].ID, h}, true
		}
	}
	return Hit{}, false
}

// Under returns the ids of all shapes that hold the point, smallest first: the
// next click takes the next one.
func (e *Editor) Under(x, y float64) []uint32 {
	var ids []uint32
	var areas []float64
	for i, b := range e.bounds {
		if x < b[0] || y < b[1] || x > b[2] || y > b[3] {
			continue
		}
		if s := e.l.Shapes[i]; s.Contains(x, y) {
			ids, areas = append(ids, s.ID), append(areas, s.Area())
		}
	}
	order(len(ids), func(i, j int) bool { return areas[i] < areas[j] || areas[i] == areas[j] && ids[i] < ids[j] }, func(i, j int) {
		ids[i], ids[j], areas[i], areas[j] = ids[j], ids[i], areas[j], areas[i]
	})
	return ids
}

// grab returns the nearest handle within reach.
func (s Shape) grab(x, y, reach float64) (Handle, bool) {
	best, at := reach, Inside
	for i, p := range s.Handles(reach) {
		if d := math.Hypot(p.X-x, p.Y-y); d <= best {
			best, at = d, Handle(i)
		}
	}
	return at, at != Inside
}
