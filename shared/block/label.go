package block

// Label says what is known of a block in training.
type Label uint8

// The zero value is Unknown: a block nobody has said anything about.
const (
	Unknown   Label = iota // unlabelled: may be either (METHOD section 7 guesses it)
	Normal                 // labelled as free of defects
	Anomalous              // labelled as a defect
	Ignored                // labelled, but neither clearly; takes no part in any loss
)

// String is the label's name in lower case.
func (l Label) String() string {
	switch l {
	case Unknown:
		return "unknown"
	case Normal:
		return "normal"
	case Anomalous:
		return "anomalous"
	case Ignored:
		return "ignored"
	}
	return "invalid"
}

// Fractions returns for every block the share of its area that the mask marks
// as anomalous, 0 to 1, row-major. mask is [h, w], any byte but 0 marks a
// pixel. The mask may have any size: each of its pixels is a little square
// and the share is of areas, computed in integers and divided once, so it is
// exact also where block edges cut through pixels.
//
// It panics when the grid is empty or the mask does not hold w*h bytes.
func Fractions(g Grid, mask []byte, w, h int) []float64 {
	if w <= 0 || h <= 0 || len(mask) != w*h {
		panic("block: mask does not hold w*h pixels")
	}
	var spans []Span
	return FractionsOfSpans(g, w, h, func(y int) []Span {
		spans = spans[:0]
		open := false
		for x, m := range mask[y*w : (y+1)*w] {
			switch {
			case m == 0:
				open = false
			case open:
				spans[len(spans)-1].X1++
			default:
				spans, open = append(spans, Span{x, x + 1}), true
			}
		}
		return spans
	})
}

// Span is a run of marked pixels in one row: X0 up to but without X1.
type Span struct{ X0, X1 int }

// FractionsOfSpans is Fractions for a mask that is given as runs: spans
// returns the marked pixels of row y, disjoint and within 0 to w. It is called
// once for each row, in order.
func FractionsOfSpans(g Grid, w, h int, spans func(y int) []Span) []float64 {
	g.check()
	if w <= 0 || h <= 0 {
		panic("block: empty picture")
	}
	// In units of 1/Cols of a mask pixel, pixel x is [x*Cols, (x+1)*Cols) and
	// block c is [c*w, (c+1)*w): all edges are whole numbers. Likewise in y.
	areas := make([]int64, g.Len())
	line := make([]int64, g.Cols) // one mask row's share of every block column
	for y := range h {
		marked := spans(y)
		if len(marked) == 0 {
			continue
		}
		clear(line)
		for _, s := range marked {
			for at, end := s.X0*g.Cols, s.X1*g.Cols; at < end; {
				c := at / w
				next := min(end, (c+1)*w)
				line[c] += int64(next - at)
				at = next
			}
		}
		for at, end := y*g.Rows, (y+1)*g.Rows; at < end; {
			r := at / h
			next := min(end, (r+1)*h)
			for c, n := range line {
				areas[r*g.Cols+c] += n * int64(next-at)
			}
			at = next
		}
	}
	out := make([]float64, len(areas))
	whole := float64(int64(w) * int64(h)) // one block's area in these units
	for i, n := range areas {
		out[i] = float64(n) / whole
	}
	return out
}

// FromMask labels blocks from a pixel mask (METHOD section 4): with q the
// anomalous share of a block, Anomalous if q >= epsPlus, Normal if
// q <= epsMinus, Ignored between. A block with q = 0 is never Anomalous.
// See Fractions for the mask. It panics unless 0 <= epsMinus < epsPlus <= 1.
func FromMask(g Grid, mask []byte, w, h int, epsPlus, epsMinus float64) []Label {
	return FromFractions(Fractions(g, mask, w, h), epsPlus, epsMinus)
}

// FromFractions applies FromMask's two bounds to shares that Fractions gave.
func FromFractions(q []float64, epsPlus, epsMinus float64) []Label {
	if !(0 <= epsMinus && epsMinus < epsPlus && epsPlus <= 1) {
		panic("block: bounds must hold 0 <= epsMinus < epsPlus <= 1")
	}
	labels := make([]Label, len(q))
	for i, q := range q {
		switch {
		case q >= epsPlus:
			labels[i] = Anomalous
		case q <= epsMinus:
			labels[i] = Normal
		default:
			labels[i] = Ignored
		}
	}
	return labels
}

// FromBlocks carries block labels from one grid over the picture to another,
// for instance from 16-pixel to 8-pixel blocks or back. A block takes the
// gravest label among the old blocks that share with it at least a tenth of
// the smaller one's area, in the order Anomalous, Unknown, Ignored, Normal:
// a 16-pixel block is anomalous if one of its four quarters is, and normal
// only if all four are. Grids that are not multiples of each other are laid
// over the same picture edge to edge.
//
// It panics when a grid is empty or labels does not fit from.
func FromBlocks(g, from Grid, labels []Label) []Label {
	g.check()
	from.check()
	if len(labels) != from.Len() {
		panic("block: labels do not fit their grid")
	}
	ys, xs := overlaps(g.Rows, from.Rows), overlaps(g.Cols, from.Cols)
	out := make([]Label, g.Len())
	for r, rows := range ys {
		for c, cols := range xs {
			out[r*g.Cols+c] = gravest(from, labels, rows, cols)
		}
	}
	return out
}

// share is an old cell and the part, 0 to 1, of the smaller of the two cells
// that both cover, along one axis.
type share struct {
	at   int
	part float64
}

// overlaps lists for each of n cells the cells of a division into m that it
// meets. In units of 1/(n*m) of the axis all edges are whole numbers.
func overlaps(n, m int) [][]share {
	all := make([][]share, n)
	for i := range n {
		for j := i * m / n; j < m && j*n < (i+1)*m; j++ {
			if both := min((i+1)*m, (j+1)*n) - max(i*m, j*n); both > 0 {
				all[i] = append(all[i], share{j, float64(both) / float64(min(n, m))})
			}
		}
	}
	return all
}

func gravest(from Grid, labels []Label, rows, cols []share) Label {
	order := [...]int{Unknown: 2, Normal: 0, Anomalous: 3, Ignored: 1}
	best := Normal
	for _, y := range rows {
		for _, x := range cols {
			l := labels[from.Index(y.at, x.at)]
			if l > Ignored {
				panic("block: unknown label value")
			}
			if y.part*x.part >= 0.1 && order[l] > order[best] {
				best = l
			}
		}
	}
	return best
}
