package weights

import "math"

// FromHalf widens an IEEE 754 binary16, exactly.
func FromHalf(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h) & 0x3ff
	switch {
	case exp == 0x1f: // infinity, not a number
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case exp > 0:
		return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
	}
	// Zero and subnormals: frac * 2^-24, which float32 holds as a normal number.
	v := float32(frac) * (1.0 / (1 << 24))
	if sign != 0 {
		v = float32(math.Copysign(float64(v), -1))
	}
	return v
}

// ToHalf rounds to the nearest binary16, ties to even; what is too large becomes the
// largest finite one, since an infinity would spoil all that is computed of it.
func ToHalf(f float32) uint16 {
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
