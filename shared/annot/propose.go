package annot

import (
	"image"

	"semirest/shared/block"
)

// Region is a connected set of blocks (by sides or corners) whose scores reach
// a threshold: what a detector would propose to label.
type Region struct {
	Cells image.Rectangle // bounds in blocks; X is the column
	Count int             // blocks in the region
	Peak  float32         // largest score
}

// Box is the region's bounds as a box in a w x h picture.
func (r Region) Box(g block.Grid, w, h int) block.Box {
	x0, y0, _, _ := g.Area(r.Cells.Min.Y, r.Cells.Min.X, w, h)
	_, _, x1, y1 := g.Area(r.Cells.Max.Y-1, r.Cells.Max.X-1, w, h)
	return block.Box{X: (x0 + x1) / 2, Y: (y0 + y1) / 2, HalfW: (x1 - x0) / 2, HalfH: (y1 - y0) / 2}
}

// Regions finds the regions of a score map, the hottest first. NaN reaches no
// threshold.
func Regions(s block.Scores, threshold float32) []Region {
	seen := make([]bool, len(s.Values))
	var regions []Region
	var stack, firsts []int // firsts: each region's first block, row by row
	for i, v := range s.Values {
		if seen[i] || !(v >= threshold) {
			continue
		}
		r := Region{Peak: v}
		seen[i] = true
		for stack = append(stack[:0], i); len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			c := s.Cell(at)
			r.Cells = r.Cells.Union(image.Rect(c.Col, c.Row, c.Col+1, c.Row+1))
			r.Peak = max(r.Peak, s.Values[at])
			r.Count++
			for row := max(c.Row-1, 0); row <= min(c.Row+1, s.Rows-1); row++ {
				for col := max(c.Col-1, 0); col <= min(c.Col+1, s.Cols-1); col++ {
					if n := s.Index(row, col); !seen[n] && s.Values[n] >= threshold {
						seen[n] = true
						stack = append(stack, n)
					}
				}
			}
		}
		regions, firsts = append(regions, r), append(firsts, i)
	}
	order(len(regions), func(i, j int) bool {
		a, b := regions[i].Peak, regions[j].Peak
		return a > b || a == b && firsts[i] < firsts[j]
	}, func(i, j int) {
		regions[i], regions[j], firsts[i], firsts[j] = regions[j], regions[i], firsts[j], firsts[i]
	})
	return regions
}

// Hot labels the blocks whose scores reach the threshold as Anomalous, the rest
// as Unknown: proposed blocks, for Editor.PutBlocks.
func Hot(s block.Scores, threshold float32) []block.Label {
	out := make([]block.Label, len(s.Values))
	for i, v := range s.Values {
		if v >= threshold {
			out[i] = block.Anomalous
		}
	}
	return out
}
