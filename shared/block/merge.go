package block

// Placed is one tile's scores and the cell of the picture's grid where the
// tile's block (0, 0) lies.
type Placed struct {
	Scores
	Row, Col int
}

// Merger joins overlapping tiles into one map: a block's score is the mean
// over the tiles that hold it. The order of the tiles does not matter beyond
// rounding (sums are float64), so tiles may be added as they arrive.
type Merger struct {
	grid Grid
	sum  []float64
	n    []uint32
	left int // blocks that no tile has covered yet

	unlike float64 // sum over the tiles
	tiles  int
}

// NewMerger returns a Merger for the picture's grid dst.
func NewMerger(dst Grid) *Merger {
	dst.check()
	return &Merger{grid: dst, sum: make([]float64, dst.Len()), n: make([]uint32, dst.Len()), left: dst.Len()}
}

// Add takes in one tile. Blocks that lie outside the picture's grid are left
// out. It panics when the tile's values do not fit its grid or its block size
// is another one.
func (m *Merger) Add(t Placed) {
	if len(t.Values) != t.Len() || t.Size != m.grid.Size {
		panic("block: a tile does not fit the grid it is merged into")
	}
	m.unlike += float64(t.Unlike)
	m.tiles++
	for r := max(0, -t.Row); r < t.Rows && r+t.Row < m.grid.Rows; r++ {
		for c := max(0, -t.Col); c < t.Cols && c+t.Col < m.grid.Cols; c++ {
			i := m.grid.Index(r+t.Row, c+t.Col)
			if m.n[i] == 0 {
				m.left--
			}
			m.sum[i] += float64(t.Values[r*t.Cols+c])
			m.n[i]++
		}
	}
}

// Complete says whether every block has been covered.
func (m *Merger) Complete() bool { return m.left == 0 }

// Scores returns the map so far; blocks that no tile covers have score 0. Unlike is the
// mean over the tiles.
func (m *Merger) Scores() Scores {
	out := NewScores(m.grid)
	if m.tiles > 0 {
		out.Unlike = float32(m.unlike / float64(m.tiles))
	}
	for i, n := range m.n {
		if n > 0 {
			out.Values[i] = float32(m.sum[i] / float64(n))
		}
	}
	return out
}

// Covered says of every block whether a tile has covered it, row-major.
func (m *Merger) Covered() []bool {
	out := make([]bool, len(m.n))
	for i, n := range m.n {
		out[i] = n > 0
	}
	return out
}

// Merge joins overlapping tiles into one map at once; see Merger.
func Merge(dst Grid, tiles []Placed) Scores {
	m := NewMerger(dst)
	for _, t := range tiles {
		m.Add(t)
	}
	return m.Scores()
}
