package format

import (
	"fmt"

	"semirest/shared/annot"
)

// object is one thing that a format of objects can hold: an accepted shape, or a
// region of connected pixels, marked or of blocks labelled as defects.
type object struct {
	name  string
	shape *annot.Shape // nil: a region
	region
}

// objects parts an item's labels into objects. One that nobody named is of the
// picture's kind, else of anyDefect.
func objects(it Item) []object {
	l := it.Labels
	if l == nil {
		return nil
	}
	fallback := it.Kind
	if fallback == "" {
		fallback = anyDefect
	}
	var out []object
	for i := range l.Shapes {
		if s := &l.Shapes[i]; !s.Proposed {
			o := object{name: s.Name, shape: s}
			if o.name == "" {
				o.name = fallback
			}
			out = append(out, o)
		}
	}
	for _, g := range regions(withBlocks(&l.Mask, l), l.H) {
		out = append(out, object{name: fallback, region: g})
	}
	return out
}

// within is the object's smallest upright rectangle, cut at the picture's edges.
func (o object) within(w, h int) (x0, y0, x1, y1 float64) {
	if o.shape == nil {
		b := o.region.bounds
		return float64(b.Min.X), float64(b.Min.Y), float64(b.Max.X), float64(b.Max.Y)
	}
	x0, y0, x1, y1 = o.shape.Bounds()
	return max(x0, 0), max(y0, 0), min(x1, float64(w)), min(y1, float64(h))
}

// polygon is the object's edge. What lies beyond the picture is cut off. Holes
// of a region are lost, which is noted, and so are points beyond annot.MaxPoints.
func (o object) polygon(w *writer, it Item) []annot.Point {
	if o.shape != nil {
		if o.shape.Polygon() {
			return o.shape.Points
		}
		return clip(corners(o.shape.Box), float64(it.Width), float64(it.Height))
	}
	points := o.outline()
	if signed(points) > float64(o.count)+0.5 {
		w.notes.add("holes in marked pixels are filled", it.Name, 1)
	}
	if len(points) > annot.MaxPoints {
		w.notes.add(fmt.Sprintf("an outline of more than %d points is simplified", annot.MaxPoints), it.Name, 1)
		points = thin(points, annot.MaxPoints)
	}
	return points
}

// clip cuts a convex polygon at the edges of a picture (Sutherland and Hodgman,
// CACM 17, 1974).
func clip(points []annot.Point, w, h float64) []annot.Point {
	for side := range 4 {
		// How far inside the side a point lies.
		depth := func(p annot.Point) float64 { return [4]float64{p.X, p.Y, w - p.X, h - p.Y}[side] }
		var out []annot.Point
		for i, p := range points {
			q := points[(i+1)%len(points)]
			dp, dq := depth(p), depth(q)
			if dp >= 0 {
				out = append(out, p)
			}
			if dp > 0 && dq < 0 || dp < 0 && dq > 0 {
				t := dp / (dp - dq)
				out = append(out, annot.Point{X: p.X + t*(q.X-p.X), Y: p.Y + t*(q.Y-p.Y)})
			}
		}
		points = out
	}
	return points
}
