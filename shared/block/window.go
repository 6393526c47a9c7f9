package block

// Starts returns the first cells of the sliding windows along one axis of n
// cells: 0, step, 2*step, ... and, where that leaves cells at the end
// uncovered, one more window flush with the edge. So every cell is covered
// for any step <= mu, and no window leaves the map.
//
// An axis shorter than mu has the single start 0; the window then reaches
// beyond the map, and the caller fills the missing cells with zero residuals
// and drops their scores.
//
// It panics unless n, mu and step are positive.
func Starts(n, mu, step int) []int {
	if n <= 0 || mu <= 0 || step <= 0 {
		panic("block: axis, window and step must be positive")
	}
	if n <= mu {
		return []int{0}
	}
	last := n - mu
	starts := make([]int, 0, last/step+2)
	for at := 0; at < last; at += step {
		starts = append(starts, at)
	}
	return append(starts, last)
}

// Windows returns the top-left cells of the mu x mu windows that slide over a
// rows x cols map by step (METHOD section 5), row by row: 25 windows for
// 64x64 cells, mu 32, step 8. Each axis follows Starts.
func Windows(rows, cols, mu, step int) []Cell {
	ys, xs := Starts(rows, mu, step), Starts(cols, mu, step)
	cells := make([]Cell, 0, len(ys)*len(xs))
	for _, y := range ys {
		for _, x := range xs {
			cells = append(cells, Cell{Row: y, Col: x})
		}
	}
	return cells
}
