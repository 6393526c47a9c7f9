package picture

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/shared/prep"
)

// A camera of 12 bits in files of 16: the depth is found, and brings out the grey
// levels that the high byte leaves out. Alpha is not scaled.
func TestDecodeDepth(t *testing.T) {
	grey := image.NewGray16(image.Rect(0, 0, 2, 1))
	grey.SetGray16(0, 0, color.Gray16{Y: 4095})
	grey.SetGray16(1, 0, color.Gray16{Y: 2048})
	colour := image.NewNRGBA64(image.Rect(0, 0, 2, 1))
	colour.SetNRGBA64(0, 0, color.NRGBA64{R: 1000, G: 500, B: 4, A: 0xffff})
	colour.SetNRGBA64(1, 0, color.NRGBA64{R: 60000, A: 0})
	opaque := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	opaque.SetNRGBA64(0, 0, color.NRGBA64{R: 1000, G: 500, B: 4, A: 0xffff})
	plain := image.NewGray(image.Rect(0, 0, 1, 1))
	plain.Pix[0] = 9
	for name, c := range map[string]struct {
		file  []byte
		depth prep.Depth // as found
		has   bool
		at    prep.Depth // as decoded
		want  string
	}{
		"grey of 12 bits":          {pngFile(t, grey), 12, true, 12, "\xff\xff\xff\x80\x80\x80"},
		"with the high byte alone": {pngFile(t, grey), 12, true, 0, "\x0f\x0f\x0f\x08\x08\x08"},
		"as it is":                 {pngFile(t, grey), 12, true, prep.OwnDepth, "\xff\xff\xff\x80\x80\x80"},
		"colour of 10 bits":        {pngFile(t, opaque), 10, true, 10, "\xfa\x7d\x01"},
		"a transparent pixel":      {pngFile(t, colour), 10, true, 10, "\xfa\x7d\x01\xff\xff\xff"},
		"8 bits":                   {pngFile(t, plain), 0, false, 12, "\x09\x09\x09"},
		"black":                    {pngFile(t, image.NewGray16(image.Rect(0, 0, 1, 1))), 0, false, 12, "\x00\x00\x00"},
		"TIFF of 12 bits":          {tiffFile(2, 1, []byte{0xff, 0x0f, 0x00, 0x08}, map[uint16]uint32{258: 16}), 12, true, 12, "\xff\xff\xff\x80\x80\x80"},
	} {
		path := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if depth, has, err := FileDepth(path, prep.DefaultLimits); err != nil || depth != c.depth || has != c.has {
			t.Errorf("%s: %d bits, %v, %v", name, depth, has, err)
		}
		if p, err := DecodeFile(path, prep.DefaultLimits, c.at); err != nil || string(p.Pix) != c.want {
			t.Errorf("%s: %x, %v, want %x", name, p.Pix, err, c.want)
		}
	}
	for _, c := range []struct {
		detector, own prep.Depth
		says          string
	}{{0, 0, ""}, {12, 12, ""}, {12, 10, ""}, {0, 12, "nearly black"}, {12, 0, "brighter than the 12 bits"}, {10, 12, "brighter than the 10 bits"}} {
		if note := DepthNote(c.detector, c.own); !strings.Contains(note, c.says) || (note == "") != (c.says == "") {
			t.Errorf("%d, %d: %q, want %q", c.detector, c.own, note, c.says)
		}
	}
}
