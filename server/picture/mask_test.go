package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/shared/prep"
)

// square is a mask of 40 x 32 pixels: level 0 but for squares of 8 pixels a side,
// the i-th of the i-th level, and a rim of one pixel around each where rim is not 0.
func square(rim int, levels ...int) []int {
	at := make([]int, 40*32)
	for i, v := range levels {
		for y := 9; y < 19; y++ {
			for x := 1 + 12*i; x < 11+12*i; x++ {
				switch inside := y > 9 && y < 18 && x > 1+12*i && x < 10+12*i; {
				case inside:
					at[y*40+x] = v
				case rim != 0:
					at[y*40+x] = rim
				}
			}
		}
	}
	return at
}

func grey8(at []int) image.Image {
	m := image.NewGray(image.Rect(0, 0, 40, 32))
	for i, v := range at {
		m.Pix[i] = byte(v)
	}
	return m
}

func grey16(at []int) image.Image {
	m := image.NewGray16(image.Rect(0, 0, 40, 32))
	for i, v := range at {
		m.Pix[2*i], m.Pix[2*i+1] = byte(v>>8), byte(v)
	}
	return m
}

func painted(at []int, colours map[int]color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 40, 32))
	for i, v := range at {
		m.SetNRGBA(i%40, i/40, colours[v])
	}
	return m
}

func paletted(at []int, colours map[int]color.NRGBA) image.Image {
	p := make(color.Palette, 256)
	for i := range p {
		p[i] = color.NRGBA{A: 255}
		if c, ok := colours[i]; ok {
			p[i] = c
		}
	}
	m := image.NewPaletted(image.Rect(0, 0, 40, 32), p)
	for i, v := range at {
		m.Pix[i] = byte(v)
	}
	return m
}

// smooth is a mask with the edges of a drawing program: a level in between.
func smooth(level int) []int {
	at := square(level/2-1, level)
	return at
}

// blurred is a mask after a Gaussian blur of sigma pixels.
func blurred(at []int, sigma float64) []int {
	pass := func(in []float64, step, n int) []float64 {
		out := make([]float64, len(in))
		for i := range in {
			sum := 0.0
			at := i / step % n
			for d := -9; d <= 9; d++ {
				w := math.Exp(-float64(d*d) / (2 * sigma * sigma))
				out[i] += w * in[i+(min(max(at+d, 0), n-1)-at)*step]
				sum += w
			}
			out[i] /= sum
		}
		return out
	}
	f := make([]float64, len(at))
	for i, v := range at {
		f[i] = float64(v)
	}
	f = pass(pass(f, 1, 40), 40, 32)
	out := make([]int, len(at))
	for i, v := range f {
		out[i] = int(v + 0.5)
	}
	return out
}

