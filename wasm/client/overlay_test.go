package client

import (
	"math"
	"testing"

	"semirest/shared/block"
	"semirest/shared/prep"
)

func hotSpot(rows, cols, row, col int, v float32) block.Scores {
	s := block.NewScores(block.Grid{Rows: rows, Cols: cols, Size: 8})
	for i := range s.Values {
		s.Values[i] = 0.25
	}
	s.Values[s.Index(row, col)] = v
	return s
}

func TestOverlayColoursFollowTheThreshold(t *testing.T) {
	var o Overlay
	o.Set(hotSpot(64, 64, 16, 48, 8), prep.Size{W: 2000, H: 1000})
	if o.W != 1024 || o.H != 512 {
		t.Fatalf("field is %dx%d", o.W, o.H)
	}
	rgba := make([]byte, 4*o.W*o.H)
	at := func(x, y float64) []byte {
		i := int(y*float64(o.H))*o.W + int(x*float64(o.W))
		return rgba[4*i : 4*i+4]
	}
	const hotX, hotY = 48.5 / 64, 16.5 / 64
	o.Paint(rgba, 1)
	if a := at(hotX, hotY)[3]; a != 255 {
		t.Errorf("alpha above the threshold is %d", a)
	}
	if a := at(0.1, 0.9)[3]; a == 0 || a > 40 {
		t.Errorf("alpha of a quarter of the threshold is %d", a)
	}
	v, ok := o.At(hotX, hotY)
	if !ok || v < 2 {
		t.Fatalf("the map at the hottest block is %v", v)
	}
	o.Paint(rgba, v*1.2)
	if a := at(hotX, hotY)[3]; a == 255 {
		t.Error("a higher threshold left the spot opaque")
	}
	if _, ok := o.At(1, 0.5); ok {
		t.Error("a point beyond the picture has a value")
	}
}

func TestContoursRunAroundTheHotSpot(t *testing.T) {
	var o Overlay
	o.Set(hotSpot(32, 32, 8, 24, 6), prep.Size{W: 512, H: 512})
	flat := o.Contours(1)
	lines := 0
	for i := 0; i < len(flat); lines++ {
		n := int(flat[i])
		for k := range n {
			x, y := flat[i+1+2*k], flat[i+2+2*k]
			if d := math.Hypot(float64(x)-24.5/32, float64(y)-8.5/32); d > 1.5/32 {
				t.Fatalf("point (%v, %v) is %v away from the block", x, y, d)
			}
		}
		i += 1 + 2*n
	}
	if lines != 1 {
		t.Errorf("%d lines around one spot", lines)
	}
	if n := len(o.Contours(7)); n != 0 {
		t.Errorf("a threshold above everything gives %d numbers", n)
	}
}

func TestThumbKeepsTheShape(t *testing.T) {
	rgba, w, h := Thumb(hotSpot(8, 8, 1, 1, 3), prep.Size{W: 4000, H: 3000}, 96, 1)
	if w != 96 || h != 72 || len(rgba) != 4*w*h {
		t.Errorf("thumb is %dx%d with %d bytes", w, h, len(rgba))
	}
}

// What a slider's frame costs at 1024 pixels: see also the page's bench.
func BenchmarkPaint1024(b *testing.B) {
	var o Overlay
	o.Set(hotSpot(64, 64, 16, 48, 8), prep.Size{W: 1024, H: 1024})
	rgba := make([]byte, 4*o.W*o.H)
	for b.Loop() {
		o.Paint(rgba, 1.1)
	}
}

func BenchmarkContours(b *testing.B) {
	var o Overlay
	o.Set(hotSpot(64, 64, 16, 48, 8), prep.Size{W: 1024, H: 1024})
	for b.Loop() {
		o.Contours(1.1)
	}
}
