package main

import (
	"semirest/shared/annot"
	"semirest/shared/region"
)

// next is where a person clicks next: at the most interior point of the largest region of error (pixels marked falsely,
// or falsely not, that touch by sides or corners). ok is false where nothing is wrong. Both masks are [h, w].
func next(marked, truth []byte, w, h int) (c region.Click, ok bool) {
	seen := make([]bool, w*h)
	var largest, one []int
	for i := range seen {
		if seen[i] || (marked[i] != 0) == (truth[i] != 0) {
			continue
		}
		one = append(one[:0], i)
		seen[i] = true
		for at := 0; at < len(one); at++ {
			x, y := one[at]%w, one[at]/w
			for v := max(y-1, 0); v <= min(y+1, h-1); v++ {
				for u := max(x-1, 0); u <= min(x+1, w-1); u++ {
					q := v*w + u
					if !seen[q] && (marked[q] != 0) != (truth[q] != 0) && (truth[q] != 0) == (truth[i] != 0) {
						seen[q] = true
						one = append(one, q)
					}
				}
			}
		}
		if len(one) > len(largest) {
			largest = append([]int(nil), one...)
		}
	}
	if len(largest) == 0 {
		return region.Click{}, false
	}
	at := interior(largest, w, h)
	return region.Click{Point: annot.Point{X: float64(at%w) + 0.5, Y: float64(at/w) + 0.5}, Defect: truth[at] != 0}, true
}

// interior is the pixel that lies deepest in a region, by a chamfer distance of 3 and 4 to its edge, the picture's
// included. The first of several in the order of a second pass, from below, wins.
func interior(region []int, w, h int) int {
	depth := make([]int, (w+2)*(h+2)) // with a frame of zeros
	frame := func(i int) int { return (i/w+1)*(w+2) + i%w + 1 }
	for _, i := range region {
		depth[frame(i)] = 1
	}
	row := w + 2
	for y := 1; y <= h; y++ {
		for x := 1; x <= w; x++ {
			if p := y*row + x; depth[p] > 0 {
				depth[p] = min(depth[p-1]+3, depth[p-row]+3, depth[p-row-1]+4, depth[p-row+1]+4)
			}
		}
	}
	best, deepest := region[0], 0
	for y := h; y >= 1; y-- {
		for x := w; x >= 1; x-- {
			p := y*row + x
			if depth[p] == 0 {
				continue
			}
			if depth[p] = min(depth[p], depth[p+1]+3, depth[p+row]+3, depth[p+row+1]+4, depth[p+row-1]+4); depth[p] > deepest {
				best, deepest = (y-1)*w+x-1, depth[p]
			}
		}
	}
	return best
}
