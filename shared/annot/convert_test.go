package annot

import (
	"image"
	"math"
	"slices"
	"testing"

	"semirest/shared/block"
)

const (
	unknown   = block.Unknown
	normal    = block.Normal
	anomalous = block.Anomalous
	ignored   = block.Ignored
)

func TestBlocks(t *testing.T) {
	g := block.Grid{Rows: 1, Cols: 4, Size: 10}
	box := func(x0, x1 int) block.Box { return block.BoxOf(image.Rect(x0, 0, x1, 10)) }
	for name, c := range map[string]struct {
		do   func(e *Editor)
		want []block.Label
	}{
		"nothing said": {func(*Editor) {}, []block.Label{unknown, unknown, unknown, unknown}},
		"normal":       {func(e *Editor) { e.SetNormal(true) }, []block.Label{normal, normal, normal, normal}},
		"a box": {func(e *Editor) { _, _ = e.AddBox(box(9, 25), "") },
			[]block.Label{normal, unknown, unknown, normal}},
		"a proposal": {func(e *Editor) { e.Propose([]block.Box{box(9, 25)}) },
			[]block.Label{unknown, unknown, unknown, unknown}},
		"an accepted proposal": {func(e *Editor) { e.Propose([]block.Box{box(9, 25)}); e.Accept() },
			[]block.Label{normal, unknown, unknown, normal}},
		"a polygon over half, a tenth": {func(e *Editor) {
			_, _ = e.AddPolygon([]Point{{5, 0}, {21, 0}, {21, 10}, {5, 10}}, "")
		}, []block.Label{anomalous, anomalous, ignored, normal}},
		"pixels in a box": {func(e *Editor) {
			_, _ = e.AddBox(box(0, 20), "")
			e.PutMask(maskOf(40, 10, image.Rect(2, 2, 9, 9)))
		}, []block.Label{anomalous, unknown, normal, normal}},
		"blocks before boxes": {func(e *Editor) {
			_, _ = e.AddBox(box(0, 40), "")
			_ = e.PaintBlocks(g, Point{1, 1}, Point{1, 1}, anomalous)
			_ = e.PaintBlocks(g, Point{11, 1}, Point{11, 1}, normal)
		}, []block.Label{anomalous, normal, unknown, unknown}},
		"coarse blocks": {func(e *Editor) {
			_ = e.PaintBlocks(block.Grid{Rows: 1, Cols: 2, Size: 20}, Point{1, 1}, Point{1, 1}, anomalous)
		}, []block.Label{anomalous, anomalous, normal, normal}},
		"fine blocks": {func(e *Editor) {
			fine := block.Grid{Rows: 2, Cols: 8, Size: 5}
			_ = e.PaintBlocks(fine, Point{16, 6}, Point{16, 6}, anomalous)
			_ = e.PaintBlocks(g, Point{11, 1}, Point{11, 1}, normal) // the graver prevails
			_ = e.PaintBlocks(fine, Point{1, 1}, Point{1, 1}, normal)
		}, []block.Label{normal, anomalous, normal, normal}},
	} {
		e := New(40, 10)
		c.do(e)
		if got := e.Labels().Blocks(g, 0.25, 0.08); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func maskOf(w, h int, r image.Rectangle) *Mask {
	pix := make([]byte, w*h)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			pix[y*w+x] = 1
		}
	}
	m := MaskOf(pix, w, h)
	return &m
}

// The mask's way to block labels gives what block.FromMask gives.
func TestBlocksOfMaskEqualFromMask(t *testing.T) {
	e := New(123, 77)
	e.Brush(Point{10, 10}, Point{100, 60}, 9, false)
	g := block.Grid{Rows: 6, Cols: 8, Size: 8}
	want := block.FromMask(g, e.Labels().Mask.Bytes(123, 77), 123, 77, 0.25, 0.08)
	if got := e.Labels().Blocks(g, 0.25, 0.08); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRegions(t *testing.T) {
	nan := float32(math.NaN())
	s := block.Scores{Grid: block.Grid{Rows: 4, Cols: 5, Size: 8}, Values: []float32{
		2, 0, 0, 0, 0,
		0, 3, 0, 0, nan,
		0, 0, 0, 0, 5,
		0, 0, 0, 4, 0,
	}}
	got := Regions(s, 1)
	want := []Region{{image.Rect(3, 2, 5, 4), 2, 5}, {image.Rect(0, 0, 2, 2), 2, 3}}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v", got)
	}
	if b := got[0].Box(s.Grid, 50, 80); b != block.BoxOf(image.Rect(30, 40, 50, 80)) {
		t.Errorf("%+v", b)
	}
	e := New(50, 80)
	ids := e.Propose([]block.Box{got[0].Box(s.Grid, 50, 80), got[1].Box(s.Grid, 50, 80), {}})
	if len(ids) != 2 || e.Labels().Marked() {
		t.Error("proposals")
	}
	e.Accept(ids[0])
	e.Dismiss()
	if len(e.Labels().Shapes) != 1 || !e.Labels().Marked() {
		t.Error("an accepted proposal is gone")
	}
	if err := e.PutBlocks(s.Grid, Hot(s, 1)); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range e.Labels().Blocks(s.Grid, 0.25, 0.08) {
		if c == block.Anomalous {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d hot blocks", n)
	}
}

func TestClock(t *testing.T) {
	var c Clock
	var s Spent
	c.Touch(&s, ToolBox, 1000)
	c.Touch(&s, ToolBox, 3000)         // 2 s with the box
	c.Touch(&s, ToolBrush, 3500)       // half a second with the brush
	c.Touch(&s, ToolBrush, 3500+Idle)  // a pause just short enough
	c.Touch(&s, ToolBox, 60_000)       // a pause too long
	c.Touch(&s, ToolBox, 59_000)       // a clock that was set back
	c.Stop()                           // another picture
	c.Touch(&s, ToolPolygon, 61_000)   // counts from here
	c.Touch(&s, ToolPolygon, 61_000+7) // 7 ms
	want := Spent{ToolBox: 2000, ToolBrush: 500 + Idle, ToolPolygon: 7}
	if s != want || s.Total() != 2507+Idle {
		t.Errorf("%v, want %v", s, want)
	}
	for tool := range Tools {
		if tool.String() == "" || tool.String() == "invalid" {
			t.Errorf("tool %d has no name", tool)
		}
	}
}
