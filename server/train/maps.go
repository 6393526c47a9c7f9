package train

import (
	"fmt"
	"math"

	"semirest/models/weights"
	"semirest/server/detect"
	"semirest/shared/block"
)

// neighbours is how many bank rows are kept for every block (METHOD section 3).
const neighbours = 3

// Map is what training keeps of one picture: the feature of every block, its
// nearest bank rows, and its label. The picture itself is gone.
type Map struct {
	Name    string
	looks   []look    // one a view
	squared []float32 // [cells], square of the distance head's score; held-out pictures only use it
	known   Known
	Labels  []block.Label // [blocks], as Maps.label made them
	guess   []float32     // [blocks], the aligned guess of unknown blocks; nil: none was made
}

// look is what one view makes of a picture, cell by cell of the view's own grid.
type look struct {
	features []uint16 // [cells, d], halves
	near     []int32  // [cells, 3], rows of the view's bank, nearest first
}

// Known is what is known of a picture's cells before the bounds of a supervision
// setting make labels of blocks (METHOD section 4).
type Known struct {
	Fraction []float64 // [cells], the share that is known to be anomalous
	Inside   []float64 // [cells], the share inside boxes whose content is not known; nil: none is
}

// any tells whether a window of side x side cells holds something anomalous or boxed.
func (k *Known) any(rows, cols int, at block.Cell, side int) bool {
	for row := at.Row; row < min(at.Row+side, rows); row++ {
		for i := row*cols + at.Col; i < row*cols+min(at.Col+side, cols); i++ {
			if k.Fraction[i] > 0 || k.Inside != nil && k.Inside[i] > 0 {
				return true
			}
		}
	}
	return false
}

// outside is the share of a block that must lie outside every box for the block to
// be normal (METHOD section 4).
const outside = 0.9

// label makes the labels of a map of rows x cols cells, in blocks of side x side
// cells. A block is anomalous if its known anomalous share is at least epsPlus, in a
// box or not; else unknown if it lies in a box; else normal or ignored by its share.
func (m *Map) label(rows, cols, side int, epsPlus, epsMinus float64) {
	m.Labels = block.FromFractions(averaged(m.known.Fraction, rows, cols, side), epsPlus, epsMinus)
	if m.known.Inside == nil {
		return
	}
	for i, in := range averaged(m.known.Inside, rows, cols, side) {
		if in > 1-outside && m.Labels[i] != block.Anomalous {
			m.Labels[i] = block.Unknown
		}
	}
}

// averaged averages cells [rows, cols] over blocks of side x side.
func averaged(cells []float64, rows, cols, side int) []float64 {
	if side == 1 {
		return cells
	}
	out := make([]float64, rows/side*(cols/side))
	for i, v := range cells {
		out[i/cols/side*(cols/side)+i%cols/side] += v / float64(side*side)
	}
	return out
}

// NewMap packs each view's features [cells, d] (position code included) and nearest rows
// [cells, 3]. Its labels are to be made by Maps.label.
func NewMap(name string, features [][]float32, near [][]int32, known Known) Map {
	m := Map{Name: name, known: known}
	for i, f := range features {
		cells := len(near[i]) / neighbours
		if cells == 0 || len(near[i])%neighbours != 0 || len(f)%cells != 0 {
			panic("train: features and neighbours differ in cells")
		}
		l := look{features: make([]uint16, len(f)), near: near[i]}
		for j, v := range f {
			l.features[j] = weights.ToHalf(v)
		}
		m.looks = append(m.looks, l)
	}
	return m
}

// Maps are all pictures of a training run, and the banks their residuals are
// taken to. All maps have one size.
type Maps struct {
	Rows, Cols, Dim int // cells of the finest grid, and numbers of a residual, of all views
	Block           int // cells of a block's side: labels are [Rows/Block, Cols/Block]
	Views           []Reference
	RMS             []float32 // [d], root mean squares of the residuals of normal blocks; Scale sets it
	Normal          []Map
	Simulated       []Map
	Real            []Map
}

// Reference is what one view's residuals are taken to, and how they are made ready for the
// classifier: as detect's graph does.
type Reference struct {
	Bank       []float32 // [n, d]
	Dim        int       // d
	Unit       float32   // see detect.Spec.Unit
	Grid       block.Grid
	Rows, Cols []detect.Lerp // see detect.Spec.Lerps
}

