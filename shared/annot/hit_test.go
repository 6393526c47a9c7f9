package annot

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/shared/block"
)

func TestBoxesInsideBoxes(t *testing.T) {
	e := New(1000, 1000)
	big, _ := e.AddBox(block.Box{X: 500, Y: 500, HalfW: 400, HalfH: 400}, "")
	mid, _ := e.AddBox(block.Box{X: 500, Y: 500, HalfW: 200, HalfH: 200, Angle: 0.4}, "")
	small, _ := e.AddBox(block.Box{X: 520, Y: 500, HalfW: 50, HalfH: 50}, "")
	if got := e.Under(520, 500); !slices.Equal(got, []uint32{small, mid, big}) {
		t.Errorf("%v", got)
	}
	if h, ok := e.At(520, 500, 8, 0); !ok || h != (Hit{small, Inside}) {
		t.Errorf("%v", h)
	}
	if h, ok := e.At(101, 102, 8, big); !ok || h != (Hit{big, LeftTop}) {
		t.Errorf("%v", h)
	}
	if h, ok := e.At(500, 100-3*8, 8, big); !ok || h != (Hit{big, Rotate}) {
		t.Errorf("%v", h)
	}
	if h, ok := e.At(95, 500, 8, 0); !ok || h != (Hit{big, Left}) {
		t.Errorf("just outside: %v", h)
	}
	if _, ok := e.At(50, 50, 8, big); ok {
		t.Error("a hit in the void")
	}
}

// Each handle leaves the opposite side where it was, on rotated boxes too.
func TestDragHandles(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		e := New(1000, 1000)
		id, err := e.AddBox(block.Box{X: 500, Y: 500, HalfW: 50 + rng.Float64()*50, HalfH: 50 + rng.Float64()*50, Angle: float64(rng.IntN(2)) * rng.Float64() * 6}, "")
		if err != nil {
			t.Fatal(err)
		}
		before := e.Labels().Shapes[0]
		handle := Handle(rng.IntN(8))
		at := before.Handles(5)
		opposite := at[(handle+4)%8]
		d, ok := e.Drag(Hit{id, handle}, at[handle].X, at[handle].Y)
		if !ok {
			t.Fatal("no drag")
		}
		to := Point{at[handle].X + rng.Float64()*60 - 30, at[handle].Y + rng.Float64()*60 - 30}
		d.To(rng.Float64()*1000, rng.Float64()*1000, false) // on the way
		d.To(to.X, to.Y, false)
		d.Release()
		after := e.Labels().Shapes[0]
		moved := after.Handles(5)
		if o := moved[(handle+4)%8]; math.Hypot(o.X-opposite.X, o.Y-opposite.Y) > 3.0/steps {
			t.Fatalf("handle %d of %+v: the other side moved from %v to %v", handle, before.Box, opposite, o)
		}
		if p := moved[handle]; handle%2 == 0 && math.Hypot(p.X-to.X, p.Y-to.Y) > 3.0/steps {
			t.Fatalf("corner %d is at %v, pulled to %v", handle, p, to)
		}
		if e.Undo(); !same(e.Labels().Shapes[0], before) || len(e.done) != 1 {
			t.Fatal("a drag is not one step")
		}
	}
}

func TestDragRotateAndMove(t *testing.T) {
	e := New(200, 200)
	id, _ := e.AddBox(block.Box{X: 100, Y: 100, HalfW: 30, HalfH: 20}, "")
	d, _ := e.Drag(Hit{id, Rotate}, 100, 70)
	d.To(150, 101, true) // a quarter turn clockwise, nearly
	d.Release()
	if b := e.Labels().Shapes[0].Box; math.Abs(b.Angle-math.Pi/2) > 1e-9 || b.HalfW != 30 {
		t.Errorf("%+v", b)
	}
	e.Undo()
	d, _ = e.Drag(Hit{id, Inside}, 100, 100)
	d.To(400, 130, true)
	d.Release()
	if b := e.Labels().Shapes[0].Box; b.X != 170 || b.Y != 100 {
		t.Errorf("%+v", b)
	}
	d, _ = e.Drag(Hit{id, Inside}, 170, 100)
	d.To(10, 10, false)
	e.Undo() // closes the drag, takes it back
	d.To(50, 50, false)
	d.Release()
	d.Cancel()
	if b := e.Labels().Shapes[0].Box; b.X != 170 {
		t.Errorf("a drag that is over goes on: %+v", b)
	}
	if _, ok := e.Drag(Hit{id, 9}, 0, 0); ok {
		t.Error("a handle that is not there")
	}
	if _, ok := e.Drag(Hit{77, Inside}, 0, 0); ok {
		t.Error("a shape that is not there")
	}
}

