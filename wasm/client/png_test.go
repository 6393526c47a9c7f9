package client

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"testing"

	"semirest/shared/prep"
)

// inflateRows runs the decoder as the Worker does: the deflated parts joined
// and inflated, handed on in pieces of odd lengths.
func inflateRows(file []byte) ([]byte, *PNG, error) {
	p, err := ParsePNG(file)
	if err != nil {
		return nil, nil, err
	}
	return inflated(file, p)
}

// rowsAt is inflateRows with a detector's depth.
func rowsAt(file []byte, depth prep.Depth) ([]byte, error) {
	p, err := ParsePNG(file)
	if err != nil {
		return nil, err
	}
	p.Depth = depth
	rgba, _, err := inflated(file, p)
	return rgba, err
}

func inflated(file []byte, p *PNG) ([]byte, *PNG, error) {
	var deflated []byte
	for _, part := range p.Data {
		deflated = append(deflated, file[part[0]:part[1]]...)
	}
	r, err := zlib.NewReader(bytes.NewReader(deflated))
	if err != nil {
		return nil, p, err
	}
	var out []byte
	rows := p.Rows(func(rgba []byte) error { out = append(out, rgba...); return nil })
	for buf := make([]byte, 1013); ; {
		n, err := r.Read(buf)
		if err := rows.Write(buf[:n]); err != nil {
			return nil, p, err
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, p, err
		}
	}
	return out, p, rows.Close()
}

// TestPNGDepth: samples of 16 bits become the bytes that the server makes of them,
// for every depth; alpha keeps its own.
func TestPNGDepth(t *testing.T) {
	const w = 64
	rnd := rand.New(rand.NewPCG(1, 2))
	grey, colour := image.NewGray16(image.Rect(0, 0, w, 1)), image.NewNRGBA64(image.Rect(0, 0, w, 1))
	for x := range w {
		grey.SetGray16(x, 0, color.Gray16{Y: uint16(rnd.IntN(1<<16) >> (x % 9))})
		colour.SetNRGBA64(x, 0, color.NRGBA64{R: uint16(rnd.IntN(4096)), G: uint16(x), B: 4095, A: uint16(rnd.IntN(1 << 16))})
	}
	for _, depth := range []prep.Depth{0, 8, 10, 12, 14} {
		for _, m := range []image.Image{grey, colour} {
			var file bytes.Buffer
			if err := png.Encode(&file, m); err != nil {
				t.Fatal(err)
			}
			got, err := rowsAt(file.Bytes(), depth)
			if err != nil {
				t.Fatal(err)
			}
			for x := range w {
				want := [4]byte{0, 0, 0, 255}
				switch m := m.(type) {
				case *image.Gray16:
					v := depth.Byte(m.Gray16At(x, 0).Y)
					want[0], want[1], want[2] = v, v, v
				case *image.NRGBA64:
					c := m.NRGBA64At(x, 0)
					want = [4]byte{depth.Byte(c.R), depth.Byte(c.G), depth.Byte(c.B), byte(c.A >> 8)}
				}
				if [4]byte(got[4*x:]) != want {
					t.Fatalf("%d bits, %T, pixel %d: %v, want %v", depth, m, x, got[4*x:4*x+4], want)
				}
			}
		}
	}
}

// encode writes a PNG by hand, so that every colour type, depth, filter and
// interlacing occurs; image/png cannot write most of them.
func encode(w, h, depth, colour, interlace int, extra []byte, rnd *rand.Rand) []byte {
	p := &PNG{Size: prep.Size{W: w, H: h}, depth: depth, colour: colour, interlace: interlace == 1}
	var raw bytes.Buffer
	z := zlib.NewWriter(&raw)
	for _, pass := range p.passes() {
		line := make([]byte, (pass.w*p.samples()*depth+7)/8)
		for range pass.h {
			for i := range line {
				line[i] = byte(rnd.Uint32())
			}
			z.Write([]byte{byte(rnd.IntN(5))})
			z.Write(line)
		}
	}
	z.Close()
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		at := len(out)
		out = append(append(out, kind...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at:]))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	chunk("IHDR", append(head, byte(depth), byte(colour), 0, 0, byte(interlace)))
	if colour == 3 {
		palette := make([]byte, 3<<depth)
		for i := range palette {
			palette[i] = byte(rnd.Uint32())
		}
		chunk("PLTE", palette)
	}
	if extra != nil {
		chunk("tRNS", extra)
	}
	data := raw.Bytes()
	half := len(data) / 2
	chunk("IDAT", data[:half])
	chunk("IDAT", data[half:])
	chunk("IEND", nil)
	return out
}

