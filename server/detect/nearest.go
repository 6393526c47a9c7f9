package detect

import (
	"semirest/models/graph"
)

// chunk is how many queries one product with the bank takes: its result stays
// in the processor's cache for the search of the largest.
const chunk = 512

// Neighbours is how many nearest bank rows are kept (METHOD section 3).
const Neighbours = 3

// searchBank holds the bank as the search wants it. Distances do not change when
// the bank's mean is taken off both sides, and the products get smaller: that is
// where float32 loses digits.
type searchBank struct {
	rows, d int
	mean    []float32 // [d]
	centred []float32 // [rows, d]
	bias    []float32 // [rows], -|m|^2/2: the largest f.m + bias is the nearest
}

func newSearchBank(bank []float32, d int) searchBank {
	rows := len(bank) / d
	s := searchBank{rows: rows, d: d, mean: make([]float32, d),
		centred: make([]float32, rows*d), bias: make([]float32, rows)}
	sum := make([]float64, d)
	for i := range rows {
		for j, v := range bank[i*d : (i+1)*d] {
			sum[j] += float64(v)
		}
	}
	for j := range sum {
		s.mean[j] = float32(sum[j] / float64(s.rows))
	}
	parallel(s.rows, func(from, to int) {
		for i := from; i < to; i++ {
			norm := 0.0
			for j := range d {
				v := bank[i*d+j] - s.mean[j]
				s.centred[i*d+j] = v
				norm += float64(v) * float64(v)
			}
			s.bias[i] = float32(-norm / 2)
		}
	})
	return s
}

// nearest adds the exact search for queries [q, d], the bank's mean taken off:
// their k nearest bank rows by one product and TopK, then, since |f|^2 - 2fm +
// |m|^2 cancels, each row's residual from the difference itself, and the rows in
// the order of those. bias is [rows]; a row with a hugely negative one is left out.
//
// It returns the squared distances [q, k], ascending, and the rows [q, k], int64.
func (s searchBank) nearest(b *graph.Builder, queries, bank, bias *graph.Value, k int) (squared, rows *graph.Value) {
	_, found := b.TopK(b.Gemm(queries, bank, bias, false, true), k, 1, true)
	difference := b.Sub(b.Gather(bank, found, 0), b.Unsqueeze(queries, 1)) // [q, k, d]
	squared, order := b.TopK(b.ReduceSum(b.Square(difference), false, 2), k, 1, false)
	return squared, b.GatherElements(found, order, 1)
}

// split cuts features [n, cells, d] into chunks, runs do on each as [n*size, d],
// and joins the results [n*size, ...] to [n, cells, ...].
func split(b *graph.Builder, f *graph.Value, do func(q *graph.Value) *graph.Value) *graph.Value {
	cells, d := f.Dim(1), f.Dim(2)
	var sizes []int
	for at := 0; at < cells; at += chunk {
		sizes = append(sizes, min(chunk, cells-at))
	}
	parts := []*graph.Value{f}
	if len(sizes) > 1 {
		parts = b.Split(f, 1, sizes...)
	}
	for i, p := range parts {
		r := do(b.Reshape(p, -sizes[i], d))
		parts[i] = b.Reshape(r, append([]int{-1, sizes[i]}, r.Shape()[1:]...)...)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return b.Concat(1, parts...)
}

// searched adds a view's search for the k nearest of features [n, cells, d], the bank's mean
// taken off inside; read makes of queries [q, d] and what was found what is wanted a query.
func (m *Model) searched(b *graph.Builder, view, k int, f *graph.Value, read func(bank, q, squared, rows *graph.Value) *graph.Value) *graph.Value {
	s := newSearchBank(m.Banks[view].Rows, m.Views[view].Feature.Dim)
	bank := b.F32(m.named(view, "bank"), s.centred, s.rows, s.d)
	bias := b.F32(m.named(view, "bias"), s.bias, s.rows)
	return split(b, b.Sub(f, b.F32(m.named(view, "mean"), s.mean, s.d)), func(q *graph.Value) *graph.Value {
		squared, rows := s.nearest(b, q, bank, bias, min(k, s.rows))
		return read(bank, q, squared, rows)
	})
}

// neighbours is how many a detector's search looks for. The nearest of three is that of
// their true distances, whatever the product's rounding; with several views, where the
// search takes its time over many small banks, one does.
func (m *Model) neighbours() int {
	if len(m.Views) > 1 {
		return 1
	}
	return Neighbours
}

// distanceHead is PatchCore's score on PCFs, the Euclidean distance to the nearest bank
// row, a view, fused: [n, rows, cols]. The cells' distances are the scores.
func (m *Model) distanceHead(b *graph.Builder, fs []*graph.Value) (scores, cells *graph.Value) {
	distances := make([]*graph.Value, len(fs))
	b.Scope("nearest", func() {
		for i, f := range fs {
			distances[i] = m.searched(b, i, m.neighbours(), f, func(_, _, squared, _ *graph.Value) *graph.Value {
				return b.Squeeze(b.Sqrt(b.Slice(squared, 1, 0, 1)), 1)
			})
		}
	})
	b.Scope("late", func() { scores = m.fuse(b, distances) })
	return scores, scores
}
