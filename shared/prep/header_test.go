package prep

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files were written by Pillow; see testdata/README.md.
func TestReadHeader(t *testing.T) {
	size := Size{W: 9, H: 6}
	want := map[string]Header{
		"plain.jpg":       {JPEG, size, 1, 8, 3, false, false, ""},
		"progressive.jpg": {JPEG, size, 1, 8, 3, false, true, ""},
		"grey.jpg":        {JPEG, size, 1, 8, 1, false, false, ""},
		"cmyk.jpg":        {JPEG, size, 1, 8, 4, false, false, ""},
		"plain.png":       {PNG, size, 1, 8, 3, false, false, ""},
		"grey16.png":      {PNG, size, 1, 16, 1, false, false, ""},
		"alpha.png":       {PNG, size, 1, 8, 4, true, false, ""},
		"greyalpha.png":   {PNG, size, 1, 8, 2, true, false, ""},
		"palette.png":     {PNG, size, 1, 8, 1, true, false, ""},
		"exif3.png":       {PNG, size, 3, 8, 3, false, false, ""},
		"exif6.png":       {PNG, size, 6, 8, 3, false, false, ""},
		"lossy.webp":      {WebP, size, 1, 8, 3, false, false, ""},
		"lossless.webp":   {WebP, size, 1, 8, 3, false, false, ""},
		"alpha.webp":      {WebP, size, 1, 8, 4, true, false, ""},
		"exif3.webp":      {WebP, size, 3, 8, 3, false, false, ""},
		"exif6.webp":      {WebP, size, 6, 8, 3, false, false, ""},
		"palette.gif":     {GIF, size, 1, 8, 1, true, false, ""},
		"plain.bmp":       {BMP, size, 1, 8, 3, false, false, ""},
	}
	for o := Orientation(1); o <= 8; o++ {
		want["exif"+string('0'+rune(o))+".jpg"] = Header{JPEG, size, o, 8, 3, false, false, ""}
	}
	files, err := filepath.Glob("testdata/headers/*")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files for %d cases: %v", len(files), len(want), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		got, err := ReadHeader(b)
		if err != nil || got != want[name] {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want[name])
		}
		if o := ReadOrientation(b); o != want[name].Orientation {
			t.Errorf("%s: orientation %d", name, o)
		}
		wide := got.Upright()
		if got.Orientation.Transposes() != (wide == Size{W: 6, H: 9}) {
			t.Errorf("%s: upright %v", name, wide)
		}
		// Every beginning either wants more or gives the same answer.
		for n := range b {
			part, err := ReadHeader(b[:n])
			if err == nil && part != got {
				t.Errorf("%s: the first %d bytes say %+v", name, n, part)
			}
			if err != nil && !errors.Is(err, ErrShort) {
				t.Errorf("%s: the first %d bytes: %v", name, n, err)
			}
		}
	}
}

// tiff builds an EXIF block with one entry of the tag.
func tiff(little bool, tag, kind uint16, count uint32, value ...byte) []byte {
	b := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2,
		1, 0x0f, 0, 2, 0, 0, 0, 1, 'c', 0, 0, 0,
		byte(tag >> 8), byte(tag), byte(kind >> 8), byte(kind), 0, 0, 0, byte(count)}
	if little {
		b = []byte{'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0,
			0x0f, 1, 2, 0, 1, 0, 0, 0, 'c', 0, 0, 0,
			byte(tag), byte(tag >> 8), byte(kind), byte(kind >> 8), byte(count), 0, 0, 0}
	}
	return append(append(b, value...), 0, 0, 0, 0)
}

