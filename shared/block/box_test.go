package block

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

func TestBoxGeometry(t *testing.T) {
	b := BoxOf(image.Rect(10, 20, 30, 60))
	if b != (Box{X: 20, Y: 40, HalfW: 10, HalfH: 20}) {
		t.Fatalf("%+v", b)
	}
	if c := b.Corners(); c != [4][2]float64{{10, 20}, {30, 20}, {30, 60}, {10, 60}} {
		t.Error(c)
	}
	// A quarter turn clockwise on the screen takes the top left to the top right.
	b.Angle = math.Pi / 2
	if c := b.Corners()[0]; math.Abs(c[0]-40) > 1e-9 || math.Abs(c[1]-30) > 1e-9 {
		t.Error(c)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		b := Box{rng.Float64() * 100, rng.Float64() * 100, 1 + rng.Float64()*30, 1 + rng.Float64()*30, rng.Float64()*14 - 7}
		x0, y0, x1, y1 := b.Bounds()
		for _, c := range b.Corners() {
			if c[0] < x0-1e-9 || c[0] > x1+1e-9 || c[1] < y0-1e-9 || c[1] > y1+1e-9 {
				t.Fatalf("corner %v outside the bounds of %+v", c, b)
			}
			in := [2]float64{b.X + (c[0]-b.X)*0.999, b.Y + (c[1]-b.Y)*0.999}
			out := [2]float64{b.X + (c[0]-b.X)*1.001, b.Y + (c[1]-b.Y)*1.001}
			if !b.Contains(in[0], in[1]) || b.Contains(out[0], out[1]) {
				t.Fatalf("corner of %+v", b)
			}
		}
		y := y0 + rng.Float64()*(y1-y0)
		if a, z, ok := b.Chord(y); !ok || !b.Contains((a+z)/2, y) || b.Contains(a-1e-6, y) || b.Contains(z+1e-6, y) {
			t.Fatalf("chord of %+v at %v: %v to %v", b, y, a, z)
		}
	}
}

// Boxes with whole edges are counted exactly: the oracle is the mask.
func TestCoverageOfWholeBoxesEqualsMask(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for range 200 {
		g := Grid{Rows: 1 + rng.IntN(6), Cols: 1 + rng.IntN(6), Size: 8 * (1 + rng.IntN(2))}
		w, h := g.Input()
		mask := make([]byte, w*h)
		var boxes []Box
		for range rng.IntN(5) {
			r := image.Rect(rng.IntN(w+20)-10, rng.IntN(h+20)-10, rng.IntN(w+20)-10, rng.IntN(h+20)-10)
			boxes = append(boxes, BoxOf(r))
			for y := max(r.Min.Y, 0); y < min(r.Max.Y, h); y++ {
				for x := max(r.Min.X, 0); x < min(r.Max.X, w); x++ {
					mask[y*w+x] = 1
				}
			}
		}
		got, want := Coverage(g, boxes, w, h), Fractions(g, mask, w, h)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%+v, %v, block %d: %v, want %v", g, boxes, i, got[i], want[i])
			}
		}
	}
}

// Rotated boxes in a picture of another size: the oracle asks every sample.
func TestCoverageOfRotatedBoxes(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 60 {
		g := Grid{Rows: 1 + rng.IntN(5), Cols: 1 + rng.IntN(5), Size: 8}
		w, h := 20+rng.IntN(500), 20+rng.IntN(500)
		var boxes []Box
		for range 1 + rng.IntN(4) {
			boxes = append(boxes, Box{rng.Float64() * float64(w), rng.Float64() * float64(h),
				rng.Float64() * float64(w) / 3, rng.Float64() * float64(h) / 3, rng.Float64()*14 - 7})
		}
		got := Coverage(g, boxes, w, h)
		side := g.Size * samples
		for i := range got {
			c, n := g.Cell(i), 0
			for y := range side {
				for x := range side {
					px := (float64(c.Col*side+x) + 0.5) * float64(w) / float64(g.Cols*side)
					py := (float64(c.Row*side+y) + 0.5) * float64(h) / float64(g.Rows*side)
					for _, b := range boxes {
						if b.Contains(px, py) {
							n++
							break
						}
					}
				}
			}
			if got[i] != float64(n)/float64(side*side) {
				t.Fatalf("block %d: %v, want %d of %d", i, got[i], n, side*side)
			}
		}
	}
}

// The counted area of a lone rotated box is its true area, but for half a
// sample (here 0.22 pixels) at each of two edges that it may run along.
func TestCoverageArea(t *testing.T) {
	g := Grid{Rows: 64, Cols: 64, Size: 8}
	for i := range 50 {
		b := Box{X: 500, Y: 450, HalfW: 200, HalfH: 97, Angle: float64(i) * 0.13}
		sum := 0.0
		for _, q := range Coverage(g, []Box{b}, 1000, 900) {
			sum += q
		}
		got, want := sum/float64(g.Len())*1000*900, 4*b.HalfW*b.HalfH
		if math.Abs(got-want) > 2*0.22*2*b.HalfW {
			t.Errorf("angle %v: area %v, want %v", b.Angle, got, want)
		}
	}
}

func TestFromBoxes(t *testing.T) {
	g := Grid{Rows: 1, Cols: 3, Size: 10}
	// 10 % of the first block, 11 % of the second, all of the third twice over.
	boxes := []Box{
		BoxOf(image.Rect(0, 0, 1, 10)),
		{X: 10.55, Y: 5, HalfW: 0.55, HalfH: 5},
		BoxOf(image.Rect(19, -50, 90, 90)), BoxOf(image.Rect(20, 0, 30, 10)),
	}
	got := FromBoxes(g, boxes[:1], 30, 10)
	if got[0] != Normal || got[1] != Normal || got[2] != Normal {
		t.Error(got)
	}
	got = FromBoxes(g, boxes, 30, 10)
	if got[0] != Normal || got[1] != Unknown || got[2] != Unknown {
		t.Error(got)
	}
	nan, inf := math.NaN(), math.Inf(1)
	for _, b := range []Box{{}, {nan, 5, 5, 5, 0}, {5, 5, nan, 5, 0}, {5, 5, 5, 5, nan}, {5, 5, 5, 5, inf}, {5, 5, -5, 5, 0}, {inf, 5, 5, 5, 0}} {
		for _, l := range FromBoxes(g, []Box{b}, 30, 10) {
			if l != Normal {
				t.Errorf("%+v covers something", b)
			}
		}
	}
	if l := FromBoxes(g, []Box{{X: 5, Y: 5, HalfW: 1e300, HalfH: 1e300}}, 30, 10); l[2] != Unknown {
		t.Error("a huge box covers nothing")
	}
}

func BenchmarkFromBoxes2000(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	boxes := make([]Box, 2000)
	for i := range boxes {
		boxes[i] = Box{rng.Float64() * 8000, rng.Float64() * 6000, 10 + rng.Float64()*40, 10 + rng.Float64()*40, rng.Float64() * 7}
	}
	for b.Loop() {
		FromBoxes(Grid{Rows: 48, Cols: 64, Size: 8}, boxes, 8000, 6000)
	}
}
