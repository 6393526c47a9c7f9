package desk

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Keys are those held while the pointer works.
type Keys int

// The keys, to be added up.
const (
	Shift Keys = 1 << iota // even: proportions, steps of 15 degrees; blocks: normal; clicks: no defect
	Other                  // Ctrl, Command or Alt: no snapping; brushes: erase; clicks: no defect
)

// deed is what the pointer is doing between press and release.
type deed uint8

const (
	idle     deed = iota
	pulling       // a shape or a handle of it
	spanning      // a box, from corner to corner
	leading       // the first side of a rotated box
	widening      // its second side; the pointer is up
	painting      // blocks
	brushing
	erasing
	pointing // the points of a polygon; the pointer is up or down
	growing  // a region, from clicks; the pointer is up
)

// hand is what is under way.
type hand struct {
	deed   deed
	down   bool
	keys   bool // the keyboard presses, not the pointer
	from   annot.Point
	to     annot.Point
	began  [2]float64 // on the screen
	moved  bool       // beyond a click's trembling
	drag   *annot.Drag
	handle annot.Handle
	again  bool // the press was on what was selected already: a click takes the next one under it
	value  block.Label
	before uint64 // the editor's revision
	points []annot.Point
}

func (h *hand) busy() bool { return h.deed != idle }

// tremble is how far, in CSS pixels, a click may move.
const tremble = 4

// Down is the pointer pressed.
func (d *Desk) Down(x, y float64, keys Keys, now int64) {
	d.touch(now)
	d.cursor, d.shown = d.toPicture(x, y), pointerCursor
	d.press(x, y, keys, false)
}

func (d *Desk) press(x, y float64, keys Keys, byKeys bool) {
	p := d.cursor
	if d.tool == annot.ToolClicks && (d.hand.deed == idle || d.hand.deed == growing) {
		d.clicked = d.grow(keys)
		return
	}
	switch d.hand.deed {
	case widening:
		d.finishRotated()
		return
	case pointing:
		d.addPoint(x, y, keys)
		return
	case idle:
	default:
		return // a second button or finger
	}
	d.hand = hand{down: true, keys: byKeys, from: p, to: p, began: [2]float64{x, y}, before: d.e.Revision()}
	switch d.tool {
	case annot.ToolBox, annot.ToolRotated, annot.ToolPolygon:
		if d.grab(p, keys, true) {
			return
		}
		at := d.snapped(p, keys, block.Grid{})
		d.pick(0)
		d.hand.from, d.hand.to = at, at
		switch d.tool {
		case annot.ToolBox:
			d.hand.deed = spanning
		case annot.ToolRotated:
			d.hand.deed = leading
		default:
			d.hand.deed = pointing
			d.hand.points = []annot.Point{at}
		}
	case annot.ToolBlock8, annot.ToolBlock16:
		d.pick(0)
		d.hand.deed = painting
		d.hand.value = block.Anomalous
		g := d.grid()
		if keys&Shift != 0 {
			d.hand.value = block.Normal
		}
		if c, ok := g.At(p.X, p.Y, d.e.Labels().W, d.e.Labels().H); keys&Other != 0 || ok && d.cell(g, g.Index(c.Row, c.Col)) == d.hand.value {
			d.hand.value = block.Unknown // a second stroke over a block takes its label away
		}
		d.e.Begin()
		_ = d.e.PaintBlocks(g, p, p, d.hand.value)
		d.inked()
	case annot.ToolBrush:
		d.pick(0)
		d.hand.deed = brushing
		if keys&Other != 0 {
			d.hand.value = block.Normal
		}
		d.e.Begin()
		d.e.Brush(p, p, d.radius, d.hand.value == block.Normal)
		d.inked()
	case annot.ToolEraser:
		d.pick(0)
		d.hand.deed = erasing
		d.e.Begin()
		d.e.Erase(p, p, d.radius)
		d.inked()
	default:
		if !d.grab(p, keys, false) {
			d.pick(0)
			d.hand = hand{}
		}
	}
}

// grab takes hold of what lies under p: of the selected shape's handles only,
// or also of any shape.
func (d *Desk) grab(p annot.Point, keys Keys, handles bool) bool {
	hit, ok := d.e.At(p.X, p.Y, d.reach(), d.selected)
	if ok && hit.Handle == annot.Inside && d.selected != 0 {
		// The selected one stays in hand where others lie on it.
		for _, id := range d.e.Under(p.X, p.Y) {
			if id == d.selected {
				hit.ID, d.hand.again = id, true
			}
		}
	}
	if !ok || handles && (hit.ID != d.selected || hit.Handle == annot.Inside) {
		d.hand.again = false
		return false
	}
	if keys&Other != 0 && hit.Handle != annot.Inside && d.e.RemovePoint(hit.ID, hit.Handle) == nil {
		d.changed()
		d.hand = hand{}
		return true
	}
	drag, ok := d.e.Drag(hit, p.X, p.Y)
	if !ok {
		return false
	}
	d.pick(hit.ID)
	d.hand.deed, d.hand.drag, d.hand.handle = pulling, drag, hit.Handle
	return true
}

// Move is the pointer moved, pressed or not.
func (d *Desk) Move(x, y float64, keys Keys, now int64) {
	d.touch(now)
	d.cursor, d.shown = d.toPicture(x, y), pointerCursor
	d.follow(x, y, keys)
}

