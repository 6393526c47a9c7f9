package codecs

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"testing"

	"semirest/server/format"
	"semirest/server/picture"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// partOf is one picture with a mark of every kind, in places known by hand.
func partOf(t *testing.T) format.Item {
	t.Helper()
	e := annot.New(64, 48)
	for _, err := range []error{
		second(e.AddBox(block.Box{X: 10, Y: 10.5, HalfW: 4, HalfH: 3.25}, "dent")),
		second(e.AddBox(block.Box{X: 30, Y: 10, HalfW: 5, HalfH: 5, Angle: math.Pi / 4}, "")),
		second(e.AddPolygon([]annot.Point{{X: 40, Y: 2}, {X: 60, Y: 2}, {X: 60, Y: 12}}, "scratch")),
		e.PaintBlocks(block.Grid{Rows: 6, Cols: 8, Size: 8}, annot.Point{X: 4, Y: 44}, annot.Point{X: 4, Y: 44}, block.Anomalous),
		e.PaintBlocks(block.Grid{Rows: 6, Cols: 8, Size: 8}, annot.Point{X: 60, Y: 44}, annot.Point{X: 60, Y: 44}, block.Normal),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ring := make([]byte, 64*48) // marked pixels with a hole
	for y := 30; y < 40; y++ {
		for x := 30; x < 42; x++ {
			if x < 33 || x > 37 || y < 33 || y > 36 {
				ring[y*64+x] = 1
			}
		}
	}
	m := annot.MaskOf(ring, 64, 48)
	e.PutMask(&m)
	e.Propose([]block.Box{{X: 50, Y: 40, HalfW: 3, HalfH: 3}})
	e.Labels().Spent[annot.ToolBox] = 5000
	return format.Item{ID: "p", Name: "part.png", Width: 64, Height: 48, Kind: "hole", Labels: e.Labels(), Open: opens(canvas(64, 48))}
}

func second(_ uint32, err error) error { return err }

// TestWhatFormatsMakeOfMarks writes a mark of every kind and reads it back: what
// a format cannot hold comes back as its table says, and was warned of.
func TestWhatFormatsMakeOfMarks(t *testing.T) {
	always := []string{"blocks labelled as normal", "proposals", "times worked"}
	for _, c := range []struct {
		format, want string
		warned       []string
	}{
		{"yolo", "dent box 6 7.25 8 6.5; hole box 22.9296875 2.9296875 14.140625 14.140625; scratch box 40 2 20 10; hole box 30 30 12 10; hole box 0 40 8 8",
			[]string{"rotated boxes", "polygons", "marked pixels", "blocks labelled as defects", "the kind of a picture"}},
		{"yolo-obb", "dent box 6 7.25 8 6.5; hole box 25 5 10 10 turned 45; scratch box 40 2 20 10; hole box 30 30 12 10; hole box 0 40 8 8",
			[]string{"polygons", "marked pixels", "blocks labelled as defects", "the kind of a picture"}},
		{"yolo-seg", "dent polygon 6 7.25 14 7.25 14 13.75 6 13.75; hole polygon 30 2.9296875 37.0703125 10 30 17.0703125 22.9296875 10; scratch polygon 40 2 60 2 60 12; " +
			"hole polygon 30 30 42 30 42 40 30 40; hole polygon 0 40 8 40 8 48 0 48",
			[]string{"boxes are", "rotated boxes", "marked pixels", "holes", "blocks labelled as defects", "the kind of a picture"}},
		{"voc", "dent box 6 7 8 7; hole box 22 2 16 16; scratch box 40 2 20 10; hole box 30 30 12 10; hole box 0 40 8 8",
			[]string{"rotated boxes", "polygons", "marked pixels", "rounded", "blocks labelled as defects", "the kind of a picture"}},
	} {
		t.Run(c.format, func(t *testing.T) {
			b, warnings := written(t, c.format, []format.Item{partOf(t)})
			got, _ := brought(t, c.format, b, nil)
			if len(got) != 1 {
				t.Fatalf("%d pictures", len(got))
			}
			if s := shapesOf(got[0].Labels); s != c.want {
				t.Errorf("\n%s, want\n%s", s, c.want)
			}
			told := func(what string) bool {
				return slices.ContainsFunc(warnings, func(w format.Warning) bool { return strings.Contains(w.Text, what) && w.First == "part.png" })
			}
			for _, what := range append(always, c.warned...) {
				if !told(what) {
					t.Errorf("no warning of %s", what)
				}
			}
			if n := len(always) + len(c.warned); len(warnings) != n {
				t.Errorf("%d warnings, want %d: %v", len(warnings), n, warnings)
			}
			notes := unzipped(t, b)[format.NotesName]
			for _, w := range warnings {
				if !strings.Contains(notes, w.Text) {
					t.Errorf("%s lacks %q", format.NotesName, w.Text)
				}
			}
		})
	}
}

// TestMasksHoldAllThatIsMarked reads masks back pixel by pixel.
func TestMasksHoldAllThatIsMarked(t *testing.T) {
	it := partOf(t)
	l := it.Labels
	want := make([]byte, 64*48)
	for y := range 48 {
		for x := range 64 {
			px, py := float64(x)+0.5, float64(y)+0.5
			in := l.Mask.Contains(x, y) || x < 8 && y >= 40
			for _, s := range l.Shapes {
				in = in || !s.Proposed && s.Contains(px, py)
			}
			if in {
				want[y*64+x] = 255
			}
		}
	}
	for name, path := range map[string]string{"mvtec": "ground_truth/hole/part_mask.png", "mask": "masks/part.png"} {
		b, warnings := written(t, name, []format.Item{it})
		size, pix, err := picture.DecodeMask([]byte(unzipped(t, b)[path]), prep.DefaultLimits)
		if err != nil || size != (prep.Size{W: 64, H: 48}) {
			t.Fatal(size, err)
		}
		for i := range pix {
			pix[i] *= 255
		}
		if !bytes.Equal(pix, want) {
			t.Errorf("%s: the mask marks other pixels", name)
		}
		got, _ := brought(t, name, b, nil)
		if !bytes.Equal(got[0].Labels.Mask.Bytes(64, 48), want) || len(got[0].Labels.Shapes) != 0 {
			t.Errorf("%s: other pixels came back", name)
		}
		if (got[0].Truth != nil) != (name == "mvtec") {
			t.Errorf("%s: truth %v", name, got[0].Truth != nil)
		}
		if !slices.ContainsFunc(warnings, func(w format.Warning) bool { return strings.HasPrefix(w.Text, "rotated boxes are filled") }) {
			t.Errorf("%s: %v", name, warnings)
		}
	}
}

// TestMVTecFolders writes pictures of every state into MVTec's folders.
func TestMVTecFolders(t *testing.T) {
	truth := canvas(64, 48)
	part := partOf(t)
	second := part
	second.Kind, second.Held = "Good ", true // never the folder of normal pictures
	third := part
	third.Name, third.Labels, third.Defective, third.Truth = "truth.jpg", nil, true, opens(truth)
	fourth := part
	fourth.Name, fourth.Kind, fourth.Normal = "../../etc/pass:wd.png", "a/b", true // marks say more than the role
	b, _ := written(t, "mvtec", append(items(1, 0), part, second, third, fourth))
	files := unzipped(t, b)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"NOTES.txt",
		"ground_truth/a_b/_._.._etc_pass_wd_mask.png", "ground_truth/defect/part_mask.png", "ground_truth/hole/part_mask.png", "ground_truth/hole/truth_mask.png",
		"test/a_b/_._.._etc_pass_wd.png", "test/defect/part.png", "test/good/b held.png", "test/hole/part.png", "test/hole/truth.jpg",
		"train/good/a good.png", "train/good/d said normal.png", "unlabelled/c unsaid.png",
	}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if files["ground_truth/hole/truth_mask.png"] != string(truth) {
		t.Error("the ground truth was changed")
	}
	got, _ := brought(t, "mvtec", b, nil)
	said := ""
	for _, it := range got {
		said += fmt.Sprintf("%s %q %v %v %v %v\n", it.Name, it.Kind, it.Normal, it.Held, it.Labels != nil, it.Truth != nil)
	}
	wantSaid := `_._.._etc_pass_wd.png "a_b" false true true true
part.png "defect" false true true true
b held.png "" true true true false
part.png "hole" false true true true
truth.jpg "hole" false true true true
a good.png "" true false true false
d said normal.png "" true false true false
c unsaid.png "" false false false false
`
	if said != wantSaid {
		t.Errorf("%s, want\n%s", said, wantSaid)
	}
}

