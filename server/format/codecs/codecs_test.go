package codecs

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/server/format"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// must is the codec of a name.
func must(name string) *format.Codec {
	c, err := Find(name)
	if err != nil {
		panic(err)
	}
	return c
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 17)) }

// kinds are names as hostile as a person may type them.
var kinds = []string{"", "scratch", "dent, deep", "=HYPERLINK(\"x\")", "<script>alert(1)</script>", "Kratzer ä", "'quoted", "a\"b"}

// drawn is labels as a person draws them, with all that package annot knows.
func drawn(rng *rand.Rand, w, h int) *annot.Labels {
	e := annot.New(w, h)
	name := func() string { return kinds[rng.IntN(len(kinds))] }
	at := func() annot.Point { return annot.Point{X: rng.Float64() * float64(w), Y: rng.Float64() * float64(h)} }
	for range 3 + rng.IntN(20) {
		p := at()
		switch rng.IntN(8) {
		case 0, 1:
			_, _ = e.AddBox(block.Box{X: p.X, Y: p.Y, HalfW: 1 + rng.Float64()*20, HalfH: 1 + rng.Float64()*20}, name())
		case 2:
			_, _ = e.AddBox(block.Box{X: p.X, Y: p.Y, HalfW: 1 + rng.Float64()*20, HalfH: 1 + rng.Float64()*20, Angle: rng.Float64() * 7}, name())
		case 3:
			points := make([]annot.Point, 3+rng.IntN(6))
			for i := range points {
				points[i] = at()
			}
			_, _ = e.AddPolygon(points, name())
		case 4:
			e.Brush(p, at(), 0.5+rng.Float64()*5, false)
		case 5:
			g := block.Grid{Rows: 1 + rng.IntN(2)*7, Cols: 10, Size: 8}
			v := []block.Label{block.Normal, block.Anomalous, block.Unknown}[rng.IntN(3)]
			_ = e.PaintBlocks(g, p, at(), v)
		case 6:
			if s := e.Labels().Shapes; len(s) > 0 {
				e.Delete(s[rng.IntN(len(s))].ID)
			}
		case 7:
			ids := e.Propose([]block.Box{{X: p.X, Y: p.Y, HalfW: 5, HalfH: 3}, {X: p.Y, Y: p.X, HalfW: 9, HalfH: 3, Angle: 1}})
			if rng.IntN(2) == 0 && len(ids) > 0 {
				e.Accept(ids[0])
			}
		}
	}
	l := e.Labels()
	for i := range l.Spent {
		l.Spent[i] = int64(rng.IntN(3)) * 1234
	}
	return l
}

// canvas is a picture's PNG file.
func canvas(w, h int) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i)
	}
	m.SetGray(0, 0, color.Gray{Y: byte(w)})
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

