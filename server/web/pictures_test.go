package web

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"mime"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/tiff"

	"semirest/server/project"
)

func TestProjectsAreMadeChangedAndDeleted(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create("  Bottles  ")
	var p projectJSON
	b.want(200, "GET", at, "", nil, &p)
	if p.Name != "Bottles" || p.Level != project.Admin || p.Counts != (project.Counts{}) {
		t.Errorf("made %+v", p)
	}
	b.want(200, "PATCH", at, "application/json", []byte(`{"name":"Lids","settings":{"grid":16}}`), &p)
	if p.Name != "Lids" || string(p.Settings) != `{"grid":16}` {
		t.Errorf("changed to %+v, settings %s", p, p.Settings)
	}
	var list struct{ Projects []projectJSON }
	b.want(200, "GET", "/api/v1/projects", "", nil, &list)
	if len(list.Projects) != 1 || list.Projects[0].Name != "Lids" {
		t.Errorf("list %+v", list)
	}
	b.want(204, "DELETE", at, "", nil, nil)
	b.want(404, "GET", at, "", nil, nil)
	for name, body := range map[string]string{
		"no name": `{}`, "an empty name": `{"name":" "}`, "a long name": fmt.Sprintf(`{"name":%q}`, strings.Repeat("a", 121)),
		"a line break": `{"name":"a\nb"}`, "text turned round": "{\"name\":\"a\u202eb\"}", "an unknown field": `{"name":"a","label":"b"}`,
		"settings that are no object": `{"name":"a","settings":[1]}`, "two values": `{"name":"a"}{}`, "no JSON": `name=a`,
	} {
		if resp, text := b.ask("POST", "/api/v1/projects", "application/json", []byte(body), nil, nil); resp.StatusCode != 400 {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
	b.want(415, "POST", "/api/v1/projects", "text/plain", []byte(`{"name":"a"}`), nil)
	b.want(413, "POST", "/api/v1/projects", "application/json", []byte(`{"name":"`+strings.Repeat("a", maxBody)+`"}`), nil)
}

func TestPicturesAreAddedOneByOne(t *testing.T) {
	b := newBench(t, Config{MaxUpload: 4000})
	at := b.create("p")
	good := pngOf(t, flat(100, 30, 20))
	status, added := b.drop(at, map[string]string{"role": "normal", "held": "true"},
		file{"a.png", good}, file{"no picture.png", []byte("<script>alert(1)</script>")}, file{"large.png", make([]byte, 5000)},
		file{"a.png", good}, file{"b.png", pngOf(t, flat(101, 30, 20))}, file{"cut.png", good[:len(good)-20]})
	if status != 201 || len(added) != 6 {
		t.Fatalf("%d %+v", status, added)
	}
	for i, want := range []string{"", codeUnreadable, codeTooLarge, codeExists, "", codeUnreadable} {
		got := added[i]
		if (got.Picture != nil) != (want == "") || (got.Error != nil && got.Error.Code != want) {
			t.Errorf("file %d, %s: %+v %+v, want %q", i, got.Name, got.Picture, got.Error, want)
		}
	}
	if p := added[0].Picture; p.Width != 30 || p.Height != 20 || p.Role != project.Normal || !p.Held {
		t.Errorf("picture %+v", p)
	}
	var list struct{ Pictures []project.Picture }
	b.want(200, "GET", at+"/pictures", "", nil, &list)
	if len(list.Pictures) != 2 {
		t.Errorf("%d pictures are listed", len(list.Pictures))
	}
	for query, want := range map[string]string{
		"?limit=1": "a.png", "?offset=1": "b.png", "?name=b.png": "b.png", "?role=normal&held=true&labelled=false&offset=1&limit=5": "b.png",
		"?role=defective": "", "?held=false": "", "?labelled=true": "",
	} {
		list.Pictures = nil
		b.want(200, "GET", at+"/pictures"+query, "", nil, &list)
		if want == "" && len(list.Pictures) > 0 || want != "" && (len(list.Pictures) != 1 || list.Pictures[0].Name != want) {
			t.Errorf("%s lists %+v, want %q", query, list.Pictures, want)
		}
	}
	var p projectJSON
	b.want(200, "GET", at, "", nil, &p)
	if p.Counts != (project.Counts{Pictures: 2, Normal: 2, Held: 2}) {
		t.Errorf("counts %+v", p.Counts)
	}
	if status, _ := b.drop(at, map[string]string{"role": "good"}, file{"c.png", good}); status != 400 {
		t.Errorf("an unknown role: %d", status)
	}
	if status, _ := b.drop(at, nil); status != 400 {
		t.Errorf("no files: %d", status)
	}
}

// turned is a 30 x 20 JPEG that EXIF says to turn by 90 degrees.
func turned(t *testing.T) []byte {
	t.Helper()
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, flat(100, 30, 20), nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), 0, 6, 0, 0, 0, 0, 0, 0)
	return append(append([]byte("\xff\xd8"), exif...), plain.Bytes()[2:]...)
}

