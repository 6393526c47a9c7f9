package prep

import (
	"bytes"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

func TestInputSize(t *testing.T) {
	for _, c := range []struct {
		first Size
		ref   int
		want  Size
	}{
		{Size{900, 900}, 512, Size{512, 512}},
		{Size{600, 400}, 512, Size{512, 384}}, // 341.3 up to 384
		{Size{400, 600}, 512, Size{384, 512}},
		{Size{1600, 600}, 512, Size{512, 256}}, // 192 up to 256
		{Size{230, 630}, 512, Size{256, 512}},
		{Size{1024, 512}, 512, Size{512, 256}},
		{Size{1024, 513}, 512, Size{512, 320}}, // 256.5 up to 320
		{Size{1, 30000}, 1024, Size{256, 1024}},
		{Size{50, 10}, 128, Size{128, 128}}, // never longer than ref
	} {
		if got := InputSize(c.first, c.ref); got != c.want {
			t.Errorf("%v at %d: %v, want %v", c.first, c.ref, got, c.want)
		}
	}
}

func TestPlanWhole(t *testing.T) {
	p, err := NewPlan(Size{4000, 3000}, Size{512, 384}, Tile{})
	if err != nil {
		t.Fatal(err)
	}
	want := Crop{Input: Size{512, 384}, Scaled: image.Rect(0, 0, 512, 384), Source: image.Rect(0, 0, 4000, 3000)}
	if len(p.Crops) != 1 || p.Crops[0] != want || p.Scaled != (Size{512, 384}) {
		t.Fatalf("%+v", p)
	}
	if g := p.Grid(8); g.Rows != 48 || g.Cols != 64 {
		t.Errorf("%+v", g)
	}
}

func TestPlanTiles(t *testing.T) {
	p, err := NewPlan(Size{4000, 3000}, Size{512, 512}, Tile{Ref: 1280, Overlap: 64})
	if err != nil {
		t.Fatal(err)
	}
	if p.Scaled != (Size{1280, 960}) || len(p.Crops) != 6 {
		t.Fatalf("%v, %d crops", p.Scaled, len(p.Crops))
	}
	c := p.Crops[5]
	if c.Scaled != image.Rect(768, 448, 1280, 960) || c.Row != 56 || c.Col != 96 || c.Source != image.Rect(2400, 1400, 4000, 3000) {
		t.Errorf("%+v", c)
	}
}

func TestPlanProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		picture := Size{1 + rng.IntN(6000), 1 + rng.IntN(6000)}
		input := Size{64 * (1 + rng.IntN(6)), 64 * (1 + rng.IntN(6))}
		tile := Tile{Ref: 16 * (1 + rng.IntN(150)), Overlap: 16 * rng.IntN(min(input.W, input.H)/16)}
		p, err := NewPlan(picture, input, tile)
		if err != nil {
			continue // more crops than allowed
		}
		covered := make([]bool, p.Scaled.W/16*(p.Scaled.H/16))
		for i, c := range p.Crops {
			if c.Index != i || c.Input != input || c.Scaled.Dx() != input.W || c.Scaled.Dy() != input.H {
				t.Fatalf("%+v", c)
			}
			if !c.Scaled.In(image.Rect(0, 0, p.Scaled.W, p.Scaled.H)) || c.Source.Empty() && picture.W > 64 && picture.H > 64 {
				t.Fatalf("%v %v %v: %+v", picture, input, tile, c)
			}
			if c.Scaled.Min.X%16 != 0 || c.Scaled.Min.Y%16 != 0 || c.Row*8 != c.Scaled.Min.Y || c.Col*8 != c.Scaled.Min.X {
				t.Fatalf("origin of %+v", c)
			}
			for y := c.Scaled.Min.Y / 16; y < c.Scaled.Max.Y/16; y++ {
				for x := c.Scaled.Min.X / 16; x < c.Scaled.Max.X/16; x++ {
					covered[y*(p.Scaled.W/16)+x] = true
				}
			}
			if i > 0 && c.Scaled.Min.Y == p.Crops[i-1].Scaled.Min.Y {
				if overlap := p.Crops[i-1].Scaled.Max.X - c.Scaled.Min.X; overlap < tile.Overlap {
					t.Fatalf("overlap %d of %v", overlap, tile)
				}
			}
		}
		for i, ok := range covered {
			if !ok {
				t.Fatalf("%v %v %v: square %d is not covered", picture, input, tile, i)
			}
		}
		x, y := rng.Float64()*float64(picture.W), rng.Float64()*float64(picture.H)
		if ax, ay := p.ToOriginal(p.ToScaled(x, y)); math.Abs(ax-x) > 1e-9 || math.Abs(ay-y) > 1e-9 {
			t.Fatal("there and back")
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	ok := Size{512, 512}
	for name, c := range map[string]struct {
		picture, input Size
		tile           Tile
	}{
		"empty picture":   {Size{0, 5}, ok, Tile{}},
		"empty input":     {ok, Size{}, Tile{}},
		"odd input":       {ok, Size{500, 512}, Tile{}},
		"odd reference":   {ok, ok, Tile{Ref: 1000}},
		"odd overlap":     {ok, ok, Tile{Ref: 1024, Overlap: 8}},
		"all overlap":     {ok, ok, Tile{Ref: 1024, Overlap: 512}},
		"only overlap":    {ok, ok, Tile{Overlap: 16}},
		"too many crops":  {Size{5000, 5000}, Size{64, 64}, Tile{Ref: 8000}},
		"too large":       {Size{5, 1}, ok, Tile{Ref: 1 << 20}},
		"negative":        {ok, ok, Tile{Ref: -16}},
		"overlap below 0": {ok, ok, Tile{Ref: 1024, Overlap: -16}},
	} {
		if _, err := NewPlan(c.picture, c.input, c.tile); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	var size *SizeError
	if _, err := NewPlan(Size{0, 5}, ok, Tile{}); !errors.As(err, &size) {
		t.Error(err)
	}
}

func TestCut(t *testing.T) {
	p, err := NewPlan(Size{100, 50}, Size{32, 32}, Tile{Ref: 64, Overlap: 0})
	if err != nil {
		t.Fatal(err)
	}
	scaled := picture("random", 1, p.Scaled.W, p.Scaled.H)
	back := make([]byte, len(scaled))
	for _, c := range p.Crops {
		pix := p.Cut(nil, scaled, c)
		for y := range c.Input.H {
			copy(back[3*((c.Scaled.Min.Y+y)*p.Scaled.W+c.Scaled.Min.X):], pix[3*y*c.Input.W:3*(y+1)*c.Input.W])
		}
	}
	if !bytes.Equal(back, scaled) {
		t.Fatal("the crops do not make up the picture")
	}
}
