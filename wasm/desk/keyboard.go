package desk

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// create makes a box in the middle of what is seen, a sixth as long.
func (d *Desk) create() Outcome {
	l := d.e.Labels()
	a, b := d.toPicture(0, 0), d.toPicture(float64(d.w), float64(d.h))
	x0, y0, x1, y1 := max(a.X, 0), max(a.Y, 0), min(b.X, float64(l.W)), min(b.Y, float64(l.H))
	half := max(math.Round(min(x1-x0, y1-y0)/6), 1)
	if d.tool == annot.ToolRotated { // as long as a scratch
		return d.put(block.Box{X: math.Round((x0 + x1) / 2), Y: math.Round((y0 + y1) / 2), HalfW: 2 * half, HalfH: half / 2, Angle: annot.RotateStep})
	}
	return d.put(block.Box{X: math.Round((x0 + x1) / 2), Y: math.Round((y0 + y1) / 2), HalfW: half, HalfH: half})
}

func (d *Desk) edit(err error) Outcome {
	d.e.Dirty() // the selected shape is not in the layer of lines
	if err != nil {
		return NothingToDo
	}
	return Moved
}

// arrow moves the selected shape by whole picture pixels; with nothing selected
// or something under way, the cursor by CSS pixels, by blocks for the block
// brushes.
func (d *Desk) arrow(dx, dy float64, now int64) Outcome {
	if d.selected != 0 && !d.hand.busy() {
		return d.edit(d.e.Nudge(d.selected, dx, dy, now))
	}
	l := d.e.Labels()
	w, h := float64(l.W), float64(l.H)
	if d.shown != keyCursor {
		if d.shown == noCursor {
			d.cursor = d.toPicture(float64(d.w)/2, float64(d.h)/2)
		}
		d.shown = keyCursor
	}
	sx, sy := 1/d.scale, 1/d.scale
	if d.scale >= 1 {
		sx, sy = 1, 1
	}
	if d.tool == annot.ToolBlock8 || d.tool == annot.ToolBlock16 {
		g := d.grid()
		sx, sy = w/float64(g.Cols), h/float64(g.Rows)
		if math.Abs(dx)+math.Abs(dy) > 1 {
			dx, dy = dx/2, dy/2
		}
		c, ok := g.At(d.cursor.X, d.cursor.Y, l.W, l.H)
		if ok { // from middle to middle
			d.cursor = annot.Point{X: (float64(c.Col) + 0.5) * sx, Y: (float64(c.Row) + 0.5) * sy}
		}
	}
	d.cursor.X = min(max(d.cursor.X+dx*sx, 0), w)
	d.cursor.Y = min(max(d.cursor.Y+dy*sy, 0), h)
	x, y := d.toScreen(d.cursor)
	if d.hand.busy() {
		d.hand.moved = true
		d.follow(x, y, 0)
	}
	return Silent
}

// pressKey presses at the cursor, and releases the next time.
func (d *Desk) pressKey(keys Keys) Outcome {
	if d.shown != keyCursor {
		if d.shown == noCursor {
			d.cursor = d.toPicture(float64(d.w)/2, float64(d.h)/2)
		}
		d.shown = keyCursor
	}
	x, y := d.toScreen(d.cursor)
	if d.hand.down && d.hand.deed != pointing {
		return d.release(x, y, keys)
	}
	if d.hand.deed == idle && d.tool == annot.ToolSelect {
		d.cycle(d.cursor)
		return Chosen
	}
	was := d.e.Revision()
	d.press(x, y, keys, true)
	if o := d.clicked; o != Silent {
		d.clicked = Silent
		return o
	}
	switch d.hand.deed {
	case pointing:
		d.hand.down = false
		return Pointed
	case idle: // a polygon or a rotated box was finished
		if d.e.Revision() != was {
			return Added
		}
		return TooSmall
	}
	return Pressed
}