func TestSizesAreOfTheUprightPicture(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create("p")
	status, added := b.drop(at, nil, file{"t.jpg", turned(t)})
	if status != 201 || added[0].Picture == nil || added[0].Picture.Width != 20 || added[0].Picture.Height != 30 {
		t.Fatalf("%d %+v", status, added)
	}
	resp, data := b.ask("GET", at+"/pictures/"+string(added[0].Picture.ID)+"/thumbnail", "", nil, nil, nil)
	small, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil || resp.Header.Get("Content-Type") != "image/jpeg" || small.Bounds() != image.Rect(0, 0, 20, 30) {
		t.Errorf("thumbnail: %v %v", err, resp.Header)
	}
}

func TestFilesAreSentWithTheirOwnTypeAndKept(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create("p")
	data := pngOf(t, flat(100, 600, 400))
	// A name is never believed: not as a type, not as a path, not in a header.
	status, added := b.drop(at, nil, file{`..\..\x"; evil=".html`, data})
	if status != 201 || added[0].Picture == nil {
		t.Fatalf("%d %+v", status, added)
	}
	one := at + "/pictures/" + string(added[0].Picture.ID)
	resp, got := b.ask("GET", one+"/image", "", nil, nil, nil)
	if !bytes.Equal(got, data) || resp.Header.Get("Content-Type") != "image/png" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d bytes, headers %v", len(got), resp.Header)
	}
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil || kind != "inline" || len(params) != 1 || strings.ContainsAny(params["filename"], `/\"`) {
		t.Errorf("disposition %q: %v %v", resp.Header.Get("Content-Disposition"), params, err)
	}
	tag := resp.Header.Get("ETag")
	if !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") || !strings.Contains(resp.Header.Get("Cache-Control"), "private") {
		t.Errorf("kept as %q", resp.Header.Get("Cache-Control"))
	}
	if resp, _ := b.ask("GET", one+"/image", "", nil, map[string]string{"If-None-Match": tag}, nil); resp.StatusCode != 304 {
		t.Errorf("asked again: %d", resp.StatusCode)
	}
	resp, small := b.ask("GET", one+"/thumbnail", "", nil, nil, nil)
	m, err := jpeg.Decode(bytes.NewReader(small))
	if err != nil || m.Bounds() != image.Rect(0, 0, 240, 160) {
		t.Fatalf("thumbnail: %v", err)
	}
	if resp, _ := b.ask("GET", one+"/thumbnail", "", nil, map[string]string{"If-None-Match": resp.Header.Get("ETag")}, nil); resp.StatusCode != 304 {
		t.Errorf("thumbnail asked again: %d", resp.StatusCode)
	}
	b.want(404, "GET", one+"/truth", "", nil, nil)
	b.want(422, "PUT", one+"/truth", "image/png", pngOf(t, flat(0, 30, 20)), nil)
	b.want(422, "PUT", one+"/truth", "image/png", []byte("GIF89a"), nil)
	b.want(200, "PUT", one+"/truth", "image/png", pngOf(t, flat(255, 600, 400)), nil)
	b.want(200, "GET", one+"/truth", "", nil, nil)
	b.want(200, "DELETE", one+"/truth", "", nil, nil)
	b.want(404, "GET", one+"/truth", "", nil, nil)
}

