package synth

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 7)) }

// colourful is a smooth colour picture with some detail.
func colourful(w, h int) Picture {
	p := NewPicture(w, h)
	for y := range h {
		for x := range w {
			i := 3 * (y*w + x)
			p.Pix[i] = byte(40 + 150*x/w)
			p.Pix[i+1] = byte(60 + 150*y/h)
			p.Pix[i+2] = byte((x ^ y) & 127)
		}
	}
	return p
}

func TestSimulateMeetsTheRules(t *testing.T) {
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := colourful(256, 192)
	fg := make([]byte, p.W*p.H)
	for i := range fg {
		if x, y := i%p.W, i/p.W; (x-128)*(x-128)+(y-96)*(y-96) < 80*80 {
			fg[i] = 1
		}
	}
	fills := map[Fill]int{}
	for seed := range uint64(40) {
		got, err := s.Simulate(seeded(seed), p, fg, nil)
		if err != nil {
			t.Fatal(err)
		}
		fills[got.Fill]++
		if got.Opacity < 0.5 || got.Opacity > 1 {
			t.Errorf("seed %d: opacity %g", seed, got.Opacity)
		}
		for _, r := range Regions(got.Mask, p.W, p.H) {
			// 250 px at 512 is 62.5 px at 256; "exceeds".
			if r.Pixels <= 63 {
				t.Errorf("seed %d: region of %d px", seed, r.Pixels)
			}
		}
		changed := 0
		for i, m := range got.Mask {
			same := bytes.Equal(got.Pix[3*i:3*i+3], p.Pix[3*i:3*i+3])
			if m != 0 && fg[i] == 0 {
				t.Fatalf("seed %d: mask outside the foreground", seed)
			}
			if m == 0 && !same {
				t.Fatalf("seed %d: pixel %d changed outside the mask", seed, i)
			}
			if m != 0 && !same {
				changed++
			}
		}
		if n := count(got.Mask); float64(changed) < 0.5*float64(n) {
			t.Errorf("seed %d: only %d of %d mask pixels changed", seed, changed, n)
		}
	}
	if fills[FillSelf] < 8 || fills[FillTexture] < 8 || fills[FillGap] < 8 {
		t.Errorf("fills are not a third each: %v", fills)
	}
}

