package prep

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// picture makes the same integers as picture in testdata/make.py: RGB.
func picture(kind string, seed uint32, w, h int) []byte {
	out := make([]byte, 0, 3*w*h)
	for y := range uint32(h) {
		for x := range uint32(w) {
			for c := range uint32(3) {
				var v uint32
				switch kind {
				case "random":
					v = ((y*uint32(w)+x)*3+c)*2654435761 + seed
					v ^= v >> 15
					v *= 2246822519
					v ^= v >> 13
				case "smooth":
					v = (x*(seed%7+1) + y*(seed%5+1) + c*90) % 512
					if v > 255 {
						v = 511 - v
					}
				case "edges":
					v = (x/(seed%3+1) + y/(seed%4+1) + c) % 2 * 255
				}
				out = append(out, byte(v))
			}
		}
	}
	return out
}

func rgba(rgb []byte) []byte {
	out := make([]byte, 0, len(rgb)/3*4)
	for i := 0; i < len(rgb); i += 3 {
		out = append(out, rgb[i], rgb[i+1], rgb[i+2], byte(i)) // alpha must not matter
	}
	return out
}

type resizeCase struct {
	kind        string
	seed        uint32
	src, dst    Size
	orientation Orientation
	sum         string
	want        []byte // nil when only the sum is known
}

func resizeCases(t testing.TB) []resizeCase {
	text, err := os.ReadFile("testdata/pillow.txt")
	if err != nil {
		t.Fatal(err)
	}
	pixels, err := os.ReadFile("testdata/pillow.rgb")
	if err != nil {
		t.Fatal(err)
	}
	var cases []resizeCase
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var c resizeCase
		var keep int
		if _, err := fmt.Sscan(lines.Text(), &c.kind, &c.seed, &c.src.W, &c.src.H, &c.orientation,
			&c.dst.W, &c.dst.H, &c.sum, &keep); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if keep == 1 {
			n := 3 * c.dst.W * c.dst.H
			c.want, pixels = pixels[:n], pixels[n:]
		}
		cases = append(cases, c)
	}
	if len(pixels) != 0 || len(cases) < 80 {
		t.Fatalf("%d cases, %d bytes left over", len(cases), len(pixels))
	}
	return cases
}

// The values are Pillow's; see testdata/README.md.
func TestResizeEqualsPillow(t *testing.T) {
	for _, c := range resizeCases(t) {
		name := fmt.Sprintf("%s/%v-%v/exif%d/seed%d", c.kind, c.src, c.dst, c.orientation, c.seed)
		t.Run(name, func(t *testing.T) {
			pix := rgba(picture(c.kind, c.seed, c.src.W, c.src.H))
			r, err := NewResizer(c.src, c.dst, c.orientation)
			if err != nil {
				t.Fatal(err)
			}
			for len(pix) > 0 { // strips of 7 rows
				n := min(len(pix), 7*4*c.src.W)
				if err := r.Push(pix[:n]); err != nil {
					t.Fatal(err)
				}
				pix = pix[n:]
			}
			got, err := r.Finish()
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.want {
				if got[i] != c.want[i] {
					t.Fatalf("byte %d (pixel %d, %d): %d, Pillow has %d", i, i/3%c.dst.W, i/3/c.dst.W, got[i], c.want[i])
				}
			}
			if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != c.sum {
				t.Fatal("differs from Pillow")
			}
		})
	}
}

// Turning first and resizing the upright picture must give the same bytes as
// the streaming path with its orientation.
func TestTurnedStreamEqualsUprightResize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		src := Size{W: 1 + rng.IntN(50), H: 1 + rng.IntN(50)}
		dst := Size{W: 1 + rng.IntN(50), H: 1 + rng.IntN(50)}
		o := Orientation(1 + rng.IntN(8))
		rgb := picture("random", rng.Uint32(), src.W, src.H)
		want, err := Resize(o.Turn(rgb, src, 3), o.Size(src), dst)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewResizer(src, dst, o)
		if err != nil {
			t.Fatal(err)
		}
		pix := rgba(rgb)
		for r.Rows() > 0 {
			n := 4 * src.W * (1 + rng.IntN(r.Rows()))
			if err := r.Push(pix[:n]); err != nil {
				t.Fatal(err)
			}
			pix = pix[n:]
		}
		if got, _ := r.Finish(); !bytes.Equal(got, want) {
			t.Fatalf("%v to %v, orientation %d differs", src, dst, o)
		}
	}
}

