package annot

import (
	"image"

	"semirest/shared/block"
)

// Editor changes one picture's labels and remembers every step. It is not safe
// for concurrent use.
type Editor struct {
	l    Labels
	done []step // what Undo takes back, oldest first
	gone []step // what Redo does again, newest first at the end

	open     *step // the step under way, else nil
	depth    int   // of nested Begin
	rows     map[int]int
	cells    map[cellKey]int
	bounds   [][4]float64 // of each shape, parallel to l.Shapes
	dirty    image.Rectangle
	revision uint64

	lastNudge nudgeKey
}

// New returns an Editor for a picture of w x h pixels without labels. It panics
// unless both are within 1 to MaxSide.
func New(w, h int) *Editor {
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide {
		panic("annot: picture size is out of range")
	}
	return Edit(&Labels{W: w, H: h})
}

// Edit returns an Editor that goes on with labels, for instance parsed ones. It
// takes them over.
func Edit(l *Labels) *Editor {
	e := &Editor{l: *l}
	for _, s := range l.Shapes {
		e.l.next = max(e.l.next, s.ID)
		e.bounds = append(e.bounds, boundsOf(s))
	}
	return e
}

// Labels returns the labels as they stand. They must not be changed and hold
// until the next edit. Spent is the exception: Clock.Touch may write to it.
func (e *Editor) Labels() *Labels { return &e.l }

// Revision grows with every change of the labels: unequal ones are to be saved.
func (e *Editor) Revision() uint64 { return e.revision }

// Dirty returns the part of the picture that changed since the last call,
// rounded outwards; empty when nothing did.
func (e *Editor) Dirty() image.Rectangle {
	d := e.dirty.Intersect(image.Rect(0, 0, e.l.W, e.l.H))
	e.dirty = image.Rectangle{}
	return d
}

// Begin opens a step: all edits up to the matching End are undone at once, for
// instance those of one stroke or drag. Steps nest; the outermost counts.
func (e *Editor) Begin() {
	if e.depth++; e.depth == 1 {
		e.open = &step{normal: [2]bool{e.l.Normal, e.l.Normal}}
		e.rows, e.cells = map[int]int{}, map[cellKey]int{}
	}
}

// End closes the step. One that changed nothing is not kept.
func (e *Editor) End() {
	if e.depth == 0 {
		panic("annot: End without Begin")
	}
	if e.depth--; e.depth > 0 {
		return
	}
	s := e.open
	e.open = nil
	s.tidy()
	if s.empty() {
		return
	}
	s.nudge = e.lastNudge
	e.lastNudge = nudgeKey{}
	e.done, e.gone = append(e.done, *s), nil
	e.revision++
}

// Cancel closes the step, however deeply nested, and takes back what it did.
func (e *Editor) Cancel() {
	if e.depth == 0 {
		panic("annot: Cancel without Begin")
	}
	s := e.open
	e.open, e.depth, e.lastNudge = nil, 0, nudgeKey{}
	e.back(s)
}

// Open says whether a step is under way.
func (e *Editor) Open() bool { return e.depth > 0 }

// CanUndo and CanRedo say whether there is a step to take back or do again.
func (e *Editor) CanUndo() bool { return len(e.done) > 0 || e.open != nil }
func (e *Editor) CanRedo() bool { return len(e.gone) > 0 && e.open == nil }

// Undo takes the last step back; one under way is closed first. It says whether
// there was one.
func (e *Editor) Undo() bool {
	e.close()
	n := len(e.done) - 1
	if n < 0 {
		return false
	}
	s := e.done[n]
	e.done = e.done[:n]
	e.back(&s)
	e.gone = append(e.gone, s)
	e.revision++
	return true
}

// Redo does the step again that was undone last.
func (e *Editor) Redo() bool {
	e.close()
	n := len(e.gone) - 1
	if n < 0 {
		return false
	}
	s := e.gone[n]
	e.gone = e.gone[:n]
	e.forth(&s)
	s.nudge = nudgeKey{}
	e.done = append(e.done, s)
	e.revision++
	return true
}

func (e *Editor) close() {
	for e.depth > 0 {
		e.End()
	}
}

// SetNormal sets or clears the flag 'this picture is normal'. Setting it takes
// all marks and proposals away, as one step.
func (e *Editor) SetNormal(v bool) {
	e.Begin()
	defer e.End()
	if v {
		e.Clear()
	}
	e.changeNormal(v)
}

// Clear takes all marks, proposals and the flag away, as one step.
func (e *Editor) Clear() {
	e.Begin()
	defer e.End()
	for i := len(e.l.Shapes) - 1; i >= 0; i-- {
		s := e.l.Shapes[i]
		e.changeShape(i, &s, nil)
	}
	for y, row := range e.l.Mask.rows {
		if len(row) > 0 {
			e.changeRow(y, nil)
		}
	}
	for _, y := range e.l.Layers {
		for i, c := range y.Cells {
			if c != block.Unknown {
				e.changeCell(cellKey{y.Grid, i}, c, block.Unknown)
			}
		}
	}
	e.changeNormal(false)
}
