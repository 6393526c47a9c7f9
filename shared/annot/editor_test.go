package annot

import (
	"bytes"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"semirest/shared/block"
)

// act does one random edit.
func act(e *Editor, rng *rand.Rand) {
	w, h := float64(e.l.W), float64(e.l.H)
	point := func() Point { return Point{rng.Float64()*w*1.2 - w*0.1, rng.Float64()*h*1.2 - h*0.1} }
	id := func() uint32 {
		if len(e.l.Shapes) == 0 {
			return 0
		}
		return e.l.Shapes[rng.IntN(len(e.l.Shapes))].ID
	}
	box := func() block.Box {
		p := point()
		b := block.Box{X: p.X, Y: p.Y, HalfW: rng.Float64() * w / 3, HalfH: rng.Float64() * h / 3}
		if rng.IntN(2) == 0 {
			b.Angle = rng.Float64()*20 - 10
		}
		return b
	}
	grids := []block.Grid{{Rows: 6, Cols: 8, Size: 8}, {Rows: 3, Cols: 4, Size: 16}}
	switch rng.IntN(17) {
	case 0, 1:
		_, _ = e.AddBox(box(), "scratch")
	case 2:
		_, _ = e.AddPolygon([]Point{point(), point(), point(), point()}, "dent")
	case 3:
		e.Delete(id(), id())
	case 4:
		e.Brush(point(), point(), rng.Float64()*9, false)
	case 5:
		e.Brush(point(), point(), rng.Float64()*9, true)
	case 6:
		_ = e.PaintBlocks(grids[rng.IntN(2)], point(), point(), block.Label(rng.IntN(3)))
	case 7:
		e.Erase(point(), point(), rng.Float64()*9)
	case 8:
		if rng.IntN(4) == 0 {
			e.SetNormal(rng.IntN(2) == 0)
		}
	case 9:
		if d, ok := e.Drag(Hit{id(), Handle(rng.IntN(10) - 1)}, point().X, point().Y); ok {
			for range 3 {
				p := point()
				d.To(p.X, p.Y, rng.IntN(2) == 0)
			}
			if rng.IntN(4) == 0 {
				d.Cancel()
			} else {
				d.Release()
			}
		}
	case 10:
		now := rng.Int64N(3000)
		_ = e.Nudge(id(), rng.Float64()*6-3, rng.Float64()*6-3, now)
		_ = e.Nudge(id(), 1, 0, now+100)
	case 11:
		_ = e.Grow(id(), rng.Float64()*6-3, rng.Float64()*6-3, 0)
	case 12:
		_ = e.Turn(id(), rng.Float64()-0.5, 0)
	case 13:
		e.Propose([]block.Box{box(), box()})
	case 14:
		e.Accept(id())
	case 15:
		_ = e.FillShape(id())
		_ = e.Rename(id(), "stain\xff")
	case 16:
		if _, err := e.InsertPoint(id(), point().X, point().Y); err == nil {
			_ = e.RemovePoint(id(), Handle(rng.IntN(4)))
		}
	}
}

// Undo and redo without limit: every state that ever stood is reached again,
// byte for byte, backwards and forwards; and every state can be stored.
func TestUndoRedo(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		e := New(20+rng.IntN(100), 20+rng.IntN(100))
		state := func() string {
			l := *e.Labels()
			l.next = 0 // ids are not taken back
			return string(l.Append(nil)[4:])
		}
		states := []string{state()}
		for range 150 {
			before := len(e.done)
			act(e, rng)
			if e.Open() {
				t.Fatal("a step was left open")
			}
			// An act may make several steps, join the last one, or take it away
			// (a nudge there and back): look at all states from there on.
			final := state()
			from := min(before, len(e.done))
			for len(e.done) > from {
				e.Undo()
			}
			states = append(states[:from], state())
			for e.Redo() {
				states = append(states, state())
			}
			if states[len(states)-1] != final {
				t.Fatal("undo and redo lead elsewhere")
			}
			stored := e.Labels().Append(nil)
			l, err := Parse(stored)
			if err != nil || !bytes.Equal(l.Append(nil), stored) {
				t.Fatalf("stored labels: %v", err)
			}
			for i, s := range e.l.Shapes {
				if e.bounds[i] != boundsOf(s) {
					t.Fatal("kept bounds are wrong")
				}
			}
			if e.l.Normal && e.l.Marked() {
				t.Fatal("a normal picture has marks")
			}
		}
		for round := range 2 {
			for i := len(states) - 1; i >= 0; i-- {
				if got := state(); got != states[i] {
					t.Fatalf("round %d: state %d of %d is another one after undo", round, i, len(states))
				}
				if e.Undo() != (i > 0) {
					t.Fatalf("undo at %d", i)
				}
			}
			for i := range states {
				if got := state(); got != states[i] {
					t.Fatalf("round %d: state %d is another one after redo", round, i)
				}
				if e.Redo() != (i < len(states)-1) {
					t.Fatalf("redo at %d", i)
				}
			}
		}
	}
}

