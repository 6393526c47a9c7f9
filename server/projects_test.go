package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/keep"
	"semirest/server/loop/looptest"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/web"
	"semirest/server/workshop"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// shopRig is a server with projects in this process; nothing trains.
type shopRig struct {
	t    *testing.T
	url  string
	dir  string
	shop *workshop.Shop
}

func newShopRig(t *testing.T) *shopRig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	shop, err := openShop(t.Context(), &serveOptions{folders: keep.Folders{Projects: dir}}, log)
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(web.Config{Decode: decodePicture, Mask: picture.MaskFile, Accounts: shop.Accounts, Workshop: webWorkshop(shop), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Start(t.Context(), pages{Server: server}); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
		h.Close()
		if err := shop.Close(); err != nil {
			t.Error(err)
		}
	})
	return &shopRig{t: t, url: h.URL + "/api/v1", dir: dir, shop: shop}
}

// ask sends a request and returns its answer.
func (r *shopRig) ask(method, path, kind string, body []byte) (int, []byte) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// export fetches a zip and returns it with its files.
func (r *shopRig) export(p project.ID, format string) ([]byte, map[string][]byte) {
	r.t.Helper()
	status, data := r.ask("GET", "/projects/"+string(p)+"/export?format="+format, "", nil)
	if status != 200 {
		r.t.Fatalf("export as %s: %d %s", format, status, data)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		r.t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			r.t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(in); err != nil {
			r.t.Fatal(err)
		}
	}
	return data, files
}

// imported sends a zip to a project's import.
func (r *shopRig) imported(p project.ID, format string, data []byte) (int, project.Imported) {
	r.t.Helper()
	status, text := r.ask("POST", "/projects/"+string(p)+"/import?format="+format, "application/zip", data)
	var n project.Imported
	if status == 200 {
		if err := json.Unmarshal(text, &n); err != nil {
			r.t.Fatal(err)
		}
	}
	return status, n
}

