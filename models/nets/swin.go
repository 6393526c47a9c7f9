package nets

import (
	"fmt"

	"semirest/models/graph"
)

// Swin is the sliding window's classifier (METHOD section 5; Swin Transformer,
// https://arxiv.org/abs/2103.14030): one stage of patch size 1, so that every cell
// keeps its own token. Blocks attend within Window x Window cells, alternately on the
// plain grid and on one shifted by half a window, where a region mask keeps cells apart
// that the cyclic shift brought together.
type Swin struct {
	In       int // d, channels of a residual
	Width    int // of a token; a multiple of Heads
	Heads    int
	Depth    int // blocks
	Window   int // cells of an attention window's side
	Map      int // mu, cells of the sliding window's side; a multiple of Window
	Residual Residual
}

// Check reports what is wrong with the settings.
func (s Swin) Check() error {
	switch {
	case s.In < 1 || s.Width < 1 || s.Heads < 1 || s.Depth < 1 || s.Window < 1 || s.Map < 1:
		return fmt.Errorf("nets: a Swin's sizes must be positive: %+v", s)
	case s.Width%s.Heads != 0:
		return fmt.Errorf("nets: a Swin's width %d is no multiple of its %d heads", s.Width, s.Heads)
	case s.Map%s.Window != 0:
		return fmt.Errorf("nets: a Swin's map of %d cells is no multiple of its attention window's %d", s.Map, s.Window)
	}
	return nil
}

// Params lists the parameters; 51,469,442 numbers at the paper's size.
func (s Swin) Params() []graph.Param {
	var l declared
	l.embed(s.In, s.Width)
	side := 2*s.Window - 1
	for i := range s.Depth {
		l.block(blockName(i), s.Width)
		l = append(l, graph.Param{Name: blockName(i) + ".attn.bias_table", Shape: []int{side * side, s.Heads}, Init: graph.TruncNormal(0.02)})
	}
	l.norm("norm", s.Width)
	l.head(s.Width)
	return l
}

func blockName(i int) string { return fmt.Sprintf("blocks.%d", i) }

// DropPath grows over the blocks from 0 to 0.1.
func (s Swin) DropPath() []float64 { return dropPath(s.Depth) }

// shift is how far block i's windows are shifted: half a window in every second
// block, unless one window holds the whole map.
func (s Swin) shift(i int) int {
	if i%2 == 0 || s.Map <= s.Window {
		return 0
	}
	return s.Window / 2
}

// Logits adds the network to a graph, as [Classifier] says. Tokens are kept in the order
// of each block's windows, so that one Gather a block does the shift, the partition and
// their reversal.
func (s Swin) Logits(b *graph.Builder, src graph.Source, x *graph.Value, t *Training) *graph.Value {
	if err := s.Check(); err != nil {
		b.Fail(err)
	}
	if x.Rank() != 3 || x.Dim(1) != s.Map*s.Map || x.Dim(2) != s.In {
		b.Fail(fmt.Errorf("nets: a Swin takes [n, %d, %d], not %v", s.Map*s.Map, s.In, x))
	}
	p := resolve(s.Params(), src)
	x = s.embed(b, p, x)
	order := identity(s.Map * s.Map) // order[k] is the cell of token k
	paths := t.paths(b, s.DropPath())
	for i := range s.Depth {
		next := windowOrder(s.Map, s.Window, s.shift(i))
		x = reorder(b, x, order, next)
		order = next
		x = p.block(b, blockName(i), x, s.attend(b, p, i), paths[i])
	}
	x = reorder(b, s.classify(b, p, x), order, identity(s.Map*s.Map))
	return x
}

// embed adds the first step, the linear embedding and its norm: [.., d] to [.., width].
func (s Swin) embed(b *graph.Builder, p params, x *graph.Value) *graph.Value {
	return p.norm(b, "embed_norm", p.linear(b, "embed", s.Residual.add(b, x)))
}

// classify adds the final norm and the head: [.., width] to [.., 2].
func (s Swin) classify(b *graph.Builder, p params, x *graph.Value) *graph.Value {
	return p.linear(b, "head", p.norm(b, "norm", x))
}

// attend says where block i attends over a whole sliding window.
func (s Swin) attend(b *graph.Builder, p params, i int) attend {
	side := s.Map / s.Window
	a := attend{heads: s.Heads, groups: side * side, bias: s.bias(b, p, i)}
	if s.shift(i) > 0 {
		size := s.Window * s.Window
		mask := make([]float32, 0, a.groups*size*size)
		for w := range a.groups {
			mask = append(mask, s.mask(edges(w, side))...)
		}
		a.mask = b.F32("", mask, a.groups, 1, size, size)
	}
	return a
}

// bias looks the relative position bias up: [heads, size, size], size the tokens of an
// attention window. The table [(2w-1)^2, heads] has a row for every way from one cell of
// a window to another, -(w-1) to w-1 cells along each axis; pairs the same way apart
// share it.
func (s Swin) bias(b *graph.Builder, p params, i int) *graph.Value {
	w, size := s.Window, s.Window*s.Window
	index := make([]int, 0, size*size)
	for from := range size {
		for to := range size {
			row, col := from/w-to/w+w-1, from%w-to%w+w-1
			index = append(index, row*(2*w-1)+col)
		}
	}
	bias := b.Take(p[blockName(i)+".attn.bias_table"], 0, index...) // [size*size, heads]
	return b.Reshape(b.Transpose(bias, 1, 0), s.Heads, size, size)
}

// maskedLogit is added where a token must not look, as Swin's authors have it: exp(-100)
// is nothing beside what a token may look at, and a sum with it stays finite.
const maskedLogit = -100

// edge tells which edges of the map a shifted window crosses: the last row of windows and
// the last column hold cells from both ends of the map.
type edge struct{ bottom, right bool }

func edges(window, side int) edge { return edge{window/side == side-1, window%side == side-1} }

// mask is the region mask of one shifted window, [size, size]. A window at the bottom
// holds w - w/2 rows of the map's end and then w/2 of its beginning, one at the right
// likewise columns: up to four regions that are no neighbours and must not see each
// other.
func (s Swin) mask(e edge) []float32 {
	w := s.Window
	region := func(cell int) int {
		r := 0
		if e.bottom && cell/w >= w-w/2 {
			r += 2
		}
		if e.right && cell%w >= w-w/2 {
			r++
		}
		return r
	}
	m := make([]float32, 0, w*w*w*w)
	for from := range w * w {
		for to := range w * w {
			v := float32(0)
			if region(from) != region(to) {
				v = maskedLogit
			}
			m = append(m, v)
		}
	}
	return m
}

// windowOrder lists a map's cells window by window; a shifted grid begins at (shift,
// shift) and goes round the map's edges.
func windowOrder(side, window, shift int) []int {
	order := make([]int, 0, side*side)
	for w := range side / window * (side / window) {
		top, left := w/(side/window)*window, w%(side/window)*window
		for t := range window * window {
			row, col := (top+t/window+shift)%side, (left+t%window+shift)%side
			order = append(order, row*side+col)
		}
	}
	return order
}

func identity(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// reorder brings tokens from one order of cells to another: one Gather.
func reorder(b *graph.Builder, x *graph.Value, from, to []int) *graph.Value {
	at := make([]int, len(from)) // cell to place
	for k, cell := range from {
		at[cell] = k
	}
	index := make([]int, len(to))
	same := true
	for k, cell := range to {
		index[k] = at[cell]
		same = same && index[k] == k
	}
	if same {
		return x
	}
	return b.Take(x, 1, index...)
}
