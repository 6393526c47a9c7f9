package prep

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"
)

// Numbered pixels of a 3 x 2 picture and where EXIF wants them (EXIF 2.32,
// table of the orientation tag: the stored row 0 and column 0 are the upright
// picture's top/left, top/right, bottom/right, bottom/left, left/top,
// right/top, right/bottom, left/bottom).
func TestTurn(t *testing.T) {
	stored := []byte{1, 2, 3, 4, 5, 6}
	for o, want := range map[Orientation][]byte{
		0: {1, 2, 3, 4, 5, 6},
		1: {1, 2, 3, 4, 5, 6},
		2: {3, 2, 1, 6, 5, 4},
		3: {6, 5, 4, 3, 2, 1},
		4: {4, 5, 6, 1, 2, 3},
		5: {1, 4, 2, 5, 3, 6},
		6: {4, 1, 5, 2, 6, 3},
		7: {6, 3, 5, 2, 4, 1},
		8: {3, 6, 2, 5, 1, 4},
	} {
		if got := o.Turn(stored, Size{3, 2}, 1); !bytes.Equal(got, want) {
			t.Errorf("orientation %d: %v, want %v", o, got, want)
		}
	}
}

func TestCoordinatesFollowPixels(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		s := Size{1 + rng.IntN(9), 1 + rng.IntN(9)}
		o := Orientation(rng.IntN(9))
		stored := make([]byte, s.W*s.H)
		for i := range stored {
			stored[i] = byte(i)
		}
		up, upright := o.Size(s), o.Turn(stored, s, 1)
		for y := range up.H {
			for x := range up.W {
				sx, sy := o.ToStored(s, float64(x)+0.5, float64(y)+0.5)
				if stored[int(sy)*s.W+int(sx)] != upright[y*up.W+x] {
					t.Fatalf("orientation %d of %v: pixel %d, %d", o, s, x, y)
				}
				if ux, uy := o.FromStored(s, sx, sy); ux != float64(x)+0.5 || uy != float64(y)+0.5 {
					t.Fatalf("orientation %d of %v: there and back", o, s)
				}
			}
		}
		r := image.Rect(rng.IntN(s.W), rng.IntN(s.H), s.W, s.H)
		turned := o.FromStoredRect(s, r)
		if !turned.In(image.Rect(0, 0, up.W, up.H)) || o.ToStoredRect(s, turned) != r {
			t.Fatalf("orientation %d of %v: %v became %v", o, s, r, turned)
		}
	}
}

func TestFlatten(t *testing.T) {
	p := []byte{10, 20, 30, 255, 77, 88, 99, 0, 0, 255, 100, 128}
	Flatten(p)
	// 100*128 + 255*127 = 45185, / 255 = 177.2
	want := []byte{10, 20, 30, 255, 255, 255, 255, 255, 127, 255, 177, 255}
	if !bytes.Equal(p, want) {
		t.Errorf("%v, want %v", p, want)
	}
}
