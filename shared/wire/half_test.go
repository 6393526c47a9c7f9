package wire

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slowHalf is the value of a binary16 by its definition (IEEE 754-2019, 3.4).
func slowHalf(h uint16) float64 {
	sign, exp, mant := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch exp {
	case 0:
		return sign * mant * math.Pow(2, -24)
	case 31:
		if mant != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * (1 + mant/1024) * math.Pow(2, float64(exp-15))
}

func TestHalfIsExactForAll(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		f, want := FromHalf(h), slowHalf(h)
		if math.IsNaN(want) {
			if f == f || !math.IsNaN(slowHalf(ToHalf(f))) {
				t.Fatalf("%#x: %v", h, f)
			}
			continue
		}
		if float64(f) != want || math.Signbit(float64(f)) != (h>>15 == 1) {
			t.Fatalf("%#x: %v, want %v", h, f, want)
		}
		if back := ToHalf(f); back != h {
			t.Fatalf("%#x became %#x", h, back)
		}
	}
}

// Rounding is to the nearest, ties to even: no other half is nearer.
func TestToHalfRoundsToNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	check := func(f float32) {
		t.Helper()
		h := ToHalf(f)
		if f != f {
			return
		}
		if math.Abs(float64(f)) >= 65520 {
			if h&0x7fff != 0x7c00 {
				t.Fatalf("%v became %#x", f, h)
			}
			return
		}
		d := math.Abs(slowHalf(h) - float64(f))
		for _, other := range []uint16{h - 1, h + 1} {
			if other&0x7c00 == 0x7c00 || other>>15 != h>>15 {
				continue
			}
			o := math.Abs(slowHalf(other) - float64(f))
			if o < d || o == d && h&1 == 1 {
				t.Fatalf("%v became %v, %v is nearer or even", f, slowHalf(h), slowHalf(other))
			}
		}
	}
	for range 300000 {
		check(math.Float32frombits(rng.Uint32()))
		check(float32(rng.NormFloat64()))
		// Just at, below and above the middle between two halves.
		h := uint16(rng.Uint32()) & 0xfbff
		mid := float32((slowHalf(h&0x7bff) + slowHalf(h&0x7bff+1)) / 2)
		check(mid)
		check(math.Nextafter32(mid, 0))
		check(math.Nextafter32(mid, 1e9))
	}
	for _, f := range []float32{0, float32(math.Copysign(0, -1)), 65504, 65519.99, 65520, 1e38, 5.9e-8, 2.9e-8, 2.99e-8, 1e-45} {
		check(f)
		check(-f)
	}
}

func FuzzHalf(f *testing.F) {
	f.Add(uint32(0x3f800000))
	f.Fuzz(func(t *testing.T, bits uint32) {
		v := math.Float32frombits(bits)
		if back := FromHalf(ToHalf(v)); v == v && ToHalf(back) != ToHalf(v) {
			t.Fatalf("%v became %v", v, back)
		}
	})
}
