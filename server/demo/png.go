package demo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
)

// notice goes into every file, so that a picture that wanders off still says what it is.
const notice = "Synthetic picture, drawn by the demonstration of SemiREST. Not a photograph."

// PNG encodes the picture as a Side x Side file whose Description says that it is synthetic.
func (p Picture) PNG() []byte {
	return describe(encode(opaque(p.RGB, Side)))
}

// MaskPNG encodes the ground truth as a grey Side x Side file, 255 where the defect is.
func (p Picture) MaskPNG() []byte {
	g := image.NewGray(image.Rect(0, 0, Side, Side))
	for i, m := range p.Mask {
		g.Pix[i] = 255 * m
	}
	return describe(encode(g))
}

// ThumbPNG encodes the picture at a quarter of its size, the mean of every 4 x 4 pixels.
func (p Picture) ThumbPNG() []byte {
	return describe(encode(opaque(shrink(p.RGB, Side/ThumbSide), ThumbSide)))
}

// shrink takes [Side, Side, 3] to the mean of every n x n pixels.
func shrink(rgb []byte, n int) []byte {
	side := Side / n
	out := make([]byte, side*side*3)
	sum := make([]int, side*3)
	for y := range side {
		clear(sum)
		for row := range n {
			line := rgb[3*Side*(y*n+row):]
			for x := range Side {
				for c := range 3 {
					sum[3*(x/n)+c] += int(line[3*x+c])
				}
			}
		}
		for i, s := range sum {
			out[3*side*y+i] = byte((s + n*n/2) / (n * n))
		}
	}
	return out
}

func opaque(rgb []byte, side int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		copy(m.Pix[4*i:], rgb[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

func encode(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic("demo: " + err.Error()) //nolint:forbidigo // a buffer takes everything and the size is a constant
	}
	return b.Bytes()
}

// describe puts a tEXt chunk (PNG specification 11.3.3.3) behind the header chunk, which is always 8 + 25 bytes long.
func describe(file []byte) []byte {
	const header = 8 + 25
	text := "Description\x00" + notice
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	chunk = append(chunk, "tEXt"+text...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	out := make([]byte, 0, len(file)+len(chunk))
	out = append(out, file[:header]...)
	out = append(out, chunk...)
	return append(out, file[header:]...)
}

// title names a gallery picture for people.
func title(s Surface, kind string, shown int) string {
	return fmt.Sprintf("%s, %s %d (synthetic)", s.Title, strings.ReplaceAll(kind, "-", " "), shown)
}
