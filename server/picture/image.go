package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"semirest/shared/durable"
	"semirest/shared/prep"
)

// Image is the picture as image/draw and the encoders want it, opaque; it shares nothing with p.
func (p RGB) Image() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		copy(m.Pix[4*i:], p.Pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

// MaskImage is a mask [h, w] of 0 and 1 as a grey picture of 0 and 255.
func MaskImage(mask []byte, size prep.Size) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, size.W, size.H))
	for i, v := range mask {
		m.Pix[i] = 255 * v
	}
	return m
}

// SavePNG writes a picture to a file whole or not at all.
func SavePNG(path string, m image.Image) error {
	data, err := PNG(m)
	if err != nil {
		return err
	}
	return durable.Write(path, data)
}

// quick writes heat maps and overlays: at the default level their compression took as long as half a picture's search,
// for files a twentieth smaller.
var quick = png.Encoder{CompressionLevel: png.BestSpeed}

// PNG encodes a picture.
func PNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := quick.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	return b.Bytes(), nil
}
