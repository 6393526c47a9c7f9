package synth

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// middle is a foreground in the middle of a picture.
func middle(p Picture) []byte {
	fg := make([]byte, p.W*p.H)
	for i := range fg {
		if x, y := i%p.W-p.W/2, i/p.W-p.H/2; 9*(x*x+y*y) < p.W*p.H {
			fg[i] = 1
		}
	}
	return fg
}

// Every recipe draws its kinds as often as its shares say; on a surface, those of
// objects are left out.
func TestRecipesKeepTheirShares(t *testing.T) {
	const n = 4000
	for _, r := range Recipes {
		for _, object := range []bool{true, false} {
			rng, got, total := seeded(5), map[Fill]int{}, 0
			for range n {
				f, err := r.draw(rng, object)
				if err != nil {
					t.Fatal(err)
				}
				got[f]++
			}
			for _, s := range r.Shares {
				if object || !needsObject(s.Fill) {
					total += s.Weight
				}
			}
			for _, s := range r.Shares {
				want := float64(n*s.Weight) / float64(total)
				if !object && needsObject(s.Fill) {
					want = 0
				}
				if math.Abs(float64(got[s.Fill])-want) > 4*math.Sqrt(want) {
					t.Errorf("%s, object %v: %s was drawn %d times of %d, want about %.0f", r.Name, object, s.Fill, got[s.Fill], n, want)
				}
			}
		}
	}
}

func TestRecipesHaveNames(t *testing.T) {
	for _, name := range []string{"method", "gaps", "fine", "stroke", "spot", "faint", "displaced", "missing", "texture", "self", "gap"} {
		if r, err := FindRecipe(name); err != nil || r.Name != name {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := FindRecipe("perlin"); err == nil || !strings.Contains(err.Error(), "method, gaps, fine") {
		t.Errorf("an unknown recipe: %v", err)
	}
	if _, err := (Recipe{"missing", []Share{{FillMissing, 1}}}).draw(seeded(1), false); err == nil {
		t.Error("a missing part was drawn where there is no object")
	}
}

// Each kind changes what its mask says and next to nothing else, stays on the object, is
// visible, and is the same for the same seed.
func TestKindsAreWhatTheySay(t *testing.T) {
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := colourful(256, 256)
	fg := middle(p)
	for _, c := range []struct {
		fill         Fill
		least, most  float64 // mean change of the mask's pixels, grey levels
		small, large int     // pixels of the mask
	}{
		{FillStroke, justVisible, 100, 5, 1500},
		{FillSpot, justVisible, 100, 3, 600},
		{FillFaint, justVisible, faintMost + 1, 63, 9000},
		{FillDisplaced, justVisible, 255, 63, 9000},
		{FillMissing, justVisible, 255, 63, 9000},
	} {
		var pixels []int
		for seed := range uint64(30) {
			got, err := s.SimulateFill(seeded(seed), p, fg, nil, c.fill)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := s.SimulateFill(seeded(seed), p, fg, nil, c.fill)
			if !bytes.Equal(got.Pix, again.Pix) || !bytes.Equal(got.Mask, again.Mask) {
				t.Fatalf("%s, seed %d: two samples of one seed", c.fill, seed)
			}
			if got.Fill != c.fill {
				continue // not to be seen there
			}
			n := count(got.Mask)
			pixels = append(pixels, n)
			if v := change(p, got); v < c.least || v > c.most {
				t.Errorf("%s, seed %d: changes %.1f grey levels", c.fill, seed, v)
			}
			if n < c.small || n > c.large {
				t.Errorf("%s, seed %d: %d pixels", c.fill, seed, n)
			}
			outside := 0
			for i, m := range got.Mask {
				same := bytes.Equal(got.Pix[3*i:3*i+3], p.Pix[3*i:3*i+3])
				if fg[i] == 0 && (m != 0 || !same) {
					t.Fatalf("%s, seed %d: pixel %d outside the object", c.fill, seed, i)
				}
				if m == 0 && !same {
					outside++
				}
			}
			if outside > 3*n+10 { // an edge a pixel wide, of what may be two pixels wide
				t.Errorf("%s, seed %d: %d pixels changed outside a mask of %d", c.fill, seed, outside, n)
			}
		}
		if len(pixels) < 20 {
			t.Errorf("%s: only %d of 30 could be seen", c.fill, len(pixels))
		}
	}
}

// Strokes are thin: hardly a pixel of the mask lies more than three from its edge.
func TestStrokesAreThin(t *testing.T) {
	s, _ := New(nil)
	p := colourful(512, 512)
	deep, all := 0, 0
	for seed := range uint64(20) {
		got, err := s.SimulateFill(seeded(seed), p, nil, nil, FillStroke)
		if err != nil {
			t.Fatal(err)
		}
		all += count(got.Mask)
		for i, m := range got.Mask {
			x, y := i%p.W, i/p.W
			if m == 0 || x < 3 || y < 3 || x >= p.W-3 || y >= p.H-3 {
				continue
			}
			inside := true
			for _, d := range [4]int{-3, 3, -3 * p.W, 3 * p.W} {
				inside = inside && got.Mask[i+d] != 0
			}
			if inside {
				deep++
			}
		}
	}
	if 20*deep > all {
		t.Errorf("%d of %d pixels lie deep in a stroke", deep, all)
	}
}

// What is missing shows its surroundings: over a plain object nothing is left of a mark.
func TestMissingIsGrownOver(t *testing.T) {
	p := NewPicture(64, 64)
	for i := range p.Pix {
		p.Pix[i] = 100
	}
	mask := make([]byte, 64*64)
	for y := 20; y < 40; y++ {
		for x := 24; x < 36; x++ {
			mask[y*64+x] = 1
			for c := range 3 {
				p.Pix[3*(y*64+x)+c] = 250
			}
		}
	}
	d := missing(seeded(2), p, mask)
	for i, m := range mask {
		if v := d.picture.Pix[3*i]; m != 0 && (v < 80 || v > 120) { // but for the grain
			t.Fatalf("pixel %d shows %d", i, v)
		}
	}
}

func TestKindsOnGreyStayGrey(t *testing.T) {
	s, _ := New(nil)
	p := colourful(128, 128)
	greyInPlace(p)
	fg := middle(p)
	for _, share := range Fine.Shares {
		got, err := s.SimulateFill(seeded(3), p, fg, nil, share.Fill)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Grey() {
			t.Errorf("%s: a grey picture got a coloured defect", share.Fill)
		}
	}
}
