package desk

import (
	"semirest/shared/annot"
	"semirest/shared/block"
)

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
