package desk

import (
	"semirest/shared/annot"
	"semirest/shared/block"
)

// State is what the page says of a desk in words.
type State struct {
	Revision         uint64 // grows with every change of the labels
	Busy             bool   // something is being drawn or pulled
	CanUndo, CanRedo bool
	Normal, Labelled bool
	Selected         *annot.Shape // nil: none
	Place, Shapes    int          // of the selected one among the shapes, from 1; how many there are
	Proposed         int
	Pixels, Blocks   int // marked pixels; labelled blocks
	Spent            annot.Spent
	Points           int         // of the polygon that is being drawn
	Clicks           int         // of the region that is being grown
	Grown            int         // its pixels
	Focus            annot.Point // what the keyboard moves, on the screen
}

// State sums the desk up. Marks are counted when the labels changed, not in
// every frame of a stroke.
func (d *Desk) State() State {
	l := d.e.Labels()
	if d.counted.Revision != d.e.Revision() || !d.known {
		d.count()
	}
	s := d.counted
	s.Busy, s.CanUndo, s.CanRedo = d.hand.busy(), d.e.CanUndo(), d.e.CanRedo()
	s.Spent, s.Points = l.Spent, len(d.hand.points)
	if d.hand.deed == growing {
		s.Clicks, s.Grown, s.CanUndo = len(d.growth.Clicks()), d.growth.mask.Count(), true
	}
	at := d.cursor
	if i := l.Index(d.selected); i >= 0 {
		s.Selected, s.Place = &l.Shapes[i], i+1
		x0, y0, x1, y1 := s.Selected.Bounds()
		if !s.Busy {
			at = annot.Point{X: (x0 + x1) / 2, Y: (y0 + y1) / 2}
		}
	}
	s.Focus.X, s.Focus.Y = d.toScreen(at)
	return s
}

func (d *Desk) count() {
	l := d.e.Labels()
	s := State{Revision: d.e.Revision(), Normal: l.Normal, Shapes: len(l.Shapes), Pixels: l.Mask.Count()}
	for i := range l.Shapes {
		if l.Shapes[i].Proposed {
			s.Proposed++
		}
	}
	for _, y := range l.Layers {
		for _, c := range y.Cells {
			if c != block.Unknown {
				s.Blocks++
			}
		}
	}
	s.Labelled = l.Normal || s.Shapes > s.Proposed || s.Pixels > 0 || s.Blocks > 0
	d.counted, d.known = s, true
}
