package detect

import (
	"fmt"
	"math"

	"semirest/models/graph"
	"semirest/shared/block"
)

// Late says how the distances of several views become one. Each is divided by its view's
// level, brought to the finest grid, and joined by a weighted power mean:
//
//	(sum_i w_i (m_i + Offset)^Power / sum_i w_i)^(1/Power)
//
// of which Power 1 is the mean, 0 (the limit) the geometric and -1 the harmonic mean. The
// lower the power, the more all views must agree that a cell is normal before one of them
// can be outvoted; Offset bounds what a single very small distance can do.
type Late struct {
	Power  float64 `json:"power"`
	Offset float64 `json:"offset"`
}

// check holds a fusion that was read from a file to what the graph relies on.
func (l Late) check() error {
	if !(math.Abs(l.Power) <= 16) || !(l.Offset >= 0 && l.Offset <= 1e3) || l.Power <= 0 && l.Offset == 0 {
		return fmt.Errorf("views are fused by the power %v with offset %v", l.Power, l.Offset)
	}
	return nil
}

// Mean is the power mean of normalised distances; weights are positive.
func (l Late) Mean(distances, weights []float64) float64 {
	sum, all := 0.0, 0.0
	for i, m := range distances {
		sum += weights[i] * l.raise(m+l.Offset)
		all += weights[i]
	}
	return l.lower(sum / all)
}

func (l Late) raise(v float64) float64 {
	if l.Power == 0 {
		return math.Log(v)
	}
	return math.Pow(v, l.Power)
}

func (l Late) lower(v float64) float64 {
	if l.Power == 0 {
		return math.Exp(v)
	}
	return math.Pow(v, 1/l.Power)
}

// fuse adds the nodes of the mean: distances[i] is [n, cells of view i], the result
// [n, rows, cols] over the finest grid.
func (m *Model) fuse(b *graph.Builder, distances []*graph.Value) *graph.Value {
	g, l := m.cells(), m.Late
	for i, d := range distances {
		own := m.grid(&m.Views[i])
		distances[i] = b.Resize(b.Reshape(d, -1, 1, own.Rows, own.Cols), g.Rows, g.Cols)
	}
	if len(distances) == 1 {
		return b.Reshape(distances[0], -1, g.Rows, g.Cols)
	}
	all, sum := 0.0, (*graph.Value)(nil)
	for i := range m.Views {
		all += m.Views[i].Weight
	}
	for i, d := range distances {
		v := &m.Views[i]
		d = b.Add(b.Mul(d, b.Scalar(1/v.Level)), b.Scalar(l.Offset))
		switch l.Power {
		case 1:
		case 0:
			d = b.Log(d)
		case -1:
			d = b.Reciprocal(d)
		default:
			d = b.Pow(d, b.Scalar(l.Power))
		}
		d = b.Mul(d, b.Scalar(v.Weight/all))
		if sum == nil {
			sum = d
		} else {
			sum = b.Add(sum, d)
		}
	}
	switch l.Power {
	case 1:
	case 0:
		sum = b.Exp(sum)
	case -1:
		sum = b.Reciprocal(sum)
	default:
		sum = b.Pow(sum, b.Scalar(1/l.Power))
	}
	return b.Reshape(sum, -1, g.Rows, g.Cols)
}

// Distance is the distance head's raw score of each cell of one crop, [rows*cols] over
// Cells, from what each view's search has found. It is what the graph computes.
func (m *Model) Distance(found []Found) []float32 {
	g := m.cells()
	maps := make([][]float32, len(found))
	for i, f := range found {
		maps[i] = widen(f.distances(), m.grid(&m.Views[i]), g)
	}
	if len(maps) == 1 {
		return maps[0]
	}
	out := make([]float32, g.Len())
	at, weights := make([]float64, len(maps)), make([]float64, len(maps))
	for i := range m.Views {
		weights[i] = m.Views[i].Weight
	}
	for c := range out {
		for i := range maps {
			at[i] = float64(maps[i][c]) / m.Views[i].Level
		}
		out[c] = float32(m.Late.Mean(at, weights))
	}
	return out
}

// Squared is the square of the distance head's score of each cell of one crop, [rows*cols]
// over Cells: what a classifier is fused with.
func (m *Model) Squared(found []Found) []float32 {
	if len(found) == 1 { // without a root and its square
		return found[0].nearest()
	}
	out := m.Distance(found)
	for i, v := range out {
		out[i] = v * v
	}
	return out
}

// nearest are the squared distances to the nearest row.
func (f Found) nearest() []float32 {
	out := make([]float32, len(f.Squared)/f.K)
	for i := range out {
		out[i] = f.Squared[i*f.K]
	}
	return out
}

// distances are the distances to the nearest row.
func (f Found) distances() []float32 {
	out := f.nearest()
	for i, v := range out {
		out[i] = float32(math.Sqrt(float64(v)))
	}
	return out
}

// widen brings a map to a finer grid bilinearly, half-cell centres, edges clamped, as the
// graph's Resize does.
func widen(from []float32, own, to block.Grid) []float32 {
	if own.Rows == to.Rows && own.Cols == to.Cols {
		return from
	}
	out := make([]float32, 0, to.Len())
	for r := range to.Rows {
		r0, r1, fr := between(r, own.Rows, to.Rows)
		for c := range to.Cols {
			c0, c1, fc := between(c, own.Cols, to.Cols)
			top := (1-fc)*from[r0*own.Cols+c0] + fc*from[r0*own.Cols+c1]
			low := (1-fc)*from[r1*own.Cols+c0] + fc*from[r1*own.Cols+c1]
			out = append(out, (1-fr)*top+fr*low)
		}
	}
	return out
}

// Lerp is where along an axis a cell of the finest grid lies between two of a view's:
// Share of the way from Low to High.
type Lerp struct {
	Low, High int
	Share     float32
}

// Lerps say of which cells of a view's grid each row and each column of the finest one is
// the bilinear mean, as widen and the graph's Resize have it. nil where the view's grid is
// the finest.
func (s *Spec) Lerps(view int) (rows, cols []Lerp) {
	own, to := s.ViewGrid(view), s.cells()
	if own == to {
		return nil, nil
	}
	along := func(in, out int) []Lerp {
		list := make([]Lerp, out)
		for i := range list {
			list[i].Low, list[i].High, list[i].Share = between(i, in, out)
		}
		return list
	}
	return along(own.Rows, to.Rows), along(own.Cols, to.Cols)
}

// between finds the two of in cells between whose centres cell i of out lies, and how far.
func between(i, in, out int) (low, high int, share float32) {
	at := min(max((float64(i)+0.5)*float64(in)/float64(out)-0.5, 0), float64(in-1))
	low = int(at)
	return low, min(low+1, in-1), float32(at - float64(low))
}
