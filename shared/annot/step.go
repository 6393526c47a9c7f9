package annot

import (
	"image"
	"math"
	"slices"

	"semirest/shared/block"
)

// step is one undo's worth of changes, in the order they were made.
type step struct {
	shapes []shapeChange
	rows   []rowChange
	cells  []cellChange
	normal [2]bool // before, after
	nudge  nudgeKey
}

// shapeChange is a shape put in (before nil), taken out (after nil) or changed,
// at a place of Labels.Shapes.
type shapeChange struct {
	at            int
	before, after *Shape
}

type rowChange struct {
	y             int
	before, after []block.Span
}

type cellKey struct {
	grid  block.Grid
	index int
}

type cellChange struct {
	cellKey
	before, after block.Label
}

// back takes a step back, newest change first.
func (e *Editor) back(s *step) {
	for i := len(s.cells) - 1; i >= 0; i-- {
		e.setCell(s.cells[i].cellKey, s.cells[i].before)
	}
	for i := len(s.rows) - 1; i >= 0; i-- {
		e.setRow(s.rows[i].y, s.rows[i].before)
	}
	for i := len(s.shapes) - 1; i >= 0; i-- {
		e.setShape(s.shapes[i].at, s.shapes[i].after, s.shapes[i].before)
	}
	e.l.Normal = s.normal[0]
}

// forth does a step again.
func (e *Editor) forth(s *step) {
	for _, c := range s.shapes {
		e.setShape(c.at, c.before, c.after)
	}
	for _, c := range s.rows {
		e.setRow(c.y, c.after)
	}
	for _, c := range s.cells {
		e.setCell(c.cellKey, c.after)
	}
	e.l.Normal = s.normal[1]
}

// tidy drops changes that ended where they began.
func (s *step) tidy() {
	rows, cells, shapes := s.rows[:0], s.cells[:0], s.shapes[:0]
	for _, c := range s.rows {
		if !slices.Equal(c.before, c.after) {
			rows = append(rows, c)
		}
	}
	for _, c := range s.cells {
		if c.before != c.after {
			cells = append(cells, c)
		}
	}
	for _, c := range s.shapes {
		if c.before == nil || c.after == nil || !same(*c.before, *c.after) {
			shapes = append(shapes, c)
		}
	}
	s.rows, s.cells, s.shapes = rows, cells, shapes
}

func (s *step) empty() bool {
	return len(s.shapes) == 0 && len(s.rows) == 0 && len(s.cells) == 0 && s.normal[0] == s.normal[1]
}

func same(a, b Shape) bool {
	return a.ID == b.ID && a.Box == b.Box && a.Name == b.Name && a.Proposed == b.Proposed && slices.Equal(a.Points, b.Points)
}

// setShape puts in, takes out or replaces the shape at a place.
func (e *Editor) setShape(at int, before, after *Shape) {
	switch {
	case before == nil:
		e.l.Shapes, e.bounds = append(e.l.Shapes, Shape{}), append(e.bounds, [4]float64{})
		copy(e.l.Shapes[at+1:], e.l.Shapes[at:])
		copy(e.bounds[at+1:], e.bounds[at:])
		e.l.Shapes[at], e.bounds[at] = *after, boundsOf(*after)
	case after == nil:
		last := len(e.l.Shapes) - 1
		copy(e.l.Shapes[at:], e.l.Shapes[at+1:])
		copy(e.bounds[at:], e.bounds[at+1:])
		e.l.Shapes[last] = Shape{} // lets go of its points
		e.l.Shapes, e.bounds = e.l.Shapes[:last], e.bounds[:last]
	default:
		e.l.Shapes[at], e.bounds[at] = *after, boundsOf(*after)
	}
	for _, s := range []*Shape{before, after} {
		if s != nil {
			b := boundsOf(*s)
			e.touch(b[0], b[1], b[2], b[3])
		}
	}
}

func boundsOf(s Shape) [4]float64 {
	x0, y0, x1, y1 := s.Bounds()
	return [4]float64{x0, y0, x1, y1}
}

func (e *Editor) setRow(y int, row []block.Span) {
	if e.l.Mask.rows == nil {
		e.l.Mask.rows = make([][]block.Span, e.l.H)
	}
	if x0, x1 := differ(e.l.Mask.rows[y], row); x0 < x1 {
		e.touch(float64(x0), float64(y), float64(x1), float64(y+1))
	}
	e.l.Mask.rows[y] = row
}

// differ returns the pixels from the first to the last that two rows differ in;
// nothing, x0 >= x1, for equal rows.
func differ(a, b []block.Span) (x0, x1 int) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a) == 0 && len(b) == 0:
		return 0, 0
	case len(a) == 0:
		return b[0].X0, b[len(b)-1].X1
	case len(b) == 0:
		return a[0].X0, a[len(a)-1].X1
	}
	p, q := a[len(a)-1], b[len(b)-1]
	x0, x1 = min(a[0].X0, b[0].X0), max(p.X1, q.X1)
	if a[0].X0 == b[0].X0 {
		x0 = min(a[0].X1, b[0].X1)
	}
	if p.X1 == q.X1 {
		x1 = max(p.X0, q.X0)
	}
	return x0, x1
}

func (e *Editor) setCell(k cellKey, v block.Label) {
	for i := range e.l.Layers {
		if e.l.Layers[i].Grid == k.grid {
			e.l.Layers[i].Cells[k.index] = v
			c := k.grid.Cell(k.index)
			e.touch(k.grid.Area(c.Row, c.Col, e.l.W, e.l.H))
			return
		}
	}
	e.l.Layers = append(e.l.Layers, Layer{Grid: k.grid, Cells: make([]block.Label, k.grid.Len())})
	e.setCell(k, v)
}

// touch marks a part of the picture as changed.
func (e *Editor) touch(x0, y0, x1, y1 float64) {
	const far = 4 * MaxSide
	e.dirty = e.dirty.Union(image.Rect(
		int(math.Floor(clamp(x0, -far, far))), int(math.Floor(clamp(y0, -far, far))),
		int(math.Ceil(clamp(x1, -far, far))), int(math.Ceil(clamp(y1, -far, far)))))
}

// The four kinds of change, each made and remembered in the step under way.

func (e *Editor) changeShape(at int, before, after *Shape) {
	e.setShape(at, before, after)
	// A drag changes one shape many times: once is enough.
	if n := len(e.open.shapes) - 1; n >= 0 && before != nil && after != nil && e.open.shapes[n].at == at &&
		e.open.shapes[n].after != nil && e.open.shapes[n].after.ID == after.ID {
		e.open.shapes[n].after = after
		return
	}
	e.open.shapes = append(e.open.shapes, shapeChange{at, before, after})
}

func (e *Editor) changeRow(y int, row []block.Span) {
	before := e.l.Mask.Row(y)
	e.setRow(y, row)
	if i, ok := e.rows[y]; ok {
		e.open.rows[i].after = row
		return
	}
	e.rows[y] = len(e.open.rows)
	e.open.rows = append(e.open.rows, rowChange{y, before, row})
}

func (e *Editor) changeCell(k cellKey, before, after block.Label) {
	e.setCell(k, after)
	if i, ok := e.cells[k]; ok {
		e.open.cells[i].after = after
		return
	}
	e.cells[k] = len(e.open.cells)
	e.open.cells = append(e.open.cells, cellChange{k, before, after})
}

func (e *Editor) changeNormal(v bool) {
	e.l.Normal, e.open.normal[1] = v, v
}
