package codecs

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"semirest/server/format"
)

// entry is one file of a hostile archive.
type entry struct {
	zip.FileHeader
	text string
}

func hostile(entries ...entry) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		f, _ := z.CreateHeader(&e.FileHeader)
		_, _ = f.Write([]byte(e.text))
	}
	_ = z.Close()
	return b.Bytes()
}

func named(name string) entry {
	return entry{FileHeader: zip.FileHeader{Name: name, Method: zip.Deflate}, text: "x"}
}

// TestArchivesThatReachOut: names that would leave a folder, links, names that
// are there twice.
func TestArchivesThatReachOut(t *testing.T) {
	link := named("images/a.png")
	link.SetMode(fs.ModeSymlink | 0o777)
	for name, c := range map[string]struct {
		entries []entry
		want    error
	}{
		"zip slip":              {[]entry{named("../../etc/cron.d/evil")}, format.ErrUnsafe},
		"zip slip in the path":  {[]entry{named("images/../../evil.png")}, format.ErrUnsafe},
		"absolute":              {[]entry{named("/etc/passwd")}, format.ErrUnsafe},
		"backslashes":           {[]entry{named(`..\..\evil.png`)}, format.ErrUnsafe},
		"backslash at the root": {[]entry{named(`\etc\passwd`)}, format.ErrUnsafe},
		"a drive with a path":   {[]entry{named(`C:\evil.png`)}, format.ErrUnsafe},
		"twice by a backslash":  {[]entry{named("images/a.png"), named(`images\a.png`)}, format.ErrUnsafe},
		"twice by a dot":        {[]entry{named("images/a.png"), named("./images/a.png")}, format.ErrUnsafe},
		"drive":                 {[]entry{named("C:evil.png")}, format.ErrUnsafe},
		"zero byte":             {[]entry{named("a\x00.png")}, format.ErrUnsafe},
		"link":                  {[]entry{link}, format.ErrUnsafe},
		"twice":                 {[]entry{named("images/a.png"), named("images/a.png")}, format.ErrUnsafe},
		"encrypted":             {[]entry{{FileHeader: zip.FileHeader{Name: "a.json", Flags: 1}}}, format.ErrArchive},
		"only folders":          {[]entry{{FileHeader: zip.FileHeader{Name: "images/"}}}, format.ErrNothing},
		"nothing":               {nil, format.ErrNothing},
		"junk":                  {[]entry{named("__MACOSX/a.json"), named(".DS_Store"), named("labels/Thumbs.db")}, format.ErrNothing},
	} {
		for _, f := range Formats() {
			if _, _, err := collect(f.Name, hostile(c.entries...), format.Options{}); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v", name, f.Name, err)
			}
		}
	}
	for _, b := range [][]byte{nil, []byte("no zip"), hostile(named("a.json"))[:30]} {
		if _, _, err := collect("coco", b, format.Options{}); !errors.Is(err, format.ErrArchive) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	// Several folders around everything are taken off.
	files := map[string]string{}
	b, _ := written(t, "coco", items(1, 2))
	for name, text := range unzipped(t, b) {
		files["export 2026/all/"+name] = text
	}
	if got, _ := brought(t, "coco", zipped(files), nil); len(got) != 6 || got[0].Open == nil {
		t.Errorf("%d pictures", len(got))
	}
}

