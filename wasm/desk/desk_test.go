package desk

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// desk is a desk for a 400 x 300 picture, seen at twice its size from (10, 20).
func desk(t *testing.T) *Desk {
	t.Helper()
	d, err := New(400, 300, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Look(10, 20, 2, 900, 700)
	return d
}

// drag presses at a pixel of the picture, goes on to others, and releases.
func drag(d *Desk, now *int64, keys Keys, points ...annot.Point) Outcome {
	at := func(p annot.Point) (float64, float64) { return d.toScreen(p) }
	*now += 100
	x, y := at(points[0])
	d.Down(x, y, keys, *now)
	for _, p := range points[1:] {
		*now += 100
		x, y = at(p)
		d.Move(x, y, keys, *now)
	}
	*now += 100
	return d.Up(x, y, keys, *now)
}

func shapes(d *Desk) []annot.Shape { return d.e.Labels().Shapes }

func TestDeskDrawsBoxes(t *testing.T) {
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolBox)
	if o := drag(d, &now, 0, annot.Point{X: 20, Y: 30}, annot.Point{X: 60, Y: 50}, annot.Point{X: 120, Y: 110}); o != Added {
		t.Fatalf("outcome %d", o)
	}
	want := block.Box{X: 70, Y: 70, HalfW: 50, HalfH: 40}
	if s := shapes(d); len(s) != 1 || s[0].Box != want {
		t.Fatalf("%+v", s)
	}
	st := d.State()
	if st.Selected == nil || st.Place != 1 || !st.Labelled || !st.CanUndo || st.Spent[annot.ToolBox] != 300 {
		t.Errorf("%+v", st)
	}
	// A click adds nothing; it selects what is there.
	drag(d, &now, 0, annot.Point{X: 300, Y: 200})
	if len(shapes(d)) != 1 || d.State().Selected != nil {
		t.Errorf("a click beside the box: %+v", d.State())
	}
	drag(d, &now, 0, annot.Point{X: 60, Y: 60})
	if d.State().Selected == nil {
		t.Error("a click in the box does not select it")
	}
	// A corner of the selected box is pulled with the box tool, too.
	if o := drag(d, &now, Other, annot.Point{X: 120, Y: 110}, annot.Point{X: 150, Y: 130}); o != Moved {
		t.Errorf("outcome %d", o)
	}
	if x0, y0, x1, y1 := shapes(d)[0].Bounds(); x0 != 20 || y0 != 30 || x1 != 150 || y1 != 130 {
		t.Errorf("%v %v %v %v", x0, y0, x1, y1)
	}
	if o := drag(d, &now, Shift, annot.Point{X: 200, Y: 200}, annot.Point{X: 240, Y: 210}); o != Added {
		t.Fatalf("outcome %d", o)
	}
	if b := shapes(d)[1].Box; b.HalfW != b.HalfH {
		t.Errorf("with Shift a box is square, not %+v", b)
	}
	for range 3 {
		d.Do(ActUndo, 0, 0, now)
	}
	if len(shapes(d)) != 0 || d.Do(ActUndo, 0, 0, now) != NothingToDo {
		t.Errorf("after undoing all: %+v", shapes(d))
	}
	if d.Do(ActRedo, 0, 0, now); d.State().Selected == nil {
		t.Error("a shape that comes back is not selected")
	}
}

func TestDeskRotatedBox(t *testing.T) {
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolRotated)
	if o := drag(d, &now, 0, annot.Point{X: 100, Y: 100}, annot.Point{X: 160, Y: 180}); o != Silent {
		t.Fatalf("outcome %d", o)
	}
	// The side is 100 long in the direction (3, 4)/5; (-4, 3)/5 is across it.
	x, y := d.toScreen(annot.Point{X: 100 - 16, Y: 100 + 12})
	d.Move(x, y, 0, now)
	d.Down(x, y, 0, now)
	d.Up(x, y, 0, now)
	b := shapes(d)[0].Box
	if math.Abs(b.HalfW-50) > 0.01 || math.Abs(b.HalfH-10) > 0.01 || math.Abs(b.Angle-math.Atan2(4, 3)) > 1e-3 ||
		math.Abs(b.X-122) > 0.01 || math.Abs(b.Y-146) > 0.01 {
		t.Errorf("%+v", b)
	}
}

