package browsertest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/picture"
	"semirest/shared/prep"
)

// asymmetric is a colourful picture that looks different however it is turned.
func asymmetric(w, h int) *image.NRGBA {
	rnd := rand.New(rand.NewPCG(9, 9))
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(255 * x / w), uint8(255 * y / h), uint8(rnd.IntN(256)), 255})
		}
	}
	return m
}

// tiff is an EXIF block with nothing but an orientation.
func tiff(o int) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	b[19] = byte(o)
	return b
}

// turnedPNG puts an eXIf chunk before a PNG's pixels.
func turnedPNG(file []byte, o int) []byte {
	data := tiff(o)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, "eXIf"...), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	const afterIHDR = 8 + 25
	return append(append(bytes.Clone(file[:afterIHDR]), chunk...), file[afterIHDR:]...)
}

// turnedJPEG puts an EXIF segment first in a JPEG.
func turnedJPEG(file []byte, o int) []byte {
	data := append([]byte("Exif\x00\x00"), tiff(o)...)
	segment := append([]byte{0xff, 0xe1, 0, byte(len(data) + 2)}, data...)
	return append(append(bytes.Clone(file[:2]), segment...), file[2:]...)
}

// serverCrop is what the server makes of the same file.
func serverCrop(t *testing.T, file []byte, input prep.Size) []byte {
	t.Helper()
	p, err := picture.Decode(file, prep.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	rgb, err := prep.Resize(p.Pix, p.Size, input)
	if err != nil {
		t.Fatal(err)
	}
	return rgb
}

// Pixels prepared in the browser equal the server's bit for bit where both
// start from the same decoded bytes: PNG of every kind and orientation.
func TestPNGPixelsEqualTheServers(t *testing.T) {
	files := map[string][]byte{}
	plain := encodePNG(t, asymmetric(403, 301))
	files["opaque"] = plain
	for o := 2; o <= 8; o++ {
		files[fmt.Sprintf("orientation %d", o)] = turnedPNG(plain, o)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	alpha := image.NewNRGBA(image.Rect(0, 0, 301, 207))
	deep := image.NewNRGBA64(alpha.Rect)
	opaqueDeep := image.NewNRGBA64(alpha.Rect)
	grey := image.NewGray(alpha.Rect)
	for i := range alpha.Pix {
		alpha.Pix[i] = byte(rnd.Uint32())
	}
	for i := range deep.Pix {
		deep.Pix[i] = byte(rnd.Uint32())
		opaqueDeep.Pix[i] = deep.Pix[i]
		if i%8 >= 6 {
			opaqueDeep.Pix[i] = 255
		}
	}
	for i := range grey.Pix {
		grey.Pix[i] = byte(rnd.Uint32())
	}
	files["alpha"] = encodePNG(t, alpha)
	files["alpha, orientation 6"] = turnedPNG(files["alpha"], 6)
	files["16 bits"] = encodePNG(t, opaqueDeep)
	files["16 bits and alpha"] = encodePNG(t, deep)
	files["grey"] = encodePNG(t, grey)
	files["enlarged"] = encodePNG(t, asymmetric(90, 40))

	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	dir, n := t.TempDir(), 0
	for name, file := range files {
		b.drop(write(t, dir, name+".png", file))
		n++
		b.settled(n)
		if r.page.count() != n {
			t.Fatalf("%s was not scored: %q", name, b.labels())
		}
		if got, want := r.page.last(), serverCrop(t, file, r.page.input); !bytes.Equal(got, want) {
			t.Errorf("%s: pixels differ, mean difference %.2f", name, meanDifference(got, want))
		}
	}
}

// JPEG decoders differ, so turned JPEGs are compared with a tolerance that no
// wrong turn would meet.
func TestJPEGOrientations(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	m := image.NewNRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(255 * x / 320), uint8(255 * y / 200), 128, 255})
		}
	}
	plain := encodeJPEG(t, m)
	dir := t.TempDir()
	for o := 1; o <= 8; o++ {
		file := turnedJPEG(plain, o)
		b.drop(write(t, dir, fmt.Sprintf("turned %d.jpg", o), file))
		b.settled(o)
		if d := meanDifference(r.page.last(), serverCrop(t, file, r.page.input)); d > 3 {
			t.Errorf("orientation %d: mean difference %.2f", o, d)
		}
		// What is shown must be turned as what is scored.
		b.selectPicture(fmt.Sprintf("turned %d.jpg", o))
		b.wait(`document.querySelector('.pane img')`)
		shown := eval[[]int](b, `(() => { const i = document.querySelector('.pane img'); return [i.naturalWidth, i.naturalHeight]; })()`)
		up := prep.Orientation(o).Size(prep.Size{W: 320, H: 200})
		if shown[0] != up.W || shown[1] != up.H {
			t.Errorf("orientation %d is shown as %v, scored as %v", o, shown, up)
		}
	}
}

func meanDifference(a, b []byte) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	sum := 0.0
	for i := range a {
		sum += math.Abs(float64(a[i]) - float64(b[i]))
	}
	return sum / float64(len(a))
}

// The files that package picture is tested with, seen by the browser: the same
// pixels where nothing is lost in the file, nearly the same where decoders may
// differ.
func TestServersFilesInTheBrowser(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	n := 0
	const theirs = "../../server/picture/testdata"
	for _, c := range []struct {
		name      string
		tolerance float64
	}{
		{"testdata/turned.webp", 0}, {"grey.png", 0}, {"grey16.png", 0}, {"rgb16.png", 0}, {"rgba.png", 0}, {"palette.png", 0}, {"palette_alpha.png", 0},
		{"exif5.png", 0}, {"exif8.png", 0}, {"plain.bmp", 0}, {"plain.webp", 1},
		{"420.jpg", 3}, {"422.jpg", 3}, {"444.jpg", 3}, {"grey.jpg", 3}, {"progressive.jpg", 3}, {"cmyk.jpg", 6},
	} {
		path := c.name
		if filepath.Base(path) == path {
			path = filepath.Join(theirs, path)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b.drop(path)
		n++
		b.settled(n)
		if r.page.count() != n {
			t.Fatalf("%s was not scored: %q", c.name, b.labels())
		}
		if d := meanDifference(r.page.last(), serverCrop(t, file, r.page.input)); d > c.tolerance {
			t.Errorf("%s: mean difference %.3f, want at most %v", c.name, d, c.tolerance)
		}
	}
	// What only the server reads is refused with what to do.
	b.drop(filepath.Join(theirs, "plain.tiff"))
	b.settled(n + 1)
	if l := strings.Join(b.labels(), "\n"); !strings.Contains(l, "plain.tiff, error: This page cannot read TIFF pictures: save it as PNG, or bring it into a project") {
		t.Errorf("%q", l)
	}
}
