package format

import (
	"image"

	"semirest/shared/annot"
)

// region is a set of marked pixels that touch each other by sides or corners.
type region struct {
	bounds image.Rectangle
	count  int
	runs   []run // from top to bottom, left to right
}

// run is marked pixels x0 up to but without x1 of row y.
type run struct{ y, x0, x1 int }

// regions parts a mask of h rows, in the order of their first pixels.
func regions(m *annot.Mask, h int) []region {
	var runs []run
	var parent []int // of each run, in the forest of joined runs
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	above := 0 // first run of the row before
	for y := range h {
		row := len(runs)
		i := above
		for _, s := range m.Row(y) {
			n := len(runs)
			runs, parent = append(runs, run{y, s.X0, s.X1}), append(parent, n)
			for i < row && (runs[i].y != y-1 || runs[i].x1 < s.X0) {
				i++
			}
			for j := i; j < row && runs[j].x0 <= s.X1; j++ {
				a, b := find(j), find(n)
				parent[max(a, b)] = min(a, b)
			}
		}
		above = row
	}
	var out []region
	place := map[int]int{}
	for i, r := range runs {
		root := find(i)
		at, ok := place[root]
		if !ok {
			at = len(out)
			place[root] = at
			out = append(out, region{})
		}
		g := &out[at]
		g.bounds = g.bounds.Union(image.Rect(r.x0, r.y, r.x1, r.y+1))
		g.count += r.x1 - r.x0
		g.runs = append(g.runs, r)
	}
	return out
}

// bitmap is the region within its bounds, [Dy, Dx] of 0 and 1.
func (g region) bitmap() []byte {
	w := g.bounds.Dx()
	out := make([]byte, w*g.bounds.Dy())
	for _, r := range g.runs {
		row := out[(r.y-g.bounds.Min.Y)*w:]
		for x := r.x0; x < r.x1; x++ {
			row[x-g.bounds.Min.X] = 1
		}
	}
	return out
}

// whole is all of a mask as one region.
func whole(m *annot.Mask, h int) region {
	g := region{bounds: m.Bounds(), count: m.Count()}
	for y := range h {
		for _, s := range m.Row(y) {
			g.runs = append(g.runs, run{y, s.X0, s.X1})
		}
	}
	return g
}

// maxRegions is how many annotations a picture's marked pixels become at most;
// beyond, one for all.
const maxRegions = 4096

// parts are the regions of a mask, or one for all where they are too many.
func parts(m *annot.Mask, h int) []region {
	out := regions(m, h)
	if len(out) > maxRegions {
		return []region{whole(m, h)}
	}
	return out
}