func TestDeskPolygon(t *testing.T) {
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolPolygon)
	corners := []annot.Point{{X: 50, Y: 50}, {X: 100, Y: 50}, {X: 100, Y: 100}, {X: 60, Y: 110}}
	for _, p := range corners {
		drag(d, &now, 0, p)
	}
	if d.State().Points != 4 || d.Do(ActDelete, 0, 0, now) != Pointed || d.State().Points != 3 {
		t.Fatalf("%d points", d.State().Points)
	}
	if o := d.Do(ActConfirm, 0, 0, now); o != Added || len(shapes(d)[0].Points) != 3 {
		t.Fatalf("outcome %d, %+v", o, shapes(d))
	}
	d.Do(ActCancel, 0, 0, now)
	for _, p := range corners { // the first point closes it
		drag(d, &now, 0, annot.Point{X: p.X + 150, Y: p.Y})
	}
	drag(d, &now, 0, annot.Point{X: 200, Y: 50})
	if len(shapes(d)) != 2 || len(shapes(d)[1].Points) != 4 {
		t.Fatalf("%+v", shapes(d))
	}
	// Drawn freely: one press along the outline.
	d.Do(ActCancel, 0, 0, now)
	ring := []annot.Point{}
	for i := range 40 {
		a := 2 * math.Pi * float64(i) / 40
		ring = append(ring, annot.Point{X: 250 + 40*math.Cos(a), Y: 200 + 40*math.Sin(a)})
	}
	if o := drag(d, &now, 0, append(ring, ring[0])...); o != Added || len(shapes(d)[2].Points) < 20 {
		t.Errorf("outcome %d, %d points", o, len(shapes(d)[len(shapes(d))-1].Points))
	}
	// Another tool finishes what can be finished.
	d.Do(ActCancel, 0, 0, now)
	for _, p := range corners {
		drag(d, &now, 0, annot.Point{X: p.X, Y: p.Y + 150})
	}
	d.Choose(annot.ToolSelect)
	if len(shapes(d)) != 4 {
		t.Errorf("%d shapes", len(shapes(d)))
	}
}

// Clicks on one place go through the shapes there, from the smallest on.
func TestDeskCycles(t *testing.T) {
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolBox)
	for _, s := range []float64{10, 90, 40} {
		drag(d, &now, 0, annot.Point{X: 150 - s, Y: 150 - s}, annot.Point{X: 150 + s, Y: 150 + s})
	}
	d.Do(ActCancel, 0, 0, now)
	d.Choose(annot.ToolSelect)
	for i, want := range []float64{10, 40, 90, 10} {
		drag(d, &now, 0, annot.Point{X: 150, Y: 150})
		if s := d.State().Selected; s == nil || s.Box.HalfW != want {
			t.Fatalf("click %d: %+v", i, s)
		}
	}
	if drag(d, &now, 0, annot.Point{X: 150, Y: 150}, annot.Point{X: 170, Y: 150}); shapes(d)[0].Box.X != 170 {
		t.Errorf("the selected box was not moved: %+v", shapes(d))
	}
	d.Do(ActCancel, 0, 0, now)
	for i := range 3 {
		if o := d.Do(ActStep, 1, 0, now); o != Chosen || d.State().Place != i+1 {
			t.Errorf("step %d: %d", i, o)
		}
	}
	if o := d.Do(ActStep, 1, 0, now); o != NothingToDo || d.State().Selected != nil {
		t.Errorf("past the last one: %d", o)
	}
}

