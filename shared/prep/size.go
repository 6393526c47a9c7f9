package prep

import "strconv"

// Size is a width and a height in pixels.
type Size struct{ W, H int }

// Pixels is W*H.
func (s Size) Pixels() int64 { return int64(s.W) * int64(s.H) }

// Transposed swaps the sides.
func (s Size) Transposed() Size { return Size{W: s.H, H: s.W} }

// String is "WxH".
func (s Size) String() string { return strconv.Itoa(s.W) + "x" + strconv.Itoa(s.H) }

// Limits bounds the pictures that are taken in. Check it on the header, before
// anything is decoded: a file of some kilobytes can hold gigabytes of pixels.
type Limits struct {
	MaxSide   int   // longest side, pixels
	MaxPixels int64 // width times height
}

// DefaultLimits admits any camera's picture: 32767 pixels a side, 128
// megapixels.
var DefaultLimits = Limits{MaxSide: 1<<15 - 1, MaxPixels: 128_000_000}

// SizeError says that a picture is empty or larger than a limit.
type SizeError struct {
	Size   Size
	Limits Limits
}

func (e *SizeError) Error() string {
	if e.Size.W <= 0 || e.Size.H <= 0 {
		return "prep: picture of " + e.Size.String() + " pixels is empty"
	}
	return "prep: picture of " + e.Size.String() + " pixels is larger than the limit of " +
		strconv.Itoa(e.Limits.MaxSide) + " pixels a side and " +
		strconv.FormatInt(e.Limits.MaxPixels, 10) + " pixels in all"
}

// Check returns a *SizeError when s is empty or beyond the limits.
func (l Limits) Check(s Size) error {
	if s.W <= 0 || s.H <= 0 || s.W > l.MaxSide || s.H > l.MaxSide || s.Pixels() > l.MaxPixels {
		return &SizeError{Size: s, Limits: l}
	}
	return nil
}

// Steps of the input's sides, in pixels.
const (
	InputStep = 64  // the shorter side is a multiple of it
	InputMin  = 256 // and at least this
)

// InputSize decides a detector's input size from its first training picture
// (METHOD section 1): the longer side is ref, the shorter keeps the aspect
// ratio, rounded up to a multiple of 64, and is at least 256, yet never longer
// than ref.
//
// It panics unless ref is a positive multiple of 64 and the picture is not
// empty.
func InputSize(first Size, ref int) Size {
	if ref <= 0 || ref%InputStep != 0 {
		panic("prep: reference size is not a positive multiple of 64")
	}
	if first.W <= 0 || first.H <= 0 {
		panic("prep: empty picture")
	}
	short := scaleUp(ref, min(first.W, first.H), max(first.W, first.H), InputStep)
	short = min(max(short, InputMin), ref)
	if first.W >= first.H {
		return Size{W: ref, H: short}
	}
	return Size{W: short, H: ref}
}

// scaleUp is length*num/den rounded up to a multiple of step, in integers.
func scaleUp(length, num, den, step int) int {
	unit := int64(den) * int64(step)
	return int((int64(length)*int64(num)+unit-1)/unit) * step
}