func TestStepsNestAndCancel(t *testing.T) {
	e := New(100, 100)
	before := e.Labels().Append(nil)
	e.Begin()
	e.Brush(Point{10, 10}, Point{50, 50}, 4, false)
	_, _ = e.AddBox(block.Box{X: 50, Y: 50, HalfW: 10, HalfH: 10}, "")
	e.Begin()
	e.Brush(Point{0, 50}, Point{99, 50}, 4, true)
	e.End()
	if e.CanRedo() || !e.CanUndo() || len(e.done) != 0 {
		t.Error("a step under way is already done")
	}
	e.Cancel()
	after := *e.Labels()
	after.next = 0
	if !bytes.Equal(after.Append(nil), before) || e.CanUndo() {
		t.Error("a cancelled step left something")
	}
	e.Begin()
	e.Brush(Point{10, 10}, Point{50, 50}, 4, false)
	e.Brush(Point{10, 10}, Point{50, 50}, 5, true)
	e.End()
	if e.CanUndo() || e.Revision() != 0 {
		t.Error("a step that changed nothing is kept")
	}
	if e.Undo() || e.Redo() {
		t.Error("undo of nothing")
	}
}

func TestNormalTakesMarksAway(t *testing.T) {
	e := New(100, 100)
	e.Brush(Point{10, 10}, Point{50, 50}, 4, false)
	_, _ = e.AddBox(block.Box{X: 50, Y: 50, HalfW: 10, HalfH: 10}, "")
	_ = e.PaintBlocks(block.Grid{Rows: 4, Cols: 4, Size: 8}, Point{1, 1}, Point{99, 1}, block.Anomalous)
	e.SetNormal(true)
	if !e.Labels().Normal || e.Labels().Marked() || !e.Labels().Labelled() {
		t.Error("normal with marks")
	}
	e.Undo()
	if e.Labels().Normal || !e.Labels().Marked() || len(e.Labels().Shapes) != 1 {
		t.Error("marks are lost")
	}
	e.Redo()
	_, _ = e.AddBox(block.Box{X: 50, Y: 50, HalfW: 10, HalfH: 10}, "")
	if e.Labels().Normal {
		t.Error("a box in a normal picture")
	}
}

func TestNudgesJoin(t *testing.T) {
	e := New(100, 100)
	id, err := e.AddBox(block.Box{X: 50, Y: 50, HalfW: 10, HalfH: 10}, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := e.Nudge(id, 1, 0, int64(i)*100); err != nil {
			t.Fatal(err)
		}
	}
	_ = e.Nudge(id, 0, 1, 3000) // a pause between
	_ = e.Grow(id, 2, 4, 3100)  // another kind
	if len(e.done) != 4 {
		t.Fatalf("%d steps", len(e.done))
	}
	want := block.Box{X: 56, Y: 53, HalfW: 11, HalfH: 12}
	if b := e.Labels().Shapes[0].Box; b != want {
		t.Errorf("%+v, want %+v", b, want)
	}
	e.Undo()
	e.Undo()
	e.Undo()
	if b := e.Labels().Shapes[0].Box; b.X != 50 {
		t.Errorf("%+v", b)
	}
	_ = e.Nudge(id, 1, 0, 5000)
	_ = e.Nudge(id, -1, 0, 5100)
	if len(e.done) != 1 {
		t.Errorf("there and back leaves %d steps", len(e.done))
	}
	if !errors.Is(e.Nudge(99, 1, 1, 0), ErrShape) || !errors.Is(e.Set(Shape{ID: 99}), ErrShape) || !errors.Is(e.Rename(99, ""), ErrShape) {
		t.Error("a shape that is not there was changed")
	}
}

