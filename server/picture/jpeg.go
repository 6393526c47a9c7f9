package picture

import "image"

// Browsers and Pillow decode JPEG with libjpeg-turbo, which interpolates halved
// chroma ("fancy upsampling": a triangle filter, weights 3/4 and 1/4 an axis).
// image/jpeg leaves that to the caller, and its own conversion takes the nearest
// sample: on a 4:2:0 photograph the two differ by 2.2 grey levels on average.
// Below is libjpeg's arithmetic, rounding included (jdsample.c, jdcolor.c), on
// the planes that image/jpeg decoded.

// fromYCbCr writes m's pixels to p as RGB.
func fromYCbCr(p RGB, m *image.YCbCr) {
	h, v := 1, 1 // luma samples a chroma sample, along each axis
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		h = 2
	case image.YCbCrSubsampleRatio420:
		h, v = 2, 2
	case image.YCbCrSubsampleRatio440:
		v = 2
	case image.YCbCrSubsampleRatio411:
		h = 4
	case image.YCbCrSubsampleRatio410:
		h, v = 4, 2
	}
	cw, ch := (p.W+h-1)/h, (p.H+v-1)/v
	cb, cr := make([]byte, p.W+h), make([]byte, p.W+h)
	sums := make([]int, cw)
	for y := range p.H {
		chromaRow(cb, m.Cb, m.CStride, y, h, v, cw, ch, sums)
		chromaRow(cr, m.Cr, m.CStride, y, h, v, cw, ch, sums)
		luma, out := m.Y[y*m.YStride:], p.Pix[3*y*p.W:3*(y+1)*p.W]
		for x := range p.W {
			yy, b, r := int32(luma[x]), int32(cb[x])-128, int32(cr[x])-128
			// 16 fractional bits; the constants are round(c * 65536).
			out[3*x] = clamp(yy + (91881*r+32768)>>16)
			out[3*x+1] = clamp(yy + (-22554*b-46802*r+32768)>>16)
			out[3*x+2] = clamp(yy + (116130*b+32768)>>16)
		}
	}
}

func clamp(v int32) byte {
	return byte(max(0, min(255, v)))
}

// chromaRow brings row y of a chroma plane to luma resolution. Halved axes are
// interpolated, quartered ones repeated, as libjpeg does.
func chromaRow(dst, plane []byte, stride, y, h, v, cw, ch int, sums []int) {
	cy := y / v
	row := plane[cy*stride : cy*stride+cw]
	if h == 4 || cw <= 2 && h == 2 && v == 1 {
		for x := range dst {
			dst[x] = row[min(x/h, cw-1)]
		}
		return
	}
	// Vertical first: a quarter comes from the nearer neighbouring row.
	near := row
	if v == 2 {
		ny := max(0, min(ch-1, cy-1+2*(y%2)))
		near = plane[ny*stride : ny*stride+cw]
	}
	switch {
	case h == 1 && v == 1:
		copy(dst, row)
	case h == 1:
		bias := 1 + y%2
		for x := range cw {
			dst[x] = byte((3*int(row[x]) + int(near[x]) + bias) >> 2)
		}
	case v == 1:
		for x := range cw {
			s := int(row[x])
			dst[2*x] = byte((3*s + int(row[max(0, x-1)]) + 1) >> 2)
			dst[2*x+1] = byte((3*s + int(row[min(cw-1, x+1)]) + 2) >> 2)
		}
	default:
		for x := range cw {
			sums[x] = 3*int(row[x]) + int(near[x])
		}
		for x := range cw {
			dst[2*x] = byte((3*sums[x] + sums[max(0, x-1)] + 8) >> 4)
			dst[2*x+1] = byte((3*sums[x] + sums[min(cw-1, x+1)] + 7) >> 4)
		}
	}
}