// newMaps are maps without pictures, of a model's views.
func newMaps(m *detect.Model) *Maps {
	cells := m.Cells()
	maps := &Maps{Rows: cells.Rows, Cols: cells.Cols, Block: 1, Dim: m.Dim()}
	for i := range m.Views {
		v := Reference{Bank: m.Banks[i].Rows, Dim: m.Views[i].Feature.Dim, Unit: float32(m.Unit(i)), Grid: m.ViewGrid(i)}
		v.Rows, v.Cols = m.Lerps(i)
		maps.Views = append(maps.Views, v)
	}
	return maps
}

// label makes every map's labels.
func (m *Maps) label(epsPlus, epsMinus float64) {
	for _, set := range [][]Map{m.Normal, m.Simulated, m.Real} {
		for i := range set {
			set[i].label(m.Rows, m.Cols, m.Block, epsPlus, epsMinus)
		}
	}
}

// check returns an error for neighbours outside the bank or features that are
// no numbers: either would go into every step that draws the picture.
func (m *Maps) check() error {
	for _, set := range [][]Map{m.Normal, m.Simulated, m.Real} {
		for _, p := range set {
			if len(p.known.Fraction) != m.Rows*m.Cols || len(p.looks) != len(m.Views) {
				return fmt.Errorf("train: %s: map has %d cells and %d views, want %dx%d cells and %d", p.Name, len(p.known.Fraction), len(p.looks), m.Rows, m.Cols, len(m.Views))
			}
			for i := range m.Views {
				if err := p.looks[i].check(&m.Views[i]); err != nil {
					return fmt.Errorf("train: %s: %w", p.Name, err)
				}
			}
		}
	}
	return nil
}

func (l *look) check(v *Reference) error {
	if len(l.features) != v.Grid.Len()*v.Dim {
		return fmt.Errorf("the map has %d values, want %d cells of %d", len(l.features), v.Grid.Len(), v.Dim)
	}
	rows := int32(len(v.Bank) / v.Dim)
	for _, n := range l.near {
		if n < 0 || n >= rows {
			return fmt.Errorf("neighbour %d is outside the bank of %d rows", n, rows)
		}
	}
	for _, h := range l.features {
		if h&0x7c00 == 0x7c00 {
			return fmt.Errorf("a feature is not a finite number")
		}
	}
	return nil
}

// area are cells of a map, row by row.
type area struct{ row, col, rows, cols int }

// residuals writes the signed residuals of an area's cells to the k-th nearest bank rows,
// view by view: m* - f (METHOD section 3), made ready as detect's spread does, but that
// it keeps the nearest cell's signs for the noise and the mixing of ResMixMatch. dst gives
// where those of a cell of the area go, [d]; near gives its k, which a coarser view takes
// from the middle of its cells.
func (m *Maps) residuals(p *Map, a area, near func(row, col int) int, dst func(row, col int) []float32) {
	at := 0
	for i := range m.Views {
		v, from := &m.Views[i], at
		at += v.Dim
		part := func(row, col int) []float32 { return dst(row, col)[from:at] }
		if v.Rows == nil {
			v.fine(&p.looks[i], a, near, part)
		} else {
			v.coarse(&p.looks[i], a, near, part)
		}
	}
}

// fine are the residuals of a view of the finest grid.
func (v *Reference) fine(l *look, a area, near func(row, col int) int, dst func(row, col int) []float32) {
	for row := range a.rows {
		for col := range a.cols {
			v.residual(dst(row, col), l, (a.row+row)*v.Grid.Cols+a.col+col, near(row, col))
		}
	}
}

// residual writes the residual of a cell of the view's own grid.
func (v *Reference) residual(dst []float32, l *look, cell, k int) {
	at := int(l.near[cell*neighbours+k]) * v.Dim
	row, f := v.Bank[at:at+v.Dim], l.features[cell*v.Dim:(cell+1)*v.Dim]
	dst = dst[:len(row)]
	for j := range row {
		dst[j] = v.Unit * (row[j] - widen[f[j]])
	}
}

