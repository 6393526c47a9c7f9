package picture

import (
	"image"
	"image/color"
	"slices"

	"semirest/shared/prep"
)

// levels is a mask as its file holds it, stored side up.
type levels struct {
	prep.Size
	at    []uint16 // [H, W]
	void  uint16   // the largest number of the depth
	grey  bool     // every pixel that is not black is grey
	lossy bool     // blurred by its format
}

// pixel is a colour at its file's depth, not multiplied by its alpha.
type pixel struct{ r, g, b, a uint16 }

// vocVoid is the colour of Pascal VOC's void rim, where a mask shows its palette.
var vocVoid = pixel{224, 224, 192, 255}

// levelsOf reads the levels of whatever a decoder gives.
func levelsOf(img image.Image) *levels {
	b := img.Bounds()
	m := &levels{Size: prep.Size{W: b.Dx(), H: b.Dy()}, at: make([]uint16, b.Dx()*b.Dy()), void: 255, grey: true}
	switch src := img.(type) {
	case *image.Gray:
		m.each(func(x, y int) uint16 { return uint16(src.Pix[y*src.Stride+x]) })
	case *image.Gray16:
		m.void = 1<<16 - 1
		m.each(func(x, y int) uint16 { return be16(src.Pix[y*src.Stride+2*x:]) })
	case *image.Paletted:
		level := m.palette(src)
		m.each(func(x, y int) uint16 { return level[src.Pix[y*src.Stride+x]] })
	case *image.NRGBA:
		m.colours(func(x, y int) pixel { return bytes4(src.Pix[y*src.Stride+4*x:]) })
	case *image.RGBA: // the decoders give it for opaque pictures only
		m.colours(func(x, y int) pixel { return bytes4(src.Pix[y*src.Stride+4*x:]) })
	case *image.NRGBA64:
		m.void = 1<<16 - 1
		m.colours(func(x, y int) pixel { return words4(src.Pix[y*src.Stride+8*x:]) })
	case *image.RGBA64:
		m.void = 1<<16 - 1
		m.colours(func(x, y int) pixel { return words4(src.Pix[y*src.Stride+8*x:]) })
	default: // JPEG, WebP
		_, lossless := img.(*image.CMYK)
		m.lossy = !lossless
		m.colours(func(x, y int) pixel { return shown(img.At(b.Min.X+x, b.Min.Y+y)) })
	}
	// A file of 16 bits that only uses 8 comes from a program that widens what it
	// has: 255 is its largest number then.
	if m.void > 255 && !slices.ContainsFunc(m.at, func(v uint16) bool { return v > 255 }) {
		m.void = 255
	}
	return m
}

func (m *levels) each(level func(x, y int) uint16) {
	for y := range m.H {
		for x := range m.W {
			m.at[y*m.W+x] = level(x, y)
		}
	}
}

// colours reads the levels of coloured pixels. Where some are transparent, those
// are background; if then all others are black, black is what was painted.
func (m *levels) colours(at func(x, y int) pixel) {
	least, most := uint16(1<<16-1), uint16(0)
	m.each(func(x, y int) uint16 {
		a := at(x, y).a
		least, most = min(least, a), max(most, a)
		return 0
	})
	clear := func(p pixel) bool { return least < most && 2*int(p.a) <= int(most) || most == 0 }
	painted, opaque := false, false
	m.each(func(x, y int) uint16 {
		p := at(x, y)
		if clear(p) || p == vocVoid {
			return 0
		}
		v := max(p.r, p.g, p.b)
		opaque, painted = true, painted || v > 0
		if v > 0 && (p.r != p.g || p.g != p.b) {
			m.grey = false
		}
		return v
	})
	if opaque && !painted && least < most {
		m.each(func(x, y int) uint16 {
			if clear(at(x, y)) {
				return 0
			}
			return m.void
		})
	}
}

// palette gives the levels of a palette's numbers: those of their colours. Where
// all that are used have one colour, as in a file whose palette nobody filled in,
// the numbers count; where they are class numbers, 255 is the void rim.
func (m *levels) palette(src *image.Paletted) (level [256]uint16) {
	var used []int
	var seen [256]bool
	for y := range m.H {
		for _, i := range src.Pix[y*src.Stride : y*src.Stride+m.W] {
			seen[i] = seen[i] || int(i) < len(src.Palette)
		}
	}
	for i := range seen {
		if seen[i] {
			used = append(used, i)
		}
	}
	colour := func(i int) pixel { return shown(src.Palette[used[i]]) }
	one := true
	for i := range used {
		one = one && colour(i) == colour(0)
	}
	if one && len(used) > 1 {
		for _, i := range used {
			level[i] = uint16(i)
		}
		return level
	}
	colours := &levels{Size: prep.Size{W: len(used), H: 1}, at: make([]uint16, len(used)), void: 255, grey: true}
	colours.colours(func(x, _ int) pixel { return colour(x) })
	m.grey = colours.grey
	for x, i := range used {
		level[i] = colours.at[x]
	}
	if n := len(used); !m.grey && used[n-1] == 255 && n > 1 && used[n-2] > 0 && used[n-2] <= maxClass {
		level[255] = 0
	}
	return level
}

func shown(c color.Color) pixel {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return pixel{uint16(n.R), uint16(n.G), uint16(n.B), uint16(n.A)}
}

func bytes4(p []byte) pixel { return pixel{uint16(p[0]), uint16(p[1]), uint16(p[2]), uint16(p[3])} }

func words4(p []byte) pixel { return pixel{be16(p), be16(p[2:]), be16(p[4:]), be16(p[6:])} }

func be16(p []byte) uint16 { return uint16(p[0])<<8 | uint16(p[1]) }
