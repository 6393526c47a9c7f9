package desk

import (
	"math"

	"semirest/shared/annot"
)

// Act is what a key or a button of the page asks of a desk.
type Act int

// The acts, in the numbers that the page is given. a and b are the call's numbers.
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
	ActTake    // makes the grown region a label, as a says (see As)
)

// Outcome is what came of it, for the page to put into words.
type Outcome int

// The outcomes, in the numbers that the page is given.
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
	Grown     // a region has a click more or less
	NoDefect  // a region begins with a click on a defect
	NoPicture // the desk was not given the picture
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
	case ActArrow, ActPress, ActConfirm, ActCancel, ActDelete, ActGrow, ActTurn, ActTake, ActUndo:
	default:
		d.letGo()
	}
	switch what {
	case ActUndo, ActRedo:
		if what == ActUndo && d.hand.deed == growing {
			return d.ungrow()
		}
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
		return d.pressKey(Keys(a))
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
	case ActTake:
		return d.take(As(a))
	case ActRename:
		if d.e.Rename(d.selected, d.name) != nil {
			return NothingToDo
		}
	default:
		panic("desk: no such act")
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
	if d.hand.deed == growing {
		return d.ungrow()
	}
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
	case growing:
		return d.take(AsPixels)
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
