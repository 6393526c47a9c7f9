package detect

import (
	"context"
	"fmt"
	"math"

	"semirest/shared/block"
	"semirest/shared/prep"
)

// pool is what the bank is chosen from: features of normal pictures, the same
// number of each, drawn at random.
type pool struct {
	rows  []float32 // [n, d]: hypercolumns, then PCFs
	cells []cell    // [n]
	of    int       // rows of all pictures
	stats []moments // [d], of all rows
}

// cell says where a pool row came from.
type cell struct {
	image    int32
	row, col int32 // in the picture's grid
}

// moments is a channel's running sum and sum of squares.
type moments struct{ sum, square float64 }

// gather runs the backbone over the training pictures once: every row goes into
// the layers' statistics, a quota of each picture's into the pool.
func (f *fitter) gather(ctx context.Context) error {
	r, err := newRunner(f.model, Columns, OutputPCF, f.cfg.Run)
	if err != nil {
		return err
	}
	defer r.Close()
	limit := f.cfg.PoolRows
	if limit == 0 {
		limit = maxPool
	}
	quota := max(1, (limit+len(f.train)-1)/len(f.train))
	d, grid := f.model.Feature.Dim, f.model.cells()
	f.pool.stats = make([]moments, d)
	return f.each(ctx, StageFeatures, f.train, func(i int, plan prep.Plan, crops [][]byte) error {
		take := f.draw(len(crops)*grid.Len(), quota)
		for k, c := range plan.Crops {
			columns, err := r.run(ctx, crops[k], []block.Cell{origin(c)})
			if err != nil {
				return err
			}
			if err := f.pool.count(columns); err != nil {
				return fmt.Errorf("%s: %w", f.model.Images[i], err)
			}
			for ; len(take) > 0 && take[0] < (k+1)*grid.Len(); take = take[1:] {
				at := take[0] - k*grid.Len()
				f.pool.rows = append(f.pool.rows, columns[at*d:(at+1)*d]...)
				f.pool.cells = append(f.pool.cells, cell{int32(i), int32(c.Row + at/grid.Cols), int32(c.Col + at%grid.Cols)})
			}
		}
		return nil
	})
}

// draw returns min(n, k) of the numbers below n, ascending, each set as likely as
// any other (Knuth, TAOCP 2, algorithm 3.4.2 S).
func (f *fitter) draw(n, k int) []int {
	var out []int
	for i := range n {
		if f.rng.IntN(n-i) < k-len(out) {
			out = append(out, i)
		}
	}
	return out
}

// count adds the rows [n, d] to the statistics.
func (p *pool) count(rows []float32) error {
	d := len(p.stats)
	for at := 0; at < len(rows); at += d {
		for j, v := range rows[at : at+d] {
			x := float64(v)
			p.stats[j].sum += x
			p.stats[j].square += x * x
		}
	}
	p.of += len(rows) / d
	// A number that is not finite would stay in the sums.
	for _, s := range p.stats {
		if math.IsNaN(s.square) || math.IsInf(s.square, 0) {
			return fmt.Errorf("the backbone gives numbers that are not finite")
		}
	}
	return nil
}

// finish sets the model's layer scales (each layer's rms deviation from its
// channels' means, METHOD section 1 and TUNING, over the layer's weight) and turns
// the pool's rows from hypercolumns into PCFs.
func (p *pool) finish(m *Model, scale bool, decay float64) {
	layers, d := Layers(m.net.Architecture, m.Feature.Fine)
	weight := layerWeights(layers, decay)
	first := 0
	for i, n := range layers {
		if scale {
			m.Feature.LayerScales[i] = p.deviation(first, n)
		}
		m.Feature.LayerScales[i] /= weight[i]
		first += n
	}
	factor := m.layerFactors()
	codes := newPositions(m.reach(), d, m.Feature.PositionWeight)
	parallel(len(p.cells), func(from, to int) {
		for i := from; i < to; i++ {
			row := p.rows[i*d : (i+1)*d]
			for j := range row {
				row[j] *= factor[j]
			}
			codes.add(row, int(p.cells[i].row), int(p.cells[i].col))
		}
	})
}

// layerWeights are the powers of decay, times what keeps the mean square over all
// numbers of a feature 1: the position code's weight stays relative to that.
func layerWeights(layers []int, decay float64) []float64 {
	if decay == 0 {
		decay = 1
	}
	weight := make([]float64, len(layers))
	square, d := 0.0, 0
	for i, n := range layers {
		weight[i] = math.Pow(decay, float64(i))
		square += float64(n) * weight[i] * weight[i]
		d += n
	}
	for i := range weight {
		weight[i] /= math.Sqrt(square / float64(d))
	}
	return weight
}

// deviation is the rms deviation of n channels from their means; 1 for channels
// that never vary, which stay as they are.
func (p *pool) deviation(first, n int) float64 {
	variance := 0.0
	for _, s := range p.stats[first : first+n] {
		mean := s.sum / float64(p.of)
		variance += max(0, s.square/float64(p.of)-mean*mean) / float64(n)
	}
	if variance == 0 {
		return 1
	}
	return math.Sqrt(variance)
}

// each decodes and cuts the pictures of, one ahead of the work, and calls do on
// each in order; i counts within of.
func (f *fitter) each(ctx context.Context, stage Stage, of []int, do func(i int, plan prep.Plan, crops [][]byte) error) error {
	type item struct {
		plan  prep.Plan
		crops [][]byte
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	items := make(chan item, 1)
	go func() {
		defer close(items)
		for _, at := range of {
			var it item
			var rgb []byte
			var size prep.Size
			if rgb, size, it.err = f.src.Picture(at); it.err == nil {
				it.plan, it.crops, it.err = f.model.Crops(rgb, size)
			}
			select {
			case items <- it:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range items { // until the decoder has ended
		}
	}()
	for i := range of {
		f.progress(Progress{stage, i, len(of)})
		it, ok := <-items
		if !ok {
			return ctx.Err()
		}
		if it.err != nil {
			return it.err
		}
		if err := do(i, it.plan, it.crops); err != nil {
			return err
		}
	}
	f.progress(Progress{stage, len(of), len(of)})
	return nil
}

// ownScore is the image score of a picture that fed the bank, its own rows left
// out.
func ownScore(ctx context.Context, e *Extractor, s *Searcher, image int32, plan prep.Plan, crops [][]byte) (float32, error) {
	var top float32
	for k, c := range plan.Crops {
		features, err := e.Features(ctx, crops[k], []block.Cell{origin(c)})
		if err != nil {
			return 0, err
		}
		found, err := s.Search(ctx, features, image)
		if err != nil {
			return 0, err
		}
		for i := 0; i < len(found.Squared); i += found.K {
			top = max(top, found.Squared[i])
		}
	}
	return float32(math.Sqrt(float64(top))), nil
}
