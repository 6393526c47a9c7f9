package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/shared/prep"
)

// Pillow's reading of every file: testdata/README.md. JPEG decoders differ in
// the last digit of the cosine transform, so JPEG has a tolerance: the largest
// difference and the mean one, in grey levels.
func TestDecodeEqualsPillow(t *testing.T) {
	type tolerance struct {
		most int
		mean float64
	}
	jpeg, exact := tolerance{4, 0.25}, tolerance{}
	cases := []struct {
		file, want string
		tolerance
	}{
		{"444.jpg", "444", jpeg},
		{"422.jpg", "422", jpeg},
		{"420.jpg", "420", jpeg},
		{"progressive.jpg", "progressive", jpeg},
		{"grey.jpg", "grey", jpeg},
		{"cmyk.jpg", "cmyk", jpeg},
		{"grey.png", "grey_png", exact},
		{"palette.png", "palette", exact},
		{"palette_alpha.png", "palette_alpha", exact},
		{"rgb16.png", "rgb16", exact},
		{"grey16.png", "grey16", exact},
		{"rgba.png", "rgba", exact},
		{"plain.bmp", "bmp", exact},
		{"plain.tiff", "tiff", exact},
		{"plain.webp", "webp", exact},
	}
	for o := 1; o <= 8; o++ {
		name := fmt.Sprintf("exif%d", o)
		cases = append(cases, struct {
			file, want string
			tolerance
		}{name + ".png", name, exact})
	}
	for _, c := range cases {
		got, err := DecodeFile(filepath.Join("testdata", c.file), prep.DefaultLimits, 0)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		want, err := os.ReadFile(filepath.Join("testdata", c.want+".rgb"))
		if err != nil {
			t.Fatal(err)
		}
		size := prep.Size{W: 37, H: 29}
		if o := strings.TrimPrefix(c.want, "exif"); o >= "5" && o <= "8" {
			size = size.Transposed()
		}
		if got.Size != size || len(got.Pix) != len(want) {
			t.Errorf("%s: %v with %d bytes, want %v", c.file, got.Size, len(got.Pix), size)
			continue
		}
		most, sum := 0, 0
		for i := range want {
			d := int(got.Pix[i]) - int(want[i])
			d = max(d, -d)
			most, sum = max(most, d), sum+d
		}
		if mean := float64(sum) / float64(len(want)); most > c.most || mean > c.mean {
			t.Errorf("%s: differs by at most %d, on average %.3f grey levels", c.file, most, mean)
		} else if c.tolerance == jpeg {
			t.Logf("%s: differs by at most %d, on average %.3f grey levels", c.file, most, mean)
		}
		if header, err := FileSize(filepath.Join("testdata", c.file), prep.DefaultLimits); err != nil || header != size {
			t.Errorf("%s: FileSize %v, %v; want %v", c.file, header, err, size)
		}
	}
}

// bomb is a PNG whose header promises w x h pixels.
func bomb(w, h uint32) []byte {
	ihdr := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(ihdr[4:], w)
	binary.BigEndian.PutUint32(ihdr[8:], h)
	ihdr[12], ihdr[13] = 8, 2
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), ihdr...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(ihdr))
}

func TestDecodeRefuses(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	jpg, pngFile := read("420.jpg"), read("rgba.png")
	cases := []struct {
		name string
		data []byte
		want error
	}{
		{"0 bytes", nil, ErrEmpty},
		{"text", []byte("This is a text named .png\n"), ErrFormat},
		{"half a JPEG", jpg[:len(jpg)/2], ErrDamaged},
		{"a JPEG cut in the header", jpg[:30], ErrDamaged},
		{"half a PNG", pngFile[:len(pngFile)/2], ErrDamaged},
		{"PNG signature alone", pngFile[:8], ErrDamaged},
		{"a PNG with a flipped bit", flip(pngFile, len(pngFile)-40), ErrDamaged},
		{"no pixels at all", bomb(0, 0), ErrDamaged},
	}
	for _, c := range cases {
		if _, err := Decode(c.data, prep.DefaultLimits); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
	var size *prep.SizeError
	for _, data := range [][]byte{bomb(30000, 30000), bomb(40000, 10), bomb(1<<31-1, 1<<31-1)} {
		if _, err := Decode(data, prep.DefaultLimits); !errors.As(err, &size) && !errors.Is(err, ErrDamaged) {
			t.Errorf("bomb: error %v", err)
		}
	}
	path := filepath.Join(t.TempDir(), "note.png")
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeFile(path, prep.DefaultLimits, 0); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), path) {
		t.Errorf("a text file named .png: error %v", err)
	}
}

func flip(data []byte, at int) []byte {
	out := bytes.Clone(data)
	out[at] ^= 4
	return out
}

func TestMask(t *testing.T) {
	want := make([]byte, 64)
	for y := 2; y < 4; y++ {
		for x := 3; x < 6; x++ {
			want[y*8+x] = 1
		}
	}
	for _, file := range []string{"mask01.png", "mask255.png"} {
		size, mask, err := Mask(filepath.Join("testdata", file), prep.DefaultLimits)
		if err != nil || size != (prep.Size{W: 8, H: 8}) || !bytes.Equal(mask, want) {
			t.Errorf("%s: %v %v %v", file, size, mask, err)
		}
	}
	soft := image.NewGray(image.Rect(0, 0, 3, 1))
	soft.Pix = []byte{100, 127, 200}
	black := image.NewGray(image.Rect(0, 0, 3, 1))
	for _, c := range []struct {
		img  image.Image
		want []byte
	}{{soft, []byte{0, 1, 1}}, {black, []byte{0, 0, 0}}} {
		path := filepath.Join(t.TempDir(), "m.png")
		var b bytes.Buffer
		if err := png.Encode(&b, c.img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, mask, err := Mask(path, prep.DefaultLimits); err != nil || !bytes.Equal(mask, c.want) {
			t.Errorf("mask %v, %v; want %v", mask, err, c.want)
		}
	}
}

// A transparent pixel shows white whatever colour hides below it, in every
// image type that may carry alpha.
func TestTransparentIsWhite(t *testing.T) {
	clear := color.NRGBA{R: 200, G: 10, B: 90}
	n := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	n.SetNRGBA(0, 0, clear)
	p := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{clear})
	w := image.NewNYCbCrA(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio444)
	w.Y[0] = 77
	for _, img := range []image.Image{n, p, w} {
		if got := toRGB(img).Pix; !bytes.Equal(got, []byte{255, 255, 255}) {
			t.Errorf("%T: %v, want white", img, got)
		}
	}
}

// FuzzDecode: any bytes give a whole picture or one of the typed errors.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"420.jpg", "cmyk.jpg", "rgba.png", "palette_alpha.png", "exif6.png", "plain.webp", "plain.tiff", "plain.bmp"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	limits := prep.Limits{MaxSide: 256, MaxPixels: 1 << 14}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data, limits)
		var size *prep.SizeError
		switch {
		case err == nil:
			if len(p.Pix) != 3*p.W*p.H || p.W <= 0 {
				t.Fatalf("%v with %d bytes", p.Size, len(p.Pix))
			}
		case !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrDamaged) && !errors.As(err, &size):
			t.Fatalf("untyped error %v", err)
		}
	})
}
