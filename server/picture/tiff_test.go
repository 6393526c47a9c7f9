package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"semirest/shared/prep"
)

// tiffFile builds a file of one strip, little-endian, whose directory lies behind
// the pixels. tags come over those of a grey picture of 8 bits.
func tiffFile(w, h int, pix []byte, tags map[uint16]uint32) []byte {
	all := map[uint16]uint32{256: uint32(w), 257: uint32(h), 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: uint32(h), 279: uint32(len(pix))}
	for tag, v := range tags {
		all[tag] = v
	}
	b := binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(8+len(pix)))
	b = append(b, pix...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(all)))
	for tag := uint16(250); tag < 400; tag++ { // in order
		if v, ok := all[tag]; ok {
			b = binary.LittleEndian.AppendUint16(b, tag)
			b = binary.LittleEndian.AppendUint16(b, 3)
			b = binary.LittleEndian.AppendUint32(b, 1)
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	return append(b, 0, 0, 0, 0)
}

// A TIFF file is turned as its tag says, like every other picture.
func TestTIFFOrientation(t *testing.T) {
	stored := []byte{10, 20, 30, 40, 50, 60} // 3 x 2
	for o, want := range map[uint32]struct {
		w, h int
		grey []byte
	}{
		1: {3, 2, []byte{10, 20, 30, 40, 50, 60}}, 2: {3, 2, []byte{30, 20, 10, 60, 50, 40}},
		3: {3, 2, []byte{60, 50, 40, 30, 20, 10}}, 4: {3, 2, []byte{40, 50, 60, 10, 20, 30}},
		5: {2, 3, []byte{10, 40, 20, 50, 30, 60}}, 6: {2, 3, []byte{40, 10, 50, 20, 60, 30}},
		7: {2, 3, []byte{60, 30, 50, 20, 40, 10}}, 8: {2, 3, []byte{30, 60, 20, 50, 10, 40}},
	} {
		p, err := Decode(tiffFile(3, 2, stored, map[uint16]uint32{274: o}), prep.DefaultLimits)
		if err != nil || p.W != want.w || p.H != want.h {
			t.Errorf("orientation %d: %v, %v", o, p.Size, err)
			continue
		}
		grey := make([]byte, 6)
		for i := range grey {
			grey[i] = p.Pix[3*i]
		}
		if !bytes.Equal(grey, want.grey) {
			t.Errorf("orientation %d: %v, want %v", o, grey, want.grey)
		}
	}
}

// Whole files of kinds that are not read here are called that, never damaged:
// people copy a damaged file again.
func TestUnsupportedIsNotDamaged(t *testing.T) {
	pix := make([]byte, 4*6*4)
	bmp := func(bits uint16, kind uint32) []byte {
		b := append([]byte("BM"), make([]byte, 12)...)
		b = binary.LittleEndian.AppendUint32(b, 40)
		b = binary.LittleEndian.AppendUint32(b, 6)
		b = binary.LittleEndian.AppendUint32(b, 4)
		b = binary.LittleEndian.AppendUint16(b, 1)
		b = binary.LittleEndian.AppendUint16(b, bits)
		b = binary.LittleEndian.AppendUint32(b, kind)
		return append(b, make([]byte, 2000)...)
	}
	frame := func(marker, precision byte) []byte {
		return []byte{0xff, 0xd8, 0xff, marker, 0, 11, precision, 0, 4, 0, 6, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9}
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"TIFF of floats":         {tiffFile(6, 4, pix, map[uint16]uint32{258: 32, 339: 3}), "floating-point"},
		"TIFF with signs":        {tiffFile(6, 4, pix, map[uint16]uint32{258: 16, 339: 2}), "sign"},
		"TIFF of 32 bits":        {tiffFile(6, 4, pix, map[uint16]uint32{258: 32}), "32 bits"},
		"TIFF of 12 bits":        {tiffFile(6, 4, pix, map[uint16]uint32{258: 12}), "12 bits"},
		"CMYK TIFF":              {tiffFile(6, 4, pix, map[uint16]uint32{262: 5, 277: 4}), "CMYK"},
		"TIFF of three planes":   {tiffFile(6, 4, pix, map[uint16]uint32{262: 2, 277: 3, 284: 2}), "planes"},
		"TIFF with JPEG inside":  {tiffFile(6, 4, pix, map[uint16]uint32{259: 7}), "compression"},
		"BigTIFF":                {append([]byte("II+\x00\x08\x00\x00\x00"), make([]byte, 40)...), "BigTIFF"},
		"BMP with run lengths":   {bmp(8, 1), "run lengths"},
		"BMP of 16 bits a pixel": {bmp(16, 3), "16 bits"},
		"JPEG of 12 bits":        {frame(0xc1, 12), "12 bits"},
		"lossless JPEG":          {frame(0xc3, 8), "lossless"},
		"arithmetic JPEG":        {frame(0xc9, 8), "arithmetic"},
	} {
		_, err := Decode(c.file, prep.DefaultLimits)
		if !errors.Is(err, ErrUnsupported) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.says)
		}
		if _, err := SizeOf(c.file, prep.DefaultLimits); err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: the size: %v", name, err)
		}
	}
}
