package frontend

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func pack(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func built(t *testing.T) http.Handler {
	t.Helper()
	return NewHandler(fstest.MapFS{
		"index.html.gz":            {Data: pack(t, "<!doctype html>page")},
		"index.html.br":            {Data: []byte("brotli page")},
		"assets/client-ab.wasm.gz": {Data: pack(t, "\x00asm")},
		"assets/client-ab.wasm.br": {Data: []byte("brotli wasm")},
		"placeholder.html":         {Data: []byte("secret")},
	})
}

func ask(h http.Handler, method, path string, head ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEncodings(t *testing.T) {
	h := built(t)
	for _, c := range []struct{ accept, encoding, body string }{
		{"gzip, deflate, br", "br", "brotli page"},
		{"br;q=0, gzip", "gzip", string(pack(t, "<!doctype html>page"))},
		{"", "", "<!doctype html>page"},
		{"identity", "", "<!doctype html>page"},
		{"BR", "br", "brotli page"},
	} {
		r := ask(h, http.MethodGet, "/", "Accept-Encoding", c.accept)
		if got := r.Header.Get("Content-Encoding"); got != c.encoding {
			t.Errorf("%q: encoding %q, want %q", c.accept, got, c.encoding)
		}
		if got := body(t, r); got != c.body {
			t.Errorf("%q: body %q", c.accept, got)
		}
		if r.Header.Get("Vary") != "Accept-Encoding" || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%q: headers %v", c.accept, r.Header)
		}
	}
}

func TestCaching(t *testing.T) {
	h := built(t)
	r := ask(h, http.MethodGet, "/assets/client-ab.wasm", "Accept-Encoding", "br")
	if got := r.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("a file with a hash in its name: %q", got)
	}
	if got := r.Header.Get("Content-Type"); got != "application/wasm" {
		t.Errorf("type %q", got)
	}
	r = ask(h, http.MethodGet, "/", "Accept-Encoding", "br")
	etag := r.Header.Get("ETag")
	if r.Header.Get("Cache-Control") != "no-cache" || etag == "" {
		t.Errorf("the page itself: %v", r.Header)
	}
	if r = ask(h, http.MethodGet, "/", "Accept-Encoding", "br", "If-None-Match", etag); r.StatusCode != http.StatusNotModified || body(t, r) != "" {
		t.Errorf("unchanged: %s", r.Status)
	}
	if r = ask(h, http.MethodGet, "/", "Accept-Encoding", "gzip", "If-None-Match", etag); r.StatusCode != http.StatusOK {
		t.Errorf("another encoding: %s", r.Status)
	}
}

func TestRefusals(t *testing.T) {
	h := built(t)
	for path, status := range map[string]int{
		"/placeholder.html": 404, "/nothing": 404, "/assets/../../etc/passwd": 404, "/assets/": 404, "/index.html.gz": 404, "/index.html": 200,
	} {
		r := ask(h, http.MethodGet, path)
		if r.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, r.Status, status)
		}
		if r.Header.Get("Content-Security-Policy") != SecurityPolicy || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no policy", path)
		}
	}
	if r := ask(h, http.MethodPost, "/"); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") == "" {
		t.Errorf("POST: %s", r.Status)
	}
	if r := ask(h, http.MethodHead, "/", "Accept-Encoding", "br"); r.StatusCode != http.StatusOK || body(t, r) != "" || r.ContentLength != 11 {
		t.Errorf("HEAD: %s, length %d", r.Status, r.ContentLength)
	}
	if strings.Contains(SecurityPolicy, "unsafe-inline") || strings.Contains(SecurityPolicy, "'unsafe-eval'") {
		t.Error("the policy allows inline code")
	}
}

// A clean checkout has no page, but says what to do.
func TestUnbuiltPageSaysSo(t *testing.T) {
	h := NewHandler(fstest.MapFS{"placeholder.html": {Data: []byte("x")}})
	r := ask(h, http.MethodGet, "/")
	if r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body(t, r), "make build") {
		t.Errorf("%s", r.Status)
	}
}
