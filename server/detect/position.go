package detect

import "math"

// positionTable returns phi's half for cell indices 0..cells-1 along one axis,
// [cells, d/2], times weight: sin(w_i x) for i < d/4, then cos(w_i x), with
// w_i = 10000^(-i/(d/4)) (METHOD section 2). d must be a multiple of 4.
func positionTable(cells, d int, weight float64) []float32 {
	if d%4 != 0 {
		panic("detect: the position code needs a dimension that is a multiple of 4")
	}
	// Wavelengths from 2 pi to nearly 20,000 pi cells: the fast ones tell neighbours apart,
	// the slow ones the ends of a picture.
	q := d / 4
	table := make([]float32, 0, cells*d/2)
	for x := range cells {
		for half := range 2 {
			for i := range q {
				angle := float64(x) * math.Pow(10000, -float64(i)/float64(q))
				v := math.Sin(angle)
				if half == 1 {
					v = math.Cos(angle)
				}
				table = append(table, float32(weight*v))
			}
		}
	}
	return table
}

// positions adds position codes to features outside the graph: where the pool
// is gathered, before the layers' scales are known.
type positions struct {
	d     int
	table []float32 // [cells, d/2], the same for both axes
}

func newPositions(cells, d int, weight float64) positions {
	return positions{d, positionTable(cells, d, weight)}
}

// add adds weight*phi(row, col) to f [d]: the column to the first half, the row
// to the second.
func (p positions) add(f []float32, row, col int) {
	h := p.d / 2
	for i, v := range p.table[col*h : (col+1)*h] {
		f[i] += v
	}
	for i, v := range p.table[row*h : (row+1)*h] {
		f[h+i] += v
	}
}
