// Package frontend holds the built page and serves it.
//
// The page is a handful of files under dist, made by `go run ./frontend/build`
// (which `make build` calls): index.html, and under assets the script, the
// Worker, the style sheet and the Go client compiled to wasm. Every file under
// assets carries a hash of its content in its name, so browsers may keep it for
// ever; index.html names the current ones and is asked for again each time.
//
// Files are stored compressed only (name.br by brotli, name.gz by gzip): that
// keeps 2 MB of wasm out of the binary. A client that accepts neither encoding
// gets the gzip one unpacked on the way.
//
// A clean checkout holds only dist/placeholder.html. It compiles, and the page it
// serves says what to run.
package frontend

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// SecurityPolicy is the Content-Security-Policy of every file of the page: its
// own files and nothing else, no inline script or style. 'wasm-unsafe-eval'
// lets the browser compile the Go client; blob: shows pictures that the user
// opened, which never leave the machine in that form.
const SecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
	"style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Built says whether the page was built into this program.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html.gz")
	return err == nil
}

// Handler serves the embedded page at / and its files under /assets/.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("frontend: dist is not embedded") // the embed directive above guarantees it
	}
	return NewHandler(files)
}
