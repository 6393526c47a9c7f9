package heat

// Point is a point of a map in pixels, edges at whole numbers: the value of
// pixel (i, j) sits at (i+0.5, j+0.5).
type Point struct{ X, Y float32 }

// Contours traces where a map [h, w] crosses the threshold: closed lines, the
// first point not repeated, with the values at or above the threshold on the
// right hand as they run (outer lines run clockwise on the screen, holes
// counter-clockwise). Crossings are interpolated linearly between neighbouring
// pixels; beyond the picture everything counts as below, so a region at the
// edge is closed along it. NaN counts as below. Where two regions touch at a
// corner only, the mean of the four values decides whether they join (marching
// squares).
//
// dst is appended to and returned. It panics when values does not hold w*h.
func Contours(dst [][]Point, values []float32, w, h int, threshold float32) [][]Point {
	if w <= 0 || h <= 0 || len(values) != w*h {
		panic("heat: values do not fit the map")
	}
	t := tracer{values: values, w: w, h: h, threshold: threshold}
	for y := range h {
		row := values[y*w : (y+1)*w]
		low := true // what lies left of x
		for x, v := range row {
			high := v >= threshold
			if low && high && !t.seen(x, y) {
				dst = append(dst, t.trace(x, y))
			}
			low = !high
		}
	}
	return dst
}

type tracer struct {
	values    []float32
	w, h      int
	threshold float32
	// One bit for each pixel whose left edge was crossed from below to above
	// on some line: every closed line has such a crossing.
	crossed []uint64
}

func (t *tracer) seen(x, y int) bool {
	if t.crossed == nil {
		return false
	}
	i := y*t.w + x
	return t.crossed[i>>6]>>(i&63)&1 == 1
}

func (t *tracer) high(x, y int) bool {
	return x >= 0 && y >= 0 && x < t.w && y < t.h && t.values[y*t.w+x] >= t.threshold
}

// trace follows the line that passes between pixel (x-1, y), below the
// threshold, and (x, y), above it, heading up. A step looks at the two pixels
// ahead and turns such that low stays left and high right.
func (t *tracer) trace(x, y int) []Point {
	if t.crossed == nil {
		t.crossed = make([]uint64, (t.w*t.h+63)/64)
	}
	var line []Point
	lx, ly, hx, hy := x-1, y, x, y
	for {
		if ly == hy && lx+1 == hx {
			if t.seen(hx, hy) {
				return line // back at the start
			}
			i := hy*t.w + hx
			t.crossed[i>>6] |= 1 << (i & 63)
		}
		line = append(line, t.crossing(lx, ly, hx, hy))
		// Ahead is the direction from low to high, turned left by 90 degrees
		// on the screen.
		dx, dy := hy-ly, lx-hx
		aheadLow := t.high(lx+dx, ly+dy)
		aheadHigh := t.high(hx+dx, hy+dy)
		right := !aheadHigh && (!aheadLow || !t.joined(lx, ly, hx, hy, dx, dy))
		switch {
		case right:
			lx, ly = hx+dx, hy+dy
		case aheadHigh && !aheadLow:
			lx, ly, hx, hy = lx+dx, ly+dy, hx+dx, hy+dy
		default:
			hx, hy = lx+dx, ly+dy
		}
	}
}

// joined decides a saddle: whether the mean of its four pixels reaches the
// threshold. All of them lie inside the map, for beyond it nothing is high.
// A saddle is met twice, with the pairs swapped; adding within the pairs first
// gives the same sum both times, else lines might not close.
func (t *tracer) joined(lx, ly, hx, hy, dx, dy int) bool {
	low := t.values[ly*t.w+lx] + t.values[(hy+dy)*t.w+hx+dx]
	high := t.values[hy*t.w+hx] + t.values[(ly+dy)*t.w+lx+dx]
	return (low+high)/4 >= t.threshold
}

func (t *tracer) inside(x, y int) bool { return x >= 0 && y >= 0 && x < t.w && y < t.h }

// crossing is the point between two neighbouring pixels' centres where the
// threshold is met; the picture's edge where low lies beyond it.
func (t *tracer) crossing(lx, ly, hx, hy int) Point {
	f := float32(0.5)
	if t.inside(lx, ly) {
		low, high := t.values[ly*t.w+lx], t.values[hy*t.w+hx]
		if d := high - low; d > 0 && d <= 3e38 {
			f = min(max((t.threshold-low)/d, 0), 1)
		}
	}
	return Point{
		X: float32(lx) + 0.5 + f*float32(hx-lx),
		Y: float32(ly) + 0.5 + f*float32(hy-ly),
	}
}
