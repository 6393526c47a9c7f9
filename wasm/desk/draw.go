package desk

import (
	"errors"
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

func (d *Desk) finishBox(keys Keys) Outcome {
	h := d.hand
	d.hand = hand{}
	if !h.moved && !h.keys {
		d.cycle(d.cursor)
		return Chosen
	}
	return d.put(block.Box{X: (h.from.X + h.to.X) / 2, Y: (h.from.Y + h.to.Y) / 2,
		HalfW: math.Abs(h.to.X-h.from.X) / 2, HalfH: math.Abs(h.to.Y-h.from.Y) / 2})
}

// rotated is the box that has the leading stroke as one side and the cursor on
// the other.
func (d *Desk) rotated() block.Box {
	h := d.hand
	a, b := h.from, h.to
	dx, dy := b.X-a.X, b.Y-a.Y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return block.Box{}
	}
	angle := math.Atan2(dy, dx)
	wide := 0.0
	if h.deed == widening {
		wide = (-(d.cursor.X-a.X)*dy + (d.cursor.Y-a.Y)*dx) / length
	}
	mid := annot.Point{X: (a.X+b.X)/2 - dy/length*wide/2, Y: (a.Y+b.Y)/2 + dx/length*wide/2}
	return block.Box{X: mid.X, Y: mid.Y, HalfW: length / 2, HalfH: math.Abs(wide) / 2, Angle: angle}
}

func (d *Desk) finishRotated() Outcome {
	box := d.rotated()
	d.hand = hand{}
	return d.put(box)
}

// put adds a box and selects it.
func (d *Desk) put(b block.Box) Outcome {
	id, err := d.e.AddBox(b, d.name)
	return d.added(id, err)
}

func (d *Desk) added(id uint32, err error) Outcome {
	if errors.Is(err, annot.ErrFull) {
		return Full
	} else if err != nil {
		return TooSmall
	}
	d.changed()
	d.pick(id)
	return Added
}

// addPoint adds a polygon's next point; on the first one, or on the last one
// again, it closes.
func (d *Desk) addPoint(x, y float64, keys Keys) {
	h := &d.hand
	h.down, h.moved, h.began = true, false, [2]float64{x, y}
	at := d.snapped(d.cursor, keys, block.Grid{})
	near := func(p annot.Point) bool { return math.Hypot(p.X-d.cursor.X, p.Y-d.cursor.Y) < d.reach() }
	if n := len(h.points); n >= 3 && (near(h.points[0]) || near(h.points[n-1])) {
		d.finishPolygon()
		return
	} else if near(h.points[n-1]) {
		return
	}
	h.points, h.to = append(h.points, at), at
}

func (d *Desk) finishPolygon() Outcome {
	points := d.hand.points
	d.hand = hand{}
	if len(points) < 3 {
		return TooSmall
	}
	if len(points) > annot.MaxPoints {
		points = points[:annot.MaxPoints]
	}
	id, err := d.e.AddPolygon(points, d.name)
	return d.added(id, err)
}

func (d *Desk) snapped(p annot.Point, keys Keys, g block.Grid) annot.Point {
	how := annot.Snap{Except: d.selected, Grid: g}
	if d.snap && keys&Other == 0 {
		how.Pixels, how.Shapes, how.Reach = true, true, d.reach()*0.75
	}
	x, y := d.e.Snap(p.X, p.Y, how)
	return annot.Point{X: x, Y: y}
}

// even makes a box square, or a line one of 15 degrees.
func even(from, to annot.Point, square bool) annot.Point {
	dx, dy := to.X-from.X, to.Y-from.Y
	if square {
		side := max(math.Abs(dx), math.Abs(dy))
		return annot.Point{X: from.X + math.Copysign(side, dx), Y: from.Y + math.Copysign(side, dy)}
	}
	a := math.Round(math.Atan2(dy, dx)/annot.RotateStep) * annot.RotateStep
	sin, cos := math.Sincos(a)
	r := math.Hypot(dx, dy)
	return annot.Point{X: from.X + r*cos, Y: from.Y + r*sin}
}

// grid is the grid of the block brush in hand.
func (d *Desk) grid() block.Grid {
	if d.tool == annot.ToolBlock16 {
		return d.grids[1]
	}
	return d.grids[0]
}

func (d *Desk) cell(g block.Grid, i int) block.Label {
	for _, y := range d.e.Labels().Layers {
		if y.Grid == g {
			return y.Cells[i]
		}
	}
	return block.Unknown
}