func TestExifOrientation(t *testing.T) {
	for name, c := range map[string]struct {
		block []byte
		want  Orientation
	}{
		"big-endian short":     {tiff(false, 0x112, 3, 1, 0, 6, 0, 0), 6},
		"little-endian short":  {tiff(true, 0x112, 3, 1, 8, 0, 0, 0), 8},
		"big-endian long":      {tiff(false, 0x112, 4, 1, 0, 0, 0, 5), 5},
		"little-endian long":   {tiff(true, 0x112, 4, 1, 7, 0, 0, 0), 7},
		"zero":                 {tiff(true, 0x112, 3, 1, 0, 0, 0, 0), 0},
		"nine":                 {tiff(true, 0x112, 3, 1, 9, 0, 0, 0), 0},
		"other tag":            {tiff(true, 0x113, 3, 1, 6, 0, 0, 0), 0},
		"bytes":                {tiff(true, 0x112, 1, 1, 6, 0, 0, 0), 0},
		"two values":           {tiff(true, 0x112, 3, 2, 6, 0, 6, 0), 0},
		"no block":             {nil, 0},
		"no order":             {[]byte("XX*\x00\x08\x00\x00\x00\x01\x00"), 0},
		"directory beyond end": {[]byte("II*\x00\xff\xff\xff\xff\x01\x00"), 0},
		"cut":                  {tiff(true, 0x112, 3, 1, 6, 0, 0, 0)[:30], 0},
	} {
		if got := exifOrientation(c.block); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func chunk(name string, data string) string {
	n := len(data)
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + name + data + "crc!"
}

func TestReadHeaderRefuses(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n"
	ihdr := "\x00\x00\x00\x09\x00\x00\x00\x06\x08\x02\x00\x00\x00"
	var format *HeaderError
	for name, c := range map[string]struct {
		file string
		err  error // nil: a *HeaderError
	}{
		"empty":                  {"", ErrShort},
		"text":                   {"this is a text file named .png", ErrFormat},
		"short text":             {"hello", ErrFormat},
		"jpeg, one byte":         {"\xff", ErrShort},
		"jpeg, no marker":        {"\xff\xd8\xff\xe0\x00\x02abcdefgh", nil},
		"jpeg, ends":             {"\xff\xd8\xff\xd9abcdefghij", nil},
		"jpeg, length 1":         {"\xff\xd8\xff\xe0\x00\x01abcdefgh", nil},
		"jpeg, no size":          {"\xff\xd8\xff\xe0\x00\x02\xff\xda\x00\x08abcdef", nil},
		"jpeg, empty":            {"\xff\xd8\xff\xc0\x00\x11\x08\x00\x00\x00\x09\x03012345678\xff\xda\x00\x02", nil},
		"jpeg, length lies":      {"\xff\xd8\xff\xe0\xff\xffabcdefgh", ErrShort},
		"png, no IHDR":           {png + chunk("IDAT", "x"), nil},
		"png, two IHDR":          {png + chunk("IHDR", ihdr) + chunk("IHDR", "x") + chunk("IDAT", ""), nil},
		"png, no IDAT":           {png + chunk("IHDR", ihdr) + chunk("IEND", ""), nil},
		"png, empty":             {png + chunk("IHDR", "\x00\x00\x00\x00"+ihdr[4:]) + chunk("IDAT", ""), nil},
		"png, huge chunk":        {png + chunk("IHDR", ihdr) + "\xff\xff\xff\xfftEXt" + "abcdefg", nil},
		"png, chunk length lies": {png + chunk("IHDR", ihdr) + "\x7f\xff\xff\xfftEXt" + "abcdefg", ErrShort},
		"webp, other chunk":      {"RIFF\x20\x00\x00\x00WEBPALPH" + strings.Repeat("x", 20), nil},
		"gif, empty":             {"GIF89a\x00\x00\x06\x00\x00\x00", nil},
		"bmp, negative width":    {"BM" + strings.Repeat("\x00", 12) + "\x28\x00\x00\x00\xff\xff\xff\xff\x06\x00\x00\x00\x01\x00\x18\x00\x00\x00\x00\x00", nil},
	} {
		_, err := ReadHeader([]byte(c.file))
		if c.err != nil && !errors.Is(err, c.err) || c.err == nil && !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file of some bytes can announce gigabytes of pixels: that is seen before
// anything is decoded.
func TestBombIsSeenInHeader(t *testing.T) {
	bomb := []byte("\x89PNG\r\n\x1a\n" + chunk("IHDR", "\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00") + chunk("IDAT", "x"))
	h, err := ReadHeader(bomb)
	if err != nil {
		t.Fatal(err)
	}
	var size *SizeError
	if err := DefaultLimits.Check(h.Upright()); !errors.As(err, &size) || size.Size != (Size{100000, 100000}) {
		t.Fatal(err)
	}
	if !strings.Contains(size.Error(), "100000x100000") {
		t.Error(size)
	}
	if err := DefaultLimits.Check(Size{8000, 6000}); err != nil {
		t.Error(err)
	}
}

// A TIFF file's header may lie behind its pixels; no beginning of the file gives
// another answer than the whole.
func TestTIFFHeader(t *testing.T) {
	file := append([]byte("MM\x00*\x00\x00\x00\x0e"), "pixels"...)
	entry := func(tag, kind uint16, n uint32, value ...byte) {
		file = append(file, byte(tag>>8), byte(tag), byte(kind>>8), byte(kind), 0, 0, 0, byte(n))
		file = append(file, value...)
	}
	file = append(file, 0, 6)
	entry(256, 3, 1, 0, 9, 0, 0)
	entry(257, 4, 1, 0, 0, 0, 6)
	entry(258, 3, 3, 0, 0, 0, 92) // three numbers, behind the directory
	entry(262, 3, 1, 0, 2, 0, 0)
	entry(274, 3, 1, 0, 6, 0, 0)
	entry(277, 3, 1, 0, 3, 0, 0)
	file = append(file, 0, 0, 0, 0, 0, 16, 0, 16, 0, 16)
	want := Header{TIFF, Size{W: 9, H: 6}, 6, 16, 3, false, false, ""}
	for n := range len(file) + 1 {
		h, err := ReadHeader(file[:n])
		if err == nil && h != want || err != nil && !errors.Is(err, ErrShort) {
			t.Errorf("the first %d bytes: %+v, %v", n, h, err)
		}
		if n == len(file) && err != nil {
			t.Errorf("the whole: %v", err)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	files, _ := filepath.Glob("testdata/headers/*")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(tiff(true, 256, 3, 1, 9, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ReadHeader(b)
		if o := ReadOrientation(b); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		if err != nil {
			return
		}
		if h.Stored.W <= 0 || h.Stored.H <= 0 || h.Orientation < 1 || h.Orientation > 8 {
			t.Fatalf("%+v", h)
		}
		if more, err := ReadHeader(append(bytes.Clone(b), "more"...)); h.Format != WebP && (err != nil || more != h) {
			t.Fatalf("bytes after the header change it: %+v, %v", more, err)
		}
	})
}