// The oracle is Go's image/png on the same bytes: its straight (not
// premultiplied) colours, the high byte of 16-bit samples.
func TestPNGRowsEqualImagePNG(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	cases := []struct {
		colour int
		depths []int
		trns   []byte
		alpha  bool
	}{
		{0, []int{1, 2, 4, 8, 16}, nil, false},
		{0, []int{1, 2, 4, 8}, []byte{0, 1}, true},
		{2, []int{8, 16}, nil, false},
		{2, []int{8}, []byte{0, 7, 0, 8, 0, 9}, true},
		{3, []int{1, 2, 4, 8}, nil, false},
		{3, []int{1, 2, 4, 8}, []byte{0, 128}, true},
		{4, []int{8, 16}, nil, true},
		{6, []int{8, 16}, nil, true},
	}
	for _, c := range cases {
		for _, depth := range c.depths {
			for interlace := range 2 {
				for _, size := range [][2]int{{1, 1}, {3, 9}, {37, 21}} {
					file := encode(size[0], size[1], depth, c.colour, interlace, c.trns, rnd)
					got, p, err := inflateRows(file)
					if err != nil {
						t.Fatalf("colour %d depth %d interlace %d: %v", c.colour, depth, interlace, err)
					}
					if p.Alpha != c.alpha {
						t.Errorf("colour %d depth %d: alpha %v", c.colour, depth, p.Alpha)
					}
					want, err := png.Decode(bytes.NewReader(file))
					if err != nil {
						t.Fatal(err)
					}
					if bad := firstDifference(got, want); bad != "" {
						t.Errorf("colour %d depth %d interlace %d %v: %s", c.colour, depth, interlace, size, bad)
					}
				}
			}
		}
	}
}

func firstDifference(got []byte, want image.Image) string {
	i := 0
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			c := color.NRGBA64Model.Convert(want.At(x, y)).(color.NRGBA64)
			switch v := want.At(x, y).(type) {
			case color.NRGBA: // the conversion above rounds through premultiplied colours
				c = color.NRGBA64{R: uint16(v.R) << 8, G: uint16(v.G) << 8, B: uint16(v.B) << 8, A: uint16(v.A) << 8}
			case color.NRGBA64:
				c = v
			}
			w := [4]byte{byte(c.R >> 8), byte(c.G >> 8), byte(c.B >> 8), byte(c.A >> 8)}
			g := [4]byte(got[i : i+4])
			if g != w && (g[3] != 0 || w[3] != 0) {
				return "differs"
			}
			i += 4
		}
	}
	if i != len(got) {
		return "has another length"
	}
	return ""
}

func TestDamagedPNGsAreErrors(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	good := encode(20, 10, 8, 6, 0, nil, rnd)
	if _, _, err := inflateRows(good); err != nil {
		t.Fatal(err)
	}
	for cut := range len(good) {
		if _, _, err := inflateRows(good[:cut]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a whole picture", cut, len(good))
		}
	}
	bomb := bytes.Clone(good)
	binary.BigEndian.PutUint32(bomb[16:], 1<<30)
	if _, err := ParsePNG(bomb); err == nil {
		t.Error("a header of 2^30 pixels a row was accepted")
	}
	lying := bytes.Clone(good)
	binary.BigEndian.PutUint32(lying[20:], 9) // fewer rows than the data holds
	if _, _, err := inflateRows(lying); !errors.Is(err, errPNGLonger) {
		t.Errorf("more rows than the header says: %v", err)
	}
}

func FuzzPNG(f *testing.F) {
	rnd := rand.New(rand.NewPCG(5, 6))
	f.Add(encode(5, 4, 4, 3, 1, []byte{3}, rnd))
	f.Add(encode(5, 4, 16, 6, 0, nil, rnd))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := ParsePNG(file)
		if err != nil || p.Size.Pixels() > 1<<20 {
			return
		}
		out, p, err := inflateRows(file)
		if err == nil && len(out) != 4*p.Size.W*p.Size.H {
			t.Errorf("%d bytes for %v", len(out), p.Size)
		}
	})
}
