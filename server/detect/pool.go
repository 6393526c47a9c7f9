package detect

import (
	"context"
	"fmt"
	"math"
	"slices"

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
	row, col int32 // in the picture's finest grid
}

// moments is a channel's running sum and sum of squares.
type moments struct{ sum, square float64 }

// gather runs the backbone over the training pictures once: every row goes into
// the layers' statistics, a quota of each picture's into the pool, view by view.
//
// METHOD section 2 draws from the rows of all pictures together. Equal shares need no
// second look at how many there are, and a picture of many tiles cannot crowd out the
// others; where pictures are of one size the two differ by chance alone (bottle at 320
// pixels, seed 0: 90.12 AP by shares, 90.17 by drawing from all).
func (f *fitter) gather(ctx context.Context) error {
	r, err := newRunner(f.model, Columns, f.cfg.Run)
	if err != nil {
		return err
	}
	defer r.Close()
	f.pools = make([]pool, len(f.model.Views))
	for i := range f.pools {
		f.pools[i].stats = make([]moments, f.model.Views[i].Feature.Dim)
	}
	return f.each(ctx, StageFeatures, f.train, func(i int, plan prep.Plan, crops [][]byte) error {
		take := make([][]int, len(f.pools))
		for v := range take {
			limit := f.cfg.plans()[v].pool(&f.cfg)
			take[v] = f.draw(len(crops)*f.model.grid(&f.model.Views[v]).Len(), max(1, (limit+len(f.train)-1)/len(f.train)))
		}
		for k, c := range plan.Crops {
			columns, err := r.features(ctx, crops[k], []block.Cell{origin(c)})
			if err != nil {
				return err
			}
			for v := range f.pools {
				if err := f.pools[v].count(columns[v]); err != nil {
					return fmt.Errorf("%s: %w", f.model.Images[i], err)
				}
				take[v] = f.pools[v].take(columns[v], take[v], &f.model.Views[v], f.model.grid(&f.model.Views[v]), k, int32(i), c)
			}
		}
		return nil
	})
}

// take adds the rows of crop number k of a picture that its ascending numbers name, and
// returns the numbers of the crops behind it.
func (p *pool) take(columns []float32, take []int, v *View, grid block.Grid, k int, image int32, c prep.Crop) []int {
	d, step := v.Feature.Dim, v.Feature.Cell/stride
	for ; len(take) > 0 && take[0] < (k+1)*grid.Len(); take = take[1:] {
		at := take[0] - k*grid.Len()
		p.rows = append(p.rows, columns[at*d:(at+1)*d]...)
		p.cells = append(p.cells, cell{image, int32(c.Row + at/grid.Cols*step), int32(c.Col + at%grid.Cols*step)})
	}
	return take
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

// finish sets a view's layer scales (each layer's rms deviation from its
// channels' means, METHOD section 1 and TUNING, over the layer's weight) and turns
// the pool's rows from hypercolumns into PCFs.
func (p *pool) finish(m *Model, v *View, scale bool, decay float64) {
	layers, d := sizes(m.net.Architecture, v.Feature.Layers)
	weight := layerWeights(layers, decay)
	first := 0
	for i, n := range layers {
		if scale {
			v.Feature.LayerScales[i] = p.deviation(first, n)
		}
		v.Feature.LayerScales[i] /= weight[i]
		first += n
	}
	factor := m.layerFactors(&v.Feature)
	codes := newPositions(m.reach(), d, v.Feature.PositionWeight)
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

// ownScore is the image score of a picture that fed the banks, its own rows left
// out, and its distance as a whole, likewise.
func ownScore(ctx context.Context, m *Model, e *Extractor, s *Searcher, image int32, plan prep.Plan, crops [][]byte) (top float32, whole float64, err error) {
	err = searchCrops(ctx, e, s, plan, crops, func(found []Found) {
		d := m.Distance(found)
		top = max(top, slices.Max(d))
		whole += wholeDistance(d) / float64(len(crops))
	}, image)
	return top, whole, err
}

// searchCrops calls do on what each crop's search has found.
func searchCrops(ctx context.Context, e *Extractor, s *Searcher, plan prep.Plan, crops [][]byte, do func([]Found), exclude ...int32) error {
	for k, c := range plan.Crops {
		features, err := e.Features(ctx, crops[k], []block.Cell{origin(c)})
		if err != nil {
			return err
		}
		found, err := s.Search(ctx, features, exclude...)
		if err != nil {
			return err
		}
		do(found)
	}
	return nil
}