// TestBombs: files that unpack to more than they say, or than is admitted.
func TestBombs(t *testing.T) {
	zeros := string(make([]byte, 1<<20))
	box := `{"images":[{"id":1,"width":40,"height":30,"file_name":"a.png"}],"categories":[],"annotations":[]}`
	for name, c := range map[string]struct {
		format string
		b      []byte
		limits format.Limits
	}{
		"label file":   {"coco", zipped(map[string]string{"a.json": box + strings.Repeat(" ", 1<<20)}), format.Limits{Text: 1 << 16}},
		"in all":       {"coco", zipped(map[string]string{"a.json": box + strings.Repeat(" ", 1<<20), "b.json": box}), format.Limits{Total: 1 << 19}},
		"files":        {"coco", zipped(map[string]string{"a": "", "b": "", "c.json": box}), format.Limits{Entries: 2}},
		"mask":         {"mask", zipped(map[string]string{"masks/a.png": zeros}), format.Limits{Entry: 1 << 16}},
		"lying header": {"coco", lying("a.json", []byte(box+strings.Repeat(" ", 1<<20)), 100), format.Limits{}},
		"shapes": {"voc", zipped(map[string]string{"a.xml": "<annotation><filename>a.png</filename><size><width>9</width><height>9</height></size>" +
			strings.Repeat("<object></object>", 20) + "</annotation>"}), format.Limits{Marks: 10}},
		"annotations":             {"coco", zipped(map[string]string{"a.json": strings.Replace(box, `"annotations":[`, `"annotations":[`+strings.Repeat(`{"image_id":1},`, 20)+`{"image_id":1}`, 1)}), format.Limits{Marks: 10}},
		"a run beyond":            {"coco", zipped(map[string]string{"a.json": strings.Replace(box, `"annotations":[`, `"annotations":[{"image_id":1,"segmentation":{"size":[30,40],"counts":[1,9223372036854775807,9223372036854775807]}}`, 1)}), format.Limits{}},
		"masks over masks":        {"coco", zipped(map[string]string{"a.json": strings.Replace(box, `"annotations":[`, `"annotations":[`+strings.Repeat(`{"image_id":1,"segmentation":{"size":[30,40],"counts":[0,1200]}},`, 4000)+`{"image_id":1,"bbox":[1,1,5,5]}`, 1)}), format.Limits{}},
		"pixels over pixels":      {"csv", zipped(map[string]string{"a.csv": "picture,picture_width,picture_height,shape,data\na.png,40,30,pixels," + strings.Repeat("1:0-39 ", 200_000) + "\n"}), format.Limits{}},
		"a polygon of all points": {"yolo-seg", zipped(map[string]string{"labels/a.txt": "0" + strings.Repeat(" 0 0 1 1 1 0", 100_000), "images/a.png": string(canvas(20, 300)), "classes.txt": "x"}), format.Limits{}},
		"rows":                    {"csv", zipped(map[string]string{"a.csv": "picture,shape\n" + strings.Repeat("a.png,normal\n", 30)}), format.Limits{Marks: 10, Entries: 10}},
		"lines":                   {"yolo", zipped(map[string]string{"labels/a.txt": strings.Repeat("0 .5 .5 .1 .1\n", 20), "images/a.png": string(canvas(20, 20)), "classes.txt": "x"}), format.Limits{Marks: 10}},
	} {
		if _, _, err := collect(c.format, c.b, format.Options{Limits: c.limits}); !errors.Is(err, format.ErrLimit) && !(name == "lying header" && errors.Is(err, format.ErrArchive)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A picture that is opened later counts as well.
	b := zipped(map[string]string{"a.json": box, "images/a.png": zeros})
	got, _, err := collect("coco", b, format.Options{Limits: format.Limits{Total: 1 << 19}, Known: []format.Known{{Name: "a.png", Width: 40, Height: 30}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := got[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := bytes.NewBuffer(nil).ReadFrom(r); !errors.Is(err, format.ErrLimit) {
		t.Error(err)
	}
}

// TestEntriesOnTopOfEachOther: bytes that are there once are not unpacked twice.
func TestEntriesOnTopOfEachOther(t *testing.T) {
	one := hostile(named("images/a.png"))
	at, end := bytes.LastIndex(one, []byte("PK\x01\x02")), bytes.LastIndex(one, []byte("PK\x05\x06"))
	entry := one[at:end]
	two := slices.Concat(one[:at], entry, bytes.Replace(entry, []byte("a.png"), []byte("b.png"), 1), one[end:])
	tail := two[len(two)-22:]
	tail[8], tail[10] = 2, 2
	tail[12] = byte(2 * len(entry))
	for _, f := range Formats() {
		if _, _, err := collect(f.Name, two, format.Options{}); !errors.Is(err, format.ErrArchive) || !strings.Contains(err.Error(), "on top of each other") {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// lying is a zip of one stored file whose directory gives another size.
func lying(name string, data []byte, size uint64) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	var packed bytes.Buffer
	zipper := zip.NewWriter(&packed)
	f, _ := zipper.Create(name)
	_, _ = f.Write(data)
	_ = zipper.Close()
	in, _ := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	raw, _ := in.File[0].OpenRaw()
	h := in.File[0].FileHeader
	h.UncompressedSize64 = size
	h.CRC32 = crc32.ChecksumIEEE(data)
	w, _ := z.CreateRaw(&h)
	var body bytes.Buffer
	_, _ = body.ReadFrom(raw)
	_, _ = w.Write(body.Bytes())
	_ = z.Close()
	return b.Bytes()
}

// TestHostileText: label files that aim at the parser.
func TestHostileText(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	const bomb = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]><annotation><filename>&lol2;</filename></annotation>`
	const external = `<!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>a.png</filename><object><name>&x;</name></object></annotation>`
	aliases := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		aliases += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	runs := func(counts string) string {
		return `{"images":[{"id":1,"width":40,"height":30,"file_name":"a.png"}],"categories":[],"annotations":[{"image_id":1,"segmentation":{"size":[30,40],"counts":` + counts + `}}]}`
	}
	image := func(s string) string {
		return `{"images":[{"id":1,"width":40,"height":30,"file_name":"a.png","semirest":` + s + `}],"categories":[],"annotations":[]}`
	}
	for name, c := range map[string]struct{ format, path, text string }{
		"entities":               {"voc", "a.xml", bomb},
		"external entity":        {"voc", "a.xml", external},
		"entity without DTD":     {"voc", "a.xml", `<annotation><filename>&lol;</filename></annotation>`},
		"other XML":              {"voc", "a.xml", `<html></html>`},
		"deep XML":               {"voc", "a.xml", "<annotation>" + strings.Repeat("<a>", 100_000)},
		"other encoding":         {"voc", "a.xml", `<?xml version="1.0" encoding="klingon"?><annotation></annotation>`},
		"cut XML":                {"voc", "a.xml", `<annotation><object>`},
		"deep JSON":              {"coco", "a.json", `{"images":` + deep},
		"deep unknown JSON":      {"coco", "a.json", `{"info":` + deep},
		"deep labelme":           {"labelme", "a.json", `{"shapes":` + deep},
		"cut JSON":               {"coco", "a.json", `{"images":[{"id":1,"width":4`},
		"run beyond the picture": {"coco", "a.json", runs(`[0,4000]`)},
		"negative run":           {"coco", "a.json", runs(`[5,-5,1200]`)},
		"short runs":             {"coco", "a.json", runs(`[5,5]`)},
		"compressed overflow":    {"coco", "a.json", runs(`"ooooooooooooo0"`)},
		"compressed, cut":        {"coco", "a.json", runs(`"o"`)},
		"compressed, no such":    {"coco", "a.json", runs(`"\u00ff"`)},
		"grid beyond memory":     {"coco", "a.json", image(`{"labels":{"blocks":[{"rows":1000000,"cols":1000000,"size":8,"runs":[2,1]}]}}`)},
		"grid run":               {"coco", "a.json", image(`{"labels":{"blocks":[{"rows":2,"cols":2,"size":8,"runs":[2,1000000000]}]}}`)},
		"negative grid":          {"coco", "a.json", image(`{"labels":{"blocks":[{"rows":-2,"cols":-2,"size":8,"runs":[2,4]}]}}`)},
		"label of blocks":        {"coco", "a.json", image(`{"labels":{"blocks":[{"rows":2,"cols":2,"size":8,"runs":[300,4]}]}}`)},
		"YAML aliases":           {"yolo", "data.yaml", aliases + "names: *j\n"},
		"YAML depth":             {"yolo", "data.yaml", "names: " + deep},
		"no number":              {"yolo", "labels/a.txt", "0 NaN 0.5 0.1 0.1"},
		"pixels for fractions":   {"yolo", "labels/a.txt", "0 20 15 4 6"},
		"negative class":         {"yolo", "labels/a.txt", "-1 0.5 0.5 0.1 0.1"},
		"class beyond memory":    {"yolo", "labels/a.txt", "99999999 0.5 0.5 0.1 0.1"},
		"three numbers":          {"yolo", "labels/a.txt", "0 0.5 0.5 0.1"},
		"mask without PNG":       {"labelme", "a.json", `{"shapes":[{"label":"x","points":[[1,1],[2,2]],"shape_type":"mask","mask":"AAAA"}],"imagePath":"a.png","imageHeight":30,"imageWidth":40}`},
		"point of one number":    {"labelme", "a.json", `{"shapes":[{"label":"x","points":[[1]],"shape_type":"polygon"}],"imagePath":"a.png","imageHeight":30,"imageWidth":40}`},
		"shape of no such type":  {"csv", "a.csv", "picture,shape,x,y,w,h\na.png,circle,1,1,5,5\n"},
		"box without numbers":    {"csv", "a.csv", "picture,shape,x,y,w,h\na.png,box,1,,5,5\n"},
		"row beyond":             {"csv", "a.csv", "picture,shape,data\na.png,pixels,900000000:0-1\n"},
		"pixels beyond":          {"csv", "a.csv", "picture,shape,data\na.png,pixels,1:0-99999999999\n"},
		"blocks beyond":          {"csv", "a.csv", "picture,shape,data\na.png,blocks,99999999x99999999x8 2x1\n"},
		"quotes":                 {"csv", "a.csv", "picture,shape\n\"a.png,normal\n"},
		"category of none":       {"coco", "a.json", strings.Replace(runs(`[0]`), `"image_id":1`, `"image_id":1,"category_id":5`, 1)},
	} {
		files := map[string]string{"images/a.png": string(canvas(40, 30)), "classes.txt": "x", "labels/b.txt": "", c.path: c.text}
		if c.format != "yolo" {
			delete(files, "labels/b.txt")
		}
		_, _, err := collect(c.format, zipped(files), format.Options{Known: []format.Known{{Name: "a.png", Width: 40, Height: 30}, {Name: "b.png", Width: 40, Height: 30}}})
		if !errors.Is(err, format.ErrSyntax) && !strings.Contains(fmt.Sprint(err), "not a picture") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("%s: the message has %d bytes", name, len(err.Error()))
		}
	}
}

// TestLabelsThatDoNotFit: what is wrong with one picture's labels names it and
// leaves the others alone.
func TestLabelsThatDoNotFit(t *testing.T) {
	const yes = `<annotation><filename>b.png</filename><size><width>40</width><height>30</height></size><object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>`
	text := func(name, size, box string) string {
		return fmt.Sprintf(`<annotation><filename>%s</filename><size>%s</size><object><name>x</name><bndbox>%s</bndbox></object></annotation>`, name, size, box)
	}
	const size, box = "<width>40</width><height>30</height>", "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
	known := []format.Known{{ID: "1", Name: "a.png", Width: 40, Height: 30}, {ID: "2", Name: "b.png", Width: 40, Height: 30}, {ID: "3", Name: "c.png", Kind: "dent", Width: 40, Height: 30}, {ID: "4", Name: "c.png", Kind: "dent", Width: 40, Height: 30}}
	for name, c := range map[string]struct {
		text string
		want error
		says string
		path string // Annotations/a.xml
	}{
		"unknown picture":      {text("z.png", size, box), format.ErrUnknown, "z.png", "Annotations/z.xml"},
		"ambiguous":            {text("c.png", size, box), format.ErrAmbiguous, "which of 2", "Annotations/c.xml"},
		"other size":           {text("a.png", "<width>41</width><height>30</height>", box), format.ErrSize, "41 x 30", ""},
		"size of stored":       {text("a.png", "<width>30</width><height>40</height>", box), format.ErrSize, "EXIF", ""},
		"box outside":          {text("a.png", size, "<xmin>60</xmin><ymin>1</ymin><xmax>90</xmax><ymax>9</ymax>"), format.ErrOutside, "(90, 9)", ""},
		"box at minus":         {text("a.png", size, "<xmin>-20</xmin><ymin>1</ymin><xmax>-9</xmax><ymax>9</ymax>"), format.ErrOutside, "(-21, 0)", ""},
		"box of NaN":           {text("a.png", size, "<xmin>NaN</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"), format.ErrSyntax, "no number", ""},
		"damaged":              {"<annotation", format.ErrSyntax, "a.xml", ""},
		"labelled twice":       {text("b.png", size, box), nil, "twice", "Annotations/B.xml"},
		"called like another":  {text("b.png", size, box), format.ErrAmbiguous, "names b.png", ""},
		"names one of two":     {text("c.png", size, box), format.ErrAmbiguous, "names c.png", ""},
		"object without a box": {`<annotation><filename>a.png</filename><object><name>x</name></object></annotation>`, format.ErrSyntax, "object 1", ""},
	} {
		got, _, err := collect("voc", zipped(map[string]string{cmp.Or(c.path, "Annotations/a.xml"): c.text, "Annotations/b.xml": yes}), format.Options{Known: known})
		var wrong *format.PictureError
		if !errors.As(err, &wrong) || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got) != 1 || got[0].ID != "2" || len(got[0].Labels.Shapes) != 1 {
			t.Errorf("%s: the other picture: %+v", name, got)
		}
	}
}

// TestReaderStops: nobody is called after the loop has ended or the context has.
func TestReaderStops(t *testing.T) {
	for _, f := range Formats() {
		b, _ := written(t, f.Name, items(1, 2))
		n := 0
		for range format.Read(t.Context(), bytes.NewReader(b), int64(len(b)), must(f.Name), format.Options{Warn: func(format.Warning) { t.Error("a warning after the end") }}) {
			if n++; n == 2 {
				break
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var last error
		n = 0
		for _, err := range format.Read(ctx, bytes.NewReader(b), int64(len(b)), must(f.Name), format.Options{}) {
			cancel()
			last = err
			n++
		}
		if !errors.Is(last, context.Canceled) || n != 2 {
			t.Errorf("%s: %d calls, %v", f.Name, n, last)
		}
		cancel()
	}
	if _, err := Find("tiff"); err == nil || !strings.Contains(err.Error(), "coco, mvtec") {
		t.Error(err)
	}
}