// TestIDsOpenOnlyTheirOwnProject asks for one project's things by way of another.
func TestIDsOpenOnlyTheirOwnProject(t *testing.T) {
	b := newBench(t, Config{})
	mine, other := b.create("mine"), b.create("other")
	_, p := b.dropOne(mine, "a.png", flat(100, 30, 20))
	for _, path := range []string{"", "/image", "/thumbnail", "/labels", "/labels/history"} {
		b.want(404, "GET", other+"/pictures/"+string(p.ID)+path, "", nil, nil)
	}
	b.want(404, "DELETE", other+"/pictures/"+string(p.ID), "", nil, nil)
	for _, id := range []string{"..%2f..%2fsemirest.db", "%2e%2e", "' OR 1=1 --", "ABCDEFGHABCDEFGH", strings.Repeat("a", 16), strings.Repeat("a", 3000)} {
		b.want(404, "GET", mine+"/pictures/"+strings.ReplaceAll(id, " ", "%20")+"/image", "", nil, nil)
		b.want(404, "GET", "/api/v1/projects/"+strings.ReplaceAll(id, " ", "%20"), "", nil, nil)
	}
}

func TestNamesOfFiles(t *testing.T) {
	for sent, want := range map[string]string{
		"a.png": "a.png", "../../etc/passwd": "passwd", `C:\pictures\a.png`: "a.png", "..": "picture", "": "picture", "/": "picture",
		"a\x00b\n.png": "a_b_.png", "<script>.png": "_script_.png", "a\u202egnp.exe": "a_gnp.exe", "\xff.png": "_.png",
		strings.Repeat("ä", 300) + ".png": strings.Repeat("ä", 98) + ".png",
	} {
		if got := fileName(sent); got != want {
			t.Errorf("%q becomes %q, want %q", sent, got, want)
		}
	}
}

// TestASlowUploadIsCutOff sends a form that trickles: its place is free again before the connection's own limits end it.
func TestASlowUploadIsCutOff(t *testing.T) {
	defer func(g time.Duration) { bodyGrace = g }(bodyGrace)
	bodyGrace = 300 * time.Millisecond
	b := newBench(t, Config{})
	at := b.create("p")
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.http.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\n", at)
	start := time.Now()
	go func() {
		for time.Since(start) < 5*time.Second {
			if _, err := conn.Write([]byte("a")); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	answer, _ := io.ReadAll(conn)
	if took := time.Since(start); took > 3*time.Second || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("after %v: %.80q", took, answer)
	}
	eventually(t, "its place is free", func() bool { return b.uploads.len() == 0 })
}

// TestTIFFIsShownAsPNG sends a TIFF file, which browsers do not show.
func TestTIFFIsShownAsPNG(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create("p")
	var data bytes.Buffer
	if err := tiff.Encode(&data, flat(100, 30, 20), nil); err != nil {
		t.Fatal(err)
	}
	status, added := b.drop(at, nil, file{"a.tiff", data.Bytes()})
	if status != 201 {
		t.Fatalf("%d %+v", status, added)
	}
	one := at + "/pictures/" + string(added[0].Picture.ID) + "/image"
	resp, shown := b.ask("GET", one, "", nil, nil, nil)
	m, err := png.Decode(bytes.NewReader(shown))
	if err != nil || m.Bounds() != image.Rect(0, 0, 30, 20) || resp.Header.Get("Content-Type") != "image/png" {
		t.Errorf("shown: %v %v", err, resp.Header)
	}
	if resp, _ := b.ask("GET", one, "", nil, map[string]string{"If-None-Match": resp.Header.Get("ETag")}, nil); resp.StatusCode != 304 {
		t.Errorf("asked again: %d", resp.StatusCode)
	}
	if resp, got := b.ask("GET", one+"?original=1", "", nil, nil, nil); !bytes.Equal(got, data.Bytes()) || resp.Header.Get("Content-Type") != "image/tiff" {
		t.Errorf("the file itself: %v", resp.Header)
	}
}
