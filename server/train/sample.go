package train

import (
	"math/rand/v2"

	"semirest/shared/block"
)

// Batch is the input of one step: windows of signed residuals, targets and
// weights. A token is one block of one window: one cell, or 2x2 where blocks have
// 16 pixels.
type Batch struct {
	shape
	Residual []float32     // [windows, cells, d]
	Labels   []block.Label // [tokens]
	Target   []float32     // [tokens, 2]: normal, anomalous; sums to 1
	Guess    []float32     // [tokens] of unknown tokens, under GuessStart
	X        []float32     // [tokens] weight in the labelled loss, its mean included
	U        []float32     // likewise in the unlabelled loss, lambda_u included
}

func newBatch(n shape) *Batch {
	t := n.tokens()
	return &Batch{
		shape:    n,
		Residual: make([]float32, n.windows*n.cells()*n.dim), Labels: make([]block.Label, t),
		Target: make([]float32, 2*t), Guess: make([]float32, t), X: make([]float32, t), U: make([]float32, t),
	}
}

// cell returns the residual of a cell of a window.
func (b *Batch) cell(window, cell int) []float32 {
	at := (window*b.cells() + cell) * b.dim
	return b.Residual[at : at+b.dim]
}

// each calls f with the residual of every cell of a token, block*block of them.
func (b *Batch) each(token int, f func(k int, residual []float32)) {
	w, t := token/b.blocks(), token%b.blocks()
	per := b.side / b.block
	for k := range b.block * b.block {
		row, col := t/per*b.block+k/b.block, t%per*b.block+k%b.block
		f(k, b.cell(w, row*b.side+col))
	}
}

// place is a window of one picture.
type place struct {
	picture      *Map
	at           block.Cell
	flipX, flipY bool
	disturbed    bool // see disturb
}

// sampler draws windows.
type sampler struct {
	Settings
	maps    *Maps
	windows []block.Cell
	near    map[*Map][]block.Cell // of real pictures, the windows that hold something of what is labelled
}

func newSampler(s Settings, maps *Maps) *sampler {
	p := &sampler{Settings: s, maps: maps, windows: block.Windows(maps.Rows, maps.Cols, s.Window, s.Step), near: map[*Map][]block.Cell{}}
	for i := range maps.Real {
		m := &maps.Real[i]
		for _, w := range p.windows {
			if m.known.any(maps.Rows, maps.Cols, w, s.Window) {
				p.near[m] = append(p.near[m], w)
			}
		}
	}
	return p
}

// draw chooses the windows of a step (METHOD section 6): b1, b2 and b3
// pictures, then a fraction p of all their windows taken together, without
// replacement; or, with PerImage, one window of each, which in real pictures
// holds something of what is labelled.
func (s *sampler) draw(rng *rand.Rand) []place {
	var pictures []*Map
	pictures = choose(rng, pictures, s.maps.Normal, s.Normal)
	pictures = choose(rng, pictures, s.maps.Simulated, s.Simulated)
	pictures = choose(rng, pictures, s.maps.Real, s.Real)
	var places []place
	if s.PerImage {
		plain := len(pictures)
		pictures = choose(rng, pictures, s.maps.Normal, s.Disturbed)
		for i, p := range pictures {
			windows := s.windows
			if near := s.near[p]; len(near) > 0 {
				windows = near
			}
			places = append(places, place{picture: p, at: windows[rng.IntN(len(windows))], disturbed: i >= plain})
		}
	} else {
		all := len(pictures) * len(s.windows)
		for _, i := range someOf(rng, all, s.Batch(len(s.windows))) {
			places = append(places, place{picture: pictures[i/len(s.windows)], at: s.windows[i%len(s.windows)]})
		}
	}
	if s.Flips {
		for i := range places {
			bits := rng.Uint32()
			places[i].flipX, places[i].flipY = bits&1 != 0, bits&2 != 0
		}
	}
	return places
}

// choose appends n pictures of from, all different where there are enough. With
// none to choose from nothing is appended; Run makes sure that there are some.
func choose(rng *rand.Rand, to []*Map, from []Map, n int) []*Map {
	for n > 0 && len(from) > 0 {
		for _, i := range someOf(rng, len(from), min(n, len(from))) {
			to = append(to, &from[i])
			n--
		}
	}
	return to
}

// someOf returns k different numbers below n, in random order: the first k of a
// shuffle that is never carried further (Fisher and Yates). swapped holds the
// few places of the shuffle that no longer hold their own number.
func someOf(rng *rand.Rand, n, k int) []int {
	swapped := make(map[int]int, k)
	at := func(i int) int {
		if v, ok := swapped[i]; ok {
			return v
		}
		return i
	}
	out := make([]int, k)
	for i := range out {
		j := i + rng.IntN(n-i)
		out[i] = at(j)
		swapped[j] = at(i)
	}
	return out
}