func pngFile(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegFile(t *testing.T, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What each way of writing a mask marks: 64 pixels a square.
func TestMaskMeansWhatItShows(t *testing.T) {
	black, white, red := color.NRGBA{A: 255}, color.NRGBA{255, 255, 255, 255}, color.NRGBA{200, 0, 0, 255}
	clear, hidden := color.NRGBA{}, color.NRGBA{255, 255, 255, 0}
	voc := map[int]color.NRGBA{1: {128, 0, 0, 255}, 2: {0, 128, 0, 255}, 8: {64, 0, 0, 255}, 255: {224, 224, 192, 255}}
	for name, c := range map[string]struct {
		file []byte
		want int
	}{
		"0 and 255":                         {pngFile(t, grey8(square(0, 255))), 64},
		"0 and 1":                           {pngFile(t, grey8(square(0, 1))), 64},
		"black throughout":                  {pngFile(t, grey8(square(0))), 0},
		"class numbers":                     {pngFile(t, grey8(square(0, 1, 2, 3))), 192},
		"class numbers, far apart":          {pngFile(t, grey8(square(0, 1, 40, 100))), 192},
		"grey levels of classes":            {pngFile(t, grey8(square(0, 85, 170, 255))), 192},
		"void rim":                          {pngFile(t, grey8(square(255, 1, 2))), 128},
		"grey levels of classes, 255 among": {pngFile(t, grey8(square(0, 127, 255))), 128},
		"16 bits, 0 and 1":                  {pngFile(t, grey16(square(0, 1))), 64},
		"16 bits, 0 and 255":                {pngFile(t, grey16(square(0, 255))), 64},
		"16 bits, 0 and 65535":              {pngFile(t, grey16(square(0, 65535))), 64},
		"16 bits, class numbers, void rim":  {pngFile(t, grey16(square(65535, 1, 2))), 128},
		"16 bits, widened void rim":         {pngFile(t, grey16(square(255, 1, 2))), 128},
		"16 bits, instances":                {pngFile(t, grey16(square(0, 1, 300, 40000))), 192},
		"palette of VOC, void rim":          {pngFile(t, paletted(square(255, 1, 2, 8), voc)), 192},
		"VOC's colours, void rim":           {pngFile(t, painted(square(255, 1, 2, 8), map[int]color.NRGBA{0: black, 1: voc[1], 2: voc[2], 8: voc[8], 255: voc[255]})), 192},
		"palette of two":                    {pngFile(t, paletted(square(0, 1), map[int]color.NRGBA{1: white})), 64},
		"palette of two, white at 255":      {pngFile(t, paletted(square(0, 255), map[int]color.NRGBA{255: white})), 64},
		"palette, the other way round":      {pngFile(t, paletted(flipped(square(0, 1)), map[int]color.NRGBA{0: white})), 64},
		"palette that nobody filled in":     {pngFile(t, paletted(square(0, 1, 2), nil)), 128},
		"palette with transparency":         {pngFile(t, paletted(square(0, 1), map[int]color.NRGBA{0: clear, 1: red})), 64},
		"red on black":                      {pngFile(t, painted(square(0, 1), map[int]color.NRGBA{0: black, 1: red})), 64},
		"red on transparent":                {pngFile(t, painted(square(0, 1), map[int]color.NRGBA{1: red})), 64},
		"white on transparent":              {pngFile(t, painted(square(0, 1), map[int]color.NRGBA{0: hidden, 1: white})), 64},
		"black on transparent":              {pngFile(t, painted(square(0, 1), map[int]color.NRGBA{1: black})), 64},
		"a half transparent brush":          {pngFile(t, painted(square(0, 1), map[int]color.NRGBA{1: {200, 0, 0, 100}})), 64},
		"class numbers in a channel":        {pngFile(t, painted(square(0, 1, 2), map[int]color.NRGBA{0: black, 1: {1, 0, 0, 255}, 2: {2, 0, 0, 255}})), 128},
		"smoothed":                          {pngFile(t, grey8(smooth(255))), 64},
		"JPEG":                              {jpegFile(t, grey8(square(0, 255)), 75), 64},
		"JPEG of colours":                   {jpegFile(t, painted(square(0, 1), map[int]color.NRGBA{0: black, 1: white}), 90), 64},
		"JPEG, black throughout":            {jpegFile(t, grey8(square(0)), 75), 0},
		"JPEG, two grey levels":             {jpegFile(t, grey8(square(0, 128, 255)), 95), 128},
		"blurred":                           {pngFile(t, grey8(blurred(square(0, 255, 255), 1.2))), 128},
		"16 bits, blurred":                  {pngFile(t, grey16(blurred(square(0, 60000), 1.2))), 64},
	} {
		size, mask, err := DecodeMask(c.file, prep.DefaultLimits)
		if err != nil || size != (prep.Size{W: 40, H: 32}) {
			t.Errorf("%s: %v, %v", name, size, err)
			continue
		}
		got := 0
		for _, v := range mask {
			got += int(v)
		}
		most := 0
		if strings.Contains(name, "blurred") || strings.Contains(name, "JPEG") {
			most = c.want / 8 // corners
		}
		if got < c.want-most || got > c.want+most {
			t.Errorf("%s: %d pixels are marked, want %d", name, got, c.want)
		}
		if mask[0] != 0 || c.want > 0 && mask[13*40+5] != 1 {
			t.Errorf("%s: background %d, square %d", name, mask[0], mask[13*40+5])
		}
	}
}

// flipped exchanges numbers 0 and 1.
func flipped(at []int) []int {
	for i, v := range at {
		at[i] = 1 - v
	}
	return at
}

// What nobody can tell is refused, and says why.
func TestMaskRefused(t *testing.T) {
	white, red, navy := color.NRGBA{255, 255, 255, 255}, color.NRGBA{200, 0, 0, 255}, color.NRGBA{68, 1, 84, 255}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"red on white":                 {pngFile(t, painted(square(0, 1), map[int]color.NRGBA{0: white, 1: red})), "paint black"},
		"red on white, JPEG":           {jpegFile(t, painted(square(0, 1), map[int]color.NRGBA{0: white, 1: red}), 90), "paint black"},
		"a palette without black":      {pngFile(t, paletted(square(0, 1), map[int]color.NRGBA{0: navy, 1: {253, 231, 37, 255}})), "paint black"},
		"one colour throughout":        {pngFile(t, painted(square(0), map[int]color.NRGBA{0: red})), "paint black"},
		"classes from 1 on":            {pngFile(t, grey8(raised(square(0, 1, 2), 1))), "none is 0"},
		"grey levels without black":    {pngFile(t, grey8(raised(square(0, 100), 120))), "paint black"},
		"class numbers in a JPEG file": {jpegFile(t, grey8(square(0, 1, 2)), 100), "save it as PNG"},
	} {
		if _, _, err := DecodeMask(c.file, prep.DefaultLimits); !errors.Is(err, ErrMask) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.says)
		}
	}
	path := filepath.Join(t.TempDir(), "odd.png")
	if err := os.WriteFile(path, pngFile(t, painted(square(0), map[int]color.NRGBA{0: red})), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Mask(path, prep.DefaultLimits); err == nil || !strings.Contains(err.Error(), "odd.png") {
		t.Errorf("the file is not named: %v", err)
	}
}

