package annot

import (
	"math"
	"slices"

	"semirest/shared/block"
)

// AddBox adds a box and returns its id. It is rounded and brought into the
// picture (see Limits and the package comment); one below a pixel wide or high
// is refused with ErrShape, one too many with ErrFull.
func (e *Editor) AddBox(b block.Box, name string) (uint32, error) {
	return e.add(Shape{Box: b, Name: name})
}

// AddPolygon adds a polygon and returns its id; see AddBox.
func (e *Editor) AddPolygon(points []Point, name string) (uint32, error) {
	if len(points) < 3 {
		return 0, ErrShape
	}
	return e.add(Shape{Points: points, Name: name})
}

func (e *Editor) add(s Shape) (uint32, error) {
	if len(e.l.Shapes) >= MaxShapes || e.l.next == math.MaxUint32 {
		return 0, ErrFull
	}
	s, err := e.l.fit(s)
	if err != nil {
		return 0, err
	}
	e.l.next++
	s.ID = e.l.next
	e.Begin()
	defer e.End()
	if !s.Proposed {
		e.changeNormal(false)
	}
	e.changeShape(len(e.l.Shapes), nil, &s)
	return s.ID, nil
}

// Set replaces a shape by another of the same id, for instance after an edit
// of its points or name. It returns ErrShape when there is none with the id or
// the new one is no good.
func (e *Editor) Set(s Shape) error {
	at := e.l.Index(s.ID)
	if at < 0 {
		return ErrShape
	}
	s, err := e.l.fit(s)
	if err != nil {
		return err
	}
	before := e.l.Shapes[at]
	if same(before, s) {
		return nil
	}
	e.Begin()
	defer e.End()
	if !s.Proposed {
		e.changeNormal(false)
	}
	e.changeShape(at, &before, &s)
	return nil
}

// Delete takes shapes away, as one step; ids without a shape are passed over.
func (e *Editor) Delete(ids ...uint32) {
	e.Begin()
	defer e.End()
	for i := len(e.l.Shapes) - 1; i >= 0; i-- {
		if s := e.l.Shapes[i]; slices.Contains(ids, s.ID) {
			e.changeShape(i, &s, nil)
		}
	}
}

// Rename says what kind of defect a shape is.
func (e *Editor) Rename(id uint32, name string) error {
	at := e.l.Index(id)
	if at < 0 {
		return ErrShape
	}
	s := e.l.Shapes[at]
	s.Name = name
	return e.Set(s)
}

// Propose adds what a detector suggests, as one step: shapes that count for
// nothing until they are accepted. Earlier proposals go. Those that are no good
// are passed over.
func (e *Editor) Propose(boxes []block.Box) []uint32 {
	e.Begin()
	defer e.End()
	e.Dismiss()
	var ids []uint32
	for _, b := range boxes {
		if id, err := e.add(Shape{Box: b, Proposed: true}); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Accept makes proposals count, as one step; without ids all of them.
func (e *Editor) Accept(ids ...uint32) {
	e.Begin()
	defer e.End()
	for i := range e.l.Shapes {
		s := e.l.Shapes[i]
		if s.Proposed && (len(ids) == 0 || slices.Contains(ids, s.ID)) {
			before := s
			s.Proposed = false
			e.changeNormal(false)
			e.changeShape(i, &before, &s)
		}
	}
}

// Dismiss takes all proposals away, as one step.
func (e *Editor) Dismiss() {
	e.Begin()
	defer e.End()
	for i := len(e.l.Shapes) - 1; i >= 0; i-- {
		if s := e.l.Shapes[i]; s.Proposed {
			e.changeShape(i, &s, nil)
		}
	}
}

// moved is the shape shifted by (dx, dy). A polygon keeps its form: it stops
// at the picture's edge as a whole.
func (l *Labels) moved(s Shape, dx, dy float64) Shape {
	x0, y0, x1, y1 := s.Bounds()
	w, h := float64(l.W), float64(l.H)
	if s.Polygon() || s.Box.Angle == 0 {
		dx, dy = clamp(dx, min(-x0, 0), max(w-x1, 0)), clamp(dy, min(-y0, 0), max(h-y1, 0))
	}
	if s.Polygon() {
		points := make([]Point, len(s.Points))
		for i, p := range s.Points {
			points[i] = Point{p.X + dx, p.Y + dy}
		}
		s.Points = points
		return s
	}
	s.Box.X, s.Box.Y = s.Box.X+dx, s.Box.Y+dy
	return s
}

// turned is the shape rotated by angle about its middle.
func turned(s Shape, angle float64) Shape {
	if !s.Polygon() {
		s.Box.Angle += angle
		return s
	}
	x0, y0, x1, y1 := s.Bounds()
	cx, cy := (x0+x1)/2, (y0+y1)/2
	sin, cos := math.Sincos(angle)
	points := make([]Point, len(s.Points))
	for i, p := range s.Points {
		dx, dy := p.X-cx, p.Y-cy
		points[i] = Point{cx + dx*cos - dy*sin, cy + dx*sin + dy*cos}
	}
	s.Points = points
	return s
}

// sized is a box with the side or corner (sx, sy), each -1, 0 or 1 in the box's
// own directions, moved by (du, dv) along them; the other side stays. A side
// pulled beyond the other turns the box inside out.
func sized(b block.Box, sx, sy int, du, dv float64) block.Box {
	ux, uy, vx, vy := b.Axes()
	pull := func(half float64, side int, d float64) (newHalf, shift float64) {
		if side == 0 {
			return half, 0
		}
		fixed, moving := -float64(side)*half, float64(side)*half+d
		return math.Abs(moving-fixed) / 2, (fixed + moving) / 2
	}
	hw, su := pull(b.HalfW, sx, du)
	hh, sv := pull(b.HalfH, sy, dv)
	b.HalfW, b.HalfH = hw, hh
	b.X, b.Y = b.X+su*ux+sv*vx, b.Y+su*uy+sv*vy
	return b
}

// scaled is a polygon stretched about the left top of its bounds, so that it
// grows by (dw, dh).
func scaled(s Shape, dw, dh float64) Shape {
	x0, y0, x1, y1 := s.Bounds()
	fx, fy := max(x1-x0+dw, 1)/max(x1-x0, 1.0/steps), max(y1-y0+dh, 1)/max(y1-y0, 1.0/steps)
	points := make([]Point, len(s.Points))
	for i, p := range s.Points {
		points[i] = Point{x0 + (p.X-x0)*fx, y0 + (p.Y-y0)*fy}
	}
	s.Points = points
	return s
}