func TestDeskKeyboardDraws(t *testing.T) {
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolBox)
	d.Do(ActArrow, 1, 0, now)
	d.Do(ActPress, 0, 0, now)
	for range 5 {
		d.Do(ActArrow, 10, 0, now)
		d.Do(ActArrow, 0, 6, now)
	}
	if o := d.Do(ActPress, 0, 0, now); o != Added {
		t.Fatalf("outcome %d", o)
	}
	// The view's middle is picture pixel (220, 165).
	if x0, y0, x1, y1 := shapes(d)[0].Bounds(); x0 != 221 || y0 != 165 || x1 != 271 || y1 != 195 {
		t.Errorf("%v %v %v %v", x0, y0, x1, y1)
	}
	d.Do(ActCancel, 0, 0, now)
	d.Choose(annot.ToolBlock16)
	d.Do(ActPress, 0, 0, now)
	for range 3 {
		d.Do(ActArrow, 1, 0, now)
	}
	d.Do(ActPress, 0, 0, now)
	if n := d.State().Blocks; n != 4 {
		t.Errorf("%d blocks", n)
	}
	if o := d.Do(ActCreate, 0, 0, now); o != Added {
		t.Errorf("outcome %d", o)
	}
	before := d.State().Selected.Box
	d.Do(ActArrow, 3, -2, now)
	d.Do(ActGrow, 4, 0, now)
	d.Do(ActTurn, 30, 0, now)
	after := d.State().Selected.Box
	if after.X != before.X+3+2 || after.Y != before.Y-2 || after.HalfW != before.HalfW+2 || math.Abs(after.Angle-math.Pi/6) > 1e-3 {
		t.Errorf("%+v, then %+v", before, after)
	}
}

func TestDeskProposals(t *testing.T) {
	d, now := desk(t), int64(0)
	if d.Do(ActPropose, 1, 0, now) != NoMap {
		t.Error("proposals without a heat map")
	}
	s := block.NewScores(block.Grid{Rows: 30, Cols: 40, Size: 8})
	hot := func(row, col, n int) {
		for r := row; r < row+n; r++ {
			for c := col; c < col+n; c++ {
				s.Values[s.Index(r, c)] = 1 + float32(n)
			}
		}
	}
	hot(3, 3, 2)
	hot(20, 30, 4)
	hot(10, 15, 3)
	d.SetScores(s)
	if o := d.Do(ActPropose, 9, 0, now); o != Cold {
		t.Errorf("outcome %d", o)
	}
	if o := d.Do(ActPropose, 1, 0, now); o != Done || d.State().Proposed != 3 || d.State().Labelled {
		t.Fatalf("outcome %d, %+v", o, d.State())
	}
	if b := d.State().Selected.Box; b != (block.Box{X: 320, Y: 220, HalfW: 20, HalfH: 20}) {
		t.Errorf("the hottest is %+v", b)
	}
	d.Do(ActArrow, 2, 0, now) // corrected, then accepted
	d.Do(ActAccept, 0, 0, now)
	if st := d.State(); st.Proposed != 2 || st.Selected == nil || !st.Selected.Proposed {
		t.Errorf("after one was accepted: %+v", st)
	}
	d.Do(ActDismiss, 0, 0, now)
	d.Do(ActCancel, 0, 0, now)
	if o := d.Do(ActAccept, 0, 0, now); o != Accepted || d.State().Proposed != 0 || len(shapes(d)) != 2 {
		t.Errorf("outcome %d, %+v", o, shapes(d))
	}
	// What is labelled is not proposed again.
	if d.Do(ActPropose, 1, 0, now); d.State().Proposed != 1 {
		t.Errorf("%d proposals", d.State().Proposed)
	}
	if d.State().Spent[annot.ToolPropose] != 0 {
		t.Error("time went by while the clock stood still")
	}
	if d.Do(ActBlocks, 1, 0, now+500); d.State().Blocks != 4+9+16 || d.State().Spent[annot.ToolPropose] != 500 {
		t.Errorf("%+v", d.State())
	}
}

