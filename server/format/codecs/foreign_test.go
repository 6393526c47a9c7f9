package codecs

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"semirest/server/format"
	"semirest/server/format/outline"
	"semirest/shared/annot"
)

// shapesOf says labels in a few words, for tables.
func shapesOf(l *annot.Labels) string {
	if l == nil {
		return "nothing"
	}
	var out []string
	if l.Normal {
		out = append(out, "normal")
	}
	for _, s := range l.Shapes {
		switch {
		case s.Polygon():
			out = append(out, s.Name+" polygon "+spaced(outline.Flat(s.Points)))
		default:
			v, degrees := outline.Numbers(s.Box)
			text := s.Name + " box " + spaced(v)
			if degrees != 0 {
				text += " turned " + fmt.Sprint(math.Round(degrees*100)/100)
			}
			out = append(out, text)
		}
	}
	if !l.Mask.Empty() {
		out = append(out, "pixels")
		for y := range l.H {
			for _, r := range l.Mask.Row(y) {
				out[len(out)-1] += fmt.Sprintf(" %d:%d-%d", y, r.X0, r.X1-1)
			}
		}
	}
	for _, y := range l.Layers {
		out = append(out, fmt.Sprintf("blocks of %d x %d: %v", y.Grid.Rows, y.Grid.Cols, y.Cells))
	}
	return strings.Join(out, "; ")
}

// spaced is numbers in a row.
func spaced(v []float64) string { return strings.Trim(fmt.Sprint(v), "[]") }