func (d *Desk) follow(x, y float64, keys Keys) {
	h, p := &d.hand, d.cursor
	if h.down && math.Hypot(x-h.began[0], y-h.began[1]) > tremble {
		h.moved = true
	}
	switch h.deed {
	case idle:
		d.hover = 0
		if d.tool == annot.ToolSelect && d.shown == pointerCursor {
			if hit, ok := d.e.At(p.X, p.Y, d.reach(), d.selected); ok && hit.ID != d.selected {
				d.hover = hit.ID
			}
		}
	case pulling:
		if !h.moved {
			return
		}
		d.pull(keys)
	case spanning, leading:
		h.to = d.snapped(p, keys, block.Grid{})
		if keys&Shift != 0 {
			h.to = even(h.from, h.to, h.deed == spanning)
		}
	case widening: // the cursor is all there is to it
	case painting:
		_ = d.e.PaintBlocks(d.grid(), h.to, p, h.value)
		h.to = p
		d.inked()
	case brushing:
		d.e.Brush(h.to, p, d.radius, h.value == block.Normal)
		h.to = p
		d.inked()
	case erasing:
		d.e.Erase(h.to, p, d.radius)
		h.to = p
		d.inked()
	case pointing:
		h.to = d.snapped(p, keys, block.Grid{})
		// A pressed pointer draws the outline freely.
		if last := h.points[len(h.points)-1]; h.down && h.moved && !h.keys && math.Hypot(p.X-last.X, p.Y-last.Y)*d.scale > 6 {
			h.points = append(h.points, p)
		}
	}
}

// pull moves what is held to the cursor. The layer of lines does not hold it,
// so nothing else is drawn anew.
func (d *Desk) pull(keys Keys) {
	h, p := &d.hand, d.cursor
	switch {
	case h.handle == annot.Inside && d.snap && keys&Other == 0:
		p = annot.Point{X: h.from.X + math.Round(p.X-h.from.X), Y: h.from.Y + math.Round(p.Y-h.from.Y)}
	case h.handle != annot.Inside && h.handle != annot.Rotate:
		p = d.snapped(p, keys, block.Grid{})
	}
	h.drag.To(p.X, p.Y, keys&Shift != 0)
	d.e.Dirty()
}

// Up is the pointer released.
func (d *Desk) Up(x, y float64, keys Keys, now int64) Outcome {
	d.touch(now)
	d.cursor = d.toPicture(x, y)
	return d.release(x, y, keys)
}

func (d *Desk) release(x, y float64, keys Keys) Outcome {
	h := d.hand
	if o := d.clicked; o != Silent {
		d.clicked = Silent
		return o
	}
	if !h.down {
		return Silent
	}
	d.hand.down = false
	switch h.deed {
	case pulling:
		h.drag.Release()
		d.e.Dirty()
		d.hand = hand{}
		if !h.moved && h.again && h.handle == annot.Inside {
			d.cycle(h.from)
			return Chosen
		}
		if h.moved {
			return Moved
		}
		return Chosen
	case spanning:
		return d.finishBox(keys)
	case leading:
		if !h.moved && !h.keys {
			d.hand = hand{}
			d.cycle(h.from)
			return Chosen
		}
		d.hand.deed = widening
		return Silent
	case painting, brushing:
		d.e.End()
		d.inked()
		d.hand = hand{}
		return Stroked
	case erasing:
		d.e.End()
		d.inked()
		d.hand = hand{}
		if under := d.e.Under(h.from.X, h.from.Y); !h.moved && d.e.Revision() == h.before && len(under) > 0 {
			d.e.Delete(under[0])
			d.changed()
			return Deleted
		}
		return Stroked
	case pointing:
		first := h.points[0]
		if n := len(h.points); n > 3 && math.Hypot(d.cursor.X-first.X, d.cursor.Y-first.Y) < 2*d.reach() && h.moved {
			return d.finishPolygon()
		}
	}
	return Silent
}

// Leave is the pointer gone from the pane.
func (d *Desk) Leave() {
	d.hover = 0
	if d.shown == pointerCursor && !d.hand.down {
		d.shown = noCursor
	}
}

// Cancel gives up what is under way: Escape, or a pointer that the browser took away.
func (d *Desk) Cancel() {
	h := d.hand
	d.hand = hand{}
	switch h.deed {
	case pulling:
		h.drag.Cancel()
		d.e.Dirty()
	case painting, brushing, erasing:
		if d.e.Open() {
			d.e.Cancel()
		}
		d.changed()
	case growing:
		d.dropRegion()
	}
}

// letGo ends what is under way and keeps what can be kept.
func (d *Desk) letGo() {
	switch d.hand.deed {
	case idle:
	case pulling, painting, brushing, erasing:
		x, y := d.toScreen(d.cursor)
		d.hand.down = true
		d.release(x, y, 0)
	case pointing:
		d.finishPolygon()
	case growing:
		d.take(AsPixels)
	default:
		d.Cancel()
	}
}

// cycle selects the next of the shapes that hold the point, the smallest first,
// none after the last where nothing else is there.
func (d *Desk) cycle(p annot.Point) {
	under := d.e.Under(p.X, p.Y)
	if len(under) == 0 {
		d.pick(0)
		return
	}
	next := under[0]
	for i, id := range under {
		if id == d.selected {
			next = under[(i+1)%len(under)]
		}
	}
	d.pick(next)
}

// Twice is a double click: it gives a polygon's edge a point.
func (d *Desk) Twice(x, y float64) Outcome {
	p := d.toPicture(x, y)
	i := d.e.Labels().Index(d.selected)
	if d.tool != annot.ToolSelect || i < 0 || !d.e.Labels().Shapes[i].Polygon() {
		return Silent
	}
	if _, err := d.e.InsertPoint(d.selected, p.X, p.Y); err != nil {
		return Full
	}
	d.changed()
	return Moved
}
