package synth

import (
	"bytes"
	"testing"
)

// plate is a bright square object on a dark ground, each with a grain of its own range
// of grey levels.
func plate(w, h int) (Picture, []byte) {
	p, fg := NewPicture(w, h), make([]byte, w*h)
	for i := range fg {
		x, y := i%w, i/w
		v := byte(20 + (x*7+y*13)%11)
		if x > w/4 && x < 3*w/4 && y > h/4 && y < 3*h/4 {
			fg[i] = 1
			v = byte(200 + (x*5+y*3)%11)
		}
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = v, v, v
	}
	return p, fg
}

func TestGapShowsTheBackground(t *testing.T) {
	p, fg := plate(160, 120)
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(10) {
		got, err := s.SimulateFill(seeded(seed), p, fg, nil, FillGap)
		if err != nil {
			t.Fatal(err)
		}
		if got.Fill != FillGap || got.Opacity < minGapOpacity {
			t.Errorf("seed %d: fill %s of opacity %g", seed, got.Fill, got.Opacity)
		}
		for i, m := range got.Mask {
			v := got.Pix[3*i]
			switch {
			case m == 0 && v != p.Pix[3*i]:
				t.Fatalf("seed %d: pixel %d changed outside the mask", seed, i)
			// 15 % of the object's 210 over the ground's 30 at most.
			case m != 0 && v > 62:
				t.Fatalf("seed %d: pixel %d is %d: the object shows in the gap", seed, i, v)
			case m != 0 && fg[i] == 0:
				t.Fatalf("seed %d: a gap outside the object", seed)
			}
		}
		again, _ := s.SimulateFill(seeded(seed), p, fg, nil, FillGap)
		if !bytes.Equal(got.Pix, again.Pix) {
			t.Fatal("the same seed gave two gaps")
		}
	}
}

func TestGapWithoutBackground(t *testing.T) {
	p, fg := plate(160, 120)
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SimulateFill(seeded(1), p, nil, nil, FillGap); err == nil {
		t.Error("a gap in a texture, which has no object, was made")
	}
	for i := range fg {
		fg[i] = 1
	}
	fg[0] = 0 // one pixel of background is too little to fill from
	got, err := s.SimulateFill(seeded(1), p, fg, nil, FillGap)
	if err != nil || got.Fill != FillSelf {
		t.Errorf("an object without background to be seen: fill %s, %v; want a fill from itself", got.Fill, err)
	}
}