// coarse are those of another: roots of the bilinear means of squares.
func (v *Reference) coarse(l *look, a area, near func(row, col int) int, dst func(row, col int) []float32) {
	top, left := v.Rows[a.row].Low, v.Cols[a.col].Low
	rows, cols := v.Rows[a.row+a.rows-1].High+1-top, v.Cols[a.col+a.cols-1].High+1-left
	step := len(v.Rows) / v.Grid.Rows
	own := make([]float32, rows*cols*v.Dim)
	cell := func(row, col int) []float32 {
		i := (row-top)*cols + col - left
		return own[i*v.Dim : (i+1)*v.Dim]
	}
	middle := func(cell, first, n int) int { return min(max(cell*step+step/2-first, 0), n-1) }
	for row := top; row < top+rows; row++ {
		for col := left; col < left+cols; col++ {
			k := near(middle(row, a.row, a.rows), middle(col, a.col, a.cols))
			v.residual(cell(row, col), l, row*v.Grid.Cols+col, k)
		}
	}
	for row := range a.rows {
		r := v.Rows[a.row+row]
		for col := range a.cols {
			c := v.Cols[a.col+col]
			mean(dst(row, col), cell(r.Low, c.Low), cell(r.Low, c.High), cell(r.High, c.Low), cell(r.High, c.High), r.Share, c.Share)
		}
	}
}

// mean is the root of the bilinear mean of four residuals' squares, with the sign of the
// nearest.
func mean(dst, a, b, c, d []float32, down, right float32) {
	wa, wb, wc, wd := (1-down)*(1-right), (1-down)*right, down*(1-right), down*right
	near := a
	switch {
	case down >= 0.5 && right >= 0.5:
		near = d
	case down >= 0.5:
		near = c
	case right >= 0.5:
		near = b
	}
	n := len(dst)
	a, b, c, d, near = a[:n], b[:n], c[:n], d[:n], near[:n]
	for j := range dst {
		v := float32(math.Sqrt(float64(wa*a[j]*a[j] + wb*b[j]*b[j] + wc*c[j]*c[j] + wd*d[j]*d[j])))
		if near[j] < 0 {
			v = -v
		}
		dst[j] = v
	}
}

// Residuals writes the residuals of a whole map to the nearest rows: [cells, d].
func (m *Maps) Residuals(dst []float32, p *Map) {
	m.residuals(p, area{rows: m.Rows, cols: m.Cols}, func(int, int) int { return 0 }, func(row, col int) []float32 {
		at := (row*m.Cols + col) * m.Dim
		return dst[at : at+m.Dim]
	})
}

// block is the index of the block that holds a cell.
func (m *Maps) block(cell int) int {
	return cell/m.Cols/m.Block*(m.Cols/m.Block) + cell%m.Cols/m.Block
}

// Scale returns the number that residuals are multiplied by after the square or
// the absolute value, so that the mean over all channels of all normal blocks
// is level. The residual's size decides everything: where a block's residual
// dwarfs the bias of the first layer, the layer norm behind it hides how large
// the residual was, which is the very signal (measured: bottle falls from 90.5
// to 52.2 AP as the level goes from 0.01 to 1).
//
// maps are normal pictures whose own bank rows were left out of the search.
func (m *Maps) Scale(maps []Map, transform string, level float64) (float64, error) {
	sum, n := 0.0, 0
	all := make([]float32, m.Rows*m.Cols*m.Dim)
	m.RMS = make([]float32, m.Dim)
	for i := range maps {
		m.Residuals(all, &maps[i])
		for cell := range m.Rows * m.Cols {
			if maps[i].Labels[m.block(cell)] != block.Normal {
				continue
			}
			row := all[cell*m.Dim : (cell+1)*m.Dim]
			for j, v := range row {
				m.RMS[j] += v * v
			}
			for _, v := range row {
				if transform == Abs {
					sum += math.Abs(float64(v))
				} else {
					sum += float64(v) * float64(v)
				}
			}
			n += m.Dim
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("train: no normal block to take the residual's scale from")
	}
	for j := range m.RMS {
		m.RMS[j] = float32(math.Sqrt(float64(m.RMS[j]) * float64(m.Dim) / float64(n)))
	}
	mean := sum / float64(n)
	if !(mean > 0) || math.IsInf(mean, 0) {
		return 0, fmt.Errorf("train: the mean normal residual is %g: are all training images the same picture?", mean)
	}
	return level / mean, nil
}