func TestSimulateIsDeterministic(t *testing.T) {
	s, _ := New(nil)
	p := colourful(128, 128)
	a, err := s.Simulate(seeded(3), p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := s.Simulate(seeded(3), p, nil, nil)
	c, _ := s.Simulate(seeded(4), p, nil, nil)
	if !bytes.Equal(a.Pix, b.Pix) || !bytes.Equal(a.Mask, b.Mask) {
		t.Error("the same seed gave two samples")
	}
	if bytes.Equal(a.Mask, c.Mask) {
		t.Error("two seeds gave one mask")
	}
}

func TestSimulateKeepsTheMaskItWasGiven(t *testing.T) {
	s, _ := New(nil)
	p := colourful(128, 128)
	real := make([]byte, 128*128)
	real[5] = 1
	got, err := s.Simulate(seeded(1), p, nil, real)
	if err != nil {
		t.Fatal(err)
	}
	if got.Mask[5] != 1 || count(got.Mask) < 2 {
		t.Error("the real defect left the mask")
	}
}

func TestSimulateOnGreyStaysGrey(t *testing.T) {
	s, _ := New(nil)
	p := colourful(96, 96)
	greyInPlace(p)
	for seed := range uint64(6) {
		got, err := s.Simulate(seeded(seed), p, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Grey() {
			t.Fatal("a grey picture got a coloured defect")
		}
	}
}

func TestSimulateRefuses(t *testing.T) {
	s, _ := New(nil)
	p := colourful(64, 64)
	tiny := make([]byte, 64*64)
	tiny[100] = 1
	if _, err := s.Simulate(seeded(1), p, tiny, nil); !errors.Is(err, ErrNoMask) {
		t.Errorf("foreground of one pixel: %v", err)
	}
	if _, err := s.Simulate(seeded(1), p, make([]byte, 9), nil); err == nil {
		t.Error("foreground of another size was taken")
	}
	if _, err := s.Simulate(seeded(1), Picture{W: 9, H: 9}, nil, nil); err == nil {
		t.Error("a picture without bytes was taken")
	}
	if _, err := New([]Picture{{W: 3, H: 3}}); err == nil {
		t.Error("a texture without bytes was taken")
	}
}

// TestNoiseAgainstDefinition compares the turned lattice with Perlin's formula
// written out at unturned lattice points and cell centres.
func TestNoiseIsZeroOnTheLattice(t *testing.T) {
	n := newNoise(seeded(9), 8, 4, 64, 64, 0)
	for row := 1; row < n.rows-1; row++ {
		for col := 1; col < n.cols-1; col++ {
			// Invert u = ux*x + u0 and v = vy*y + v0.
			x, y := (float64(col)-n.u0)/n.ux, (float64(row)-n.v0)/n.vy
			if got := n.at(x, y); math.Abs(got) > 1e-9 {
				t.Fatalf("at lattice point (%d, %d): %g, want 0", col, row, got)
			}
		}
	}
}

func TestNoiseIsContinuousAndBounded(t *testing.T) {
	for seed := range uint64(20) {
		rng := seeded(seed)
		n := newNoise(rng, 1<<rng.IntN(6), 1<<rng.IntN(6), 96, 64, rng.Float64()*3-1.5)
		for y := range 64 {
			for x := range 96 {
				a, b := n.at(float64(x), float64(y)), n.at(float64(x)+1e-6, float64(y))
				if math.Abs(a) > 1.0001*math.Sqrt2 || math.Abs(a-b) > 1e-4 {
					t.Fatalf("seed %d at (%d, %d): %g then %g", seed, x, y, a, b)
				}
			}
		}
	}
}

func TestMinRegionScales(t *testing.T) {
	for _, c := range []struct{ w, h, want int }{{512, 512, 250}, {256, 256, 63}, {512, 384, 250}, {1024, 512, 1000}} {
		if got := minRegion(c.w, c.h); got != c.want {
			t.Errorf("minRegion(%d, %d) = %d, want %d", c.w, c.h, got, c.want)
		}
	}
}

func TestRegions(t *testing.T) {
	mask := []byte{
		1, 0, 0, 0, 1,
		0, 1, 0, 0, 1,
		0, 0, 0, 0, 0,
		1, 1, 0, 0, 0,
	}
	got := Regions(mask, 5, 4)
	want := []Region{{0, 0, 2, 2, 2}, {4, 0, 5, 2, 2}, {0, 3, 2, 4, 2}}
	if len(got) != len(want) {
		t.Fatalf("%d regions, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("region %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestShuffleGridMovesWholeCells(t *testing.T) {
	p := NewPicture(67, 64) // 3 columns are left over
	for i := range p.W * p.H {
		x, y := i%p.W, i/p.W
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = byte(x/8), byte(y/8), byte(x%8*8+y%8)
	}
	got := shuffleGrid(seeded(2), p)
	seen := map[[2]byte]bool{}
	for i := range p.W * p.H {
		x, y := i%p.W, i/p.W
		px := got.Pix[3*i : 3*i+3]
		if px[2] != byte(x%8*8+y%8) {
			t.Fatalf("pixel (%d, %d) left its place in the cell", x, y)
		}
		if x >= 64 {
			if px[0] != byte(x/8) || px[1] != byte(y/8) {
				t.Fatalf("left-over pixel (%d, %d) moved", x, y)
			}
			continue
		}
		seen[[2]byte{px[0], px[1]}] = true
	}
	if len(seen) != 64 {
		t.Errorf("%d cells are left of 64", len(seen))
	}
	if bytes.Equal(got.Pix, p.Pix) {
		t.Error("nothing moved")
	}
}

func TestAugmentationsKeepTheirArgument(t *testing.T) {
	p := colourful(50, 40)
	before := p.Clone()
	for i, f := range augmentation {
		rng := seeded(uint64(i) + 20)
		a, b := f(rng, p), f(rng, p)
		if err := a.check(); err != nil || a.W != 50 || a.H != 40 {
			t.Errorf("augmentation %d: size %dx%d, %v", i, a.W, a.H, err)
		}
		if !bytes.Equal(p.Pix, before.Pix) {
			t.Fatalf("augmentation %d wrote to its argument", i)
		}
		if bytes.Equal(a.Pix, p.Pix) && bytes.Equal(b.Pix, p.Pix) {
			t.Errorf("augmentation %d changed nothing twice", i)
		}
	}
}

func TestHSVRoundTrip(t *testing.T) {
	for r := 0; r < 256; r += 17 {
		for g := 0; g < 256; g += 17 {
			for b := 0; b < 256; b += 17 {
				h, s, v := toHSV(byte(r), byte(g), byte(b))
				r2, g2, b2 := fromHSV(h, s, v)
				if int(r2) != r || int(g2) != g || int(b2) != b {
					t.Fatalf("(%d, %d, %d) came back as (%d, %d, %d)", r, g, b, r2, g2, b2)
				}
			}
		}
	}
}

func TestMirror(t *testing.T) {
	for _, c := range []struct{ i, want int }{{0, 0}, {3, 3}, {4, 3}, {5, 2}, {-1, 0}, {-4, 3}, {8, 0}, {-5, 3}} {
		if got := mirror(c.i, 4); got != c.want {
			t.Errorf("mirror(%d, 4) = %d, want %d", c.i, got, c.want)
		}
	}
}

func TestPaste(t *testing.T) {
	defect, onto := NewPicture(120, 100), colourful(120, 100)
	for i := range defect.Pix {
		defect.Pix[i] = 255
	}
	mask := make([]byte, 120*100)
	for y := 30; y < 60; y++ {
		for x := 40; x < 60; x++ {
			mask[y*120+x] = 1
		}
	}
	for seed := range uint64(30) {
		got, err := Paste(seeded(seed), defect, mask, onto)
		if err != nil {
			t.Fatal(err)
		}
		n := count(got.Mask)
		if n < 600*55/100 || n > 600*150/100 { // 0.8^2 to 1.2^2, and rounding
			t.Errorf("seed %d: %d px pasted from 600", seed, n)
		}
		x, y := centroid(got.Mask, 120)
		if math.Hypot(x-49.5, y-44.5) > 0.6 {
			t.Errorf("seed %d: centroid moved to (%g, %g)", seed, x, y)
		}
		for i, m := range got.Mask {
			px := got.Pix[3*i : 3*i+3]
			if m != 0 && px[0] != 255 || m == 0 && !bytes.Equal(px, onto.Pix[3*i:3*i+3]) {
				t.Fatalf("seed %d: pixel %d is neither defect nor ground", seed, i)
			}
		}
	}
}

func TestPasteRefuses(t *testing.T) {
	p := colourful(40, 40)
	if _, err := Paste(seeded(1), p, make([]byte, 1600), p); !errors.Is(err, ErrNoDefect) {
		t.Errorf("empty mask: %v", err)
	}
	if _, err := Paste(seeded(1), p, make([]byte, 3), p); err == nil {
		t.Error("a mask of another size was taken")
	}
	if _, err := Paste(seeded(1), p, make([]byte, 1600), colourful(40, 41)); err == nil {
		t.Error("two sizes were taken")
	}
}

func TestProceduralTexturesDiffer(t *testing.T) {
	all := Procedural()
	if len(all) != len(families)*proceduralEach {
		t.Fatalf("%d textures", len(all))
	}
	for i, a := range all {
		lo, hi := byte(255), byte(0)
		for _, v := range a.Pix {
			lo, hi = min(lo, v), max(hi, v)
		}
		if hi-lo < 20 {
			t.Errorf("texture %d is flat: %d to %d", i, lo, hi)
		}
		for j := range i {
			if bytes.Equal(a.Pix, all[j].Pix) {
				t.Errorf("textures %d and %d are the same", i, j)
			}
		}
	}
}

func BenchmarkSimulate512(b *testing.B) {
	s, _ := New(nil)
	p := colourful(512, 512)
	rng := seeded(1)
	for b.Loop() {
		if _, err := s.Simulate(rng, p, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
