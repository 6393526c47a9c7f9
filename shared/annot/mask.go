package annot

import (
	"image"
	"math"
	"slices"

	"semirest/shared/block"
)

// Mask is a set of pixels, as runs in each row: sorted, with a gap between any
// two. Rows are replaced, never changed in place, so that a step of undo is a
// few slices. The zero Mask is empty.
type Mask struct {
	rows [][]block.Span // nil, or one for each row of the picture
}

// Row returns the runs of row y. They must not be changed.
func (m *Mask) Row(y int) []block.Span {
	if y < 0 || y >= len(m.rows) {
		return nil
	}
	return m.rows[y]
}

// Empty says whether no pixel is marked.
func (m *Mask) Empty() bool {
	for _, r := range m.rows {
		if len(r) > 0 {
			return false
		}
	}
	return true
}

// Count is the number of marked pixels.
func (m *Mask) Count() int {
	n := 0
	for _, r := range m.rows {
		for _, s := range r {
			n += s.X1 - s.X0
		}
	}
	return n
}

// Contains says whether pixel (x, y) is marked.
func (m *Mask) Contains(x, y int) bool {
	row := m.Row(y)
	i, found := slices.BinarySearchFunc(row, x, func(s block.Span, x int) int { return s.X0 - x })
	return found || i > 0 && x < row[i-1].X1
}

// Bounds is the smallest rectangle that holds the mask.
func (m *Mask) Bounds() image.Rectangle {
	var b image.Rectangle
	for y, r := range m.rows {
		if len(r) > 0 {
			b = b.Union(image.Rect(r[0].X0, y, r[len(r)-1].X1, y+1))
		}
	}
	return b
}

// View samples the mask for a screen: dst [h, w] gets 255 where the pixel in
// the middle of the sample is marked, else 0, for the part of the picture from
// (x0, y0) on with step picture pixels a sample.
func (m *Mask) View(dst []byte, w, h int, x0, y0, step float64) {
	if len(dst) != w*h || !(step > 0) {
		panic("annot: destination does not hold the view")
	}
	clear(dst)
	for v := range h {
		y := math.Floor(y0 + (float64(v)+0.5)*step)
		if !(y >= 0 && y < float64(len(m.rows))) {
			continue
		}
		for _, s := range m.rows[int(y)] {
			// Sample u looks at floor(x0 + (u+0.5)*step); it is in the run from
			// the first u that reaches X0 to the first that reaches X1.
			from, to := (float64(s.X0)-x0)/step-0.5, (float64(s.X1)-x0)/step-0.5
			a, b := int(clamp(math.Ceil(from), 0, float64(w))), int(clamp(math.Ceil(to), 0, float64(w)))
			for u := a; u < b; u++ {
				dst[v*w+u] = 255
			}
		}
	}
}

// union returns the runs of row with s added.
func union(row []block.Span, s block.Span) []block.Span {
	i := 0
	for i < len(row) && row[i].X1 < s.X0 {
		i++
	}
	j := i
	for j < len(row) && row[j].X0 <= s.X1 {
		s.X0, s.X1 = min(s.X0, row[j].X0), max(s.X1, row[j].X1)
		j++
	}
	if j == i+1 && row[i] == s {
		return row // nothing new
	}
	out := make([]block.Span, 0, len(row)-(j-i)+1)
	return append(append(append(out, row[:i]...), s), row[j:]...)
}

// subtract returns the runs of row without s.
func subtract(row []block.Span, s block.Span) []block.Span {
	i := 0
	for i < len(row) && row[i].X1 <= s.X0 {
		i++
	}
	j := i
	for j < len(row) && row[j].X0 < s.X1 {
		j++
	}
	if i == j {
		return row
	}
	out := append(make([]block.Span, 0, len(row)+1), row[:i]...)
	if row[i].X0 < s.X0 {
		out = append(out, block.Span{X0: row[i].X0, X1: s.X0})
	}
	if row[j-1].X1 > s.X1 {
		out = append(out, block.Span{X0: s.X1, X1: row[j-1].X1})
	}
	return append(out, row[j:]...)
}
