package nets

import (
	"fmt"

	"semirest/models/graph"
	"semirest/shared/block"
)

// Bagging: windows of mu x mu cells slide over a map of residuals, a classifier judges each,
// and a block's score is the mean of its probabilities over all windows that hold it
// (METHOD section 5).

// Sliding says how windows slide over a map.
type Sliding struct {
	Rows, Cols int // cells of the map
	Map        int // mu, cells of a window's side
	// Step is how far a window is from the next. 0: a single pass, in which windows lie
	// side by side and each cell is judged once; where they don't fit, the last
	// one is flush with the edge and the cells it shares are the earlier window's.
	Step int
	// Block is how many cells make a block's side: 1 (0 means 1) or 2, blocks of 8 or 16
	// pixels. A block's logits are the mean of its cells'.
	Block int
}

// Check reports what is wrong with the settings.
func (s Sliding) Check() error {
	f := s.block()
	switch {
	case s.Rows < 1 || s.Cols < 1 || s.Map < 1 || s.Step < 0 || s.Block < 0:
		return fmt.Errorf("nets: map and window must be positive: %+v", s)
	case s.Step > s.Map:
		return fmt.Errorf("nets: windows of %d cells stepped by %d leave gaps", s.Map, s.Step)
	case s.Map%f != 0 || s.Step%f != 0 || s.Rows%f != 0 || s.Cols%f != 0:
		return fmt.Errorf("nets: blocks of %d cells don't divide a map of %d x %d, windows of %d stepped by %d", f, s.Rows, s.Cols, s.Map, s.Step)
	}
	return nil
}

func (s Sliding) block() int { return max(s.Block, 1) }

// windows are the windows' first cells.
func (s Sliding) windows() []block.Cell {
	step := s.Step
	if step == 0 {
		step = s.Map
	}
	return block.Windows(s.Rows, s.Cols, s.Map, step)
}

// Blocks averages logits [n, mu*mu, 2] over blocks of side x side cells: [n, (mu/side)^2, 2].
// It is what training compares with the labels of larger blocks.
func Blocks(b *graph.Builder, logits *graph.Value, mu, side int) *graph.Value {
	if side == 1 {
		return logits
	}
	if mu%side != 0 {
		b.Fail(fmt.Errorf("nets: blocks of %d cells don't divide a window of %d", side, mu))
	}
	n, k := logits.Dim(0), mu/side
	// Row by row a cell's index is ((block row, row within), (block column, column
	// within), logit): first the mean over the rows within, then over the columns.
	logits = b.Reshape(logits, n, k, side, k, side*2)
	logits = b.ReduceMean(logits, false, 2)                           // [n, k, k, side*2]
	return b.ReduceMean(b.Reshape(logits, n, k*k, side, 2), false, 2) // [n, k*k, 2]
}

// Bagged adds windows, classifier and bagging: r holds the signed residuals of n maps,
// [n, rows*cols, d], row by row; the result is the probability of 'anomalous' a block,
// [n, rows/block, cols/block]. n may be the batch. A Swin computes each attention window that
// several sliding windows share only once, which changes nothing in the result.
func Bagged(b *graph.Builder, c Classifier, src graph.Source, r *graph.Value, s Sliding) *graph.Value {
	return bagged(b, c, src, r, s, true)
}

// Unshared is Bagged without the sharing: every window is judged on its own. It is the
// oracle of the tests.
func Unshared(b *graph.Builder, c Classifier, src graph.Source, r *graph.Value, s Sliding) *graph.Value {
	return bagged(b, c, src, r, s, false)
}

func bagged(b *graph.Builder, c Classifier, src graph.Source, r *graph.Value, s Sliding, share bool) *graph.Value {
	if err := s.Check(); err != nil {
		b.Fail(err)
	}
	cells := s.Rows * s.Cols
	if r.Rank() != 3 || r.Dim(1) != cells {
		b.Fail(fmt.Errorf("nets: bagging over %d x %d cells takes [n, %d, d], not %v", s.Rows, s.Cols, cells, r))
	}
	if s.Rows < s.Map || s.Cols < s.Map { // the cell that fills windows up
		r = b.Pad(r, []int{0, 0, 0}, []int{0, 1, 0}, 0)
	}
	tokens := s.tokens()
	swin, isSwin := c.(Swin)
	if !isSwin || !share {
		return s.merge(b, s.alone(b, c, src, r, tokens), sequence(len(tokens), s.Map*s.Map))
	}
	if err := swin.Check(); err != nil {
		b.Fail(err)
	}
	if swin.Map != s.Map {
		b.Fail(fmt.Errorf("nets: windows of %d cells, but the Swin is one of %d", s.Map, swin.Map))
	}
	logits, tokens := swin.shared(b, src, r, tokens)
	return s.merge(b, logits, tokens)
}

