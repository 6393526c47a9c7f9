package prep

import (
	"bytes"
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

func TestFlatten(t *testing.T) {
	p := []byte{10, 20, 30, 255, 77, 88, 99, 0, 0, 255, 100, 128}
	Flatten(p)
	// 100*128 + 255*127 = 45185, / 255 = 177.2
	want := []byte{10, 20, 30, 255, 255, 255, 255, 255, 127, 255, 177, 255}
	if !bytes.Equal(p, want) {
		t.Errorf("%v, want %v", p, want)
	}
}
