package synth

// labeler finds 8-connected regions by flood fill; its buffers are used again
// from mask to mask, since masks are drawn by the hundred.
type labeler struct {
	w, h  int
	label []int32
	stack []int32
}

func newLabeler(w, h int) *labeler {
	return &labeler{w: w, h: h, label: make([]int32, w*h)}
}

// regions labels the regions of mask [h, w] from 1 and returns their sizes in
// pixels: sizes[0] is region 1. l.label holds each pixel's region, 0 outside.
func (l *labeler) regions(mask []byte) (sizes []int) {
	clear(l.label)
	for i, m := range mask {
		if m != 0 && l.label[i] == 0 {
			sizes = append(sizes, l.flood(mask, int32(i), int32(len(sizes)+1)))
		}
	}
	return sizes
}

// smallest returns the size of the smallest region, 0 for an empty mask.
func (l *labeler) smallest(mask []byte) int {
	smallest := 0
	for _, n := range l.regions(mask) {
		if smallest == 0 || n < smallest {
			smallest = n
		}
	}
	return smallest
}

func (l *labeler) flood(mask []byte, at, id int32) int {
	l.label[at] = id
	l.stack = append(l.stack[:0], at)
	n := 0
	for len(l.stack) > 0 {
		at = l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		n++
		x, y := int(at)%l.w, int(at)/l.w
		for ny := max(y-1, 0); ny <= min(y+1, l.h-1); ny++ {
			for nx := max(x-1, 0); nx <= min(x+1, l.w-1); nx++ {
				i := int32(ny*l.w + nx)
				if mask[i] != 0 && l.label[i] == 0 {
					l.label[i] = id
					l.stack = append(l.stack, i)
				}
			}
		}
	}
	return n
}

// count returns the number of pixels set.
func count(mask []byte) int {
	n := 0
	for _, m := range mask {
		if m != 0 {
			n++
		}
	}
	return n
}

// Region is one 8-connected region of a mask: its bounding box, whose upper
// ends are exclusive, and its size in pixels.
type Region struct {
	X0, Y0, X1, Y1 int
	Pixels         int
}

// Regions returns the 8-connected regions of mask [h, w], in the order in which
// a row-major scan meets them.
func Regions(mask []byte, w, h int) []Region {
	if len(mask) != w*h {
		panic("synth: mask and size differ")
	}
	l := newLabeler(w, h)
	sizes := l.regions(mask)
	out := make([]Region, len(sizes))
	for i, n := range sizes {
		out[i] = Region{X0: w, Y0: h, Pixels: n}
	}
	for i, id := range l.label {
		if id == 0 {
			continue
		}
		r := &out[id-1]
		x, y := i%w, i/w
		r.X0, r.Y0 = min(r.X0, x), min(r.Y0, y)
		r.X1, r.Y1 = max(r.X1, x+1), max(r.Y1, y+1)
	}
	return out
}