// TestStatesSurvive checks that normal, held and unsaid pictures are told apart
// after every format, or that a warning says so.
func TestStatesSurvive(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			b, warnings := written(t, f.Name, items(2, 0))
			got, _ := brought(t, f.Name, b, nil)
			states := map[string]string{}
			for _, it := range got {
				states[it.Name] = fmt.Sprintf("%v held %v", []string{"unsaid", "normal", "marked"}[it.Verdict()], it.Held)
			}
			want := map[string]string{"a good.png": "normal held false", "b held.png": "normal held true", "c unsaid.png": "unsaid held false", "d said normal.png": "normal held false"}
			for name, state := range want {
				if states[name] == state {
					continue
				}
				if !slices.ContainsFunc(warnings, func(w format.Warning) bool { return strings.Contains(w.Text, "kept for evaluation") && w.First == name }) {
					t.Errorf("%s: %s, want %s", name, states[name], state)
				}
			}
			if len(got) != 4 {
				t.Errorf("%d pictures of 4", len(got))
			}
		})
	}
}

// TestTurnedPictures: a picture with an EXIF orientation is copied as it is, its
// labels stay upright, and whoever ignores EXIF is warned.
func TestTurnedPictures(t *testing.T) {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, 30, 40)), nil); err != nil {
		t.Fatal(err)
	}
	// EXIF with orientation 6 after the first two bytes: 40 x 30 pixels upright.
	const exif = "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	file := "\xff\xd8" + exif + plain.String()[2:]
	it := format.Item{Name: "turned.jpg", Width: 40, Height: 30, Labels: normalLabels(40, 30), Open: opens([]byte(file))}
	for _, f := range Formats() {
		b, warnings := written(t, f.Name, []format.Item{it})
		if !slices.ContainsFunc(warnings, func(w format.Warning) bool { return strings.Contains(w.Text, "EXIF") && w.First == "turned.jpg" }) {
			t.Errorf("%s: no warning", f.Name)
		}
		got, _ := brought(t, f.Name, b, nil)
		if len(got) != 1 || got[0].Width != 40 || got[0].Height != 30 {
			t.Errorf("%s: %+v", f.Name, got)
		} else if !bytes.Equal(content(t, got[0].Open), []byte(file)) {
			t.Errorf("%s: the picture was changed", f.Name)
		}
	}
}

