package wire

import (
	"math"
	"strconv"
)

// Encoding says how the numbers of a grid travel.
type Encoding uint8

const (
	Float32 Encoding = 1 // up to MaxData/4 numbers
	Float16 Encoding = 2 // half the bytes; 11 significant bits, up to 65504
)

// Grid is a map of numbers, row-major: block scores.
type Grid struct {
	Rows, Cols int
	Encoding   Encoding  // 0 counts as Float32 when sent
	Values     []float32 // Rows*Cols; Float16 rounds them to nearest even
}

func (g Grid) append(b []byte) []byte {
	if g.Rows <= 0 || g.Cols <= 0 || g.Rows > MaxGrid || g.Cols > MaxGrid || len(g.Values) != g.Rows*g.Cols {
		panic("wire: grid is empty, too large, or does not fit its values")
	}
	b = put16(put16(b, uint16(g.Rows)), uint16(g.Cols))
	if len(g.Values) > MaxData/4 && g.Encoding != Float16 {
		panic("wire: grid is too large for float32")
	}
	if g.Encoding == Float16 {
		b = append(b, byte(Float16), 0)
		for _, v := range g.Values {
			b = put16(b, ToHalf(v))
		}
		return b
	}
	b = append(b, byte(Float32), 0)
	for _, v := range g.Values {
		b = putF32(b, v)
	}
	return b
}

func (r *reader) grid() Grid {
	g := Grid{Rows: int(r.u16()), Cols: int(r.u16()), Encoding: Encoding(r.u8())}
	if r.u8() != 0 {
		r.fail("reserved byte of a grid is not 0")
	}
	if r.err != nil {
		return Grid{}
	}
	if g.Rows == 0 || g.Cols == 0 {
		r.fail("a grid is empty")
		return Grid{}
	}
	if g.Rows > MaxGrid || g.Cols > MaxGrid {
		r.tooLarge("a grid's side", max(g.Rows, g.Cols), MaxGrid)
		return Grid{}
	}
	n := g.Rows * g.Cols
	if n > MaxData/4 && g.Encoding != Float16 {
		r.tooLarge("a grid", n, MaxData/4)
		return Grid{}
	}
	switch g.Encoding {
	case Float32:
		if p := r.take(4 * n); p != nil {
			g.Values = make([]float32, n)
			for i := range g.Values {
				g.Values[i] = math.Float32frombits(le32(p[4*i:]))
			}
		}
	case Float16:
		if p := r.take(2 * n); p != nil {
			g.Values = make([]float32, n)
			for i := range g.Values {
				g.Values[i] = FromHalf(uint16(p[2*i]) | uint16(p[2*i+1])<<8)
			}
		}
	default:
		r.fail("unknown encoding " + strconv.Itoa(int(g.Encoding)) + " of a grid")
	}
	return g
}
