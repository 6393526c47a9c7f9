package annot

import "math"

// Drag is a shape being pulled by the pointer, from press to release: one step.
type Drag struct {
	e      *Editor
	start  Shape
	handle Handle
	from   Point
	step   *step // the one it opened; once that is closed (by Undo, say) the drag is over
}

// Drag takes hold of a shape at the point. It opens a step; Release or Cancel
// closes it. It returns false when there is no such shape or handle.
func (e *Editor) Drag(h Hit, x, y float64) (*Drag, bool) {
	at := e.l.Index(h.ID)
	if at < 0 {
		return nil, false
	}
	s := e.l.Shapes[at]
	handles := Handle(9)
	if s.Polygon() {
		handles = Handle(len(s.Points))
	}
	if h.Handle < Inside || h.Handle >= handles {
		return nil, false
	}
	e.Begin()
	return &Drag{e: e, start: s, handle: h.Handle, from: Point{x, y}, step: e.open}, true
}

// RotateStep is what turning snaps to when asked to: 15 degrees.
const RotateStep = math.Pi / 12

// To moves what was taken hold of to the pointer. With even, a corner keeps the
// box's proportions, turning goes by RotateStep, and a shape moves along one
// axis only. What would leave no shape is left as it was.
func (d *Drag) To(x, y float64, even bool) {
	if d.over() {
		return
	}
	s := d.start
	dx, dy := x-d.from.X, y-d.from.Y
	switch {
	case d.handle == Inside:
		if even {
			if math.Abs(dx) > math.Abs(dy) {
				dy = 0
			} else {
				dx = 0
			}
		}
		s = d.e.l.moved(s, dx, dy)
	case s.Polygon():
		s.Points = append([]Point(nil), s.Points...)
		s.Points[d.handle] = Point{x, y}
	case d.handle == Rotate:
		a := math.Atan2(y-s.Box.Y, x-s.Box.X) + math.Pi/2
		if even {
			a = math.Round(a/RotateStep) * RotateStep
		}
		s.Box.Angle = a
	default:
		if s.Box.Angle == 0 { // stays in the picture
			dx = clamp(x, 0, float64(d.e.l.W)) - d.from.X
			dy = clamp(y, 0, float64(d.e.l.H)) - d.from.Y
		}
		ux, uy, vx, vy := s.Box.Axes()
		du, dv := dx*ux+dy*uy, dx*vx+dy*vy
		side := sides[d.handle]
		if even && side[0] != 0 && side[1] != 0 {
			// As much as the larger pull asks for, relative to the sides.
			f := max(float64(side[0])*du/(2*s.Box.HalfW), float64(side[1])*dv/(2*s.Box.HalfH))
			du, dv = float64(side[0])*f*2*s.Box.HalfW, float64(side[1])*f*2*s.Box.HalfH
		}
		s.Box = sized(s.Box, side[0], side[1], du, dv)
	}
	_ = d.e.Set(s) // ErrShape: too small, the last good one stays
}

// Release ends the drag and keeps what it did.
func (d *Drag) Release() {
	if !d.over() {
		d.e.End()
	}
}

// Cancel ends the drag and takes back what it did.
func (d *Drag) Cancel() {
	if !d.over() {
		d.e.Cancel()
	}
}

func (d *Drag) over() bool { return d.e.open == nil || d.e.open != d.step }

// InsertPoint adds a point to a polygon on its edge nearest to (x, y), and
// returns its handle. It returns ErrShape when there is no such polygon.
func (e *Editor) InsertPoint(id uint32, x, y float64) (Handle, error) {
	at := e.l.Index(id)
	if at < 0 || !e.l.Shapes[at].Polygon() {
		return Inside, ErrShape
	}
	s := e.l.Shapes[at]
	best, edge := math.Inf(1), 0
	for i, p := range s.Points {
		if d := distance(Point{x, y}, p, s.Points[(i+1)%len(s.Points)]); d < best {
			best, edge = d, i
		}
	}
	points := make([]Point, 0, len(s.Points)+1)
	points = append(append(points, s.Points[:edge+1]...), Point{x, y})
	s.Points = append(points, s.Points[edge+1:]...)
	return Handle(edge + 1), e.Set(s)
}

// RemovePoint takes a point from a polygon. It returns ErrShape when there is
// no such point or only three are left.
func (e *Editor) RemovePoint(id uint32, point Handle) error {
	at := e.l.Index(id)
	if at < 0 || point < 0 || int(point) >= len(e.l.Shapes[at].Points) || len(e.l.Shapes[at].Points) < 4 {
		return ErrShape
	}
	s := e.l.Shapes[at]
	points := append(make([]Point, 0, len(s.Points)), s.Points[:point]...)
	s.Points = append(points, s.Points[point+1:]...)
	return e.Set(s)
}

// distance is that of p from the line from a to b.
func distance(p, a, b Point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	t := 0.0
	if n := dx*dx + dy*dy; n > 0 {
		t = clamp(((p.X-a.X)*dx+(p.Y-a.Y)*dy)/n, 0, 1)
	}
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}
