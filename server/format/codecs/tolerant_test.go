package codecs

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"semirest/server/format"
)

// TestLooseFiles reads files as people's programs write them, where strict decoding
// would refuse them: each has one good object, "dent" of 10 x 6 pixels at (4, 5).
// What is said of it is said in words.
func TestLooseFiles(t *testing.T) {
	const good = `{"id":1,"image_id":1,"category_id":1,"bbox":[4,5,10,6]`
	coco := func(image, marks string) string {
		return `{"images":[{"id":1,"file_name":"a.png"` + image + `}],"categories":[{"id":1,"name":"dent"}],"annotations":[` + marks + `]}`
	}
	voc := func(head, object string) string {
		return head + `<annotation><filename>a.png</filename><size><width>40</width><height>30</height><depth>Unspecified</depth></size><segmented>false</segmented>` + object + `</annotation>`
	}
	const box = `<bndbox><xmin>5</xmin><ymin>6</ymin><xmax>14</xmax><ymax>11</ymax></bndbox>`
	me := func(head, shapes string) string {
		return `{"shapes":[` + shapes + `]` + head + `}`
	}
	const rectangle = `{"label":"dent","points":[[4,5],[14,11]],"shape_type":"rectangle"}`
	latin := func(s string) string { // windows-1252
		out := []byte{}
		for _, r := range s {
			out = append(out, byte(r))
		}
		return string(out)
	}
	const b = "dent box 4 5 10 6"
	for _, c := range []struct {
		name, format, path, text string
		want, warning            string
	}{
		{"coco, sizes with a point", "coco", "a.json", coco(`,"width":40.0,"height":"30"`, good+`}`), b, ""},
		{"coco, no size", "coco", "a.json", coco(``, good+`}`), b, ""},
		{"coco, size of null", "coco", "a.json", coco(`,"width":null,"height":0`, good+`}`), b, ""},
		{"coco, NaN where nobody looks", "coco", "a.json", coco(``, good+`,"area":NaN,"score":-Infinity,"iscrowd":Infinity}`), b, ""},
		{"coco, numbers as text", "coco", "a.json", coco(``, `{"image_id":"1","category_id":1.0,"bbox":["4","5.0",10,"6"]}`), b, ""},
		{"coco, attributes that are a list", "coco", "a.json", coco(``, good+`,"attributes":[]}`), b, ""},
		{"coco, attributes of text", "coco", "a.json", coco(``, good+`,"attributes":{"rotation":"0","occluded":"no"}}`), b, ""},
		{"coco, byte order mark", "coco", "a.json", "\ufeff" + coco(``, good+`}`), b, ""},
		{"coco, UTF-16", "coco", "a.json", wide(coco(``, good+`}`)), b, ""},
		{"coco, one flat polygon", "coco", "a.json", coco(``, `{"image_id":1,"category_id":1,"segmentation":[4,5,14,5,14,11]}`), "dent polygon 4 5 14 5 14 11", ""},
		{"coco, a polygon of points", "coco", "a.json", coco(``, `{"image_id":1,"category_id":1,"segmentation":[[4,5],[14,5],[14,11]]}`), "dent polygon 4 5 14 5 14 11", ""},
		{"coco, polygons of points", "coco", "a.json", coco(``, `{"image_id":1,"category_id":1,"segmentation":[[[4,5],[14,5],[14,11]]]}`), "dent polygon 4 5 14 5 14 11", ""},
		{"coco, an empty polygon beside a box", "coco", "a.json", coco(``, good+`,"segmentation":[[]]}`), b, ""},
		{"coco, text for a segmentation", "coco", "a.json", coco(``, good+`,"segmentation":"none"}`), b, ""},
		{"coco, an annotation of no image", "coco", "a.json", coco(``, good+`},{"image_id":9,"category_id":1,"bbox":[1,1,2,2]}`), b, "image_id 9"},
		{"coco, an annotation without numbers", "coco", "a.json", coco(``, good+`},{"image_id":1,"category_id":1,"bbox":[1,NaN,2,2]}`), b, "the others of its picture stay"},
		{"coco, an annotation that is a number", "coco", "a.json", coco(``, good+`},7`), b, "no object"},
		{"coco, a mask that does not fit", "coco", "a.json", coco(``, good+`},{"image_id":1,"segmentation":{"size":[30,40],"counts":[5,5]}}`), b, "the others of its picture stay"},
		{"coco, a category that is not listed", "coco", "a.json", coco(``, `{"image_id":1,"category_id":8,"bbox":[4,5,10,6]}`), "8 box 4 5 10 6", "by its number"},
		{"coco, a box the other way round", "coco", "a.json", coco(``, `{"image_id":1,"category_id":1,"bbox":[14,11,-10,-6]}`), b, "negative"},
		{"coco, beyond the edge", "coco", "a.json", coco(``, `{"image_id":1,"category_id":1,"bbox":[30,20,60,60]}`), "dent box 30 20 10 10", "cut at the edge"},
		{"coco, one wholly outside", "coco", "a.json", coco(``, good+`},{"image_id":1,"category_id":1,"bbox":[300,20,60,60]}`), b, "the others of its picture stay"},

		{"yolo, beyond the edge", "yolo", "labels/a.txt", "0 1 0.5 0.5 0.2\n", "dent box 30 12 10 6", "cut at the edge"},
		{"yolo, a bad line", "yolo", "labels/a.txt", "0 0.225 0.26666667 0.25 0.2\n0 x y z\n", b, "line 2"},
		{"yolo, a class without a name", "yolo", "labels/a.txt", "7 0.225 0.26666667 0.25 0.2\n", "7 box 4 5 10 6", "by its number"},
		{"yolo, called like the picture's whole name", "yolo", "labels/a.png.txt", "0 0.225 0.26666667 0.25 0.2\n", b, ""},

		{"voc, fields that nobody needs", "voc", "a.xml", voc("", `<object><name>dent</name><truncated>0.0597</truncated><difficult>Unspecified</difficult>`+box+`</object>`), b, ""},
		{"voc, size with a point", "voc", "a.xml", strings.ReplaceAll(voc("", `<object><name>dent</name>`+box+`</object>`), ">40<", ">40.0<"), b, ""},
		{"voc, no size", "voc", "a.xml", strings.NewReplacer(">40<", ">0<", ">30<", "><").Replace(voc("", `<object><name>dent</name>`+box+`</object>`)), b, ""},
		{"voc, an object without a box", "voc", "a.xml", voc("", `<object><name>x</name></object><object><name>dent</name>`+box+`</object>`), b, "object 1"},
		{"voc, US-ASCII", "voc", "a.xml", voc(`<?xml version="1.0" encoding="us-ascii"?>`, `<object><name>dent</name>`+box+`</object>`), b, ""},
		{"voc, ISO-8859-1", "voc", "a.xml", latin(voc(`<?xml version="1.0" encoding="ISO-8859-1"?>`, `<object><name>Öl</name>`+box+`</object>`)), "Öl box 4 5 10 6", ""},
		{"voc, GB2312", "voc", "a.xml", voc(`<?xml version="1.0" encoding="gb2312"?>`, "<object><name>\xbb\xae\xba\xdb</name>"+box+`</object>`), "划痕 box 4 5 10 6", ""},
		{"voc, UTF-16", "voc", "a.xml", wide(voc(`<?xml version="1.0" encoding="UTF-16"?>`, `<object><name>dent</name>`+box+`</object>`)), b, ""},
		{"voc, UTF-8 that says UTF-16", "voc", "a.xml", voc(`<?xml version="1.0" encoding="utf-16"?>`, `<object><name>dent</name>`+box+`</object>`), b, ""},
		{"voc, says UTF-8 and is not", "voc", "a.xml", latin(voc(`<?xml version="1.0" encoding="utf-8"?>`, `<object><name>Öl</name>`+box+`</object>`)), "Öl box 4 5 10 6", "a guess"},
		{"voc, a name without its ending", "voc", "a.xml", strings.Replace(voc("", `<object><name>dent</name>`+box+`</object>`), "a.png", "a", 1), b, ""},
		{"voc, the ending of before", "voc", "a.xml", strings.Replace(voc("", `<object><name>dent</name>`+box+`</object>`), "a.png", "a.jpg", 1), b, ""},

		{"labelme, loose", "labelme", "a.json", me(`,"flags":[],"imagePath":null,"imageHeight":"30","imageWidth":40.0`, rectangle), b, ""},
		{"labelme, no size", "labelme", "a.json", me(`,"imagePath":"a.png"`, rectangle), b, ""},
		{"labelme, a label that is a number", "labelme", "a.json", me(`,"imagePath":"a.png"`, strings.Replace(rectangle, `"dent"`, `3`, 1)), "3 box 4 5 10 6", ""},
		{"labelme, a shape that is none", "labelme", "a.json", me(`,"imagePath":"a.png"`, `7,`+rectangle), b, ""},
		{"labelme, a bad shape", "labelme", "a.json", me(`,"imagePath":"a.png"`, `{"label":"x","points":[[1]],"shape_type":"polygon"},`+rectangle), b, "shape 1"},
		{"labelme, a polygon beyond the edge", "labelme", "a.json", me(`,"imagePath":"a.png"`, `{"label":"dent","points":[[30,20],[60,20],[60,29],[30,29]],"shape_type":"polygon"}`), "dent polygon 30 20 40 20 40 29 30 29", "cut at the edge"},
		{"labelme, GBK", "labelme", "a.json", me(`,"imagePath":"a.png"`, strings.Replace(rectangle, "dent", "\xbb\xae\xba\xdb", 1)), "划痕 box 4 5 10 6", "read as GBK"},

		{"csv, decimal commas", "csv", "a.csv", "picture;shape;name;x;y;w;h\na.png;box;dent;4,5;5;10,25;6\n", "dent box 4.5 5 10.25 6", ""},
		{"csv, decimal commas in a polygon", "csv", "a.csv", "picture;shape;name;data\na.png;polygon;dent;4,5 5 14 5 14 11\n", "dent polygon 4.5 5 14 5 14 11", ""},
		{"csv, tabs", "csv", "a.csv", "picture\tshape\tname\tx\ty\tw\th\na.png\tbox\tdent\t4\t5\t10\t6\n", b, ""},
		{"csv, Excel's own row", "csv", "a.csv", "sep=;\r\npicture;shape;name;x;y;w;h\r\na.png;box;dent;4;5;10;6\r\n", b, ""},
		{"csv, empty cells behind", "csv", "a.csv", "picture,shape,name,x,y,w,h\na.png,box,dent,4,5,10,6,,,\n", b, ""},
		{"csv, a bad row", "csv", "a.csv", "picture,shape,name,x,y,w,h\na.png,box,x,,5,10,6\na.png,box,dent,4,5,10,6\n", b, "line 2"},
		{"csv, Windows-1252", "csv", "a.csv", latin("picture,shape,name,x,y,w,h\na.png,box,Riß,4,5,10,6\n"), "Riß box 4 5 10 6", "read as Windows-1252"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{c.path: c.text, "images/a.png": string(canvas(40, 30))}
			if c.format == "yolo" {
				files["classes.txt"] = "dent"
			}
			got, warnings, err := collect(c.format, zipped(files), format.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || got[0].Open == nil || shapesOf(got[0].Labels) != c.want {
				t.Fatalf("%d pictures, %s, want %s", len(got), shapesOf(got[0].Labels), c.want)
			}
			told := ""
			for _, w := range warnings {
				told += w.String() + "\n"
			}
			if c.warning == "" && c.name != "labelme, a shape that is none" && told != "" || !strings.Contains(told, c.warning) {
				t.Errorf("warnings %q, want %q", told, c.warning)
			}
			inWords(t, told)
		})
	}
}

