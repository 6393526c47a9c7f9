package format

import (
	"fmt"

	"semirest/server/format/outline"
	"semirest/shared/annot"
)

// Object is one thing that a format of objects can hold: an accepted shape, or a
// region of connected pixels, marked or of blocks labelled as defects.
type Object struct {
	Name  string
	Shape *annot.Shape // nil: a region
	outline.Region
}

// Objects parts an item's labels into objects. One that nobody named is of the
// picture's kind, else of AnyDefect.
func Objects(it Item) []Object {
	l := it.Labels
	if l == nil {
		return nil
	}
	fallback := it.Kind
	if fallback == "" {
		fallback = AnyDefect
	}
	var out []Object
	for i := range l.Shapes {
		if s := &l.Shapes[i]; !s.Proposed {
			o := Object{Name: s.Name, Shape: s}
			if o.Name == "" {
				o.Name = fallback
			}
			out = append(out, o)
		}
	}
	for _, g := range outline.Regions(WithBlocks(&l.Mask, l), l.H) {
		out = append(out, Object{Name: fallback, Region: g})
	}
	return out
}

// Within is the object's smallest upright rectangle, cut at the picture's edges.
func (o Object) Within(w, h int) (x0, y0, x1, y1 float64) {
	if o.Shape == nil {
		b := o.Region.Bounds
		return float64(b.Min.X), float64(b.Min.Y), float64(b.Max.X), float64(b.Max.Y)
	}
	x0, y0, x1, y1 = o.Shape.Bounds()
	return max(x0, 0), max(y0, 0), min(x1, float64(w)), min(y1, float64(h))
}

// Polygon is the object's edge. What lies beyond the picture is cut off. Holes
// of a region are lost, which is noted, and so are points beyond annot.MaxPoints.
func (o Object) Polygon(w *Writer, it Item) []annot.Point {
	if o.Shape != nil {
		if o.Shape.Polygon() {
			return o.Shape.Points
		}
		return outline.Clip(outline.Corners(o.Shape.Box), float64(it.Width), float64(it.Height))
	}
	points := o.Outline()
	if outline.Area(points) > float64(o.Count)+0.5 {
		w.Note("holes in marked pixels are filled", it.Name, 1)
	}
	if len(points) > annot.MaxPoints {
		w.Note(fmt.Sprintf("an outline of more than %d points is simplified", annot.MaxPoints), it.Name, 1)
		points = outline.Thin(points, annot.MaxPoints)
	}
	return points
}
