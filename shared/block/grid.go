package block

// Cell is a position in a grid: Row from the top, Col from the left, from 0.
type Cell struct{ Row, Col int }

// Grid is the shape of a block map.
type Grid struct {
	Rows, Cols int
	Size       int // side of one block in pixels of the detector's input: 8 or 16
}

// For returns the grid of size-pixel blocks over a detector input of w x h
// pixels. It panics unless w and h are positive multiples of size.
func For(w, h, size int) Grid {
	if size <= 0 || w <= 0 || h <= 0 || w%size != 0 || h%size != 0 {
		panic("block: input is not a positive multiple of the block size")
	}
	return Grid{Rows: h / size, Cols: w / size, Size: size}
}

// Len is the number of blocks, Rows*Cols.
func (g Grid) Len() int { return g.Rows * g.Cols }

// Index is the place of (row, col) in a row-major slice. It does not check
// bounds.
func (g Grid) Index(row, col int) int { return row*g.Cols + col }

// Cell is the inverse of Index.
func (g Grid) Cell(i int) Cell { return Cell{Row: i / g.Cols, Col: i % g.Cols} }

// Holds says whether (row, col) lies in the grid.
func (g Grid) Holds(row, col int) bool {
	return row >= 0 && row < g.Rows && col >= 0 && col < g.Cols
}

// Input is the size of the detector input that the grid covers, in pixels.
func (g Grid) Input() (w, h int) { return g.Cols * g.Size, g.Rows * g.Size }

// Area is the part of a w x h picture that block (row, col) covers, in the
// picture's pixels; the edges need not fall on whole pixels.
func (g Grid) Area(row, col, w, h int) (x0, y0, x1, y1 float64) {
	sx, sy := float64(w)/float64(g.Cols), float64(h)/float64(g.Rows)
	return float64(col) * sx, float64(row) * sy, float64(col+1) * sx, float64(row+1) * sy
}

// At returns the block that holds the point (x, y) of a w x h picture, and
// false when the point lies outside the picture.
func (g Grid) At(x, y float64, w, h int) (Cell, bool) {
	if !(x >= 0 && y >= 0 && x < float64(w) && y < float64(h)) {
		return Cell{}, false
	}
	c := Cell{Row: int(y * float64(g.Rows) / float64(h)), Col: int(x * float64(g.Cols) / float64(w))}
	// x < w does not keep x*Cols/w below Cols once it is rounded.
	c.Row, c.Col = min(c.Row, g.Rows-1), min(c.Col, g.Cols-1)
	return c, true
}

func (g Grid) check() {
	if g.Rows <= 0 || g.Cols <= 0 {
		panic("block: empty grid")
	}
}

// Scores is one number a block, [Rows, Cols] row-major. A larger number is
// more anomalous.
type Scores struct {
	Grid
	Values []float32

	// Unlike says how unlike the pictures that the detector learnt from the whole is: from 1 on it is one of something
	// else, of which the scores say nothing. 0 where the detector cannot tell.
	Unlike float32
}

// NewScores returns a grid of zeros.
func NewScores(g Grid) Scores { return Scores{Grid: g, Values: make([]float32, g.Len())} }

// At is the score of block (row, col).
func (s Scores) At(row, col int) float32 { return s.Values[s.Index(row, col)] }

// Calibrate divides raw scores by the detector's threshold, in place, so that 1.0 is
// the threshold. It panics unless threshold is positive. The quotient is taken in
// float64: the server, the commands and the browser answer with the same digits.
func (s Scores) Calibrate(threshold float64) {
	if !(threshold > 0) {
		panic("block: the threshold must be positive")
	}
	for i, v := range s.Values {
		s.Values[i] = float32(float64(v) / threshold)
	}
}

// Area is a block and the part of its upright picture that it covers, in pixels.
type Area struct {
	Row int     `json:"row"`
	Col int     `json:"col"`
	X0  float64 `json:"x0"`
	Y0  float64 `json:"y0"`
	X1  float64 `json:"x1"`
	Y1  float64 `json:"y1"`
}

// Hottest returns the largest score and its block in a picture of w x h pixels; see Max.
func (s Scores) Hottest(w, h int) (float32, Area) {
	v, row, col := s.Max()
	x0, y0, x1, y1 := s.Area(row, col, w, h)
	return v, Area{row, col, x0, y0, x1, y1}
}

// Max returns the largest score and its block, the image score of METHOD
// section 5. NaN is never the largest. Of equal scores the first wins. An
// empty map gives 0 at (0, 0).
func (s Scores) Max() (v float32, row, col int) {
	best := -1
	for i, x := range s.Values {
		if x == x && (best < 0 || x > v) {
			v, best = x, i
		}
	}
	if best < 0 {
		return 0, 0, 0
	}
	return v, best / s.Cols, best % s.Cols
}
