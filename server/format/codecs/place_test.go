package codecs

import (
	"errors"
	"strings"
	"testing"

	"semirest/server/format"
	"semirest/server/format/place"
)

// TestLabelsFindTheirPicture: labels that come without pictures land on the picture
// that their path means, else on the only one of the name, else on none.
func TestLabelsFindTheirPicture(t *testing.T) {
	known := func(paths ...string) (out []format.Known) {
		for _, p := range paths {
			id, came, _ := strings.Cut(p, "=")
			out = append(out, format.Known{ID: id, Name: id + "~" + place.Base(came), Path: came, Width: 40, Height: 30})
		}
		return out
	}
	mvtec := known("s=test/scratch/000.png", "d=test/dent/000.png", "g=train/good/000.png", "u=test/dent/007.png")
	for _, c := range []struct {
		name, file string // as a label file says
		known      []format.Known
		want       string // an ID; "?" ambiguous; "-" unknown
	}{
		{"a path", "test/scratch/000.png", mvtec, "s"},
		{"a shorter path", "dent/000.png", mvtec, "d"},
		{"a path of another machine", `D:\parts\test\dent\000.png`, mvtec, "d"},
		{"folders that only hold pictures", "images/scratch/000.png", mvtec, "s"},
		{"only the name, which several have", "000.png", mvtec, "?"},
		{"only the name, which one has", "007.png", mvtec, "u"},
		{"a folder that is not here", "test/hole/000.png", mvtec, "-"},
		{"one name, the folder of another kind", "test/scratch/007.png", mvtec, "-"},
		{"one name, a kind that is not here", "test/hole/007.png", mvtec, "-"},
		{"good of another set", "test/good/000.png", mvtec, "-"},
		{"a folder that says nothing", "C:/Users/me/Desktop/007.png", mvtec, "u"},
		{"letters' case", "TEST/Scratch/000.PNG", mvtec, "s"},
		{"divided anew", "valid/x.jpg", known("x=train/x.jpg"), "x"},
		{"a decomposed name", "Fla\u0308che.png", known("f=Fläche.png"), "f"},
		{"case", "A.PNG", known("a=a.png"), "a"},
		{"case tells two apart", "A.png", []format.Known{{ID: "1", Name: "a.png", Width: 40, Height: 30}, {ID: "2", Name: "A.png", Width: 40, Height: 30}}, "2"},
		{"case does not tell two apart", "A.PNG", []format.Known{{ID: "1", Name: "a.png", Width: 40, Height: 30}, {ID: "2", Name: "A.png", Width: 40, Height: 30}}, "?"},
		{"another ending", "a.jpg", known("a=a.png"), "a"},
		{"another ending, two pictures", "a.jpg", known("a=a.png", "b=a.bmp"), "?"},
		{"its own ending, two pictures", "a.bmp", known("a=a.png", "b=a.bmp"), "b"},
		{"a dot in the name", "part.01", known("p=part.01.png", "q=part.02.png"), "p"},
		{"of old: the kind instead of a path", "test/dent/000.png", []format.Known{{ID: "1", Name: "000.png", Kind: "scratch", Width: 40, Height: 30}, {ID: "2", Name: "000 (2).png", Kind: "dent", Width: 40, Height: 30}}, "2"},
		{"of old: a name that was taken", "000.png", []format.Known{{ID: "1", Name: "000.png", Width: 40, Height: 30}, {ID: "2", Name: "000 (2).png", Width: 40, Height: 30}}, "?"},
	} {
		slash := strings.ReplaceAll(c.file, `\`, "/")
		bare := strings.TrimPrefix(bareNamePath(slash), "C:/Users/me/Desktop/")
		bare = strings.TrimPrefix(bare, "D:/parts/")
		escaped := strings.ReplaceAll(c.file, `\`, `\\`)
		files := map[string]map[string]string{
			"coco": {"a.json": `{"images":[{"id":1,"file_name":"` + escaped + `"}],"categories":[],"annotations":[{"image_id":1,"bbox":[1,1,5,5]}]}`},
			"csv":  {"a.csv": "picture,shape,x,y,w,h\n" + c.file + ",box,1,1,5,5\n"},
		}
		if c.name != "another ending" && c.name != "case does not tell two apart" && !strings.Contains(c.name, "ending, two") { // these have no endings
			files["yolo"] = map[string]string{"labels/" + bare + ".txt": "0 0.5 0.5 0.1 0.1\n", "classes.txt": "x"}
			files["mask"] = map[string]string{"masks/" + bare + ".png": string(canvasWhite(40, 30))}
			files["labelme"] = map[string]string{bare + ".json": `{"shapes":[{"label":"x","points":[[1,1],[5,5]],"shape_type":"rectangle"}],"imagePath":"` + place.Base(slash) + `"}`}
			files["voc"] = map[string]string{"Annotations/" + bare + ".xml": `<annotation><filename>` + place.Base(slash) + `</filename><object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>`}
		}
		for name, archive := range files {
			got, _, err := collect(name, zipped(archive), format.Options{Known: c.known})
			said := "-"
			switch {
			case errors.Is(err, format.ErrAmbiguous):
				said = "?"
			case err == nil && len(got) == 1:
				said = got[0].ID
			case !errors.Is(err, format.ErrUnknown):
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
			if said != c.want && !(c.want == "-" && said == "?") {
				t.Errorf("%s, %s: %s, want %s: %v", c.name, name, said, c.want, err)
			}
		}
	}
}

func bareNamePath(p string) string {
	return p[:len(p)-len(place.Base(p))] + place.Bare(place.Base(p))
}

// TestOneNameTwice: where an archive labels two pictures of one name and only one is
// here, neither label is taken for it without a path.
func TestOneNameTwice(t *testing.T) {
	const box = `<object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>`
	rectangle := `{"shapes":[{"label":"x","points":[[1,1],[5,5]],"shape_type":"rectangle"}],"imagePath":"000.png"}`
	image := func(id, name string) string { return `{"id":` + id + `,"file_name":"` + name + `"}` }
	for name, files := range map[string]map[string]string{
		"coco":    {"a.json": `{"images":[` + image("1", "dent/000.png") + `,` + image("2", "hole/000.png") + `],"categories":[],"annotations":[{"image_id":1,"bbox":[1,1,5,5]},{"image_id":2,"bbox":[1,1,5,5]}]}`},
		"csv":     {"a.csv": "picture,shape,x,y,w,h\ndent/000.png,box,1,1,5,5\nhole/000.png,box,1,1,5,5\n"},
		"yolo":    {"labels/dent/000.txt": "0 0.5 0.5 0.1 0.1", "labels/hole/000.txt": "0 0.5 0.5 0.1 0.1", "classes.txt": "x"},
		"mask":    {"masks/dent/000.png": string(canvasWhite(40, 30)), "masks/hole/000.png": string(canvasWhite(40, 30))},
		"voc":     {"dent/000.xml": "<annotation>" + box + "</annotation>", "hole/000.xml": "<annotation>" + box + "</annotation>"},
		"labelme": {"dent/000.json": rectangle, "hole/000.json": rectangle},
		"mvtec":   {"ground_truth/dent/000_mask.png": string(canvasWhite(40, 30)), "ground_truth/hole/000_mask.png": string(canvasWhite(40, 30))},
	} {
		for where, known := range map[string]format.Known{
			"by its name alone": {ID: "k", Name: "000.png", Width: 40, Height: 30},
			"in another folder": {ID: "k", Name: "000.png", Path: "test/scratch/000.png", Width: 40, Height: 30},
		} {
			got, _, err := collect(name, zipped(files), format.Options{Known: []format.Known{known}})
			if len(got) != 0 || !errors.Is(err, format.ErrAmbiguous) && !errors.Is(err, format.ErrUnknown) {
				t.Errorf("%s, %s: %+v %v", name, where, got, err)
			}
		}
		// With its folder, each label has its own.
		got, _, err := collect(name, zipped(files), format.Options{Known: []format.Known{
			{ID: "d", Name: "000.png", Path: "test/dent/000.png", Width: 40, Height: 30}, {ID: "h", Name: "000 (2).png", Path: "test/hole/000.png", Width: 40, Height: 30}}})
		if err != nil || len(got) != 2 || got[0].ID != "d" || got[1].ID != "h" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	// One COCO id for two images: nobody knows whose its annotations are.
	_, _, err := collect("coco", zipped(map[string]string{"a.json": `{"images":[` + image("1", "a.png") + `,` + image("1", "b.png") + `],"categories":[],"annotations":[{"image_id":1,"bbox":[1,1,5,5]}]}`,
		"images/a.png": string(canvas(40, 30)), "images/b.png": string(canvas(41, 30))}), format.Options{})
	if !errors.Is(err, format.ErrAmbiguous) {
		t.Error(err)
	}
}

// TestPicturesOfAnArchive: within an archive, too, a label only finds its own picture.
func TestPicturesOfAnArchive(t *testing.T) {
	first, second := string(canvas(40, 30)), string(canvas(41, 30))
	for name, c := range map[string]struct {
		files map[string]string
		want  string // path and whether labels, or an error
	}{
		"each folder its own":      {map[string]string{"images/dent/0.png": first, "images/hole/0.png": second, "labels/dent/0.txt": "", "labels/hole/0.txt": ""}, "images/dent/0.png images/hole/0.png"},
		"two endings, one stem":    {map[string]string{"images/0.png": first, "images/0.jpg": second, "labels/0.txt": ""}, "several"},
		"no picture in its folder": {map[string]string{"images/dent/0.png": first, "images/hole/1.png": second, "labels/hole/0.txt": ""}, "no picture"},
		"a name folded":            {map[string]string{"images/Fla\u0308che.PNG": first, "labels/fläche.txt": ""}, "images/Fla\u0308che.PNG"},
	} {
		c.files["classes.txt"] = "x"
		got, _, err := collect("yolo", zipped(c.files), format.Options{})
		said := ""
		for _, it := range got {
			if it.Labels != nil {
				said += it.Path + " "
			}
		}
		if err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %s, want %s", name, said, c.want)
		}
	}
	// A picture of a known name with other content is another picture.
	got, warnings, err := collect("yolo", zipped(map[string]string{"images/a.png": second, "labels/a.txt": "0 0.5 0.5 0.1 0.1", "classes.txt": "x"}),
		format.Options{Known: []format.Known{{ID: "k", Name: "a.png", Width: 40, Height: 30, SHA256: strings.Repeat("0", 64)}}})
	if err != nil || len(got) != 1 || got[0].ID != "" || len(warnings) != 1 || !strings.Contains(warnings[0].Text, "other content") {
		t.Errorf("%+v %v %v", got, warnings, err)
	}
}
