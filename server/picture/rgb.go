package picture

import (
	"image"
	"image/color"

	"semirest/shared/prep"
)

// toRGB brings whatever a decoder gives to 8-bit RGB, as stored.
func toRGB(img image.Image) RGB {
	b := img.Bounds()
	p := RGB{Size: prep.Size{W: b.Dx(), H: b.Dy()}, Pix: make([]byte, 3*b.Dx()*b.Dy())}
	switch m := img.(type) {
	case *image.YCbCr:
		fromYCbCr(p, m)
	case *image.Gray:
		fromSamples(p, m.Pix, m.Stride, 1, 0, false)
	case *image.Gray16:
		fromSamples(p, m.Pix, m.Stride, 2, 0, false)
	case *image.NRGBA:
		fromSamples(p, m.Pix, m.Stride, 4, 1, true)
	case *image.NRGBA64:
		fromSamples(p, m.Pix, m.Stride, 8, 2, true)
	case *image.RGBA: // the decoders give it for opaque pictures only
		fromSamples(p, m.Pix, m.Stride, 4, 1, false)
	case *image.RGBA64:
		fromSamples(p, m.Pix, m.Stride, 8, 2, false)
	default: // palettes, CMYK, WebP with alpha
		for y := range p.H {
			for x := range p.W {
				// Go's models hold a see-through colour straight in NRGBA and
				// NYCbCrA, and convert the opaque ones exactly.
				c := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
				rgba := [4]byte{c.R, c.G, c.B, c.A}
				prep.Flatten(rgba[:])
				copy(p.Pix[3*(y*p.W+x):], rgba[:3])
			}
		}
	}
	return p
}

// fromSamples copies the bytes at 0, gap and 2*gap of every pixel: gap 0 repeats
// a grey sample, gap 2 takes the high bytes of 16-bit ones. With alpha, the byte
// at 3*gap is it, and the pixel is laid over white.
func fromSamples(p RGB, pix []byte, rowBytes, pixelBytes, gap int, alpha bool) {
	for y := range p.H {
		row, out := pix[y*rowBytes:], p.Pix[3*y*p.W:3*(y+1)*p.W]
		for x := range p.W {
			s := row[x*pixelBytes : (x+1)*pixelBytes]
			o := out[3*x : 3*x+3]
			o[0], o[1], o[2] = s[0], s[gap], s[2*gap]
			if alpha && s[3*gap] != 255 {
				rgba := [4]byte{o[0], o[1], o[2], s[3*gap]}
				prep.Flatten(rgba[:])
				copy(o, rgba[:3])
			}
		}
	}
}
