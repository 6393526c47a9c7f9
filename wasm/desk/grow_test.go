package desk

import (
	"testing"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// growDesk is a desk on a bright 160 x 120 picture with a dark square at (40, 30), 40 pixels wide, in its view's scale.
func growDesk(t *testing.T) *Desk {
	t.Helper()
	d, err := New(160, 120, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Look(0, 0, 1, 160, 120)
	d.Choose(annot.ToolClicks)
	w, h := d.GrowSize()
	rgba := make([]byte, 4*w*h)
	for i := range w * h {
		v := byte(200)
		if x, y := i%w, i/w; x >= 40 && x < 80 && y >= 30 && y < 70 {
			v = 40
		}
		copy(rgba[4*i:], []byte{v, v, v, 255})
	}
	d.SetPicture(rgba)
	return d
}

func (d *Desk) tap(x, y float64, keys Keys) Outcome {
	d.Down(x, y, keys, 1)
	return d.Up(x, y, keys, 2)
}

func TestARegionGrowsAndIsTaken(t *testing.T) {
	for _, c := range []struct {
		name  string
		as    As
		holds func(*annot.Labels) bool
	}{
		{"pixels", AsPixels, func(l *annot.Labels) bool { return l.Mask.Contains(60, 50) && len(l.Shapes) == 0 }},
		{"blocks", AsBlocks, func(l *annot.Labels) bool { return len(l.Layers) == 1 && l.Mask.Empty() }},
		{"a box", AsBox, func(l *annot.Labels) bool {
			return len(l.Shapes) == 1 && l.Shapes[0].Name == "dent" && l.Shapes[0].Contains(60, 50)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := growDesk(t)
			d.Settings(8, true, "dent", block.Grid{})
			if o := d.tap(60, 50, Shift); o != NoDefect {
				t.Errorf("a first click on what is no defect: %v", o)
			}
			if o := d.tap(60, 50, 0); o != Grown {
				t.Fatalf("outcome %v", o)
			}
			one := d.State()
			if o := d.tap(150, 110, Other); o != Grown || d.State().Clicks != 2 {
				t.Errorf("outcome %v, %d clicks", o, d.State().Clicks)
			}
			if o := d.Do(ActUndo, 0, 0, 3); o != Grown || d.State().Clicks != 1 || d.State().Grown != one.Grown {
				t.Errorf("undo: %v, %+v", o, d.State())
			}
			if d.e.Revision() != 0 {
				t.Error("a region is a label before it is accepted")
			}
			if o := d.Do(ActTake, float64(c.as), 0, 4); o != Accepted && o != Added {
				t.Errorf("outcome %v", o)
			}
			if !c.holds(d.e.Labels()) || d.hand.busy() || d.State().Clicks != 0 {
				t.Errorf("%+v", d.e.Labels())
			}
			d.Do(ActUndo, 0, 0, 5)
			if d.State().Labelled {
				t.Error("it took more than one step")
			}
		})
	}
}

// Another tool keeps what grew; Escape and the last click taken back give it up; no picture is told.
func TestARegionIsLeft(t *testing.T) {
	d := growDesk(t)
	d.tap(60, 50, 0)
	d.Choose(annot.ToolBox)
	if d.e.Labels().Mask.Empty() {
		t.Error("another tool lost the region")
	}
	for _, leave := range []Act{ActCancel, ActDelete, ActUndo} {
		d = growDesk(t)
		d.tap(60, 50, 0)
		d.Do(leave, 0, 0, 3)
		if d.hand.busy() || d.State().Labelled || !d.growth.mask.Empty() {
			t.Errorf("act %d left something", leave)
		}
	}
	d.growth = growth{}
	if o := d.tap(60, 50, 0); o != NoPicture {
		t.Errorf("without a picture: %v", o)
	}
}