// TestChangedElsewhere: what another program changed in a standard field counts,
// not our own field beside it.
func TestChangedElsewhere(t *testing.T) {
	b, _ := written(t, "coco", []format.Item{partOf(t)})
	files := unzipped(t, b)
	text := files["annotations.json"]
	for old, changed := range map[string]string{
		`"bbox":[6,7.25,8,6.5]`: `"bbox":[5,7,8,6]`,
		// The rotated box was moved; its corners too.
		`"bbox":[22.928`: `"bbox":[12.928`,
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("%s is not in %s", old, text)
		}
		text = strings.Replace(text, old, changed, 1)
	}
	files["annotations.json"] = text
	got, _ := brought(t, "coco", zipped(files), nil)
	s := shapesOf(got[0].Labels)
	if !strings.Contains(s, "dent box 5 7 8 6;") || strings.Contains(s, "turned") {
		t.Error(s)
	}
	// A shape that was added elsewhere gets an id of its own, one that was copied too.
	files["annotations.json"] = strings.Replace(text, `"annotations": [`, `"annotations": [
{"id":900,"image_id":1,"category_id":1,"bbox":[1,1,5,5],"area":25,"iscrowd":0,"segmentation":[]},
{"id":901,"image_id":1,"category_id":1,"bbox":[1,1,6,6],"area":36,"iscrowd":0,"segmentation":[],"semirest":{"id":1}},`, 1)
	got, _ = brought(t, "coco", zipped(files), nil)
	ids := map[uint32]bool{}
	for _, s := range got[0].Labels.Shapes {
		ids[s.ID] = true
	}
	if len(got[0].Labels.Shapes) != 6 || len(ids) != 6 {
		t.Errorf("%+v", got[0].Labels.Shapes)
	}
}