func TestBoxesStayInThePicture(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	e := New(64, 48)
	for range 3000 {
		act(e, rng)
		for _, s := range e.l.Shapes {
			x0, y0, x1, y1 := s.Bounds()
			if s.Box.Angle == 0 && (x0 < 0 || y0 < 0 || x1 > 64 || y1 > 48) || s.Area() <= 0 {
				t.Fatalf("%+v", s)
			}
			if !s.Polygon() && (s.Box.X < 0 || s.Box.Y < 0 || s.Box.X > 64 || s.Box.Y > 48 || s.Box.X*steps != math.Trunc(s.Box.X*steps)) {
				t.Fatalf("%+v", s.Box)
			}
		}
	}
	nan, inf := math.NaN(), math.Inf(1)
	for _, b := range []block.Box{{}, {X: nan, Y: 1, HalfW: 1, HalfH: 1}, {X: 1, Y: 1, HalfW: inf, HalfH: 1},
		{X: 1, Y: 1, HalfW: 0.2, HalfH: 5}, {X: 1, Y: 1, HalfW: -3, HalfH: 5}, {X: 1, Y: 1, HalfW: 3, HalfH: 5, Angle: inf}} {
		if _, err := e.AddBox(b, ""); !errors.Is(err, ErrShape) {
			t.Errorf("%+v: %v", b, err)
		}
	}
	for _, p := range [][]Point{nil, {{1, 1}, {2, 2}}, {{1, 1}, {2, 2}, {3, 3}}, {{1, 1}, {1, 1}, {2, 2}}, {{nan, 1}, {2, 2}, {3, 1}}} {
		if _, err := e.AddPolygon(p, ""); !errors.Is(err, ErrShape) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if _, err := e.AddPolygon(make([]Point, MaxPoints+1), ""); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

func TestDirtyHoldsTheChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	e := New(80, 60)
	look := func() []byte { return e.Labels().Defects(true).Bytes(80, 60) }
	before := look()
	for range 500 {
		act(e, rng)
		if rng.IntN(5) == 0 {
			e.Undo()
		}
		after, dirty := look(), e.Dirty()
		for i := range after {
			if p := image.Pt(i%80, i/80); after[i] != before[i] && !p.In(dirty) {
				t.Fatalf("%v changed outside %v", p, dirty)
			}
		}
		before = after
	}
	if !e.Dirty().Empty() {
		t.Error("dirty without a change")
	}
}

func TestFull(t *testing.T) {
	e := New(1000, 1000)
	for range MaxShapes {
		if _, err := e.AddBox(block.Box{X: 50, Y: 50, HalfW: 10, HalfH: 10}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.AddBox(block.Box{X: 50, Y: 50, HalfW: 10, HalfH: 10}, ""); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	for i := range MaxLayers {
		if err := e.PaintBlocks(block.Grid{Rows: 1 + i, Cols: 1, Size: 8}, Point{1, 1}, Point{1, 1}, block.Normal); err != nil {
			t.Fatal(err)
		}
	}
	more := block.Grid{Rows: 99, Cols: 1, Size: 8}
	if err := e.PaintBlocks(more, Point{1, 1}, Point{1, 1}, block.Normal); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	e.Undo() // an emptied layer makes room
	if err := e.PaintBlocks(more, Point{1, 1}, Point{1, 1}, block.Normal); err != nil {
		t.Error(err)
	}
	if err := e.PutBlocks(block.Grid{Rows: 1, Cols: 1, Size: 0}, make([]block.Label, 1)); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}
