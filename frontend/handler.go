package frontend

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

const unbuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>SemiREST</title>
<h1>The page is not built</h1><p>Stop the server, run <code>make build</code> in the project's folder, and start it again.</p></html>
`

// asset is one file in the encodings it is stored in.
type asset struct {
	kind      string // Content-Type
	etag      string // of the content, without an encoding's suffix
	br, gz    []byte
	immutable bool
}

// NewHandler serves the files of a built page. Files that are not stored
// compressed (dist/placeholder.html) are not served.
func NewHandler(files fs.FS) http.Handler {
	assets := map[string]asset{}
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".gz") {
			return nil
		}
		gz, err := fs.ReadFile(files, name)
		if err != nil {
			return nil
		}
		name = strings.TrimSuffix(name, ".gz")
		br, _ := fs.ReadFile(files, name+".br") // absent: gzip serves
		sum := sha256.Sum256(gz)
		assets["/"+name] = asset{
			kind:      contentType(name),
			etag:      base64.RawURLEncoding.EncodeToString(sum[:12]),
			br:        br,
			gz:        gz,
			immutable: strings.HasPrefix(name, "assets/"),
		}
		return nil
	})
	if index, ok := assets["/index.html"]; ok {
		assets["/"] = index
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, assets) })
}

func serve(w http.ResponseWriter, r *http.Request, assets map[string]asset) {
	head := w.Header()
	head.Set("Content-Security-Policy", SecurityPolicy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "the page answers GET and HEAD only", http.StatusMethodNotAllowed)
		return
	}
	a, ok := assets[path.Clean("/"+r.URL.Path)]
	if !ok {
		if _, built := assets["/"]; !built && r.URL.Path == "/" {
			head.Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, unbuilt)
			return
		}
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	head.Set("Content-Type", a.kind)
	head.Set("Vary", "Accept-Encoding")
	head.Set("Cache-Control", "no-cache")
	if a.immutable {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, encoding := a.gz, "gzip"
	switch accepted := r.Header.Get("Accept-Encoding"); {
	case a.br != nil && accepts(accepted, "br"):
		body, encoding = a.br, "br"
	case !accepts(accepted, "gzip"):
		encoding = ""
	}
	etag := `"` + a.etag + "-" + encoding + `"`
	head.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if encoding == "" {
		plain, err := gzip.NewReader(strings.NewReader(string(a.gz)))
		if err == nil && r.Method == http.MethodGet {
			_, _ = io.Copy(w, plain)
		}
		return
	}
	head.Set("Content-Encoding", encoding)
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// accepts reports whether an Accept-Encoding header names the coding with a
// quality above zero.
func accepts(header, coding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			quality := strings.ReplaceAll(strings.ToLower(parameters), " ", "")
			value, err := strconv.ParseFloat(strings.TrimPrefix(quality, "q="), 64)
			return err != nil || value > 0
		}
	}
	return false
}

// contentType does not ask the machine's mime table for what the page needs,
// so that every machine serves the same: a Worker with a wrong type is refused.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
