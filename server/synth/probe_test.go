package synth

import (
	"bytes"
	"errors"
	"testing"
)

func TestProbe(t *testing.T) {
	p, other := colourful(256, 192), colourful(256, 192)
	fg := make([]byte, 256*192)
	for i := range fg {
		if i%256 > 60 {
			fg[i] = 1
		}
	}
	fills := map[Fill]int{}
	for seed := range uint64(30) {
		s, err := Probe(seeded(seed), p, other, fg)
		if err != nil {
			t.Fatal(err)
		}
		fills[s.Fill]++
		if count(s.Mask) <= 63 {
			t.Errorf("seed %d: %d px", seed, count(s.Mask))
		}
		// The soft edge may change one pixel around the mask, and nothing else.
		near := soften(s.Mask, 256, 192)
		for i := range s.Mask {
			changed := !bytes.Equal(s.Pix[3*i:3*i+3], p.Pix[3*i:3*i+3])
			if changed && (near[i] == 0 || fg[i] == 0) || s.Mask[i] > fg[i] {
				t.Fatalf("seed %d: pixel %d changed far from the mask, or outside the foreground", seed, i)
			}
		}
	}
	if fills[FillShift] < 5 || fills[FillMoved] < 5 || fills[FillGap] < 5 {
		t.Errorf("fills are not a third each: %v", fills)
	}
	if _, err := Probe(seeded(1), p, other, make([]byte, 256*192)); !errors.Is(err, ErrNoMask) {
		t.Errorf("no foreground: %v", err)
	}
}

func TestBoxBlurIsTheMean(t *testing.T) {
	p := colourful(31, 17)
	got := boxBlur(p, 2)
	// Two roundings, one an axis: within one level of the exact mean.
	for y := range 17 {
		for x := range 31 {
			sum := 0.0
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					sum += float64(p.Pix[3*(min(max(y+dy, 0), 16)*31+min(max(x+dx, 0), 30))])
				}
			}
			if d := float64(got.Pix[3*(y*31+x)]) - sum/25; d > 1.01 || d < -1.01 {
				t.Fatalf("(%d, %d): %d, want %g", x, y, got.Pix[3*(y*31+x)], sum/25)
			}
		}
	}
}