// The layer of lines is drawn anew only where it must be: not at all while a
// shape is pulled, around the shapes that change when something is selected.
func TestDeskLinesAreLocal(t *testing.T) {
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolBox)
	for i := range 20 {
		x := float64(10 + 18*i)
		drag(d, &now, 0, annot.Point{X: x, Y: 20}, annot.Point{X: x + 10, Y: 40})
		d.Do(ActCancel, 0, 0, now)
	}
	whole := d.Lines()
	if count(whole) != 20 || whole[2] != 900 || whole[3] != 700 {
		t.Fatalf("%d lines in %v", count(whole), whole[:4])
	}
	if d.Lines() != nil {
		t.Error("nothing changed, and there is something to draw")
	}
	d.Choose(annot.ToolSelect)
	x, y := d.toScreen(annot.Point{X: 15, Y: 30})
	d.Down(x, y, 0, now)
	part := d.Lines()
	if n := count(part); n != 0 || part[2] > 40 || part[3] > 60 {
		t.Errorf("selecting one draws %d lines in %v", n, part[:4])
	}
	for i := range 30 {
		d.Move(x+float64(5*i), y+float64(5*i), 0, now)
		if v := d.Lines(); v != nil {
			t.Fatalf("move %d draws %v", i, v[:4])
		}
	}
	d.Up(x+150, y+150, 0, now)
	if len(d.Live()) == 0 {
		t.Error("the selected shape is not drawn")
	}
	d.Do(ActUndo, 0, 0, now)
	if v := d.Lines(); v == nil || v[2] > 300 {
		t.Errorf("undoing draws %v", v)
	}
}

// count counts the outlines of a list behind its area.
func count(v []float32) int {
	n := 0
	for i := 4; i < len(v); n++ {
		i += 2 + 2*int(v[i+1])
	}
	return n
}

// Ink drawn stroke by stroke is the same as drawn at once.
func TestDeskInkIsLocal(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	d, now := desk(t), int64(0)
	d.Settings(6, true, "", block.Grid{})
	canvas := make([]byte, 4*900*700)
	draw := func(canvas []byte) (area image.Rectangle) {
		area, rgba := d.Ink(nil)
		for y := area.Min.Y; y < area.Max.Y; y++ {
			to := canvas[4*(y*900+area.Min.X) : 4*(y*900+area.Max.X)]
			if rgba == nil {
				clear(to)
				continue
			}
			copy(to, rgba[4*(y-area.Min.Y)*area.Dx():])
		}
		return area
	}
	if a := draw(canvas); !a.Empty() {
		t.Errorf("a picture without ink draws %v", a)
	}
	tools := []annot.Tool{annot.ToolBrush, annot.ToolBlock8, annot.ToolEraser, annot.ToolBlock16, annot.ToolBrush}
	for i := range 60 {
		d.Choose(tools[rnd.IntN(len(tools))])
		p := annot.Point{X: rnd.Float64() * 400, Y: rnd.Float64() * 300}
		x, y := d.toScreen(p)
		d.Down(x, y, 0, now)
		for range 5 {
			x, y = x+40*(rnd.Float64()-0.5), y+40*(rnd.Float64()-0.5)
			d.Move(x, y, 0, now)
			if a := draw(canvas); a.Dx() > 140 || a.Dy() > 140 {
				t.Fatalf("a piece of stroke %d draws %v", i, a)
			}
		}
		d.Up(x, y, 0, now)
		if i%7 == 0 {
			d.Do(ActUndo, 0, 0, now)
		}
		draw(canvas)
	}
	whole := make([]byte, len(canvas))
	d.Look(10, 20, 2, 900, 700)
	draw(whole)
	for i := range whole {
		if whole[i] != canvas[i] {
			t.Fatalf("byte %d, pixel (%d, %d): %d in pieces, %d at once", i, i/4%900, i/4/900, canvas[i], whole[i])
		}
	}
	if !d.e.Labels().Marked() {
		t.Fatal("nothing was drawn")
	}
	d.Do(ActClear, 0, 0, now)
	draw(whole)
	for i, v := range whole {
		if v != 0 {
			t.Fatalf("byte %d is left after clearing", i)
		}
	}
}

