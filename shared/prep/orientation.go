package prep

// Orientation is the EXIF orientation, 1 to 8: how the stored picture must be
// turned to be upright. 0 counts as 1.
//
//	1 as stored        5 transposed (rows become columns)
//	2 mirrored left-right  6 turned 90 degrees clockwise
//	3 turned 180 degrees   7 transposed along the other diagonal
//	4 mirrored top-bottom  8 turned 90 degrees counter-clockwise
//
// (EXIF 2.32, tag 0x0112.)
type Orientation uint8

// Upright is the orientation of a picture that needs no turning.
const Upright Orientation = 1

// Transposes says whether width and height swap.
func (o Orientation) Transposes() bool { return o >= 5 && o <= 8 }

// Size is the upright size of a picture stored as s.
func (o Orientation) Size(s Size) Size {
	if o.Transposes() {
		return s.Transposed()
	}
	return s
}

// mirrors says whether the upright picture runs against the stored one along
// the upright x and y axes.
func (o Orientation) mirrors() (x, y bool) {
	switch o {
	case 2:
		return true, false
	case 3:
		return true, true
	case 4:
		return false, true
	case 6:
		return true, false
	case 7:
		return true, true
	case 8:
		return false, true
	}
	return false, false
}

// Turn returns the upright picture of a stored one. pix holds s.W*s.H pixels of
// step bytes each (3 for RGB, 4 for RGBA, 1 for a mask). For orientation 1 it
// returns pix itself, else a new slice. It panics when pix has another length.
func (o Orientation) Turn(pix []byte, s Size, step int) []byte {
	if len(pix) != s.W*s.H*step {
		panic("prep: pixels do not fit their size")
	}
	if o <= 1 || o > 8 {
		return pix
	}
	up := o.Size(s)
	mx, my := o.mirrors()
	// Where upright pixel (0, 0) is stored, and the way to the next one.
	dx, dy := step, s.W*step
	if o.Transposes() {
		dx, dy = dy, dx
	}
	at := 0
	if mx {
		at += (up.W - 1) * dx
		dx = -dx
	}
	if my {
		at += (up.H - 1) * dy
		dy = -dy
	}
	out := make([]byte, len(pix))
	to := 0
	for y := range up.H {
		from := at + y*dy
		for range up.W {
			copy(out[to:to+step], pix[from:from+step])
			to += step
			from += dx
		}
	}
	return out
}
