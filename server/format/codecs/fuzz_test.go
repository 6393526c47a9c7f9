package codecs

import (
	"bytes"
	"context"
	"testing"

	"semirest/server/format"
	"semirest/server/format/place"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// small are limits that keep one fuzzed file within a machine.
var small = format.Limits{Entries: 100, Entry: 1 << 20, Text: 1 << 20, Total: 4 << 20, Marks: 2000, Picture: prep.Limits{MaxSide: 1 << 12, MaxPixels: 1 << 20}}

// hold checks what must hold of anything that Read gave: its labels are what
// package annot stores, and they come back from the formats that hold all.
func hold(t *testing.T, b []byte, name string, known []format.Known) {
	var got []format.Item
	for it, err := range format.Read(context.Background(), bytes.NewReader(b), int64(len(b)), must(name), format.Options{Limits: small, Known: known, Warn: func(w format.Warning) {
		if w.Text == "" || w.Count < 1 {
			t.Fatalf("%+v", w)
		}
	}}) {
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			continue
		}
		if it.Width < 1 || it.Height < 1 || it.Name != place.Base(it.Name) {
			t.Fatalf("%+v", it)
		}
		if it.Labels == nil {
			continue
		}
		if l, err := annot.Parse(stored(it.Labels)); err != nil || l.W != it.Width || l.H != it.Height {
			t.Fatal(err)
		}
		it.Open, it.Truth = nil, nil
		got = append(got, it)
	}
	if len(got) == 0 || got[0].Width*got[0].Height > 1<<16 {
		return
	}
	got = got[:1]
	for _, f := range Formats() {
		b, _ := written(t, f.Name, got)
		again, _, err := collect(f.Name, b, format.Options{Known: knownOf(got)})
		if f.Holds.Identical && (err != nil || len(again) != 1 || !bytes.Equal(stored(again[0].Labels), stored(got[0].Labels))) {
			t.Fatalf("%s after %s: %v\n%+v", f.Name, name, err, got[0].Labels)
		}
	}
}

// fuzzText fuzzes the label file of a format; the archive around it is sound.
func fuzzText(f *testing.F, name, path string, seeds ...string) {
	its := items(1, 1)
	b, _ := written(f, name, its)
	for name, text := range unzipped(f, b) {
		if name == path || len(text) < 4000 && bytes.HasSuffix([]byte(name), []byte(path[len(path)-4:])) {
			f.Add([]byte(text))
		}
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	picture := string(canvas(40, 30))
	f.Fuzz(func(t *testing.T, text []byte) {
		b := zipped(map[string]string{path: string(text), "images/a.png": picture, "classes.txt": "x\ny"})
		hold(t, b, name, nil)
		hold(t, b, name, []format.Known{{ID: "1", Name: "a.png", Width: 40, Height: 30}})
	})
}

func FuzzCOCO(f *testing.F) {
	const head = `{"images":[{"id":1,"width":40,"height":30,"file_name":"a.png"}],"categories":[{"id":1,"name":"x"}],"annotations":[{"image_id":1,"category_id":1,`
	fuzzText(f, "coco", "annotations.json",
		head+`"bbox":[2,3,10,4]}]}`,
		head+`"segmentation":{"size":[30,40],"counts":"12]U1"}}]}`,
		head+`"segmentation":{"size":[30,40],"counts":[1,2,1197]}}]}`,
		head+`"segmentation":[[1,1,9,1,9,9]],"bbox":[1,1,8,8]}]}`,
		head+`"bbox":[10,10,8,4],"attributes":{"rotation":45}}]}`)
}

func FuzzYOLO(f *testing.F) {
	fuzzText(f, "yolo", "labels/a.txt", "0 0.5 0.5 0.1 0.2\n", "1 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5", "0 0.1 0.1 0.5 0.1 0.5 0.5", "")
}

func FuzzYOLONames(f *testing.F) {
	for _, s := range []string{"names: [a, b]", "names:\n  0: a\n  1: b\n", "a: &a [x]\nnames: *a", "names: {0: {1: 2}}", "task: obb\nnames: [a]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		hold(t, zipped(map[string]string{"data.yaml": string(text), "labels/a.txt": "0 0.5 0.5 0.1 0.2\n0 0.2 0.4 0.3 0.4 0.4 0.6 0.2 0.6\n", "images/a.png": string(canvas(40, 30))}), "yolo", nil)
	})
}

func FuzzVOC(f *testing.F) {
	fuzzText(f, "voc", "Annotations/a.xml", `<annotation><filename>a.png</filename><object><name>x</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox></object></annotation>`,
		`<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>`)
}

func FuzzLabelme(f *testing.F) {
	fuzzText(f, "labelme", "a.json", `{"shapes":[{"label":"x","points":[[1,1],[9,9]],"shape_type":"rectangle"},{"label":"x","points":[[9,9],[12,9]],"shape_type":"circle"}],"imagePath":"a.png","imageHeight":30,"imageWidth":40}`,
		`{"shapes":[{"label":"x","points":[[3,2],[4,3]],"shape_type":"mask","mask":"iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgYGRgYAAAAAoAAr99YDgAAAAASUVORK5CYII="}],"imagePath":"a.png"}`)
}

func FuzzCSV(f *testing.F) {
	fuzzText(f, "csv", "labels.csv", "picture,shape,name,x,y,w,h\na.png,box,'=1,1,2,3,4\n", "picture;shape;data\na.png;blocks;2x2x8 2x4\n", "picture,shape,data\na.png,pixels,1:2-3\n")
}

func FuzzMask(f *testing.F) {
	f.Add(canvas(40, 30))
	f.Add(canvas(8, 8))
	f.Fuzz(func(t *testing.T, file []byte) {
		hold(t, zipped(map[string]string{"masks/a.png": string(file), "images/a.png": string(canvas(40, 30))}), "mask", nil)
		hold(t, zipped(map[string]string{"ground_truth/x/a_mask.png": string(file), "test/x/a.png": string(canvas(40, 30))}), "mvtec", nil)
	})
}

// FuzzArchive fuzzes the zip itself in every format.
func FuzzArchive(f *testing.F) {
	for i, name := range Formats() {
		its := items(3, 1)
		for i := range its {
			its[i].Truth = nil
		}
		b, _ := written(f, name.Name, its)
		f.Add(uint8(i), b)
	}
	f.Fuzz(func(t *testing.T, i uint8, b []byte) {
		hold(t, b, codecs[int(i)%len(codecs)].Name, nil)
	})
}