// pictures lists a project.
func (r *shopRig) pictures(p project.ID) []project.Picture {
	r.t.Helper()
	list, err := r.shop.Store.Pictures(r.t.Context(), p)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// labelled makes a project with drawn and labelled pictures.
func (r *shopRig) labelled(normal, defective int, granule string) looptest.Project {
	r.t.Helper()
	shelf := looptest.Shelf{Store: r.shop.Store}
	p := shelf.Brushed(r.t, normal, defective)
	person := looptest.Person{Shelf: shelf}
	for _, x := range p.Defective {
		person.Label(r.t, x, p.Masks[x.ID], granule)
	}
	return p
}

// zipOf packs files by name, in order.
func zipOf(t *testing.T, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHostileArchives sends what should not be sent. Each must be refused as the sender's fault, and leave no trace: not
// in the project, not in its folder, not outside of it.
func TestHostileArchives(t *testing.T) {
	r := newShopRig(t)
	p := r.labelled(1, 1, "box")
	name := p.Defective[0].Name
	bomb := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>` +
		`<annotation><filename>` + name + `</filename><size><width>256</width><height>256</height><depth>3</depth></size><object><name>&c;</name></object></annotation>`
	secret := `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>`
	before := r.pictures(p.ID)
	for what, c := range map[string]struct {
		format string
		data   []byte
	}{
		"no zip":             {"coco", []byte("this is not a zip")},
		"an empty zip":       {"coco", zipOf(t)},
		"zip slip":           {"coco", zipOf(t, [2]string{"../../evil.json", "{}"})},
		"zip slip by \\":     {"labelme", zipOf(t, [2]string{`..\..\evil.json`, "{}"})},
		"an absolute name":   {"mask", zipOf(t, [2]string{"/etc/cron.d/evil", "x"})},
		"an XML bomb":        {"voc", zipOf(t, [2]string{"Annotations/a.xml", bomb})},
		"an XML entity":      {"voc", zipOf(t, [2]string{"Annotations/a.xml", secret})},
		"deep JSON":          {"coco", zipOf(t, [2]string{"annotations.json", strings.Repeat("[", 1<<20)})},
		"a project, slip":    {"project", zipOf(t, [2]string{"../project.json", "{}"})},
		"a project, no list": {"project", zipOf(t, [2]string{"files/" + strings.Repeat("a", 64), "x"})},
		"a project, no zip":  {"project", []byte("PK\x03\x04 and no more")},
	} {
		path := "/projects/" + string(p.ID) + "/import?format=" + c.format
		if c.format == "project" {
			path = "/import?format=project"
		}
		start := time.Now()
		status, text := r.ask("POST", path, "application/zip", c.data)
		var f struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(text, &f); err != nil || status < 400 || status >= 500 || f.Error.Message == "" {
			// A picture that is wrong is skipped; then nothing may have come of it.
			var n project.Imported
			if status != 200 || json.Unmarshal(text, &n) != nil || n.Pictures+n.Labels+n.Truths > 0 || len(n.Skipped) == 0 {
				t.Errorf("%s: %d %s", what, status, text)
			}
		}
		if strings.Contains(string(text), "root:") || strings.Contains(string(text), r.dir) {
			t.Errorf("%s: the answer says too much: %s", what, text)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: took %v", what, took)
		}
	}
	after := r.pictures(p.ID)
	if len(after) != len(before) || after[1].Labels.Revision != before[1].Labels.Revision {
		t.Errorf("pictures became %+v", after)
	}
	all, err := r.shop.Store.Projects(t.Context())
	if err != nil || len(all) != 1 {
		t.Errorf("%d projects (%v)", len(all), err)
	}
	for _, dir := range []string{r.dir, filepath.Dir(r.dir), filepath.Join(r.dir, "incoming")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), "evil") || strings.HasPrefix(e.Name(), "import-") {
				t.Errorf("%s lies in %s", e.Name(), dir)
			}
		}
	}
}

// TestHostileNames draws labels with names that a spreadsheet, a page or a shell might act on, and looks at what the
// exports make of them.
func TestHostileNames(t *testing.T) {
	r := newShopRig(t)
	p := r.labelled(0, 1, "box")
	x := p.Defective[0]
	hostile := []string{`=HYPERLINK("http://evil.example","x")`, "+1+1", "-2+3", "@SUM(A1)", "\tx", `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "a\u202eb", "../../x"}
	e := annot.New(x.Width, x.Height)
	for i, name := range hostile {
		if _, err := e.AddBox(block.Box{X: 20 + 10*float64(i), Y: 20, HalfW: 4, HalfH: 4}, name); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequest("PUT", fmt.Sprintf("%s/projects/%s/pictures/%s/labels", r.url, p.ID, x.ID), bytes.NewReader(e.Labels().Append(nil)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-Match", `"1"`)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatalf("save: %d", resp.StatusCode)
	}
	data, files := r.export(p.ID, "csv")
	cells := 0
	for name, text := range files {
		if !strings.HasSuffix(name, ".csv") {
			continue
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				cells++
				// A number may begin with a minus; a formula may not begin at all.
				if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) || strings.HasPrefix(cell, "-2+") {
					t.Errorf("%s: a spreadsheet would run %q", name, cell)
				}
			}
		}
	}
	if cells < 20 {
		t.Errorf("only %d cells", cells)
	}
	if status, n := r.imported(p.ID, "csv", data); status != 200 || n.Unchanged != 1 {
		t.Errorf("the names did not come back: %d %+v", status, n)
	}
	for _, f := range []string{"mvtec", "mask", "coco", "yolo", "voc", "labelme", "csv", "project"} {
		_, files := r.export(p.ID, f)
		for name := range files {
			if strings.Contains(name, "..") || strings.HasPrefix(name, "/") || strings.Contains(name, `\`) || strings.Contains(name, "<") {
				t.Errorf("%s: a file is called %q", f, name)
			}
		}
	}
	status, page := r.ask("GET", "/projects/"+string(p.ID)+"/report.html", "", nil)
	if status != 200 || bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("onerror=alert")) {
		t.Errorf("the report: %d, %d bytes, with a script", status, len(page))
	}
}

// TestAStoredScriptStaysText gives everything that has a name one that is a script.
func TestAStoredScriptStaysText(t *testing.T) {
	r := newShopRig(t)
	const script = `<script>alert(1)</script>`
	status, text := r.ask("POST", "/projects", "application/json", []byte(`{"name":"<script>alert(1)</script>"}`))
	var p project.Project
	if err := json.Unmarshal(text, &p); err != nil || status != 201 || p.Name != script {
		t.Fatalf("%d %s", status, text)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("files", script+".html")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, "<html>"+script); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if status, text := r.ask("POST", "/projects/"+string(p.ID)+"/pictures", w.FormDataContentType(), b.Bytes()); status != 200 || bytes.Contains(text, []byte(`"picture"`)) {
		t.Errorf("a page as a picture: %d %s", status, text)
	}
	status, page := r.ask("GET", "/projects/"+string(p.ID)+"/report.html", "", nil)
	if status != 200 || bytes.Contains(page, []byte(script)) {
		t.Errorf("the report holds the script: %d", status)
	}
	for _, path := range []string{"/projects", "/projects/" + string(p.ID)} {
		resp, err := http.Get(r.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is sent as %s", path, kind)
		}
	}
}
