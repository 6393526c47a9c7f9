package desk

import (
	"slices"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Merge joins two people's labels of one picture, both drawn on base (nil where
// that is not known any more), and returns theirs with what mine did added:
//
//   - a shape that either side added stays; one that both drew alike is there once;
//   - one that a side deleted goes, unless the other side changed it meanwhile;
//   - one that both changed is there in both forms;
//   - pixels and blocks go as mine changed them;
//   - the picture counts as normal if that leaves no mark and either side said so;
//   - times add up.
//
// Nothing that somebody drew is lost but by somebody's deletion.
func Merge(base, mine, theirs *annot.Labels) *annot.Labels {
	if base == nil {
		base = &annot.Labels{W: theirs.W, H: theirs.H}
	}
	normal := mine.Normal || theirs.Normal
	spent := theirs.Spent
	for i := range spent {
		spent[i] += max(mine.Spent[i]-base.Spent[i], 0)
	}
	e := annot.Edit(theirs)
	mergeShapes(e, base, mine)
	mergeMask(e, base, mine)
	mergeBlocks(e, base, mine)
	if normal && !e.Labels().Marked() {
		e.SetNormal(true)
	}
	out := *e.Labels()
	out.Spent = spent
	return &out
}

func mergeShapes(e *annot.Editor, base, mine *annot.Labels) {
	for _, b := range base.Shapes {
		i, j := mine.Index(b.ID), e.Labels().Index(b.ID)
		switch {
		case i < 0 && j >= 0 && alike(e.Labels().Shapes[j], b):
			e.Delete(b.ID)
		case i >= 0 && !alike(mine.Shapes[i], b) && j >= 0 && alike(e.Labels().Shapes[j], b):
			_ = e.Set(mine.Shapes[i]) // it was good once
		case i >= 0 && !alike(mine.Shapes[i], b):
			add(e, mine.Shapes[i])
		}
	}
	for _, s := range mine.Shapes {
		if base.Index(s.ID) < 0 {
			add(e, s)
		}
	}
}

// add adds a shape under an id of its own, unless one like it is there.
func add(e *annot.Editor, s annot.Shape) {
	if s.Proposed || slices.ContainsFunc(e.Labels().Shapes, func(t annot.Shape) bool { return alike(s, t) }) {
		return
	}
	if s.Polygon() {
		_, _ = e.AddPolygon(s.Points, s.Name)
		return
	}
	_, _ = e.AddBox(s.Box, s.Name)
}

// alike compares what two shapes say, whatever their ids.
func alike(a, b annot.Shape) bool {
	return a.Box == b.Box && a.Name == b.Name && a.Proposed == b.Proposed && slices.Equal(a.Points, b.Points)
}

func mergeMask(e *annot.Editor, base, mine *annot.Labels) {
	for y := range base.H {
		for _, s := range without(base.Mask.Row(y), mine.Mask.Row(y)) {
			// A brush of half a pixel along a row's middle touches just that row.
			from, to := annot.Point{X: float64(s.X0) + 0.5, Y: float64(y) + 0.5}, annot.Point{X: float64(s.X1) - 0.5, Y: float64(y) + 0.5}
			e.Brush(from, to, 0.5, true)
		}
		for _, s := range without(mine.Mask.Row(y), base.Mask.Row(y)) {
			from, to := annot.Point{X: float64(s.X0) + 0.5, Y: float64(y) + 0.5}, annot.Point{X: float64(s.X1) - 0.5, Y: float64(y) + 0.5}
			e.Brush(from, to, 0.5, false)
		}
	}
}

// without returns the pixels of row a that are not in row b.
func without(a, b []block.Span) []block.Span {
	var out []block.Span
	for _, s := range a {
		for _, t := range b {
			if t.X1 <= s.X0 || t.X0 >= s.X1 {
				continue
			}
			if t.X0 > s.X0 {
				out = append(out, block.Span{X0: s.X0, X1: t.X0})
			}
			s.X0 = t.X1
		}
		if s.X0 < s.X1 {
			out = append(out, s)
		}
	}
	return out
}

func mergeBlocks(e *annot.Editor, base, mine *annot.Labels) {
	for _, layer := range mine.Layers {
		before := cells(base, layer.Grid)
		for i, c := range layer.Cells {
			if before != nil && before[i] == c || before == nil && c == block.Unknown {
				continue
			}
			paint(e, mine, layer.Grid, i, c)
		}
	}
	for _, layer := range base.Layers {
		if cells(mine, layer.Grid) != nil {
			continue
		}
		for i, c := range layer.Cells { // mine took the whole layer away
			if c != block.Unknown {
				paint(e, mine, layer.Grid, i, block.Unknown)
			}
		}
	}
}

func cells(l *annot.Labels, g block.Grid) []block.Label {
	for _, y := range l.Layers {
		if y.Grid == g {
			return y.Cells
		}
	}
	return nil
}

func paint(e *annot.Editor, l *annot.Labels, g block.Grid, i int, v block.Label) {
	c := g.Cell(i)
	x0, y0, x1, y1 := g.Area(c.Row, c.Col, l.W, l.H)
	p := annot.Point{X: (x0 + x1) / 2, Y: (y0 + y1) / 2}
	_ = e.PaintBlocks(g, p, p, v)
}
