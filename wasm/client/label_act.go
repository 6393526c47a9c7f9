package client

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Act is what a key or a button of the page asks of a desk.
type Act int

// The acts, in the numbers that the page knows. a and b are the call's numbers.
const (
	ActUndo Act = iota
	ActRedo
	ActNormal  // sets or clears 'this picture is normal'
	ActClear   // takes everything away
	ActDelete  // the selected shape, or the last point of a polygon that is being drawn
	ActCancel  // what is under way; else selects nothing
	ActConfirm // ends what is being drawn; accepts a selected proposal; else selects nothing
	ActStep    // selects the next shape (a = 1) or the one before (-1); NothingToDo past the ends
	ActCreate  // a box in the middle of the view
	ActArrow   // moves the selected shape by (a, b) picture pixels, or else the cursor by CSS pixels
	ActGrow    // resizes the selected shape by (a, b) picture pixels
	ActTurn    // turns the selected shape by a degrees
	ActPress   // presses at the cursor with the keys a held, or releases
	ActPropose // boxes where the heat map reaches a
	ActBlocks  // labels the blocks where the heat map reaches a
	ActAccept  // the selected proposal, or else all
	ActDismiss // the same, taken away
	ActFill    // turns the selected shape into marked pixels
	ActRename  // gives the selected shape the name that is set
)

// Outcome is what came of it, for the page to put into words.
type Outcome int

// The outcomes, in the numbers that the page knows.
const (
	Silent      Outcome = iota // nothing to be told
	NothingToDo                // there was nothing to do it to
	Done                       // as asked
	Added                      // a shape was drawn
	Moved                      // a shape was moved, resized, turned
	Chosen                     // another shape is selected, or none
	Stroked                    // pixels or blocks were painted or erased
	Deleted
	Pointed  // a polygon has a point more or less
	Pressed  // the keyboard holds the pointer down
	TooSmall // no shape: it has no area in the picture
	Full     // the picture holds as many labels as it can
	NoMap    // there is no heat map
	Cold     // nothing in the heat map is as hot as asked
	Accepted
	Dismissed
)

// Do does what a key or a button asks. Clicks and keys of a picture without a
// desk are the page's.
func (d *Desk) Do(what Act, a, b float64, now int64) Outcome {
	t := d.tool
	switch what {
	case ActNormal:
		d.tool = annot.ToolNormal // the time goes to what it was spent on
	case ActPropose, ActBlocks, ActAccept, ActDismiss:
		d.tool = annot.ToolPropose
	}
	d.touch(now)
	d.tool = t
	switch what {
	case ActArrow, ActPress, ActConfirm, ActCancel, ActDelete, ActGrow, ActTurn:
	default:
		d.letGo()
	}
	switch what {
	case ActUndo, ActRedo:
		if d.hand.busy() {
			d.Cancel()
		}
		return d.travel(what == ActUndo)
	case ActNormal:
		d.e.SetNormal(!d.e.Labels().Normal)
	case ActClear:
		d.e.Clear()
	case ActDelete:
		return d.delete()
	case ActCancel:
		return d.escape()
	case ActConfirm:
		return d.confirm()
	case ActStep:
		return d.step(int(a))
	case ActCreate:
		return d.create()
	case ActArrow:
		return d.arrow(a, b, now)
	case ActGrow:
		return d.edit(d.e.Grow(d.selected, a, b, now))
	case ActTurn:
		return d.edit(d.e.Turn(d.selected, a*math.Pi/180, now))
	case ActPress:
		return d.pressKey(int(a))
	case ActPropose:
		return d.propose(float32(a))
	case ActBlocks:
		return d.proposeBlocks(float32(a))
	case ActAccept:
		return d.accept()
	case ActDismiss:
		return d.dismiss()
	case ActFill:
		err := d.e.FillShape(d.selected)
		d.changed()
		if err != nil {
			return NothingToDo
		}
	case ActRename:
		if d.e.Rename(d.selected, d.name) != nil {
			return NothingToDo
		}
	default:
		panic("client: no such act")
	}
	d.changed()
	return Done
}

// travel takes a step back or does one again. A shape that comes into being by
// it is selected.
func (d *Desk) travel(back bool) Outcome {
	before := len(d.e.Labels().Shapes)
	last := uint32(0)
	if before > 0 {
		last = d.e.Labels().Shapes[before-1].ID
	}
	if back && !d.e.Undo() || !back && !d.e.Redo() {
		return NothingToDo
	}
	d.changed()
	if shapes := d.e.Labels().Shapes; len(shapes) == before+1 && shapes[before].ID != last {
		d.pick(shapes[before].ID)
	}
	return Done
}

