package heat

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// lightness is CIE L*, 0 to 100, of an sRGB colour (IEC 61966-2-1).
func lightness(r, g, b uint8) float64 {
	linear := func(v uint8) float64 {
		c := float64(v) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	y := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	if y > 216.0/24389 {
		return 116*math.Cbrt(y) - 16
	}
	return y * 24389 / 27
}

// Equal steps of the score must look alike, to those who see no hue as well:
// lightness grows steadily.
func TestPalettesGrowSteadilyLighter(t *testing.T) {
	for _, p := range Palettes {
		last, low, high := -1.0, 1e9, -1e9
		for i := range 256 {
			l := lightness(p.At(uint8(i)))
			if l <= last-0.35 { // bytes round
				t.Errorf("%v is darker at %d than before: %v, %v", p, i, l, last)
			}
			last = l
			if i%16 == 15 && i > 15 {
				step := l - lightness(p.At(uint8(i-16)))
				low, high = min(low, step), max(high, step)
			}
		}
		if low < 2.5 || high > 10 {
			t.Errorf("%v: lightness steps of %v to %v", p, low, high)
		}
		if p.String() == "invalid" {
			t.Error("a palette has no name")
		}
	}
}

func TestTable(t *testing.T) {
	var table Table
	table.Fill(Look{Palette: Grey, Opacity: 0.8, Threshold: 0.5, Below: 0.5})
	alpha := func(i int) uint32 { return table[i] >> 24 }
	if alpha(128) != 204 || alpha(255) != 204 || alpha(0) != 0 || alpha(127) > 102 || alpha(127) < 100 || alpha(64) != 51 {
		t.Errorf("opacities %d %d %d %d %d", alpha(128), alpha(255), alpha(0), alpha(127), alpha(64))
	}
	if table[200]&0xffffff != 200|200<<8|200<<16 {
		t.Errorf("%x", table[200])
	}
	table.Fill(Look{Opacity: math.NaN(), Threshold: -3})
	if alpha(255) != 0 {
		t.Error("no number became opaque")
	}
	table.Fill(Look{Opacity: 7})
	if alpha(0) != 255 {
		t.Error("a threshold of 0 hides something")
	}
	if Level(1, 0, 2) != 0.5 || Level(5, 0, 2) != 1 || Level(-1, 0, 2) != 0 {
		t.Error("Level")
	}
}

func TestPaintAndOver(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var table Table
	table.Fill(Look{Palette: Inferno, Opacity: 0.6, Threshold: 0.4, Below: 0.5})
	for n := range 40 {
		field, got, want := make([]byte, n), make([]byte, 4*n), []byte{}
		for i := range field {
			field[i] = byte(rng.Uint32())
			c := table[field[i]]
			want = append(want, byte(c), byte(c>>8), byte(c>>16), byte(c>>24))
		}
		table.Paint(got, field)
		if !bytes.Equal(got, want) {
			t.Fatalf("%d values", n)
		}
		picture := make([]byte, 4*n)
		for i := range picture {
			picture[i] = byte(rng.Uint32()) | byte(i%4/3*255)
		}
		over := bytes.Clone(picture)
		table.Over(over, field)
		for i, v := range over {
			a := float64(want[i/4*4+3]) / 255
			exact := float64(picture[i])*(1-a) + float64(want[i])*a
			if i%4 == 3 {
				exact = 255
			}
			if math.Abs(float64(v)-exact) > 0.51 {
				t.Fatalf("byte %d: %d, want %v", i, v, exact)
			}
		}
	}
}

func BenchmarkPaint(b *testing.B) {
	for _, n := range []int{512, 1024, 2048} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var table Table
			field, dst := make([]byte, n*n), make([]byte, 4*n*n)
			for i := range field {
				field[i] = byte(i * 7)
			}
			for b.Loop() {
				table.Fill(Look{Opacity: 0.7, Threshold: 0.5, Below: 0.3})
				table.Paint(dst, field)
			}
		})
	}
}