func opens(b []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// items is a project's worth of pictures of every state.
func items(seed uint64, n int) []format.Item {
	rng := rand.New(rand.NewPCG(seed, 6))
	out := []format.Item{
		{ID: "aaaa", Name: "a good.png", Width: 40, Height: 30, Normal: true, Open: opens(canvas(40, 30))},
		{ID: "aaab", Name: "b held.png", Width: 40, Height: 30, Normal: true, Held: true, Open: opens(canvas(40, 30))},
		{ID: "aaac", Name: "c unsaid.png", Width: 40, Height: 31, Open: opens(canvas(40, 31))},
		{ID: "aaad", Name: "d said normal.png", Width: 40, Height: 30, Labels: normalLabels(40, 30), Open: opens(canvas(40, 30))},
	}
	for i := range n {
		w, h := 60+rng.IntN(80), 50+rng.IntN(80)
		out = append(out, format.Item{
			ID: fmt.Sprintf("id%02d", i), Name: fmt.Sprintf("part %02d.png", i), Width: w, Height: h,
			Kind: []string{"", "broken large", "scratch"}[i%3], Defective: true, Held: i%4 == 0,
			Labels: drawn(rng, w, h), Open: opens(canvas(w, h)),
		})
		if i%3 == 1 {
			out[len(out)-1].Truth = opens(canvas(w, h))
		}
	}
	return out
}

func normalLabels(w, h int) *annot.Labels {
	e := annot.New(w, h)
	e.SetNormal(true)
	return e.Labels()
}

func seq(items []format.Item) iter.Seq2[format.Item, error] {
	return func(yield func(format.Item, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// written writes items as a zip.
func written(t testing.TB, name string, items []format.Item) ([]byte, []format.Warning) {
	t.Helper()
	var b bytes.Buffer
	warnings, err := format.Write(t.Context(), &b, must(name), seq(items))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), warnings
}

// brought reads a zip; any error fails the test.
func brought(t testing.TB, name string, b []byte, known []format.Known) ([]format.Item, []format.Warning) {
	t.Helper()
	out, warnings, err := collect(name, b, format.Options{Known: known})
	if err != nil {
		t.Fatal(err)
	}
	return out, warnings
}

// collect reads a zip and joins its errors.
func collect(name string, b []byte, o format.Options) (out []format.Item, warnings []format.Warning, err error) {
	o.Warn = func(w format.Warning) { warnings = append(warnings, w) }
	for it, e := range format.Read(context.Background(), bytes.NewReader(b), int64(len(b)), must(name), o) {
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		out = append(out, it)
	}
	return out, warnings, err
}

func knownOf(items []format.Item) []format.Known {
	var out []format.Known
	for _, it := range items {
		out = append(out, format.Known{ID: it.ID, Name: it.Name, Kind: it.Kind, Width: it.Width, Height: it.Height})
	}
	return out
}

// zipped makes an archive of files.
func zipped(files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, _ := z.Create(name)
		_, _ = f.Write([]byte(files[name]))
	}
	_ = z.Close()
	return b.Bytes()
}

// unzipped is an archive's files.
func unzipped(t testing.TB, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

func stored(l *annot.Labels) []byte {
	if l == nil {
		return nil
	}
	return l.Append(nil)
}

// TestIdenticalRoundTrip is the promise of Holds.Identical: labels come back the
// same byte for byte, with pictures and without, and a second export is the
// same file.
func TestIdenticalRoundTrip(t *testing.T) {
	for _, f := range Formats() {
		if !f.Holds.Identical {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			for seed := range uint64(5) {
				want := items(seed, 6)
				b, warnings := written(t, f.Name, want)
				if len(warnings) > 0 {
					t.Fatalf("warnings of a format that holds all: %v", warnings)
				}
				for _, known := range [][]format.Known{nil, knownOf(want)} {
					got, warnings := brought(t, f.Name, b, known)
					if len(warnings) > 0 {
						t.Fatal(warnings)
					}
					if len(got) != len(want) {
						t.Fatalf("%d pictures of %d", len(got), len(want))
					}
					for i := range want {
						same(t, got[i], want[i])
					}
					again, _ := written(t, f.Name, got)
					if !bytes.Equal(again, b) {
						t.Fatal("a second export is another file")
					}
				}
			}
		})
	}
}

// same compares an item that was read with what was written, pictures included.
func same(t *testing.T, got, want format.Item) {
	t.Helper()
	if got.ID != want.ID || got.Name != want.Name || got.Width != want.Width || got.Height != want.Height || got.Kind != want.Kind ||
		got.Normal != want.Normal || got.Defective != want.Defective || got.Held != want.Held {
		t.Fatalf("%+v became %+v", want, got)
	}
	if g, w := stored(got.Labels), stored(want.Labels); !bytes.Equal(g, w) {
		a, b := want.Labels, got.Labels
		if b == nil {
			t.Fatalf("%s: the labels are gone", want.Name)
		}
		t.Fatalf("%s: labels changed:\nshapes %+v\n   now %+v\nlayers %v\n   now %v\npixels %d now %d, last id %d now %d, normal %v now %v, spent %v now %v", want.Name,
			a.Shapes, b.Shapes, a.Layers, b.Layers, a.Mask.Count(), b.Mask.Count(), a.LastID(), b.LastID(), a.Normal, b.Normal, a.Spent, b.Spent)
	}
	for _, of := range [][2]func() (io.ReadCloser, error){{got.Open, want.Open}, {got.Truth, want.Truth}} {
		if (of[0] == nil) != (of[1] == nil) {
			t.Fatalf("%s: a file was lost", want.Name)
		}
		if of[0] == nil {
			continue
		}
		if g, w := content(t, of[0]), content(t, of[1]); !bytes.Equal(g, w) {
			t.Fatalf("%s: its file changed", want.Name)
		}
	}
}

func content(t *testing.T, open func() (io.ReadCloser, error)) []byte {
	t.Helper()
	r, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