func raised(at []int, by int) []int {
	for i := range at {
		at[i] += by
	}
	return at
}

// What is kept of a mask is what was understood of it, and a plain one stays the
// same bytes.
func TestMaskFile(t *testing.T) {
	plain := pngFile(t, grey8(square(0, 255)))
	if size, kept, err := MaskFile(plain, prep.DefaultLimits); err != nil || size != (prep.Size{W: 40, H: 32}) || !bytes.Equal(kept, plain) {
		t.Errorf("a plain mask: %v, %d bytes of %d, %v", size, len(kept), len(plain), err)
	}
	for name, file := range map[string][]byte{"class numbers": pngFile(t, grey8(square(255, 1, 2))), "JPEG": jpegFile(t, grey8(square(0, 255)), 90)} {
		_, want, _ := DecodeMask(file, prep.DefaultLimits)
		_, kept, err := MaskFile(file, prep.DefaultLimits)
		if err != nil {
			t.Fatal(name, err)
		}
		img, err := png.Decode(bytes.NewReader(kept))
		if err != nil {
			t.Fatal(name, err)
		}
		for i, v := range img.(*image.Gray).Pix {
			if v != 255*want[i] {
				t.Fatalf("%s: pixel %d is %d, want %d", name, i, v, 255*want[i])
			}
		}
	}
}

// FuzzDecodeMask: any bytes give a whole mask of 0 and 1, or an error.
func FuzzDecodeMask(f *testing.F) {
	for _, file := range []string{"mask01.png", "mask255.png", "420.jpg", "palette_alpha.png", "rgb16.png", "plain.webp", "plain.tiff", "exif6.png"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		size, mask, err := DecodeMask(data, prep.Limits{MaxSide: 256, MaxPixels: 1 << 14})
		if err != nil {
			return
		}
		if len(mask) != size.W*size.H || size.W <= 0 || bytes.ContainsFunc(mask, func(r rune) bool { return r > 1 }) {
			t.Fatalf("%v with %d bytes", size, len(mask))
		}
	})
}
