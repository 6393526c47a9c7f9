package client

import (
	"semirest/shared/block"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

const (
	// fieldTop is the score that a field's 255 stands for: high enough for any
	// threshold of the slider, at 1/64 of the detector's threshold a step.
	fieldTop = 4
	// fieldSide is the longest side of a field. CSS scales it to the view: the
	// map is smooth, more pixels would show nothing more.
	fieldSide = 1024
	// lineSide is the longest side of the map that contours are traced in.
	lineSide = 512
	// below is the part of the opacity that scores just below the threshold
	// keep, so that what nearly counts is seen, but faintly.
	below = 0.35
)

// Overlay is one picture's heat map on the page. It keeps the map as bytes, so
// that a moving threshold costs one table look-up a pixel.
type Overlay struct {
	W, H     int // of the field that Paint colours
	scores   block.Scores
	picture  prep.Size
	fine     *heat.Mapper
	coarse   *heat.Mapper
	field    []byte
	lines    []float32 // the map at coarse's size
	linesOld bool      // lines is not of these scores yet
}

// Set takes a picture's block scores. It panics on scores without blocks or an
// empty picture.
func (o *Overlay) Set(s block.Scores, picture prep.Size) {
	if o.fine == nil || o.scores.Rows != s.Rows || o.scores.Cols != s.Cols || o.picture != picture {
		o.fine = mapperFor(s, picture, fieldSide)
		o.coarse = mapperFor(s, picture, lineSide)
		o.field, o.lines = nil, nil
	}
	o.scores, o.picture = s, picture
	o.W, o.H = o.fine.W, o.fine.H
	o.field = o.fine.Field(o.field, s.Values, 0, fieldTop)
	o.linesOld = true
}

// mapperFor maps scores to the picture's shape with the given longest side, or
// the picture's own where that is smaller.
func mapperFor(s block.Scores, picture prep.Size, side int) *heat.Mapper {
	w, h := fit(picture, side)
	return heat.NewDisplay(s.Rows, s.Cols, picture.W, picture.H, w, h)
}

func fit(picture prep.Size, side int) (w, h int) {
	long := max(picture.W, picture.H)
	side = min(side, max(long, 16))
	return max(1, (picture.W*side+long/2)/long), max(1, (picture.H*side+long/2)/long)
}

// Paint writes the map's colours, RGBA [H, W] with straight alpha, to dst.
// Colours run from 0 to twice the threshold, so the palette's middle is the
// threshold wherever the slider stands.
func (o *Overlay) Paint(dst []byte, threshold float32) {
	var t heat.Table
	Tint(&t, threshold)
	t.Paint(dst, o.field)
}

// Tint fills a table for fields from 0 to fieldTop.
func Tint(t *heat.Table, threshold float32) {
	for i := range t {
		x := float32(i) * fieldTop / 255 / (2 * threshold) // 0.5 at the threshold
		r, g, b := heat.Inferno.At(uint8(min(x, 1)*255 + 0.5))
		alpha := float32(1)
		if x < 0.5 {
			alpha = below * x / 0.5
		}
		t[i] = uint32(r) | uint32(g)<<8 | uint32(b)<<16 | uint32(alpha*255+0.5)<<24
	}
}

// Contours returns the closed lines where the map crosses the threshold, one
// after the other: the number of points, then x and y of each, as parts of the
// picture's width and height.
func (o *Overlay) Contours(threshold float32) []float32 {
	o.trace()
	var out []float32
	w, h := float32(o.coarse.W), float32(o.coarse.H)
	for _, line := range heat.Contours(nil, o.lines, o.coarse.W, o.coarse.H, threshold) {
		out = append(out, float32(len(line)))
		for _, p := range line {
			out = append(out, p.X/w, p.Y/h)
		}
	}
	return out
}

// At is the map's value at (x, y), parts of the picture's width and height;
// false outside.
func (o *Overlay) At(x, y float64) (float32, bool) {
	if o.coarse == nil || !(x >= 0 && y >= 0 && x < 1 && y < 1) {
		return 0, false
	}
	o.trace()
	return o.lines[int(y*float64(o.coarse.H))*o.coarse.W+int(x*float64(o.coarse.W))], true
}

func (o *Overlay) trace() {
	if o.linesOld {
		o.lines = o.coarse.Map(o.lines, o.scores.Values)
		o.linesOld = false
	}
}

// Thumb returns the heat map of a thumbnail whose longest side is side, RGBA
// with straight alpha, and its size.
func Thumb(s block.Scores, picture prep.Size, side int, threshold float32) (rgba []byte, w, h int) {
	m := mapperFor(s, picture, side)
	var t heat.Table
	Tint(&t, threshold)
	rgba = make([]byte, 4*m.W*m.H)
	t.Paint(rgba, m.Field(nil, s.Values, 0, fieldTop))
	return rgba, m.W, m.H
}
