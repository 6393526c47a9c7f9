package train

import "math"

// Features are kept as IEEE half floats: a few hundred pictures of 4096 blocks by
// 256 channels are over a gigabyte even so. Features are of order one, and their
// rounding (relative 5e-4) is far below the noise the training adds on purpose.

// widen holds every half's value: a look-up costs less than the bit work, and a
// step widens millions.
var widen = func() *[1 << 16]float32 {
	var t [1 << 16]float32
	for i := range t {
		t[i] = fromHalf(uint16(i))
	}
	return &t
}()

func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 0: // zero and subnormal: frac * 2^-24
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// toHalf rounds to the nearest half, ties to even; what is too large becomes
// the largest finite half, since an infinity would spoil every step after it.
func toHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // not a number
		return sign | 0x7e00
	case b >= 0x477ff000: // 65520 and more
		return sign | 0x7bff
	case b < 0x38800000: // below 2^-14: subnormal, in units of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(b))*(1<<24)))
	}
	b -= 112 << 23
	return sign | uint16((b+0xfff+(b>>13)&1)>>13)
}
