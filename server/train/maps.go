package train

import (
	"fmt"
	"math"

	"semirest/models/weights"
	"semirest/shared/block"
)

// neighbours is how many bank rows are kept for every block (METHOD section 3).
const neighbours = 3

// Map is what training keeps of one picture: the feature of every block, its
// nearest bank rows, and its label. The picture itself is gone.
type Map struct {
	Name     string
	features []uint16  // [cells, d], halves
	near     []int32   // [cells, 3], rows of the bank, nearest first
	squared  []float32 // [cells], squared distance to the nearest row; held-out pictures only use it
	known    Known
	Labels   []block.Label // [blocks], as Maps.label made them
	guess    []float32     // [blocks], the aligned guess of unknown blocks; nil: none was made
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
	m.Labels = block.FromFractions(mean(m.known.Fraction, rows, cols, side), epsPlus, epsMinus)
	if m.known.Inside == nil {
		return
	}
	for i, in := range mean(m.known.Inside, rows, cols, side) {
		if in > 1-outside && m.Labels[i] != block.Anomalous {
			m.Labels[i] = block.Unknown
		}
	}
}

// mean averages cells [rows, cols] over blocks of side x side.
func mean(cells []float64, rows, cols, side int) []float64 {
	if side == 1 {
		return cells
	}
	out := make([]float64, rows/side*(cols/side))
	for i, v := range cells {
		out[i/cols/side*(cols/side)+i%cols/side] += v / float64(side*side)
	}
	return out
}

// NewMap packs features [cells, d] (position code included) and nearest rows
// [cells, 3]. Its labels are to be made by Maps.label.
func NewMap(name string, features []float32, near []int32, known Known) Map {
	cells := len(near) / neighbours
	if cells == 0 || len(near)%neighbours != 0 || len(features)%cells != 0 {
		panic("train: features and neighbours differ in cells")
	}
	m := Map{Name: name, features: make([]uint16, len(features)), near: near, known: known}
	for i, f := range features {
		m.features[i] = weights.ToHalf(f)
	}
	return m
}

// Maps are all pictures of a training run, and the bank their residuals are
// taken to. All maps have one size.
type Maps struct {
	Rows, Cols, Dim int       // cells, and numbers of a feature
	Block           int       // cells of a block's side: labels are [Rows/Block, Cols/Block]
	Bank            []float32 // [n, d]
	Normal          []Map
	Simulated       []Map
	Real            []Map
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
	rows := int32(len(m.Bank) / m.Dim)
	for _, set := range [][]Map{m.Normal, m.Simulated, m.Real} {
		for _, p := range set {
			if len(p.known.Fraction) != m.Rows*m.Cols || len(p.features) != m.Rows*m.Cols*m.Dim {
				return fmt.Errorf("train: %s: map has %d cells and %d values, want %dx%d cells of %d",
					p.Name, len(p.known.Fraction), len(p.features), m.Rows, m.Cols, m.Dim)
			}
			for _, n := range p.near {
				if n < 0 || n >= rows {
					return fmt.Errorf("train: %s: neighbour %d is outside the bank of %d rows", p.Name, n, rows)
				}
			}
			for _, h := range p.features {
				if h&0x7c00 == 0x7c00 {
					return fmt.Errorf("train: %s: a feature is not a finite number", p.Name)
				}
			}
		}
	}
	return nil
}

// residual writes to dst [d] the signed residual of a cell to its k-th nearest
// bank row: m* - f (METHOD section 3).
func (m *Maps) residual(dst []float32, p *Map, cell, k int) {
	row := m.Bank[int(p.near[cell*neighbours+k])*m.Dim:]
	row = row[:len(dst)]
	f := p.features[cell*m.Dim:]
	f = f[:len(dst)]
	for j := range dst {
		dst[j] = row[j] - widen[f[j]]
	}
}

// Residuals writes the residuals of a whole map to the nearest row: [cells, d].
func (m *Maps) Residuals(dst []float32, p *Map) {
	for cell := range m.Rows * m.Cols {
		m.residual(dst[cell*m.Dim:(cell+1)*m.Dim], p, cell, 0)
	}
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
	row := make([]float32, m.Dim)
	for i := range maps {
		for cell := range m.Rows * m.Cols {
			if maps[i].Labels[m.block(cell)] != block.Normal {
				continue
			}
			m.residual(row, &maps[i], cell, 0)
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
	mean := sum / float64(n)
	if !(mean > 0) || math.IsInf(mean, 0) {
		return 0, fmt.Errorf("train: the mean normal residual is %g: are all training images the same picture?", mean)
	}
	return level / mean, nil
}
