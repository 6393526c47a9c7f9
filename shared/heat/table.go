package heat

import "math"

// Palette names a colour map. All are perceptually uniform (equal steps of the
// score look like equal steps of colour), grow steadily lighter, and stay
// readable with red-green and blue-yellow colour blindness.
type Palette uint8

const (
	Inferno Palette = iota // black, purple, orange, pale yellow: strongest over grey pictures
	Viridis                // purple, green, yellow
	Cividis                // blue, grey, yellow: looks the same to nearly everyone
	Grey                   // black to white
)

// Palettes lists all of them.
var Palettes = [...]Palette{Inferno, Viridis, Cividis, Grey}

// String is the palette's name, for a choice on a page or a command line.
func (p Palette) String() string {
	switch p {
	case Inferno:
		return "inferno"
	case Viridis:
		return "viridis"
	case Cividis:
		return "cividis"
	case Grey:
		return "grey"
	}
	return "invalid"
}

// At is the palette's colour number i of 256.
func (p Palette) At(i uint8) (r, g, b uint8) {
	var table string
	switch p {
	case Inferno:
		table = inferno
	case Viridis:
		table = viridis
	case Cividis:
		table = cividis
	default:
		return i, i, i
	}
	at := 3 * int(i)
	return table[at], table[at+1], table[at+2]
}

// Table gives each value of a field its colour: red, green, blue, alpha from
// the lowest byte up, alpha straight (not premultiplied), as a canvas's
// ImageData holds them on a little-endian machine.
type Table [256]uint32

// Look says how a field is shown.
type Look struct {
	Palette   Palette
	Opacity   float64 // of the overlay at and above the threshold, 0 to 1
	Threshold float64 // in the field's unit, 0 to 1 (see Level)
	Below     float64 // part of the opacity that values just below the threshold keep; it falls to 0 at value 0
}

// Level is where a score lies in a field from lo to hi: 0 to 1, clamped.
func Level(score, lo, hi float32) float64 {
	return min(max(float64(score-lo)/float64(hi-lo), 0), 1)
}

// Fill computes the table for a look. Numbers out of range are clamped.
func (t *Table) Fill(l Look) {
	opacity, below := unit(l.Opacity), unit(l.Below)
	threshold := 255 * unit(l.Threshold)
	for i := range t {
		r, g, b := l.Palette.At(uint8(i))
		a := opacity
		if float64(i) < threshold {
			a *= below * float64(i) / threshold
		}
		t[i] = uint32(r) | uint32(g)<<8 | uint32(b)<<16 | uint32(a*255+0.5)<<24
	}
}

func unit(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(max(v, 0), 1)
}
