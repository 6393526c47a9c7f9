package wire

import "math"

// ToHalf rounds to the nearest IEEE 754 binary16, ties to even. Numbers beyond
// its range become infinities, NaN stays NaN.
func ToHalf(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	exp := int(bits >> 23 & 0xff)
	mant := bits & 0x7fffff
	switch {
	case exp == 0xff:
		if mant != 0 {
			return sign | 0x7e00 | uint16(mant>>13)
		}
		return sign | 0x7c00
	case exp >= 113: // normal in binary16: 2^-14 and above
		if exp > 142 {
			return sign | 0x7c00
		}
		h := uint32(exp-112)<<10 | mant>>13
		// Rounding up may carry into the exponent, up to infinity: as it should.
		return sign | uint16(h+roundUp(mant, 13, h))
	case exp >= 102: // subnormal: multiples of 2^-24
		shift := uint(126 - exp)
		mant |= 0x800000
		h := mant >> shift
		return sign | uint16(h+roundUp(mant, shift, h))
	}
	return sign
}

// roundUp is 1 when the shift bits dropped from mant are above one half of the
// last place of h, or equal to it with h odd.
func roundUp(mant uint32, shift uint, h uint32) uint32 {
	rest, half := mant&(1<<shift-1), uint32(1)<<(shift-1)
	if rest > half || rest == half && h&1 == 1 {
		return 1
	}
	return 0
}

// FromHalf is exact: every binary16 is a float32.
func FromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, mant := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | mant<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | mant<<13)
	}
	v := float32(mant) * (1.0 / (1 << 24)) // exact
	return math.Float32frombits(sign | math.Float32bits(v))
}