// tokens names what each window holds: tokens[w][k] is the cell under window w's cell k,
// or rows*cols, the filling, where a map is smaller than a window.
func (s Sliding) tokens() [][]int {
	var list [][]int
	for _, at := range s.windows() {
		ids := make([]int, 0, s.Map*s.Map)
		for k := range s.Map * s.Map {
			row, col := at.Row+k/s.Map, at.Col+k%s.Map
			id := s.Rows * s.Cols
			if row < s.Rows && col < s.Cols {
				id = row*s.Cols + col
			}
			ids = append(ids, id)
		}
		list = append(list, ids)
	}
	return list
}

// sequence names the tokens of windows that share nothing: 0, 1, 2, ...
func sequence(windows, size int) [][]int {
	list := make([][]int, windows)
	for w := range list {
		list[w] = identity(size)
		for k := range list[w] {
			list[w][k] += w * size
		}
	}
	return list
}

// alone judges each window on its own: logits [n, windows*mu*mu, 2].
func (s Sliding) alone(b *graph.Builder, c Classifier, src graph.Source, r *graph.Value, tokens [][]int) *graph.Value {
	n, d, size := r.Dim(0), r.Dim(2), s.Map*s.Map
	index := make([]int, 0, len(tokens)*size)
	for _, ids := range tokens {
		index = append(index, ids...)
	}
	x := b.Reshape(take(b, r, index), n*len(tokens), size, d)
	return b.Reshape(c.Logits(b, src, x, nil), n, len(tokens)*size, 2)
}

// merge turns logits [n, tokens, 2] into the blocks' mean probabilities,
// [n, rows/block, cols/block]. tokens[w][k] says which token window w's cell k is.
//
// Blocks at the edges lie in fewer windows than those in the middle, and a graph has no
// ragged tables: each block looks up as many probabilities as the fullest one has, the
// missing ones a zero appended to the list, and the sum is divided by its own number.
// The mean is one of probabilities, not of logits, as METHOD has it; within a larger block
// the cells' logits are averaged first, as in training.
func (s Sliding) merge(b *graph.Builder, logits *graph.Value, tokens [][]int) *graph.Value {
	n, f := logits.Dim(0), s.block()
	rows, cols, per := s.Rows/f, s.Cols/f, s.Map/f
	table := newTable()
	held := make([][]int, rows*cols) // a block's groups of tokens, one a window
	for w, at := range s.windows() {
		for k := range per * per {
			row, col := at.Row/f+k/per, at.Col/f+k%per
			if row >= rows || col >= cols { // the filling of a window that is larger than the map
				continue
			}
			group := make([]int, 0, f*f)
			for i := range f * f {
				group = append(group, tokens[w][(k/per*f+i/f)*s.Map+k%per*f+i%f])
			}
			cell := row*cols + col
			if s.Step == 0 && len(held[cell]) > 0 { // a single pass judges once
				continue
			}
			held[cell] = append(held[cell], table.id(group, 0))
		}
	}
	logits = take(b, logits, table.members)
	if f > 1 {
		logits = b.ReduceMean(b.Reshape(logits, n, table.len(), f*f, 2), false, 2)
	}
	probability := b.Slice(b.Softmax(logits, -1), 2, 1, 2) // [n, groups, 1]
	most := 0
	for _, ids := range held {
		most = max(most, len(ids))
	}
	probability = b.Pad(probability, []int{0, 0, 0}, []int{0, 1, 0}, 0) // what fills up
	index := make([]int, 0, len(held)*most)
	share := make([]float32, len(held))
	for cell, ids := range held {
		for i := range most {
			if i < len(ids) {
				index = append(index, ids[i])
			} else {
				index = append(index, table.len())
			}
		}
		share[cell] = 1 / float32(len(ids))
	}
	sum := b.ReduceSum(b.Reshape(take(b, probability, index), n, rows*cols, most), false, 2)
	return b.Reshape(b.Mul(sum, b.F32("", share, rows*cols)), n, rows, cols)
}

// take gathers along axis 1; 32-bit indices halve what the tables add to a model.
func take(b *graph.Builder, x *graph.Value, index []int) *graph.Value {
	small := make([]int32, len(index))
	same := len(index) == x.Dim(1)
	for i, k := range index {
		small[i] = int32(k)
		same = same && i == k
	}
	if same {
		return x
	}
	return b.Gather(x, b.I32("", small, len(small)), 1)
}