// TestNoPictures writes and reads labels alone.
func TestNoPictures(t *testing.T) {
	its := items(5, 4)
	for i := range its {
		its[i].Open, its[i].Truth = nil, nil
	}
	for _, f := range Formats() {
		b, _ := written(t, f.Name, its)
		got, _ := brought(t, f.Name, b, knownOf(its))
		labelled := 0
		for _, it := range got {
			if it.ID == "" || it.Open != nil {
				t.Errorf("%s: %+v", f.Name, it)
			}
			if it.Labels != nil {
				labelled++
			}
		}
		want := map[string]int{"mvtec": 4, "coco": 5, "labelme": 5, "csv": 5}[f.Name]
		if want == 0 {
			want = 7 // normal by role as well
		}
		if labelled != want {
			t.Errorf("%s: labels of %d pictures, want %d", f.Name, labelled, want)
		}
	}
}

// TestHolds holds what Formats says of each kind of mark to what is written: it
// comes back as it was without a warning, or with one.
func TestHolds(t *testing.T) {
	grid := block.Grid{Rows: 6, Cols: 8, Size: 8}
	point := func(x, y float64) annot.Point { return annot.Point{X: x, Y: y} }
	for name, c := range map[string]struct {
		holds func(format.Holds) bool
		draw  func(*annot.Editor) error
	}{
		"box": {func(h format.Holds) bool { return h.Boxes }, func(e *annot.Editor) error {
			return second(e.AddBox(block.Box{X: 9.5, Y: 9.25, HalfW: 5, HalfH: 4}, "x"))
		}},
		"rotated": {func(h format.Holds) bool { return h.Rotated }, func(e *annot.Editor) error {
			return second(e.AddBox(block.Box{X: 30, Y: 20, HalfW: 5, HalfH: 4, Angle: 2}, "x"))
		}},
		"polygon": {func(h format.Holds) bool { return h.Polygons }, func(e *annot.Editor) error {
			return second(e.AddPolygon([]annot.Point{point(1, 1), point(9.25, 2), point(4, 8)}, "x"))
		}},
		"pixels": {func(h format.Holds) bool { return h.Pixels }, func(e *annot.Editor) error { e.Brush(point(9, 9), point(30, 12), 3, false); return nil }},
		"blocks": {func(h format.Holds) bool { return h.Blocks }, func(e *annot.Editor) error { return e.PaintBlocks(grid, point(9, 9), point(30, 12), block.Anomalous) }},
		"normal": {func(h format.Holds) bool { return h.Normal }, func(e *annot.Editor) error { e.SetNormal(true); return nil }},
		"times":  {func(h format.Holds) bool { return h.Times }, func(e *annot.Editor) error { e.SetNormal(true); e.Labels().Spent[3] = 77; return nil }},
		"names": {func(h format.Holds) bool { return h.Names }, func(e *annot.Editor) error {
			return second(e.AddPolygon([]annot.Point{point(10, 10), point(20, 10), point(20, 20), point(10, 20)}, "a kind"))
		}},
	} {
		e := annot.New(64, 48)
		if err := c.draw(e); err != nil {
			t.Fatal(err)
		}
		it := format.Item{Name: "a.png", Width: 64, Height: 48, Held: name == "pixels", Labels: e.Labels(), Open: opens(canvas(64, 48))}
		for _, f := range Formats() {
			b, warnings := written(t, f.Name, []format.Item{it})
			got, _ := brought(t, f.Name, b, []format.Known{{Name: "a.png", Width: 64, Height: 48}})
			alike := len(got) == 1 && got[0].Labels != nil && bytes.Equal(stored(got[0].Labels), stored(it.Labels))
			if name == "names" {
				alike = len(got[0].Labels.Shapes) == 1 && got[0].Labels.Shapes[0].Name == "a kind"
			}
			warnings = slices.DeleteFunc(warnings, func(w format.Warning) bool {
				return strings.Contains(w.Text, "kept for evaluation") || strings.Contains(w.Text, "to learn from")
			})
			if holds := c.holds(f.Holds); alike != holds || len(warnings) == 0 != holds && name != "names" {
				t.Errorf("%s of %s: holds %v, came back %v, warnings %v", name, f.Name, holds, alike, warnings)
			}
		}
	}
}
