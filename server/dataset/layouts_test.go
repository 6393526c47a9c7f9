package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fill writes what some files of a tree hold.
func fill(t *testing.T, root string, content map[string]string) {
	t.Helper()
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Small trees of each published layout.
func TestOpenPublishedSets(t *testing.T) {
	for _, c := range []struct {
		what                  string
		files                 []string
		content               map[string]string
		dir                   string // to open, below the tree
		train, test, labelled string
		masks                 []string // of the defective test pictures, in order
		note                  string
	}{
		{
			what:  "BTAD",
			files: []string{"train/ok/0.png", "test/ok/1.png", "test/ko/2.png", "test/ko/3.bmp", "ground_truth/ko/2.png", "ground_truth/ko/3.png"},
			train: "train/ok/0.png:good", test: "test/ok/1.png:good test/ko/2.png:ko test/ko/3.bmp:ko",
			masks: []string{"ground_truth/ko/2.png", "ground_truth/ko/3.png"},
		},
		{
			what:  "MPDD",
			files: []string{"train/good/0.png", "test/good/1.png", "test/hole/000.png", "ground_truth/hole/000_mask.png"},
			train: "train/good/0.png:good", test: "test/good/1.png:good test/hole/000.png:hole", masks: []string{"ground_truth/hole/000_mask.png"},
		},
		{
			what: "MVTec AD 2",
			files: []string{"train/good/0.png", "validation/good/1.png", "test_public/good/2.png", "test_public/bad/3.png",
				"test_public/ground_truth/bad/3_mask.png", "test_private/4.png", "test_private_mixed/5.png"},
			train: "train/good/0.png:good", test: "test_public/good/2.png:good test_public/bad/3.png:bad",
			masks: []string{"test_public/ground_truth/bad/3_mask.png"}, note: "3 files or folders are of MVTec AD 2, neither",
		},
		{
			what: "KolektorSDD2",
			files: []string{"train/10.png", "train/10_GT.png", "train/11.png", "train/11_GT.png", "test/20.png", "test/20_GT.png",
				"test/21.png", "test/21_GT.png"},
			content: map[string]string{"train/10_GT.png": gray(0), "train/11_GT.png": gray(255), "test/20_GT.png": gray(255), "test/21_GT.png": gray(0)},
			train:   "train/10.png:good", labelled: "train/11.png:defect", test: "test/21.png:good test/20.png:defect", masks: []string{"test/20_GT.png"},
		},
		{
			what: "KolektorSDD",
			files: []string{"kos01/Part0.jpg", "kos01/Part0_label.png", "kos02/Part0.jpg", "kos02/Part0_label.png", "kos03/Part0.jpg", "kos03/Part0_label.png",
				"kos03/Part1.jpg", "kos03/Part1_label.png"},
			content: map[string]string{"kos01/Part0_label.png": gray(0), "kos02/Part0_label.png": gray(255), "kos03/Part0_label.png": gray(255), "kos03/Part1_label.png": gray(0)},
			train:   "kos01/Part0.jpg:good", labelled: "kos02/Part0.jpg:defect", test: "kos03/Part1.jpg:good kos03/Part0.jpg:defect",
			masks: []string{"kos03/Part0_label.png"}, note: "every third of the 3 folders",
		},
		{
			what: "VisA", dir: "candle",
			files: []string{"candle/Data/Images/Normal/0.JPG", "candle/Data/Images/Normal/1.JPG", "candle/Data/Images/Anomaly/2.JPG",
				"candle/Data/Masks/Anomaly/2.png", "split_csv/1cls.csv"},
			content: map[string]string{"split_csv/1cls.csv": "object,split,label,image,mask\n" +
				"candle,train,normal,candle/Data/Images/Normal/0.JPG,\n" +
				"candle,test,anomaly,candle/Data/Images/Anomaly/2.JPG,candle/Data/Masks/Anomaly/2.png\n" +
				"candle,test,normal,candle/Data/Images/Normal/1.JPG,\n" +
				"pcb1,train,normal,pcb1/Data/Images/Normal/0.JPG,\n"},
			train: "Data/Images/Normal/0.JPG:good", test: "Data/Images/Normal/1.JPG:good Data/Images/Anomaly/2.JPG:defect",
			masks: []string{"Data/Masks/Anomaly/2.png"},
		},
	} {
		root := tree(t, c.files...)
		fill(t, root, c.content)
		s, err := Open(filepath.Join(root, c.dir))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if names(s.Train) != c.train || names(s.Test) != c.test || names(s.Labelled) != c.labelled {
			t.Errorf("%s: train %q, labelled %q, test %q", c.what, names(s.Train), names(s.Labelled), names(s.Test))
		}
		var masks []string
		for _, i := range slices.Concat(s.Test, s.Labelled) {
			if i.Defective() && i.Mask == "" || !i.Defective() && i.Mask != "" {
				t.Errorf("%s: %s has the mask %q", c.what, i.Name, i.Mask)
			}
		}
		for _, i := range s.Test {
			if i.Defective() {
				rel, _ := filepath.Rel(s.Root, i.Mask)
				masks = append(masks, filepath.ToSlash(rel))
			}
		}
		if !slices.Equal(masks, c.masks) || len(s.Kinds) == 0 || !strings.Contains(strings.Join(s.Notes, "\n"), c.note) {
			t.Errorf("%s: masks %q, kinds %q, notes %q", c.what, masks, s.Kinds, s.Notes)
		}
	}
}

// Wrong trees are named.
func TestOpenPublishedSetsRefuses(t *testing.T) {
	visa := []string{"candle/Data/Images/Normal/0.JPG", "split_csv/1cls.csv"}
	for _, c := range []struct {
		what, csv, says string
		files           []string
	}{
		{"VisA without its division", "", "split_csv/1cls.csv", visa[:1]},
		{"a column too few", "candle,train,normal,candle/Data/Images/Normal/0.JPG\n", "line 1 has 4 columns", visa},
		{"a picture that is not there", "candle,train,normal,candle/Data/Images/Normal/9.JPG,\n", "9.JPG", visa},
		{"a picture outside", "candle,train,normal,../x.JPG,\n", "not in the folder of candle", visa},
		{"another split", "candle,valid,normal,candle/Data/Images/Normal/0.JPG,\n", `split "valid"`, visa},
		{"no row", "pcb1,train,normal,pcb1/0.JPG,\n", "no images", visa},
	} {
		root := tree(t, c.files...)
		if c.csv != "" {
			fill(t, root, map[string]string{"split_csv/1cls.csv": c.csv})
		}
		if _, err := Open(filepath.Join(root, "candle")); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", c.what, err, c.says)
		}
	}
}

