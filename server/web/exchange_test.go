package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"testing"

	"semirest/server/project"
)

func TestExportsAreWholeOrBrokenOff(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create(`a "b"/../c`)
	resp, text := b.ask("GET", at+"/export?format=csv", "", nil, nil, nil)
	if resp.StatusCode != 200 || !strings.HasPrefix(string(text), "csv of ") || resp.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("%d %q %v", resp.StatusCode, text, resp.Header)
	}
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil || strings.ContainsAny(params["filename"], `"/\`) || !strings.HasSuffix(params["filename"], "-csv.zip") {
		t.Errorf("disposition %q: %v", resp.Header.Get("Content-Disposition"), err)
	}
	b.trading.fail = errors.New("the disk is gone")
	resp, err = http.Get(b.http.URL + at + "/export?format=csv")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("an export that failed half way looks whole")
	}
}

func TestImportsAreReadAndLeaveNothing(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create("p")
	var got project.Imported
	b.want(200, "POST", at+"/import?format=csv", "application/zip", []byte("bytes of a zip"), &got)
	if got.Labels != 1 || got.Skipped == nil || string(b.trading.got) != "bytes of a zip" {
		t.Errorf("%+v %q", got, b.trading.got)
	}
	kind, form := form(t, "file", "x.zip", []byte("bytes in a form"))
	b.want(200, "POST", at+"/import?format=csv", kind, form, &got)
	if string(b.trading.got) != "bytes in a form" {
		t.Errorf("%q", b.trading.got)
	}
	b.want(422, "POST", at+"/import?format=csv", "application/zip", []byte("bad bytes"), nil)
	b.want(400, "POST", at+"/import?format=csv", "application/zip", nil, nil)
	b.want(400, "POST", at+"/import?format=..%2fcsv", "application/zip", []byte("x"), nil)
	entries, err := os.ReadDir(b.config.Workshop.Spool)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "import-") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// TestReportsRunNothing holds the page of a report to its policy.
func TestReportsRunNothing(t *testing.T) {
	b := newBench(t, Config{})
	resp, _ := b.ask("GET", b.create("p")+"/report.html", "", nil, nil, nil)
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script-src") ||
		!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("policy %q, type %q", policy, resp.Header.Get("Content-Type"))
	}
}
