package metric

// regions labels the 8-connected regions of a mask [h, w] 1, 2, ... in the order
// of their first pixels, 0 for normal pixels, and counts their pixels.
func regions(mask []byte, w, h int) (labels []int32, sizes []int) {
	labels = make([]int32, w*h)
	var stack []int
	for start, m := range mask {
		if m == 0 || labels[start] != 0 {
			continue
		}
		label, size := int32(len(sizes)+1), 0
		labels[start] = label
		stack = append(stack[:0], start)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			size++
			y, x := i/w, i%w
			for ny := max(0, y-1); ny <= min(h-1, y+1); ny++ {
				for nx := max(0, x-1); nx <= min(w-1, x+1); nx++ {
					if j := ny*w + nx; mask[j] != 0 && labels[j] == 0 {
						labels[j] = label
						stack = append(stack, j)
					}
				}
			}
		}
		sizes = append(sizes, size)
	}
	return labels, sizes
}