func TestDeskRefusesOtherLabels(t *testing.T) {
	other, _ := New(10, 10, nil)
	if _, err := New(400, 300, other.Stored()); !errors.Is(err, ErrOtherPicture) {
		t.Errorf("error %v", err)
	}
	if _, err := New(400, 300, []byte("SRL")); err == nil {
		t.Error("damaged labels were taken")
	}
	d, now := desk(t), int64(0)
	d.Choose(annot.ToolBox)
	drag(d, &now, 0, annot.Point{X: 20, Y: 30}, annot.Point{X: 120, Y: 110})
	e, err := New(400, 300, d.Stored())
	if err != nil || len(shapes(e)) != 1 {
		t.Fatalf("%v %+v", err, e)
	}
	if err := e.Replace(other.Stored()); !errors.Is(err, ErrOtherPicture) || len(shapes(e)) != 1 {
		t.Errorf("error %v", err)
	}
}

// However pointer and keys follow each other, nothing panics and what is there
// can be stored and read.
func TestDeskAtRandom(t *testing.T) {
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		d := desk(t)
		s := block.NewScores(block.Grid{Rows: 15, Cols: 20, Size: 16})
		for i := range s.Values {
			s.Values[i] = rnd.Float32() * 2
		}
		d.SetScores(s)
		now := int64(0)
		for range 200 {
			now += rnd.Int64N(900)
			x, y, keys := rnd.Float64()*1000-50, rnd.Float64()*800-50, Keys(rnd.IntN(4))
			switch rnd.IntN(10) {
			case 0:
				d.Choose(annot.Tool(rnd.IntN(int(annot.Tools))))
			case 1, 2:
				d.Down(x, y, keys, now)
			case 3, 4:
				d.Move(x, y, keys, now)
			case 5:
				d.Up(x, y, keys, now)
			case 6:
				d.Twice(x, y)
			case 7:
				d.Look(rnd.Float64()*100, rnd.Float64()*100, 0.1+4*rnd.Float64(), 900, 700)
				d.Settings(rnd.Float64()*60, rnd.IntN(2) == 0, "crack", block.Grid{})
			default:
				a := float64(rnd.IntN(5) - 2)
				d.Do(Act(rnd.IntN(int(ActRename)+1)), a, float64(rnd.IntN(5)-2), now)
			}
			d.Lines()
			d.Ink(nil)
			d.Live()
			d.State()
		}
		d.Cancel()
		if _, err := annot.Parse(d.Stored()); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func BenchmarkDeskMove2000(b *testing.B) {
	d, err := New(8000, 6000, nil)
	if err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		_, _ = d.e.AddBox(block.Box{X: rnd.Float64() * 8000, Y: rnd.Float64() * 6000, HalfW: 80, HalfH: 60}, "")
	}
	d.Look(0, 0, 0.15, 1200, 900)
	d.Choose(annot.ToolSelect)
	s := shapes(d)[7].Box
	x, y := d.toScreen(annot.Point{X: s.X, Y: s.Y})
	d.Down(x, y, 0, 0)
	for i := 0; b.Loop(); i++ {
		d.Move(x+float64(i%200), y+float64(i%90), 0, int64(i))
		d.Lines()
		d.Ink(nil)
		d.Live()
	}
}

func BenchmarkDeskBrush48MP(b *testing.B) {
	d, err := New(8000, 6000, nil)
	if err != nil {
		b.Fatal(err)
	}
	d.Look(0, 0, 0.15, 1200, 900)
	d.Settings(100, true, "", block.Grid{})
	d.Choose(annot.ToolBrush)
	d.Down(600, 450, 0, 0)
	var buffer []byte
	for i := 0; b.Loop(); i++ {
		a := float64(i) / 20
		d.Move(600+300*math.Cos(a), 450+200*math.Sin(2*a), 0, int64(i))
		d.Lines()
		_, rgba := d.Ink(buffer)
		buffer = rgba[:cap(rgba)]
		d.Live()
	}
}