// spotted is a PNG of a grey level with one coloured or lighter pixel at (at, 0).
func spotted(w, h, at int, c color.Color) string {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 100
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	m.Set(at, 0, c)
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.String()
}

func TestCheck(t *testing.T) {
	files := []string{"test/good/0.png", "test/hole/ok.png", "test/hole/none.png", "test/hole/empty.png", "test/hole/size.png", "test/hole/full.png", "test/hole/bad.png"}
	content := map[string]string{}
	grey := color.Gray{200}
	for i := range 30 {
		name := "train/good/" + string(rune('a'+i/10)) + string(rune('0'+i%10)) + ".png"
		files = append(files, name)
		content[name] = spotted(40, 20, i, grey)
	}
	content["train/good/c8.png"] = "no picture"
	content["train/good/c9.png"] = content["train/good/a0.png"]
	content["train/good/c7.png"] = spotted(20, 40, 0, grey)
	content["test/good/0.png"] = content["train/good/a1.png"]
	for i, name := range []string{"ok", "none", "empty", "size", "full", "bad"} {
		content["test/hole/"+name+".png"] = spotted(40, 20, i, color.Gray{50})
		if name != "none" {
			files = append(files, "ground_truth/hole/"+name+"_mask.png")
		}
	}
	content["test/hole/ok.png"] = spotted(40, 20, 9, color.NRGBA{255, 0, 0, 255})
	mask := func(w, h, marked int) string {
		m := image.NewGray(image.Rect(0, 0, w, h))
		for i := range marked {
			m.Pix[i] = 255
		}
		var b bytes.Buffer
		_ = png.Encode(&b, m)
		return b.String()
	}
	content["ground_truth/hole/ok_mask.png"] = mask(40, 20, 3)
	content["ground_truth/hole/empty_mask.png"] = mask(40, 20, 0)
	content["ground_truth/hole/size_mask.png"] = mask(20, 20, 3)
	content["ground_truth/hole/full_mask.png"] = mask(40, 20, 700)
	root := tree(t, files...)
	fill(t, root, content)
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Train != 30 || r.Test["hole"] != 6 || r.Test[Good] != 1 || r.Grey != 35 || r.Colour != 1 || r.Sizes[0] != (Sized{40, 20, 35}) {
		t.Errorf("%+v", r)
	}
	want := []Oddity{
		{Unreadable, []string{"train/good/c8.png"}},
		{Leak, []string{"train/good/a1.png = test/good/0.png"}},
		{WrongMask, []string{"test/hole/size.png"}},
		{BadMask, []string{"test/hole/bad.png"}},
		{NoMask, []string{"test/hole/none.png"}},
		{EmptyMask, []string{"test/hole/empty.png"}},
		{FullMask, []string{"test/hole/full.png"}},
		{Duplicate, []string{"train/good/a0.png = train/good/c9.png"}},
		{OtherModes, []string{"test/hole/ok.png"}},
		{OtherAspects, []string{"train/good/c7.png"}},
	}
	if len(r.Odd) != len(want) || len(want) != len(Oddities) {
		t.Fatalf("%+v", r.Odd)
	}
	for i := range want {
		if r.Odd[i].What != want[i].What || !slices.Equal(r.Odd[i].Images, want[i].Images) {
			t.Errorf("%+v, want %+v", r.Odd[i], want[i])
		}
	}
}