func TestResizeKeepsConstantAndIdentity(t *testing.T) {
	for v := range 256 {
		rgb := bytes.Repeat([]byte{byte(v)}, 3*61*37)
		got, err := Resize(rgb, Size{61, 37}, Size{23, 41})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got {
			if int(g) != v {
				t.Fatalf("constant %d became %d", v, g)
			}
		}
	}
	rgb := picture("random", 9, 40, 30)
	if got, _ := Resize(rgb, Size{40, 30}, Size{40, 30}); !bytes.Equal(got, rgb) {
		t.Fatal("a resize to the same size changes pixels")
	}
}

// The lanes must hold at the largest reduction of white.
func TestResizeExtremeReduction(t *testing.T) {
	src := Size{W: 32767, H: 2}
	got, err := Resize(bytes.Repeat([]byte{255}, 3*src.W*src.H), src, Size{W: 4, H: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range got {
		if g != 255 {
			t.Fatalf("white became %v", got)
		}
	}
}

func TestResizerRefuses(t *testing.T) {
	var size *SizeError
	for _, c := range []struct{ src, dst Size }{
		{Size{0, 5}, Size{5, 5}}, {Size{5, 5}, Size{5, 0}}, {Size{-1, 5}, Size{5, 5}},
		{Size{40000, 5}, Size{5, 5}}, {Size{30000, 30000}, Size{5, 5}}, {Size{5, 5}, Size{1 << 40, 1 << 40}},
	} {
		if _, err := NewResizer(c.src, c.dst, Upright); !errors.As(err, &size) {
			t.Errorf("%v to %v: %v", c.src, c.dst, err)
		}
	}
	if _, err := NewResizer(Size{32767, 1}, Size{1, 1}, Upright); err == nil || !strings.Contains(err.Error(), "shrinks") {
		t.Error(err)
	}
	r, err := NewResizer(Size{3, 2}, Size{2, 2}, Upright)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Push(make([]byte, 13)); err == nil {
		t.Error("half a row was taken")
	}
	if err := r.Push(make([]byte, 36)); err == nil {
		t.Error("three rows of two were taken")
	}
	if err := r.Push(make([]byte, 12)); err != nil {
		t.Error(err)
	}
	if _, err := r.Finish(); err == nil {
		t.Error("a picture without its last row was finished")
	}
}

// A strip of 256 rows of 12 megapixels must not make the client grow: what is
// held is the result and a few rows.
func TestResizerHoldsFewRows(t *testing.T) {
	src := Size{W: 4000, H: 3000}
	for _, o := range []Orientation{1, 6} {
		r, err := NewResizer(src, Size{W: 512, H: 512}, o)
		if err != nil {
			t.Fatal(err)
		}
		strip := make([]byte, 4*src.W)
		most := 0
		for range src.H {
			if err := r.Push(strip); err != nil {
				t.Fatal(err)
			}
			busy := len(r.free)
			for _, s := range r.sums {
				if s != nil {
					busy++
				}
			}
			most = max(most, busy)
		}
		if most > 4 {
			t.Errorf("orientation %d: %d rows under way", o, most)
		}
	}
}

func benchmarkResize(b *testing.B, o Orientation) {
	src := Size{W: 4000, H: 3000}
	strip := rgba(picture("random", 1, src.W, 100))
	b.SetBytes(src.Pixels())
	for b.Loop() {
		r, err := NewResizer(src, Size{W: 512, H: 512}, o)
		if err != nil {
			b.Fatal(err)
		}
		for range src.H / 100 {
			if err := r.Push(strip); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := r.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResize12MP(b *testing.B)       { benchmarkResize(b, 1) }
func BenchmarkResize12MPTurned(b *testing.B) { benchmarkResize(b, 6) }
