package annot

import (
	"math"

	"semirest/shared/block"
)

// A pixel belongs to a figure if its middle does: that one rule holds for
// brush strokes, polygons and boxes alike.

// pixels turns the open interval of middles from x0 to x1 into a run within 0
// to w, empty when no middle lies in it.
func pixels(x0, x1 float64, w int) block.Span {
	a := int(clamp(math.Ceil(x0-0.5), 0, float64(w)))
	b := int(clamp(math.Floor(x1-0.5)+1, 0, float64(w)))
	return block.Span{X0: a, X1: max(a, b)}
}

// capsule calls row for each row that a round brush of the radius touches on
// its way from p to q, with the run of pixels that it covers.
func capsule(p, q Point, radius float64, w, h int, row func(y int, s block.Span)) {
	top := int(clamp(math.Floor(min(p.Y, q.Y)-radius), 0, float64(h)))
	bottom := int(clamp(math.Ceil(max(p.Y, q.Y)+radius)+1, 0, float64(h)))
	dx, dy := q.X-p.X, q.Y-p.Y
	length := math.Hypot(dx, dy)
	for y := top; y < bottom; y++ {
		at := float64(y) + 0.5
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, c := range [2]Point{p, q} {
			if d := radius*radius - (at-c.Y)*(at-c.Y); d >= 0 {
				half := math.Sqrt(d)
				lo, hi = min(lo, c.X-half), max(hi, c.X+half)
			}
		}
		if length > 0 {
			// The straight part between the two discs is a rotated box.
			b := block.Box{X: (p.X + q.X) / 2, Y: (p.Y + q.Y) / 2, HalfW: length / 2, HalfH: radius, Angle: math.Atan2(dy, dx)}
			if x0, x1, ok := b.Chord(at); ok {
				lo, hi = min(lo, x0), max(hi, x1)
			}
		}
		if s := pixels(lo, hi, w); lo <= hi && s.X0 < s.X1 {
			row(y, s)
		}
	}
}

// fill calls row for each run of pixels inside the shape, row by row, runs from
// left to right; polygons by the even-odd rule.
func (s Shape) fill(w, h int, row func(y int, s block.Span)) {
	_, y0, _, y1 := s.Bounds()
	top, bottom := int(clamp(math.Floor(y0), 0, float64(h))), int(clamp(math.Ceil(y1), 0, float64(h)))
	var xs []float64
	for y := top; y < bottom; y++ {
		at := float64(y) + 0.5
		xs = xs[:0]
		if s.Polygon() {
			for i, p := range s.Points {
				q := s.Points[(i+1)%len(s.Points)]
				if (p.Y > at) != (q.Y > at) {
					xs = append(xs, p.X+(at-p.Y)/(q.Y-p.Y)*(q.X-p.X))
				}
			}
			order(len(xs), func(i, j int) bool { return xs[i] < xs[j] }, func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
		} else if x0, x1, ok := s.Box.Chord(at); ok {
			xs = append(xs, x0, x1)
		}
		for i := 0; i+1 < len(xs); i += 2 {
			if run := pixels(xs[i], xs[i+1], w); run.X0 < run.X1 {
				row(y, run)
			}
		}
	}
}

// Defects returns the mask with the insides of all accepted polygons added, and
// with boxes also those of the boxes.
func (l *Labels) Defects(boxes bool) *Mask {
	out := &Mask{rows: make([][]block.Span, l.H)}
	copy(out.rows, l.Mask.rows)
	for _, s := range l.Shapes {
		if s.Proposed || !s.Polygon() && !boxes {
			continue
		}
		s.fill(l.W, l.H, func(y int, run block.Span) { out.rows[y] = union(out.rows[y], run) })
	}
	return out
}

// Bytes returns the mask as a picture [h, w] of 0 and 255.
func (m *Mask) Bytes(w, h int) []byte {
	out := make([]byte, w*h)
	for y := range min(h, len(m.rows)) {
		for _, s := range m.rows[y] {
			for x := max(s.X0, 0); x < min(s.X1, w); x++ {
				out[y*w+x] = 255
			}
		}
	}
	return out
}

// MaskOf returns the mask of a picture [h, w]: any byte but 0 marks a pixel. It
// panics when pix does not hold w*h bytes.
func MaskOf(pix []byte, w, h int) Mask {
	if w <= 0 || h <= 0 || len(pix) != w*h {
		panic("annot: mask does not hold w*h pixels")
	}
	m := Mask{rows: make([][]block.Span, h)}
	for y := range h {
		open := false
		for x, v := range pix[y*w : (y+1)*w] {
			switch r := m.rows[y]; {
			case v == 0:
				open = false
			case open:
				r[len(r)-1].X1++
			default:
				m.rows[y], open = append(r, block.Span{X0: x, X1: x + 1}), true
			}
		}
	}
	return m
}

// MaskOfRows returns the mask of runs in each row of a picture: sorted, with a gap between any two. It takes them over.
func MaskOfRows(rows [][]block.Span) Mask { return Mask{rows: rows} }
