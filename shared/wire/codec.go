package wire

import (
	"image"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader walks through a message. The first failure sticks; what is read
// after it is zero, so layouts are read without a check at every field.
type reader struct {
	b   []byte
	at  int
	typ Type
	err error
}

func (r *reader) fail(reason string) {
	if r.err == nil {
		r.err = &FormatError{Type: r.typ, Offset: r.at, Reason: reason}
	}
}

func (r *reader) tooLarge(what string, n, limit int) {
	if r.err == nil {
		r.err = &FormatError{Type: r.typ, Offset: r.at, limit: true,
			Reason: what + " of " + strconv.Itoa(n) + " is beyond the limit of " + strconv.Itoa(limit)}
	}
}

// take returns the next n bytes, aliasing the message, or nil when they are
// not there.
func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.b)-r.at {
		r.fail("the message ends " + strconv.Itoa(n-(len(r.b)-r.at)) + " bytes too early")
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at : r.at]
}

func (r *reader) u8() uint8 {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if p := r.take(2); p != nil {
		return uint16(p[0]) | uint16(p[1])<<8
	}
	return 0
}

func (r *reader) u32() uint32 {
	if p := r.take(4); p != nil {
		return le32(p)
	}
	return 0
}

func (r *reader) u64() uint64 {
	lo := r.u32()
	return uint64(lo) | uint64(r.u32())<<32
}

func (r *reader) f32() float32 { return math.Float32frombits(r.u32()) }

func (r *reader) bool() bool {
	v := r.u8()
	if v > 1 {
		r.fail("a flag is neither 0 nor 1")
	}
	return v == 1
}

func (r *reader) str() string {
	n := int(r.u16())
	if n > MaxString {
		r.tooLarge("a string", n, MaxString)
	}
	p := r.take(n)
	if !utf8.Valid(p) {
		r.fail("a string is not UTF-8")
		return ""
	}
	return string(p)
}

// bytes returns a byte string that aliases the message; nil when it is empty.
func (r *reader) bytes() []byte {
	n := r.u32()
	if n > MaxData {
		r.tooLarge("a byte string", int(min(n, math.MaxInt32)), MaxData)
		return nil
	}
	if n == 0 {
		return nil
	}
	return r.take(int(n))
}

func (r *reader) rect() image.Rectangle {
	x0, y0, x1, y1 := r.u32(), r.u32(), r.u32(), r.u32()
	if r.err == nil && (x0 >= x1 || y0 >= y1 || x1 > math.MaxInt32 || y1 > math.MaxInt32) {
		r.fail("a rectangle is empty or not in order")
	}
	if r.err != nil {
		return image.Rectangle{}
	}
	return image.Rect(int(x0), int(y0), int(x1), int(y1))
}

func (r *reader) end() {
	if r.err == nil && r.at < len(r.b) {
		r.fail(strconv.Itoa(len(r.b)-r.at) + " bytes too many")
	}
}

func le32(p []byte) uint32 {
	return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
}

func header(b []byte, t Type, request uint32) []byte {
	return put32(append(b, Version, byte(t), 0, 0), request)
}

func put16(b []byte, v uint16) []byte { return append(b, byte(v), byte(v>>8)) }

func put32(b []byte, v uint32) []byte {
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}

func put64(b []byte, v uint64) []byte { return put32(put32(b, uint32(v)), uint32(v>>32)) }

func putF32(b []byte, v float32) []byte { return put32(b, math.Float32bits(v)) }

func putBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// putStr cuts s at MaxString bytes, at a whole character, and replaces what is
// not UTF-8.
func putStr(b []byte, s string) []byte {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > MaxString {
		n := MaxString
		for !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return append(put16(b, uint16(len(s))), s...)
}

func putRect(b []byte, r image.Rectangle) []byte {
	if r.Min.X < 0 || r.Min.Y < 0 || r.Empty() || r.Max.X > math.MaxInt32 || r.Max.Y > math.MaxInt32 {
		panic("wire: rectangle is empty or beyond the picture")
	}
	b = put32(put32(b, uint32(r.Min.X)), uint32(r.Min.Y))
	return put32(put32(b, uint32(r.Max.X)), uint32(r.Max.Y))
}