// inWords fails where a message speaks of the program's insides.
func inWords(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{"Go struct", "Go value", "strconv", "unmarshal", "Reader", " json:", " xml:", "*"} {
		if strings.Contains(text, s) {
			t.Errorf("%q speaks of %s", text, s)
		}
	}
}

// wide is text in UTF-16 with its byte order mark, as Windows calls Unicode.
func wide(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

// TestRefusalsAreInWords: nothing that is refused says how the program is made.
func TestRefusalsAreInWords(t *testing.T) {
	for _, c := range [][3]string{
		{"coco", "a.json", `{"images":[{"id":1,"file_name":"a.png"}],"annotations":[{"image_id":1,"segmentation":{"size":"x","counts":{}}}]}`},
		{"coco", "a.json", `{"images":[{"id":1,`},
		{"coco", "a.json", `{"images":[{"id":1,"file_name":"a.png","semirest":7}],"annotations":[]}`},
		{"labelme", "a.json", `{"shapes":[{"label":"x","points":[[1,1]],"shape_type":"mask","mask":"???"}],"imagePath":"a.png"}`},
		{"labelme", "a.json", `{"shapes":[`},
		{"voc", "a.xml", `<annotation><size><width>x</width></size><object><bndbox><xmin>left</xmin></bndbox></object></annotation>`},
		{"voc", "a.xml", `<?xml version="1.0" encoding="klingon"?><annotation></annotation>`},
		{"csv", "a.csv", "picture,shape,x,y,w,h\na.png,box,left,1,2,2\n"},
		{"yolo", "labels/a.txt", "left 1 2 3 4"},
		{"yolo", "data.yaml", "names: 7"},
	} {
		_, _, err := collect(c[0], zipped(map[string]string{c[1]: c[2], "images/a.png": string(canvas(40, 30)), "labels/b.txt": ""}), format.Options{})
		if err == nil {
			t.Errorf("%s: %s was taken", c[0], c[2])
			continue
		}
		inWords(t, err.Error())
	}
}

// TestOneFileAmongOthers: files that are not the labels do not keep those out.
func TestOneFileAmongOthers(t *testing.T) {
	const coco = `{"images":[{"id":1,"width":40,"height":30,"file_name":"a.png"}],"categories":[],"annotations":[{"image_id":1,"bbox":[1,1,5,5]}]}`
	picture := string(canvas(40, 30))
	for name, c := range map[string]struct {
		format string
		files  map[string]string
		says   string
	}{
		"a detector's results":      {"coco", map[string]string{"a.json": coco, "b.json": `[{"image_id":1,"score":0.5}]`}, "neither a picture nor labels"},
		"a damaged file":            {"coco", map[string]string{"a.json": coco, "b.json": `{"images":[`}, "damaged"},
		"settings of a training":    {"yolo", map[string]string{"labels/a.txt": "0 0.5 0.5 0.1 0.1", "args.yaml": "names: null\nlr: 1", "data.yaml": "names: [x]"}, "args.yaml"},
		"a YAML file of something":  {"yolo", map[string]string{"labels/a.txt": "0 0.5 0.5 0.1 0.1", "a.yaml": "a: [", "data.yaml": "names: [x]"}, ""},
		"names in a code page":      {"yolo", map[string]string{"labels/a.txt": "0 0.5 0.5 0.1 0.1", "data.yaml": "names: [Ri\xdf]"}, "a guess"},
		"a picture of another kind": {"coco", map[string]string{"a.json": coco, "images/b.heic": "x"}, "of a format that is not read here"},
		"notes":                     {"coco", map[string]string{"a.json": coco, "notes.docx": "x"}, "notes.docx"},
	} {
		c.files["images/a.png"] = picture
		got, warnings, err := collect(c.format, zipped(c.files), format.Options{})
		if err != nil || len(got) != 1 || got[0].Labels == nil || len(got[0].Labels.Shapes) != 1 {
			t.Errorf("%s: %+v %v", name, got, err)
			continue
		}
		told := ""
		for _, w := range warnings {
			told += w.String() + "\n"
		}
		if !strings.Contains(told, c.says) {
			t.Errorf("%s: %q, want %q", name, told, c.says)
		}
	}
}

// TestNamesInZips: separators of Windows, a leading dot, and names of old programs.
func TestNamesInZips(t *testing.T) {
	picture := string(canvas(40, 30))
	for name, c := range map[string]struct{ path, want, says string }{
		"backslashes":     {`train\good\a.png`, "a.png", ""},
		"a leading dot":   {"./train/good/a.png", "a.png", ""},
		"several of them": {"././/train/good/a.png", "a.png", ""},
		"code page 437":   {"train/good/Fl\x84che.png", "Fläche.png", "code page 437"},
		"GBK":             {"train/good/\xbb\xae\xba\xdb.png", "划痕.png", "GBK"},
	} {
		e := entry{FileHeader: zip.FileHeader{Name: c.path, Method: zip.Deflate, NonUTF8: true}, text: picture}
		got, warnings, err := collect("mvtec", hostile(e), format.Options{})
		if err != nil || len(got) != 1 || got[0].Name != c.want || got[0].Path != "train/good/"+c.want || !got[0].Normal {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if told := len(warnings) > 0 && strings.Contains(warnings[0].Text, c.says); told != (c.says != "") {
			t.Errorf("%s: %v", name, warnings)
		}
	}
}

// TestCircleAtTheEdge: what a program lets people draw beyond the picture is cut.
func TestCircleAtTheEdge(t *testing.T) {
	text := `{"shapes":[{"label":"x","points":[[36,15],[36,24]],"shape_type":"circle"}],"imagePath":"a.png","imageHeight":30,"imageWidth":40}`
	got, _, err := collect("labelme", zipped(map[string]string{"a.json": text, "a.png": string(canvas(40, 30))}), format.Options{})
	if err != nil || len(got) != 1 || len(got[0].Labels.Shapes) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	x0, y0, x1, y1 := got[0].Labels.Shapes[0].Bounds()
	if x0 < 26.9 || x0 > 27.1 || x1 != 40 || y0 < 5.9 || y1 > 24.1 {
		t.Errorf("(%g, %g) to (%g, %g)", x0, y0, x1, y1)
	}
	// A mask that begins beyond the edge keeps what is within.
	mask := base64.StdEncoding.EncodeToString(canvasWhite(8, 8))
	text = `{"shapes":[{"label":"","points":[[-4,-4],[4,4]],"shape_type":"mask","mask":"` + mask + `"}],"imagePath":"a.png","imageHeight":30,"imageWidth":40}`
	got, _, err = collect("labelme", zipped(map[string]string{"a.json": text, "a.png": string(canvas(40, 30))}), format.Options{})
	if err != nil || len(got) != 1 || shapesOf(got[0].Labels) != "pixels 0:0-3 1:0-3 2:0-3 3:0-3" {
		t.Errorf("%+v %v", got, err)
	}
}

// TestHeldOutFolders: valid and test folders are kept from training in every format
// that has files for pictures.
func TestHeldOutFolders(t *testing.T) {
	first, second := string(canvas(40, 30)), string(canvas(41, 30))
	coco := func(w string) string {
		return `{"images":[{"id":1,"width":` + w + `,"height":30,"file_name":"x.png"}],"categories":[],"annotations":[{"image_id":1,"bbox":[1,1,5,5]}]}`
	}
	for name, c := range map[string]struct {
		format string
		files  map[string]string
	}{
		"coco of Roboflow":  {"coco", map[string]string{"train/_annotations.coco.json": coco("40"), "train/x.png": first, "test/_annotations.coco.json": coco("41"), "test/x.png": second}},
		"coco by its files": {"coco", map[string]string{"annotations/instances_train2017.json": coco("40"), "train2017/x.png": first, "annotations/instances_val2017.json": strings.ReplaceAll(coco("41"), "x.png", "y.png"), "val2017/y.png": second}},
		"masks":             {"mask", map[string]string{"train/images/x.png": first, "train/masks/x.png": first, "valid/images/x.png": second, "valid/masks/x.png": second}},
		"masks beside":      {"mask", map[string]string{"train/x.png": first, "train/x_GT.png": first, "test/x.png": second, "test/x_GT.png": second}},
		"yolo":              {"yolo", map[string]string{"train/images/x.png": first, "train/labels/x.txt": "", "valid/images/x.png": second, "valid/labels/x.txt": ""}},
	} {
		got, _, err := collect(c.format, zipped(c.files), format.Options{})
		if err != nil || len(got) != 2 {
			t.Errorf("%s: %+v %v", name, got, err)
			continue
		}
		for _, it := range got {
			if it.Held != (it.Width == 41) || it.Labels == nil {
				t.Errorf("%s: %s of %d pixels: held %v", name, it.Path, it.Width, it.Held)
			}
		}
	}
}

// TestGoodByAnyName: people call their folders of normal pictures many things.
func TestGoodByAnyName(t *testing.T) {
	for folder, normal := range map[string]bool{"Good": true, "OK": true, "ok": true, "Normal": true, "KO": false, "ng": false, "scratch": false} {
		got, _, err := collect("mvtec", zipped(map[string]string{"Train/" + folder + "/a.png": string(canvas(40, 30))}), format.Options{})
		if err != nil || len(got) != 1 || got[0].Normal != normal || got[0].Defective == normal || (got[0].Kind == "") != normal {
			t.Errorf("%s: %+v %v", folder, got, err)
		}
	}
	// A mask beside its picture is no picture.
	got, _, err := collect("mvtec", zipped(map[string]string{"test/dent/a.png": string(canvas(40, 30)), "test/dent/a_GT.png": string(canvasWhite(40, 30))}), format.Options{})
	if err != nil || len(got) != 1 || got[0].Truth == nil || got[0].Labels.Mask.Empty() {
		t.Errorf("%+v %v", got, err)
	}
	// Two masks for one picture are refused by name.
	if _, _, err = collect("mvtec", zipped(map[string]string{"test/dent/a.png": string(canvas(40, 30)), "ground_truth/dent/a_mask.png": "x", "ground_truth/dent/a_GT.png": "y"}), format.Options{}); !errors.Is(err, format.ErrAmbiguous) {
		t.Error(err)
	}
}

// canvasWhite is a mask that marks all of it.
func canvasWhite(w, h int) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}
