package wire

import (
	"image"
	"math"
	"strconv"
)

// Pixels says how a crop's pixels travel.
type Pixels uint8

const (
	RawRGB Pixels = 1 // W*H*3 bytes, row-major: what the detector sees, exactly
	JPEG   Pixels = 2 // a JPEG file of W x H: a lossy choice for slow lines
	PNG    Pixels = 3 // a PNG file of W x H: what the detector sees, exactly, in fewer bytes
	File   Pixels = 4 // the picture's own file, of which the server makes the crop
)

// Crop asks for the scores of one detector input. It says all that scoring it
// needs. Layout, header included:
//
//	0   8   header; request id not 0
//	8   4   u32 picture: the client's number for it
//	12  4   u32 generation of the detector that the crop was planned for
//	16  2   u16 index of the crop, below count
//	18  2   u16 count of the picture's crops, 1 to MaxCrops
//	20  2   u16 width of the pixels
//	22  2   u16 height
//	24  4   u32 width of the upright picture
//	28  4   u32 height
//	32  16  rect source: what the crop covers of the upright picture
//	48  4   u32 row: the crop's first cell in the picture's grid of 8-pixel cells
//	52  4   u32 col
//	56  1   u8 pixels: 1 raw RGB, 2 JPEG, 3 PNG, 4 the picture's file: only of a picture
//	        that is one crop and has MaxFilePixels pixels at most
//	57  3   reserved, 0
//	60  4   u32 length of the pixels; for raw RGB width*height*3
//	64  -   the pixels
type Crop struct {
	Request    uint32
	Picture    uint32
	Generation uint32
	Index      int
	Count      int
	W, H       int             // of the pixels
	PictureW   int             // of the upright picture
	PictureH   int             //
	Source     image.Rectangle // what the crop covers of the upright picture
	Row, Col   int             // first cell in the picture's grid of 8-pixel cells
	Encoding   Pixels
	Pixels     []byte // aliases the message after Parse
}

// Type implements Message.
func (Crop) Type() Type { return TypeCrop }

// Append implements Message.
func (m Crop) Append(b []byte) []byte {
	return append(m.AppendHeader(b), m.Pixels...)
}

// AppendHeader appends the CropHeaderSize bytes before the pixels, for a
// sender that writes the pixels to their place itself.
func (m Crop) AppendHeader(b []byte) []byte {
	if err := m.check(); err != "" {
		panic("wire: " + err)
	}
	b = header(b, TypeCrop, m.Request)
	b = put32(put32(b, m.Picture), m.Generation)
	b = put16(put16(b, uint16(m.Index)), uint16(m.Count))
	b = put16(put16(b, uint16(m.W)), uint16(m.H))
	b = put32(put32(b, uint32(m.PictureW)), uint32(m.PictureH))
	b = putRect(b, m.Source)
	b = put32(put32(b, uint32(m.Row)), uint32(m.Col))
	b = append(b, byte(m.Encoding), 0, 0, 0)
	return put32(b, uint32(len(m.Pixels)))
}

// check says what contradicts itself in the crop, "" when nothing does.
func (m Crop) check() string {
	switch {
	case m.Request == 0:
		return "a crop has request id 0"
	case m.Count < 1 || m.Count > MaxCrops || m.Index < 0 || m.Index >= m.Count:
		return "crop " + strconv.Itoa(m.Index) + " of " + strconv.Itoa(m.Count) + " does not exist"
	case m.W < 1 || m.H < 1 || m.W > math.MaxUint16 || m.H > math.MaxUint16:
		return "a crop is empty"
	case m.PictureW < 1 || m.PictureH < 1 || m.PictureW > math.MaxInt32 || m.PictureH > math.MaxInt32:
		return "a crop's picture is empty"
	case m.Source.Empty() || !m.Source.In(image.Rect(0, 0, m.PictureW, m.PictureH)):
		return "a crop lies outside its picture"
	case m.Row < 0 || m.Col < 0 || m.Row > math.MaxUint16 || m.Col > math.MaxUint16:
		return "a crop's first cell is out of range"
	case m.Encoding < RawRGB || m.Encoding > File:
		return "unknown encoding " + strconv.Itoa(int(m.Encoding)) + " of pixels"
	case m.Encoding == RawRGB && int64(len(m.Pixels)) != 3*int64(m.W)*int64(m.H):
		return strconv.Itoa(len(m.Pixels)) + " bytes of raw RGB are not " + strconv.Itoa(m.W) + "x" + strconv.Itoa(m.H) + " pixels"
	case len(m.Pixels) > MaxData:
		return "a crop's pixels are larger than MaxData"
	case len(m.Pixels) == 0:
		return "a crop has no pixels"
	case m.Encoding == File && (m.Count != 1 || int64(m.PictureW)*int64(m.PictureH) > MaxFilePixels):
		return "a file of several crops, or of too many pixels"
	}
	return ""
}

func readCrop(r *reader, request uint32) Message {
	m := Crop{Request: request, Picture: r.u32(), Generation: r.u32()}
	m.Index, m.Count = int(r.u16()), int(r.u16())
	m.W, m.H = int(r.u16()), int(r.u16())
	m.PictureW, m.PictureH = r.int32(), r.int32()
	m.Source = r.rect()
	m.Row, m.Col = r.int32(), r.int32()
	m.Encoding = Pixels(r.u8())
	if p := r.take(3); p != nil && (p[0]|p[1]|p[2]) != 0 {
		r.fail("reserved bytes are not 0")
	}
	m.Pixels = r.bytes()
	if r.err == nil {
		if err := m.check(); err != "" {
			r.fail(err)
		}
	}
	return m
}

// int32 reads a u32 that must fit an int on every platform.
func (r *reader) int32() int {
	v := r.u32()
	if v > math.MaxInt32 {
		r.fail("a number is out of range")
		return 0
	}
	return int(v)
}
