package region

// smooth weighs each cell with its neighbours, 1 2 1 along both axes, in place.
func smooth(v []float32, w, h int) {
	t := make([]float32, len(v))
	for y := range h {
		row, out := v[y*w:(y+1)*w], t[y*w:(y+1)*w]
		for x := range row {
			out[x] = (row[max(x-1, 0)] + 2*row[x] + row[min(x+1, w-1)]) / 4
		}
	}
	for y := range h {
		up, row, down := t[max(y-1, 0)*w:], t[y*w:], t[min(y+1, h-1)*w:]
		for x := range w {
			v[y*w+x] = (up[x] + 2*row[x] + down[x]) / 4
		}
	}
}

// boxMean takes the mean over squares of 2r+1 cells, in place; at the edges over what there is of them.
func boxMean(v []float32, w, h, r int) {
	t := make([]float32, len(v))
	// along takes means over n cells, step apart.
	along := func(src, dst []float32, n, step int) {
		sum, count := float32(0), 0
		for i := -r; i < n; i++ {
			if i+r < n {
				sum += src[(i+r)*step]
				count++
			}
			if i-r-1 >= 0 {
				sum -= src[(i-r-1)*step]
				count--
			}
			if i >= 0 {
				dst[i*step] = sum / float32(count)
			}
		}
	}
	for y := range h {
		along(v[y*w:], t[y*w:], w, 1)
	}
	for x := range w {
		along(t[x:], v[x:], h, w)
	}
}