func (d *Desk) delete() Outcome {
	if n := len(d.hand.points); d.hand.deed == pointing {
		if n > 1 {
			d.hand.points = d.hand.points[:n-1]
			return Pointed
		}
		d.Cancel()
		return Chosen
	}
	if d.hand.busy() || d.e.Labels().Index(d.selected) < 0 {
		return NothingToDo
	}
	d.e.Delete(d.selected)
	d.changed()
	return Deleted
}

func (d *Desk) escape() Outcome {
	switch {
	case d.hand.busy():
		d.Cancel()
	case d.selected != 0:
		d.pick(0)
	default:
		return NothingToDo
	}
	return Chosen
}

func (d *Desk) confirm() Outcome {
	switch d.hand.deed {
	case pointing:
		return d.finishPolygon()
	case widening:
		return d.finishRotated()
	case idle:
	default:
		x, y := d.toScreen(d.cursor)
		d.hand.down, d.hand.moved = true, true
		return d.release(x, y, 0)
	}
	l := d.e.Labels()
	i := l.Index(d.selected)
	if i < 0 {
		return NothingToDo
	}
	proposed := l.Shapes[i].Proposed
	if proposed {
		d.e.Accept(d.selected)
		d.changed()
	}
	d.pick(0)
	if proposed {
		return Accepted
	}
	return Chosen
}

// step goes through the shapes in the order they were made. It ends at the last
// one, so that the Tab key can leave the picture.
func (d *Desk) step(by int) Outcome {
	l := d.e.Labels()
	i := l.Index(d.selected)
	switch {
	case i >= 0:
		i += by
	case by > 0:
		i = 0
	default:
		i = len(l.Shapes) - 1
	}
	if i < 0 || i >= len(l.Shapes) {
		d.pick(0)
		return NothingToDo
	}
	d.pick(l.Shapes[i].ID)
	return Chosen
}

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
func (d *Desk) pressKey(keys int) Outcome {
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

func (d *Desk) propose(threshold float32) Outcome {
	if len(d.scores.Values) == 0 {
		return NoMap
	}
	l := d.e.Labels()
	var boxes []block.Box
	for _, r := range annot.Regions(d.scores, threshold) {
		b := r.Box(d.scores.Grid, l.W, l.H)
		if d.labelled(b) {
			continue
		}
		if boxes = append(boxes, b); len(boxes) == maxProposals {
			break
		}
	}
	ids := d.e.Propose(boxes)
	d.changed()
	d.pick(0)
	if len(ids) == 0 {
		return Cold
	}
	d.pick(ids[0])
	return Done
}

// maxProposals keeps a noisy heat map from drowning the picture.
const maxProposals = 50

// labelled says whether a shape that counts says the same as a proposed box: at
// least half of both lies in the other.
func (d *Desk) labelled(b block.Box) bool {
	x0, y0, x1, y1 := b.Bounds()
	for _, s := range d.e.Labels().Shapes {
		if s.Proposed {
			continue
		}
		u0, v0, u1, v1 := s.Bounds()
		both := max(min(x1, u1)-max(x0, u0), 0) * max(min(y1, v1)-max(y0, v0), 0)
		if 2*both >= (x1-x0)*(y1-y0) && 2*both >= (u1-u0)*(v1-v0) {
			return true
		}
	}
	return false
}

func (d *Desk) proposeBlocks(threshold float32) Outcome {
	if len(d.scores.Values) == 0 {
		return NoMap
	}
	was := d.e.Revision()
	err := d.e.PutBlocks(d.scores.Grid, annot.Hot(d.scores, threshold))
	d.changed()
	switch {
	case err != nil:
		return Full
	case d.e.Revision() == was:
		return Cold
	}
	return Done
}

// accept makes the selected proposal count and goes on to the next; without one
// selected it accepts all.
func (d *Desk) accept() Outcome {
	l := d.e.Labels()
	if i := l.Index(d.selected); i >= 0 && l.Shapes[i].Proposed {
		d.e.Accept(d.selected)
		d.changed()
		d.next()
		return Accepted
	}
	return d.allProposals(func() { d.e.Accept() }, Accepted)
}

// dismiss takes the selected proposal away, or all; see accept.
func (d *Desk) dismiss() Outcome {
	l := d.e.Labels()
	if i := l.Index(d.selected); i >= 0 && l.Shapes[i].Proposed {
		d.e.Delete(d.selected)
		d.changed()
		d.next()
		return Dismissed
	}
	return d.allProposals(d.e.Dismiss, Dismissed)
}

func (d *Desk) allProposals(f func(), word Outcome) Outcome {
	was := d.e.Revision()
	f()
	d.changed()
	if d.e.Revision() == was {
		return NothingToDo
	}
	return word
}

// next selects the next proposal, none after the last.
func (d *Desk) next() {
	for _, s := range d.e.Labels().Shapes {
		if s.Proposed {
			d.pick(s.ID)
			return
		}
	}
	d.pick(0)
}