func TestPolygonPoints(t *testing.T) {
	e := New(100, 100)
	id, _ := e.AddPolygon([]Point{{10, 10}, {90, 10}, {90, 90}, {10, 90}}, "")
	h, err := e.InsertPoint(id, 50, 12)
	if err != nil || h != 1 || len(e.Labels().Shapes[0].Points) != 5 {
		t.Fatalf("%v, %v", h, err)
	}
	d, ok := e.Drag(Hit{id, h}, 50, 12)
	if !ok {
		t.Fatal("no drag")
	}
	d.To(50, 40, false)
	d.Release()
	if e.Labels().Shapes[0].Contains(50, 20) {
		t.Error("the point did not move")
	}
	if hit, _ := e.At(50, 41, 3, id); hit != (Hit{id, 1}) {
		t.Error(hit)
	}
	for range 2 {
		if err := e.RemovePoint(id, 0); err != nil {
			t.Error(err)
		}
	}
	if !errors.Is(e.RemovePoint(id, 0), ErrShape) || len(e.Labels().Shapes[0].Points) != 3 {
		t.Error("a polygon of two points")
	}
}

func TestSnap(t *testing.T) {
	e := New(800, 600)
	id, _ := e.AddBox(block.Box{X: 100, Y: 100, HalfW: 50, HalfH: 30}, "")
	g := block.Grid{Rows: 6, Cols: 8, Size: 8} // edges every 100 pixels
	for _, c := range []struct {
		how        Snap
		x, y, u, v float64
	}{
		{Snap{}, 10.3, 20.7, 10.3, 20.7},
		{Snap{Pixels: true}, 10.3, 20.7, 10, 21},
		{Snap{Reach: 5}, 3, 598, 0, 600},
		{Snap{Reach: 5}, -50, 900, 0, 600},
		{Snap{Reach: 5, Shapes: true}, 147, 133, 150, 130},
		{Snap{Reach: 5, Shapes: true, Except: id, Pixels: true}, 147.2, 133.2, 147, 133},
		{Snap{Reach: 5, Grid: g}, 203, 297, 200, 300},
		{Snap{Reach: 5, Grid: g, Pixels: true}, 210.2, 297, 210, 300},
		{Snap{Reach: 9, Grid: block.Grid{Rows: 6, Cols: 80}, Shapes: true}, 148, 0, 150, 0},
	} {
		if u, v := e.Snap(c.x, c.y, c.how); u != c.u || v != c.v {
			t.Errorf("%+v: %v, %v to %v, %v", c.how, c.x, c.y, u, v)
		}
	}
}

func crowd(n int) *Editor {
	rng := rand.New(rand.NewPCG(1, 1))
	e := New(8000, 6000)
	for range n {
		_, _ = e.AddBox(block.Box{X: rng.Float64() * 8000, Y: rng.Float64() * 6000, HalfW: 20 + rng.Float64()*100,
			HalfH: 20 + rng.Float64()*100, Angle: float64(rng.IntN(2)) * rng.Float64()}, "")
	}
	return e
}

// The pointer moves at 60 frames a second over 2,000 boxes: what lies under it
// must be found in a small part of a frame.
func BenchmarkHit2000(b *testing.B) {
	e := crowd(2000)
	rng := rand.New(rand.NewPCG(2, 2))
	id := e.Labels().Shapes[1999].ID
	for b.Loop() {
		e.At(rng.Float64()*8000, rng.Float64()*6000, 8, id)
	}
}

func BenchmarkDrag2000(b *testing.B) {
	e := crowd(2000)
	d, _ := e.Drag(Hit{e.Labels().Shapes[1999].ID, RightBottom}, 0, 0)
	i := 0.0
	for b.Loop() {
		d.To(i, i, false)
		i += 0.1
	}
}

func BenchmarkStore2000(b *testing.B) {
	e := crowd(2000)
	var buf []byte
	for b.Loop() {
		buf = e.Labels().Append(buf[:0])
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}
