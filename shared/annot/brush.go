package annot

import "semirest/shared/block"

// MaxRadius bounds a brush's radius, in pixels.
const MaxRadius = 2048

// Brush marks the pixels that a round brush touches on its way from p to q, or
// with erase unmarks them. A stroke is many such pieces within one Begin and
// End. Points may lie outside the picture. A radius below half a pixel counts
// as half a pixel, so that a touch always marks the pixel under it.
func (e *Editor) Brush(p, q Point, radius float64, erase bool) {
	if !finite(p.X, p.Y) || !finite(q.X, q.Y) || radius != radius {
		return
	}
	p, q = e.near(p), e.near(q)
	e.Begin()
	defer e.End()
	if !erase {
		e.changeNormal(false)
	}
	radius = clamp(radius, 0.5, MaxRadius)
	// The pixel under the pointer itself, whatever its middle's distance.
	if x, y := int(p.X), int(p.Y); p.X >= 0 && p.Y >= 0 && x < e.l.W && y < e.l.H {
		e.mark(y, block.Span{X0: x, X1: x + 1}, erase)
	}
	capsule(p, q, radius, e.l.W, e.l.H, func(y int, s block.Span) { e.mark(y, s, erase) })
}

// near keeps a point within reach of the picture, so that no arithmetic
// overflows.
func (e *Editor) near(p Point) Point {
	const far = 4 * MaxSide
	return Point{clamp(p.X, -far, far), clamp(p.Y, -far, far)}
}

func (e *Editor) mark(y int, s block.Span, erase bool) {
	row := e.l.Mask.Row(y)
	var after []block.Span
	if erase {
		after = subtract(row, s)
	} else {
		after = union(row, s)
	}
	if len(row) == len(after) && (len(row) == 0 || &row[0] == &after[0]) {
		return
	}
	e.changeRow(y, after)
}

// PutMask marks all pixels of another mask of the same picture as well, as one
// step; for instance of an imported one.
func (e *Editor) PutMask(m *Mask) {
	e.Begin()
	defer e.End()
	for y := range min(len(m.rows), e.l.H) {
		for _, s := range m.rows[y] {
			if s = (block.Span{X0: max(s.X0, 0), X1: min(s.X1, e.l.W)}); s.X0 < s.X1 {
				e.changeNormal(false)
				e.mark(y, s, false)
			}
		}
	}
}

// FillShape turns a shape into marked pixels: the shape goes, its inside is
// marked, as one step.
func (e *Editor) FillShape(id uint32) error {
	at := e.l.Index(id)
	if at < 0 {
		return ErrShape
	}
	s := e.l.Shapes[at]
	e.Begin()
	defer e.End()
	e.changeShape(at, &s, nil)
	e.changeNormal(false)
	s.fill(e.l.W, e.l.H, func(y int, run block.Span) { e.mark(y, run, false) })
	return nil
}

// PaintBlocks labels the blocks of a grid that the brush's middle passes on its
// way from p to q: Normal, Anomalous, or Unknown to take a label away. A stroke
// is many such pieces within one Begin and End. It returns ErrFull when the
// picture holds labels in too many grids or the grid is too large.
func (e *Editor) PaintBlocks(g block.Grid, p, q Point, v block.Label) error {
	if v > block.Anomalous {
		panic("annot: blocks are painted normal, anomalous or unknown")
	}
	if !e.room(g) {
		return ErrFull
	}
	if !finite(p.X, p.Y) || !finite(q.X, q.Y) {
		return ErrShape
	}
	e.Begin()
	defer e.End()
	p, q = e.near(p), e.near(q)
	// In units of blocks the way passes from cell to cell; a step of a quarter
	// block misses none that it crosses by more than a corner.
	sx, sy := float64(g.Cols)/float64(e.l.W), float64(g.Rows)/float64(e.l.H)
	n := int(4*max(abs(q.X-p.X)*sx, abs(q.Y-p.Y)*sy)) + 1
	for i := range n + 1 {
		t := float64(i) / float64(n)
		if c, ok := g.At(p.X+t*(q.X-p.X), p.Y+t*(q.Y-p.Y), e.l.W, e.l.H); ok {
			e.paintCell(g, g.Index(c.Row, c.Col), v)
		}
	}
	return nil
}

// PutBlocks labels many blocks of a grid at once, as one step: those that
// labels holds as Normal or Anomalous. See PaintBlocks.
func (e *Editor) PutBlocks(g block.Grid, labels []block.Label) error {
	if len(labels) != g.Len() {
		panic("annot: labels do not fit their grid")
	}
	if !e.room(g) {
		return ErrFull
	}
	e.Begin()
	defer e.End()
	for i, v := range labels {
		if v == block.Normal || v == block.Anomalous {
			e.paintCell(g, i, v)
		}
	}
	return nil
}

func (e *Editor) paintCell(g block.Grid, i int, v block.Label) {
	before := block.Unknown
	if layer := e.layer(g); layer != nil {
		before = layer.Cells[i]
	}
	if before == v {
		return
	}
	if v != block.Unknown {
		e.changeNormal(false)
	}
	e.changeCell(cellKey{g, i}, before, v)
}

// room says whether the grid can be painted in; layers that were emptied make
// room for it.
func (e *Editor) room(g block.Grid) bool {
	if !fits(g) {
		return false
	}
	if e.layer(g) == nil && len(e.l.Layers) >= MaxLayers {
		kept := e.l.Layers[:0]
		for _, y := range e.l.Layers {
			if !y.empty() {
				kept = append(kept, y)
			}
		}
		e.l.Layers = kept
	}
	return e.layer(g) != nil || len(e.l.Layers) < MaxLayers
}

func fits(g block.Grid) bool {
	return g.Rows >= 1 && g.Cols >= 1 && g.Size >= 1 && g.Size <= 255 &&
		g.Rows <= MaxCells && g.Cols <= MaxCells && g.Len() <= MaxCells
}

func (y Layer) empty() bool {
	for _, c := range y.Cells {
		if c != block.Unknown {
			return false
		}
	}
	return true
}

func (e *Editor) layer(g block.Grid) *Layer {
	for i := range e.l.Layers {
		if e.l.Layers[i].Grid == g {
			return &e.l.Layers[i]
		}
	}
	return nil
}

// Erase takes away what the eraser touches on its way from p to q: marked
// pixels within the radius, and labels of blocks that its middle passes.
// Shapes are deleted by Delete.
func (e *Editor) Erase(p, q Point, radius float64) {
	e.Begin()
	defer e.End()
	e.Brush(p, q, radius, true)
	for i := range e.l.Layers {
		_ = e.PaintBlocks(e.l.Layers[i].Grid, p, q, block.Unknown)
	}
}

func abs(v float64) float64 { return max(v, -v) }