// TestForeignFiles reads files as other programs write them. Where each rule is
// written: COCO cocodataset.org "Data format"; YOLO docs.ultralytics.com
// /datasets/detect, /obb, /segment; Pascal VOC devkit_doc 2012; labelme
// labelme/_label_file.py and _utils/_shape.py.
func TestForeignFiles(t *testing.T) {
	const yaml = "path: ../datasets/x # root\ntrain: images/train\nval: images/val\nnames:\n  0: scratch\n  1: dent\n"
	const head = `{"images":[{"id":7,"width":40,"height":30,"file_name":"a.png","license":4}],"categories":[{"id":3,"name":"scratch"}],"annotations":[`
	mark := func(s string) string { return head + `{"id":1,"image_id":7,"category_id":3,` + s + `}]}` }
	voc := func(objects string) string {
		return `<annotation><folder>VOC</folder><filename>a.png</filename><size><width>40</width><height>30</height><depth>3</depth></size>` + objects + `</annotation>`
	}
	me := func(shapes string) string {
		return `{"version":"4.5.6","flags":{},"shapes":[` + shapes + `],"imagePath":"..\\images\\a.png","imageData":"iVBORw0=","imageHeight":30,"imageWidth":40}`
	}
	for _, c := range []struct {
		name, format, path, text string
		want, warning            string
	}{
		{"coco box", "coco", "annotations/instances_train.json", mark(`"bbox":[2,3,10.5,4],"area":42,"iscrowd":0`), "scratch box 2 3 10.5 4", ""},
		{"coco box with an empty segmentation", "coco", "a.json", mark(`"bbox":[2,3,10,4],"segmentation":[]`), "scratch box 2 3 10 4", ""},
		{"coco polygon", "coco", "a.json", mark(`"bbox":[1,1,9,8],"segmentation":[[1,1,10,1,10,9]]`), "scratch polygon 1 1 10 1 10 9", ""},
		{"coco two polygons", "coco", "a.json", mark(`"segmentation":[[1,1,10,1,10,9],[20,20,25,20,25,25,20,25]]`),
			"scratch polygon 1 1 10 1 10 9; scratch polygon 20 20 25 20 25 25 20 25", "several polygons"},
		{"coco crowd", "coco", "a.json", mark(`"iscrowd":1,"bbox":[0,1,1,2],"segmentation":{"size":[30,40],"counts":[1,2,1197]}`), "pixels 1:0-0 2:0-0", "category of a mask"},
		{"coco compressed", "coco", "a.json", mark(`"bbox":[0,1,1,2],"segmentation":{"size":[30,40],"counts":"12]U1"}`), "pixels 1:0-0 2:0-0", "category of a mask"},
		{"coco turned by CVAT", "coco", "a.json", mark(`"bbox":[10,10,8,4],"segmentation":[],"attributes":{"rotation":90.0}`), "scratch box 10 10 8 4 turned 90", ""},
		{"coco ids as text, annotations first", "coco", "a.json",
			`{"annotations":[{"id":"x","image_id":"a","category_id":"c","bbox":[1,1,2,2]}],"categories":[{"id":"c","name":"dent"}],"images":[{"id":"a","width":40,"height":30,"file_name":"sub/a.png"}]}`, "dent box 1 1 2 2", ""},
		{"coco without labels", "coco", "a.json", head + `]}`, "nothing", ""},
		{"coco box a hair over the edge", "coco", "a.json", mark(`"bbox":[-0.4,3,10,27.5]`), "scratch box 0 3 9.6015625 27", ""},
		{"coco box without area", "coco", "a.json", mark(`"bbox":[4,3,0,0]`), "", "without area"},

		{"yolo box", "yolo", "labels/train/a.txt", "1 0.25 0.5 0.1 0.2\n", "dent box 8 12 4 6", ""},
		{"yolo prediction with a score", "yolo", "labels/a.txt", "0 0.25 0.5 0.1 0.2 0.93\r\n", "scratch box 8 12 4 6", "score"},
		{"yolo empty", "yolo", "labels/a.txt", "\n", "normal", "taken for normal"},
		{"yolo-obb upright", "yolo-obb", "labels/a.txt", "0 0.2 0.4 0.3 0.4 0.3 0.6 0.2 0.6", "scratch box 8 12 4 6", ""},
		{"yolo-obb from another corner, the other way round", "yolo-obb", "labels/a.txt", "0 0.3 0.6 0.3 0.4 0.2 0.4 0.2 0.6", "scratch box 8 12 4 6", ""},
		{"yolo-obb turned by 45 degrees", "yolo-obb", "labels/a.txt", "0 0.5 0.3333333333 0.625 0.5 0.5 0.6666666667 0.375 0.5",
			"scratch box 16.46484375 11.46484375 7.0703125 7.0703125 turned 45", ""},
		{"yolo-seg", "yolo-seg", "labels/a.txt", "0 0.1 0.1 0.5 0.1 0.5 0.5", "scratch polygon 4 3 20 3 20 15", ""},
		{"yolo detect with a polygon line", "yolo", "labels/a.txt", "0 0.1 0.1 0.5 0.1 0.5 0.5 0.3 0.7 0.1 0.5", "scratch polygon 4 3 20 3 20 15 12 21 4 15", ""},

		{"voc", "voc", "Annotations/a.xml", voc(`<object><name>dent</name><pose>Left</pose><difficult>1</difficult><bndbox><xmin>9</xmin><ymin>13</ymin><xmax>12</xmax><ymax>18</ymax></bndbox></object>`), "dent box 8 12 4 6", ""},
		{"voc, its corners in another order", "voc", "Annotations/a.xml", voc(`<object><name>dent</name><bndbox><xmax>12</xmax><xmin>9</xmin><ymax>18</ymax><ymin>13</ymin></bndbox><part><name>head</name></part></object>`), "dent box 8 12 4 6", ""},
		{"voc of a program that counts from 0", "voc", "a.xml", voc(`<object><name>dent</name><bndbox><xmin>0</xmin><ymin>12</ymin><xmax>12.5</xmax><ymax>18</ymax></bndbox></object>`), "dent box 0 12 12.5 6", "from 0"},
		{"voc, rotated by roLabelImg", "voc", "a.xml", voc(`<object><type>robndbox</type><name>dent</name><robndbox><cx>20</cx><cy>15</cy><w>8</w><h>4</h><angle>1.5707963</angle></robndbox></object>`), "dent box 16 13 8 4 turned 90", ""},
		{"voc without objects", "voc", "a.xml", voc(``), "normal", "taken for normal"},

		{"labelme rectangle", "labelme", "json/a.json", me(`{"label":"dent","points":[[12,18],[8,12]],"group_id":null,"shape_type":"rectangle","flags":{}}`), "dent box 8 12 4 6", ""},
		{"labelme polygon", "labelme", "json/a.json", me(`{"label":"dent","points":[[4,3],[20,3],[20,15]],"shape_type":"polygon"}`), "dent polygon 4 3 20 3 20 15", ""},
		{"labelme oriented rectangle", "labelme", "json/a.json", me(`{"label":"dent","points":[[22,11],[22,19],[18,19],[18,11]],"shape_type":"oriented_rectangle"}`), "dent box 18 11 4 8", ""},
		{"X-AnyLabeling rotation", "labelme", "json/a.json", me(`{"label":"dent","points":[[20,10],[25,15],[20,20],[15,15]],"shape_type":"rotation","direction":0.785}`), "dent box 16.46484375 11.46484375 7.0703125 7.0703125 turned 45", ""},
		{"labelme point", "labelme", "json/a.json", me(`{"label":"dent","points":[[20,10]],"shape_type":"point"}`), "", "no area"},
		{"labelme mask", "labelme", "json/a.json", me(`{"label":"dent","points":[[3,2],[4,3]],"shape_type":"mask","mask":"iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgYGRgYAAAAAoAAr99YDgAAAAASUVORK5CYII="}`), "pixels 2:4-4", "label of a mask"},

		{"csv by hand", "csv", "labels.csv", "Picture,Shape,Name,X,Y,W,H\na.png,box,dent,8,12,4,6\n", "dent box 8 12 4 6", ""},
		{"csv of a spreadsheet with semicolons", "csv", "labels.csv", "\ufeffpicture;shape;name;x;y;w;h;note\r\na.png;box;\"'=dent\";8;12;4;6;mine\r\n", "=dent box 8 12 4 6", "column"},
		{"csv normal", "csv", "labels.csv", "picture,shape\na.png,normal\n", "normal", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{c.path: c.text, "data.yaml": yaml, "images/a.png": string(canvas(40, 30))}
			if !strings.HasPrefix(c.format, "yolo") {
				delete(files, "data.yaml")
			}
			for _, known := range [][]format.Known{nil, {{ID: "k", Name: "a.png", Width: 40, Height: 30}}} {
				if known != nil {
					delete(files, "images/a.png")
				}
				got, warnings, err := collect(c.format, zipped(files), format.Options{Known: known})
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 1 || got[0].Name != "a.png" || got[0].Width != 40 || got[0].Height != 30 || shapesOf(got[0].Labels) != c.want {
					for _, it := range got {
						t.Logf("%+v %s", it, shapesOf(it.Labels))
					}
					t.Fatalf("want %s", c.want)
				}
				if (known == nil) != (got[0].Open != nil) || known != nil && got[0].ID != "k" {
					t.Errorf("%+v", got[0])
				}
				told := ""
				for _, w := range warnings {
					told += w.String() + "\n"
				}
				if (told != "") != (c.warning != "") || !strings.Contains(told, c.warning) {
					t.Errorf("warnings %q, want %q", told, c.warning)
				}
			}
		})
	}
}

// TestReadFiles reads a folder as it lies on a disk, and one file of it.
func TestReadFiles(t *testing.T) {
	its := items(7, 3)
	b, _ := written(t, "coco", its)
	dir := fstest.MapFS{"link": {Mode: fs.ModeSymlink, Data: []byte("/etc/passwd")}}
	for name, text := range unzipped(t, b) {
		dir["mine/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for root, pictures := range map[string]bool{".": true, "mine": true, "mine/annotations.json": false} {
		n := 0
		for it, err := range format.ReadFiles(t.Context(), dir, root, must("coco"), format.Options{}) {
			if err != nil {
				t.Fatal(root, err)
			}
			want := its[n]
			if !pictures {
				want.Open, want.Truth = nil, nil
			}
			same(t, it, want)
			n++
		}
		if n != len(its) {
			t.Errorf("%s: %d pictures", root, n)
		}
	}
	for _, err := range format.ReadFiles(t.Context(), dir, "other", must("coco"), format.Options{}) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
}
