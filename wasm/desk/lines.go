package desk

import (
	"image"
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Style says how a line of a layer is drawn. The page gives each its pen.
type Style uint8

// The styles, in the numbers that the page is given.
const (
	StyleBox      Style = iota // a box that counts
	StylePolygon               // a polygon that counts: outlined and faintly filled
	StyleProposed              // a proposal
	StyleSelected              // the selected shape
	StyleHover                 // the shape that a click would select
	StyleDrawn                 // what is being drawn
	StyleOpen                  // the same, not closed
	StyleHandle                // squares to pull at
	StyleStem                  // from a box to its handle for turning
	StyleBrush                 // the brush's circle: one point and a radius
	StyleCross                 // the keyboard's cursor: one point
	StyleCell                  // the block under the cursor
	StylePoint                 // a polygon's first point, a click on a defect: one point
	StyleNot                   // a click on what is none: one point
)

// margin is how far beyond a shape's bounds its outline may be drawn, in CSS
// pixels.
const margin = 3

// list is lines for the page: for each its style, how many points, and their x
// and y on the screen. A circle's second point is its radius twice.
type list []float32

func (v *list) add(s Style, points ...annot.Point) {
	*v = append(*v, float32(s), float32(len(points)))
	for _, p := range points {
		*v = append(*v, float32(p.X), float32(p.Y))
	}
}

// shape adds a shape's outline.
func (d *Desk) shape(v *list, s *annot.Shape, style Style) {
	if s.Polygon() {
		*v = append(*v, float32(style), float32(len(s.Points)))
		for _, p := range s.Points {
			x, y := d.toScreen(p)
			*v = append(*v, float32(x), float32(y))
		}
		return
	}
	*v = append(*v, float32(style), 4)
	for _, c := range s.Box.Corners() {
		x, y := d.toScreen(annot.Point{X: c[0], Y: c[1]})
		*v = append(*v, float32(x), float32(y))
	}
}

func styleOf(s *annot.Shape) Style {
	switch {
	case s.Proposed:
		return StyleProposed
	case s.Polygon():
		return StylePolygon
	}
	return StyleBox
}

// Lines returns the part of the layer of lines that is to be drawn anew: first
// its left, top, width and height in CSS pixels, which is to be cleared, then the
// lines there, to be clipped to it. It is nil where nothing is to be done. Shapes
// outside the part are left out.
func (d *Desk) Lines() []float32 {
	pane := image.Rect(0, 0, d.w, d.h)
	area := pane
	if !d.changes.allLines {
		if d.changes.lines.Empty() {
			return nil
		}
		area = d.onScreen(d.changes.lines, margin).Intersect(pane)
	}
	d.changes.allLines, d.changes.lines = false, image.Rectangle{}
	if area.Empty() {
		return nil
	}
	a := d.toPicture(float64(area.Min.X)-margin, float64(area.Min.Y)-margin)
	b := d.toPicture(float64(area.Max.X)+margin, float64(area.Max.Y)+margin)
	v := list{float32(area.Min.X), float32(area.Min.Y), float32(area.Dx()), float32(area.Dy())}
	shapes := d.e.Labels().Shapes
	for i := range shapes {
		s := &shapes[i]
		if s.ID == d.selected {
			continue
		}
		if x0, y0, x1, y1 := s.Bounds(); x1 < a.X || y1 < a.Y || x0 > b.X || y0 > b.Y {
			continue
		}
		d.shape(&v, s, styleOf(s))
	}
	return v
}

// onScreen is a rectangle of the picture on the screen, rounded outwards and
// grown by some pixels.
func (d *Desk) onScreen(r image.Rectangle, grow int) image.Rectangle {
	x0, y0 := d.toScreen(annot.Point{X: float64(r.Min.X), Y: float64(r.Min.Y)})
	x1, y1 := d.toScreen(annot.Point{X: float64(r.Max.X), Y: float64(r.Max.Y)})
	const far = 1 << 20
	whole := func(v float64) int { return int(min(max(v, -far), far)) }
	return image.Rect(whole(math.Floor(x0))-grow, whole(math.Floor(y0))-grow, whole(math.Ceil(x1))+grow, whole(math.Ceil(y1))+grow)
}

// Live returns the lines of the layer that is drawn anew in every frame.
func (d *Desk) Live() []float32 {
	var v list
	l := d.e.Labels()
	if i := l.Index(d.hover); d.hover != 0 && i >= 0 {
		d.shape(&v, &l.Shapes[i], StyleHover)
	}
	if i := l.Index(d.selected); d.selected != 0 && i >= 0 {
		s := &l.Shapes[i]
		d.shape(&v, s, StyleSelected)
		if s.Proposed {
			d.shape(&v, s, StyleProposed)
		}
		handles := s.Handles(d.reach())
		if !s.Polygon() {
			d.line(&v, StyleStem, handles[annot.Top], handles[annot.Rotate])
		}
		for _, p := range handles {
			d.line(&v, StyleHandle, p)
		}
	}
	d.drawn(&v)
	if d.shown != noCursor {
		d.mark(&v)
	}
	return v
}

// line adds points of the picture.
func (d *Desk) line(v *list, s Style, points ...annot.Point) {
	for i := range points {
		points[i].X, points[i].Y = d.toScreen(points[i])
	}
	v.add(s, points...)
}

// drawn adds what is being drawn.
func (d *Desk) drawn(v *list) {
	h := &d.hand
	switch h.deed {
	case spanning:
		d.line(v, StyleDrawn, h.from, annot.Point{X: h.to.X, Y: h.from.Y}, h.to, annot.Point{X: h.from.X, Y: h.to.Y})
	case leading:
		d.line(v, StyleOpen, h.from, h.to)
	case widening:
		d.shape(v, &annot.Shape{Box: d.rotated()}, StyleDrawn)
	case growing:
		for _, c := range d.growth.Clicks() {
			style := StylePoint
			if !c.Defect {
				style = StyleNot
			}
			d.line(v, style, c.Point)
		}
	case pointing:
		points := append(make([]annot.Point, 0, len(h.points)+1), h.points...)
		if !h.down || !h.moved {
			points = append(points, h.to)
		}
		d.line(v, StyleOpen, points...)
		if len(h.points) > 2 {
			d.line(v, StylePoint, h.points[0])
		}
	}
}

// mark adds the cursor.
func (d *Desk) mark(v *list) {
	l := d.e.Labels()
	x, y := d.toScreen(d.cursor)
	switch d.tool {
	case annot.ToolBrush, annot.ToolEraser:
		v.add(StyleBrush, annot.Point{X: x, Y: y}, annot.Point{X: d.radius * d.scale, Y: d.radius * d.scale})
	case annot.ToolBlock8, annot.ToolBlock16:
		g := d.grid()
		if c, ok := g.At(d.cursor.X, d.cursor.Y, l.W, l.H); ok {
			x0, y0, x1, y1 := g.Area(c.Row, c.Col, l.W, l.H)
			d.shape(v, &annot.Shape{Box: block.Box{X: (x0 + x1) / 2, Y: (y0 + y1) / 2, HalfW: (x1 - x0) / 2, HalfH: (y1 - y0) / 2}}, StyleCell)
		}
	}
	if d.shown == keyCursor {
		v.add(StyleCross, annot.Point{X: x, Y: y})
	}
}
