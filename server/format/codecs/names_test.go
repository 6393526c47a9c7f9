package codecs

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"testing"

	"semirest/server/format"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// TestHostileNames writes pictures and kinds of hostile names in every format:
// no archive reaches out, and what can be read back is.
func TestHostileNames(t *testing.T) {
	var its []format.Item
	var known []format.Known
	for _, name := range []string{"../../etc/passwd", `..\..\evil.png`, "a.png", "A.png", "a.jpg", "=cmd|' /C calc'!A0.png", "<script>alert(1)</script>.png", "new\nline.png", "NOTES.txt"} {
		file := append(canvas(40, 30), name...) // no two of the same content
		sum := sha256.Sum256(file)
		known = append(known, format.Known{ID: "i" + name, Name: name, Width: 40, Height: 30, SHA256: hex.EncodeToString(sum[:])})
		e := annot.New(40, 30)
		for _, kind := range []string{"=1+1", "+x", "-x", "@x", "\tx", "\rx", "'=x", "'", "＝x", "</name><x>", "a\r\nb", `a\nb`, `a\`, `"`, "a,b;c", "\x00\x1b[31m", "null", "yes", "1", "~", "- a: b"} {
			if _, err := e.AddBox(block.Box{X: 20, Y: 15, HalfW: 5, HalfH: 5}, kind); err != nil {
				t.Fatal(err)
			}
		}
		its = append(its, format.Item{ID: "i" + name, Name: name, Width: 40, Height: 30, Kind: "=kind", Labels: e.Labels(), Open: opens(file)})
	}
	for _, f := range Formats() {
		b, _ := written(t, f.Name, its)
		for name := range unzipped(t, b) {
			if !fs.ValidPath(name) || strings.ContainsAny(name, "\\:<>\n") {
				t.Errorf("%s: %q", f.Name, name)
			}
		}
		got, _ := brought(t, f.Name, b, nil)
		if len(got) != len(its) {
			t.Errorf("%s: %d pictures of %d", f.Name, len(got), len(its))
		}
		// The archive has the pictures: each is found again, whatever became of its name.
		found := map[string]bool{}
		matched, _ := brought(t, f.Name, b, known)
		for _, it := range matched {
			found[it.ID+it.Name] = true
		}
		for _, it := range its {
			if !found[it.ID+it.Name] {
				t.Errorf("%s: %s was not found among the known", f.Name, it.Name)
			}
		}
		if !f.Holds.Names || len(got) == 0 || !f.Holds.Boxes {
			continue
		}
		if f.Holds.Identical {
			for _, it := range got {
				i := slices.IndexFunc(its, func(w format.Item) bool { return w.ID == it.ID })
				if i < 0 {
					t.Fatalf("%s: id %q", f.Name, it.ID)
				}
				want := its[i]
				want.Name = place.Base(want.Name) // no folder comes back
				same(t, it, want)
			}
		}
		for i, s := range got[0].Labels.Shapes {
			want := its[0].Labels.Shapes[i].Name
			if got := s.Name; got != want && got != strings.TrimSpace(tolerant.Line(want)) {
				t.Errorf("%s: kind %q became %q", f.Name, want, got)
			}
		}
	}
}

// TestMatching finds known pictures by id, name, kind, set and content.
func TestMatching(t *testing.T) {
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	first, second, third := canvas(40, 30), canvas(41, 30), canvas(42, 30)
	known := []format.Known{
		{ID: "n", Name: "000.png", Width: 40, Height: 30, SHA256: sum(first)},
		{ID: "h", Name: "000.png", Held: true, Width: 41, Height: 30, SHA256: sum(second)},
		{ID: "d", Name: "000.png", Kind: "dent", Held: true, Width: 40, Height: 30},
		{ID: "x", Name: "a/b:c.png", Width: 40, Height: 30},
	}
	mask := string(canvas(40, 30))
	got, _, err := collect("mvtec", zipped(map[string]string{
		"train/good/000.png": string(first), "test/good/000.png": string(second), "test/hole/000.png": string(third),
		"ground_truth/dent/000_mask.png": mask, "test/dent/001.png": string(third),
	}), format.Options{Known: known})
	said := ""
	for _, it := range got {
		said += it.ID + " " + it.Kind + "\n"
	}
	if want := " dent\nh \n hole\nn \nd dent\n"; err != nil || said != want {
		t.Errorf("%s, want %s %v", said, want, err)
	}
	// Without pictures: by kind, then by set; a safe file name finds its picture.
	for path, want := range map[string]string{"ground_truth/dent/000_mask.png": "d", "ground_truth/good/000_mask.png": "", "ground_truth/z/a_b_c_mask.png": "x"} {
		got, _, err := collect("mvtec", zipped(map[string]string{path: mask}), format.Options{Known: known})
		switch {
		case want == "" && !errors.Is(err, format.ErrAmbiguous):
			t.Errorf("%s: %+v %v", path, got, err)
		case want != "" && (err != nil || len(got) != 1 || got[0].ID != want):
			t.Errorf("%s: %+v %v", path, got, err)
		}
	}
}

// TestWriteRefuses: what cannot be written stops it and says which picture.
func TestWriteRefuses(t *testing.T) {
	fault := errors.New("no such file")
	for name, c := range map[string]struct {
		it   format.Item
		says string
	}{
		"no size":        {format.Item{Name: "a.png"}, "0 x 0"},
		"labels of more": {format.Item{Name: "a.png", Width: 40, Height: 30, Labels: normalLabels(41, 30)}, "41 x 30"},
		"no file":        {format.Item{Name: "a.png", Width: 40, Height: 30, Open: func() (io.ReadCloser, error) { return nil, fault }}, "no such file"},
	} {
		for _, f := range Formats() {
			_, err := format.Write(t.Context(), new(bytes.Buffer), must(f.Name), seq([]format.Item{c.it}))
			var wrong *format.PictureError
			if !errors.As(err, &wrong) || wrong.Name != "a.png" || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %s: %v", name, f.Name, err)
			}
		}
	}
	failing := func(yield func(format.Item, error) bool) {
		_ = yield(items(1, 0)[0], nil) && yield(format.Item{}, fault)
	}
	var b bytes.Buffer
	if _, err := format.Write(t.Context(), &b, must("coco"), iter.Seq2[format.Item, error](failing)); !errors.Is(err, fault) {
		t.Error(err)
	}
	if _, _, err := collect("coco", b.Bytes(), format.Options{}); !errors.Is(err, format.ErrArchive) {
		t.Errorf("half an export was taken for whole: %v", err)
	}
	for n := range 12 { // a disk that is full, earlier and later
		if _, err := format.Write(t.Context(), &full{left: n * 400}, must("coco"), seq(items(1, 6))); !errors.Is(err, errFull) {
			t.Errorf("%d: %v", n, err)
		}
	}
	if _, err := Find("bmp"); err == nil {
		t.Error("a format of no such name")
	}
}

var errFull = errors.New("disk full")

// full takes so many bytes and no more.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestCSVFormulas: no cell of a file begins as a formula, whatever things are called.
func TestCSVFormulas(t *testing.T) {
	b, _ := written(t, "csv", []format.Item{{Name: "=cmd.png", ID: "@id", Kind: "+kind", Width: 40, Height: 30, Labels: drawn(seeded(4), 40, 30)}})
	rows, err := csv.NewReader(strings.NewReader(unzipped(t, b)["labels.csv"])).ReadAll()
	if err != nil || len(rows) < 5 {
		t.Fatal(len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("cell %q", cell)
			}
		}
	}
}
