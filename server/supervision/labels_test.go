package supervision

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/dataset"
	"semirest/server/format"
	"semirest/server/format/codecs"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// scratched is a data set of two kinds of defects with a picture of one name each.
func scratched(t *testing.T) *dataset.Set {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"train/good/000.png", "test/good/000.png", "test/hole/000.png", "test/scratch/000.png"} {
		m := image.NewGray(image.Rect(0, 0, 64, 48))
		for i := range m.Pix {
			m.Pix[i] = byte(i + len(name))
		}
		write(t, filepath.Join(dir, name), m)
	}
	set, err := dataset.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func write(t *testing.T, path string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// drawn are labels of the picture of the scratch: a box, and with pixels also two of
// these.
func drawn(pixels bool) *annot.Labels {
	l := &annot.Labels{W: 64, H: 48, Shapes: []annot.Shape{{ID: 1, Box: block.Box{X: 20, Y: 10, HalfW: 8, HalfH: 4}}}}
	if pixels {
		m := make([]byte, 64*48)
		m[2*64+3], m[2*64+4] = 1, 1
		l.Mask = annot.MaskOf(m, 64, 48)
	}
	return l
}

// labelsZip is a zip of one picture's labels, without the picture.
func labelsZip(t *testing.T, name string, l *annot.Labels) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "labels.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	it := format.Item{Name: "000.png", Width: l.W, Height: l.H, Kind: "scratch", Defective: true, Labels: l}
	codec, err := codecs.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := format.Write(t.Context(), f, codec, func(yield func(format.Item, error) bool) { yield(it, nil) }); err != nil {
		t.Fatal(err)
	}
	return path
}

// Labels of every way to write them down find their picture and come to the same.
func TestTrainReadsLabels(t *testing.T) {
	set := scratched(t)
	masks := t.TempDir()
	mask := image.NewGray(image.Rect(0, 0, 64, 48))
	mask.Pix[2*64+3], mask.Pix[2*64+4] = 255, 255
	write(t, filepath.Join(masks, "scratch", "000_mask.png"), mask)
	boxes := filepath.Join(t.TempDir(), "boxes.json")
	if err := os.WriteFile(boxes, []byte(`{"images": [{"image": "test/scratch/000.png", "boxes": [{"x": 12, "y": 6, "w": 16, "h": 8}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, path, format string
		boxes              bool
		mask, box          bool
	}{
		{"a folder of masks", masks, "", false, true, false},
		{"a file of boxes", boxes, "", true, false, true},
		{"COCO with boxes", labelsZip(t, "coco", drawn(false)), "coco", true, false, true},
		{"COCO with pixels", labelsZip(t, "coco", drawn(true)), "coco", false, true, true},
		{"labelme with pixels", labelsZip(t, "labelme", drawn(true)), "labelme", true, true, true},
		{"CSV with boxes", labelsZip(t, "csv", drawn(false)), "csv", true, false, true},
	} {
		p, err := Read(t.Context(), set, Labels{Path: c.path, Format: c.format}, c.boxes)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if len(p.defects) != 1 || p.defects[0].Name != "test/scratch/000.png" {
			t.Errorf("%s: pictures %+v", c.what, p.defects)
			continue
		}
		d, err := p.Defect(0)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if c.mask != (d.Mask != nil) || c.mask && (bytes.Count(d.Mask, []byte{0}) != 64*48-2 || d.Mask[2*64+3] == 0 || d.Mask[2*64+4] == 0) {
			t.Errorf("%s: mask %v", c.what, d.Mask != nil)
		}
		if want := (block.Box{X: 20, Y: 10, HalfW: 8, HalfH: 4}); c.box != (len(d.Boxes) == 1) || c.box && d.Boxes[0] != want {
			t.Errorf("%s: boxes %+v", c.what, d.Boxes)
		}
	}
}

func TestTrainSaysWhatIsWrongWithLabels(t *testing.T) {
	set := scratched(t)
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stranger := t.TempDir()
	write(t, filepath.Join(stranger, "999_mask.png"), image.NewGray(image.Rect(0, 0, 64, 48)))
	for _, c := range []struct {
		what, path, format string
		boxes              bool
		says               string
	}{
		{"nothing there", filepath.Join(t.TempDir(), "none"), "", true, "no such file"},
		{"an empty folder", t.TempDir(), "", false, "no mask"},
		{"a mask of no picture", stranger, "", false, "999_mask.png"},
		{"no JSON", file("a.json", "boxes"), "", true, `"boxes": [{"x"`},
		{"another JSON", file("a.json", `{"shapes": []}`), "", true, `"boxes": [{"x"`},
		{"no picture in it", file("a.json", `{"images": []}`), "", true, "no image"},
		{"an unknown picture", file("a.json", `{"images": [{"image": "x.png"}]}`), "", true, "x.png"},
		{"a picture twice", file("a.json", `{"images": [{"image": "test/hole/000.png"}, {"image": "test/hole/000.png"}]}`), "", true, "twice"},
		{"boxes for sup", file("a.json", `{"images": []}`), "", false, "--supervision semi"},
		{"an unknown format", labelsZip(t, "coco", drawn(true)), "cocoa", true, "use one of"},
		{"another format", labelsZip(t, "coco", drawn(true)), "voc", true, "voc"},
		{"no zip", file("a.zip", "PK"), "coco", true, "not a zip file"},
		{"only boxes for sup", labelsZip(t, "coco", drawn(false)), "coco", false, "--supervision semi"},
		{"nothing labelled", labelsZip(t, "coco", &annot.Labels{W: 64, H: 48, Normal: true}), "coco", true, "no defect"},
	} {
		_, err := Read(t.Context(), set, Labels{Path: c.path, Format: c.format}, c.boxes)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", c.what, err, c.says)
		}
	}
}

// TestMasksFindTheirPicture: a folder of masks names the kind, or the picture alone
// where that is enough.
func TestMasksFindTheirPicture(t *testing.T) {
	white := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	for name, c := range map[string]struct{ file, want string }{
		"a kind's folder":          {"Scratch/000_mask.png", "test/scratch/000.png"},
		"another ending":           {"scratch/000_GT.PNG", "test/scratch/000.png"},
		"none":                     {"scratch/000.png", "test/scratch/000.png"},
		"two pictures of the name": {"000_mask.png", "put it into a folder"},
		"a picture of no name":     {"scratch/001_mask.png", "no test picture"},
	} {
		set, dir := scratched(t), t.TempDir()
		write(t, filepath.Join(dir, c.file), white)
		s := &Source{}
		err := s.readMasks(set, dir)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if len(s.defects) == 1 {
			said += s.defects[0].Name
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
}
