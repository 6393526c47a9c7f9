package outline

import (
	"image"

	"semirest/shared/annot"
)

// Region is a set of marked pixels that touch each other by sides or corners.
type Region struct {
	Bounds image.Rectangle
	Count  int
	runs   []run // from top to bottom, left to right
}

// run is marked pixels x0 up to but without x1 of row y.
type run struct{ y, x0, x1 int }

// Regions parts a mask of h rows, in the order of their first pixels.
func Regions(m *annot.Mask, h int) []Region {
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
	var out []Region
	place := map[int]int{}
	for i, r := range runs {
		root := find(i)
		at, ok := place[root]
		if !ok {
			at = len(out)
			place[root] = at
			out = append(out, Region{})
		}
		g := &out[at]
		g.Bounds = g.Bounds.Union(image.Rect(r.x0, r.y, r.x1, r.y+1))
		g.Count += r.x1 - r.x0
		g.runs = append(g.runs, r)
	}
	return out
}

// Bitmap is the region within its bounds, [Dy, Dx] of 0 and 1.
func (g Region) Bitmap() []byte {
	w := g.Bounds.Dx()
	out := make([]byte, w*g.Bounds.Dy())
	for _, r := range g.runs {
		row := out[(r.y-g.Bounds.Min.Y)*w:]
		for x := r.x0; x < r.x1; x++ {
			row[x-g.Bounds.Min.X] = 1
		}
	}
	return out
}

// Whole is all of a mask as one region.
func Whole(m *annot.Mask, h int) Region {
	g := Region{Bounds: m.Bounds(), Count: m.Count()}
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

// Parts are the regions of a mask, or one for all where they are too many.
func Parts(m *annot.Mask, h int) []Region {
	out := Regions(m, h)
	if len(out) > maxRegions {
		return []Region{Whole(m, h)}
	}
	return out
}
