package synth

import (
	"math"
	"slices"
)

// What separates an object from its background: a level, a steep edge, and a
// clear stand.

// otsu returns the level that splits the values best into two classes
// (N. Otsu, 1979), by a histogram of whole grey levels.
func otsu(values []float64) float64 {
	var hist [512]float64
	sum := 0.0
	for _, v := range values {
		b := min(int(v), len(hist)-1)
		hist[b]++
		sum += float64(b)
	}
	best, level := -1.0, 0.0
	n0, sum0, n := 0.0, 0.0, float64(len(values))
	for b, k := range hist {
		n0 += k
		sum0 += k * float64(b)
		if n0 == 0 || n0 == n {
			continue
		}
		d := sum0/n0 - (sum-sum0)/(n-n0)
		if between := n0 * (n - n0) * d * d; between > best {
			best, level = between, float64(b)+1
		}
	}
	return level
}

// gradient is the length of v's gradient [h, w] by Sobel's operator, 0 along
// the border.
func gradient(v []float64, w, h int) []float64 {
	out := make([]float64, w*h)
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			gx := v[i-w+1] - v[i-w-1] + 2*(v[i+1]-v[i-1]) + v[i+w+1] - v[i+w-1]
			gy := v[i+w-1] - v[i-w-1] + 2*(v[i+w]-v[i-w]) + v[i+w+1] - v[i-w+1]
			out[i] = math.Hypot(gx, gy) / 8
		}
	}
	return out
}

// alongEdge is the mean of v over the mask's edge pixels, each the largest of
// its 3x3 neighbours, as the steepest pixel may lie just inside or outside.
func alongEdge(v []float64, mask []byte, w, h int) float64 {
	sum, n := 0.0, 0.0
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			if mask[i] == 0 || mask[i-1]&mask[i+1]&mask[i-w]&mask[i+w] != 0 {
				continue
			}
			best := 0.0
			for _, k := range [9]int{i - w - 1, i - w, i - w + 1, i - 1, i, i + 1, i + w - 1, i + w, i + w + 1} {
				best = max(best, v[k])
			}
			sum += best
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

func medianWhere(values []float64, mask []byte) float64 {
	var in []float64
	for i, m := range mask {
		if m != 0 {
			in = append(in, values[i])
		}
	}
	if len(in) == 0 {
		return 0
	}
	slices.Sort(in)
	return in[len(in)/2]
}

// keepClear removes specks (under a tenth of the largest region) and regions that lie
// along the border: with more pixels on it than two fifths of the region's own extent,
// the root of its area, or of the picture's shorter side.
func keepClear(mask []byte, w, h int) {
	l := newLabeler(w, h)
	sizes := l.regions(mask)
	onBorder := make([]int, len(sizes))
	for i, id := range l.label {
		x, y := i%w, i/w
		if id != 0 && (x == 0 || y == 0 || x == w-1 || y == h-1) {
			onBorder[id-1]++
		}
	}
	drop := make([]bool, len(sizes))
	largest := 0
	for k, n := range sizes {
		reach := min(float64(min(w, h)), math.Sqrt(float64(n)))
		drop[k] = float64(onBorder[k]) > 0.4*reach
		if !drop[k] {
			largest = max(largest, n)
		}
	}
	for k, n := range sizes {
		drop[k] = drop[k] || 10*n < largest
	}
	for i, id := range l.label {
		if id != 0 && drop[id-1] {
			mask[i] = 0
		}
	}
}

// fillHoles sets what cannot be reached from the border without crossing the
// mask (4-connected, since the mask's regions are 8-connected).
func fillHoles(mask []byte, w, h int) {
	outside := make([]bool, w*h)
	var stack []int
	visit := func(i int) {
		if mask[i] == 0 && !outside[i] {
			outside[i] = true
			stack = append(stack, i)
		}
	}
	for x := range w {
		visit(x)
		visit((h-1)*w + x)
	}
	for y := range h {
		visit(y * w)
		visit(y*w + w - 1)
	}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if i%w > 0 {
			visit(i - 1)
		}
		if i%w < w-1 {
			visit(i + 1)
		}
		if i >= w {
			visit(i - w)
		}
		if i < (h-1)*w {
			visit(i + w)
		}
	}
	for i := range mask {
		mask[i] = 1
		if outside[i] {
			mask[i] = 0
		}
	}
}