// fill writes window w of b from a place: residuals to the k-th neighbour, k
// drawn for every cell on its own (K-NN augmentation), and labels. Cells beyond a
// map that is smaller than the window have zero residuals, and their blocks are
// ignored.
func (s *sampler) fill(rng *rand.Rand, b *Batch, w int, p place) {
	side := b.side
	seen := area{row: p.at.Row, col: p.at.Col, rows: min(side, s.maps.Rows-p.at.Row), cols: min(side, s.maps.Cols-p.at.Col)}
	near := make([]int, b.cells()) // by the map's order; drawn in the window's
	for i := range near {
		row, col := p.cell(i/side, i%side, side)
		if row < s.maps.Rows && col < s.maps.Cols {
			near[(row-p.at.Row)*side+col-p.at.Col] = s.neighbour(rng)
		} else {
			clear(b.cell(w, i))
		}
	}
	s.maps.residuals(p.picture, seen, func(row, col int) int { return near[row*side+col] }, func(row, col int) []float32 {
		row, col = p.mirrored(row, col, side)
		return b.cell(w, row*side+col)
	})
	per := side / b.block
	for t := range b.blocks() {
		row, col := p.cell(t/per*b.block, t%per*b.block, side)
		row, col = row/b.block, col/b.block
		label, guess := block.Ignored, float32(0.5)
		if row < s.maps.Rows/b.block && col < s.maps.Cols/b.block {
			at := row*(s.maps.Cols/b.block) + col
			label = p.picture.Labels[at]
			if p.picture.guess != nil {
				guess = p.picture.guess[at]
			}
		}
		b.Labels[w*b.blocks()+t], b.Guess[w*b.blocks()+t] = label, guess
	}
	if p.disturbed {
		s.disturb(rng, b, w)
	}
}

// cell is where the map's cell lies that a window's cell (row, col) shows.
func (p place) cell(row, col, side int) (r, c int) {
	row, col = p.mirrored(row, col, side)
	return p.at.Row + row, p.at.Col + col
}

// mirrored mirrors a cell within the window, as the place is: its own inverse.
func (p place) mirrored(row, col, side int) (r, c int) {
	if p.flipX {
		col = side - 1 - col
	}
	if p.flipY {
		row = side - 1 - row
	}
	return row, col
}

// neighbour draws which neighbour a residual is taken to: the first with
// probability a1, the second with a2 - a1, the third with the rest (METHOD
// section 6; 0.5, 0.3, 0.2).
func (s *sampler) neighbour(rng *rand.Rand) int {
	if !s.KNN {
		return 0
	}
	switch u := rng.Float64(); {
	case u < s.A1:
		return 0
	case u < s.A2:
		return 1
	}
	return 2
}

// setTargets gives labelled tokens their target; others get even odds, which
// ResMixMatch replaces by its guess.
func (b *Batch) setTargets() {
	for i, l := range b.Labels {
		switch l {
		case block.Normal:
			b.Target[2*i], b.Target[2*i+1] = 1, 0
		case block.Anomalous:
			b.Target[2*i], b.Target[2*i+1] = 0, 1
		default:
			b.Target[2*i], b.Target[2*i+1] = 0.5, 0.5
		}
	}
}

// weigh sets the weights: each loss is the mean over its tokens, so a token
// counts w / n, the unlabelled ones times lambdaU. Unknown tokens count only
// where lambdaU is not zero.
func (b *Batch) weigh(s Settings, lambdaU float64) {
	nx, nu := 0, 0
	for _, l := range b.Labels {
		switch l {
		case block.Normal, block.Anomalous:
			nx++
		case block.Unknown:
			nu++
		}
	}
	for i, l := range b.Labels {
		b.X[i], b.U[i] = 0, 0
		t0, t1 := float64(b.Target[2*i]), float64(b.Target[2*i+1])
		switch l {
		case block.Normal, block.Anomalous:
			b.X[i] = float32(FocalAlpha(t0, t1, s.AlphaX) / float64(nx))
		case block.Unknown:
			b.U[i] = float32(lambdaU * FocalAlpha(t0, t1, s.AlphaU) / float64(nu))
		}
	}
}

// drop sets the same number of blocks of every window to zero, the fraction
// drawn once a step from 0 to most, and marks them as ignored, so that weigh
// leaves them out (METHOD section 6, "Random dropout").
func (b *Batch) drop(rng *rand.Rand, most float64) {
	if most <= 0 {
		return
	}
	n := int(rng.Float64() * most * float64(b.blocks()))
	for w := range b.windows {
		for _, i := range someOf(rng, b.blocks(), n) {
			t := w*b.blocks() + i
			b.each(t, func(_ int, residual []float32) { clear(residual) })
			b.Labels[t] = block.Ignored
		}
	}
}
