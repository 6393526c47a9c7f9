package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

// WasmBudget is what the Go client may weigh on the wire, in bytes of brotli:
// about a second on a 5 Mbit/s line.
const WasmBudget = 640 * 1024

// dist is the output folder and the names this run put there.
type dist struct {
	dir  string
	made map[string]bool // paths relative to dir
}

// asset stores a file under assets/NAME-HASH.EXT in both encodings and returns
// NAME-HASH.EXT.
func (d dist) asset(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:10])
	ext := filepath.Ext(path)
	name := strings.TrimSuffix(filepath.Base(path), ext) + "-" + hash + ext
	return name, d.file(filepath.Join("assets", name), data)
}

// file stores data as name.br and name.gz, each through a temporary name.
// Files with a content hash in their name are not compressed again.
func (d dist) file(name string, data []byte) error {
	hashed := strings.HasPrefix(name, "assets"+string(filepath.Separator))
	for _, coding := range []struct {
		ext  string
		open func(io.Writer) (io.WriteCloser, error)
	}{
		{".br", func(w io.Writer) (io.WriteCloser, error) {
			return brotli.NewWriterLevel(w, brotli.BestCompression), nil
		}},
		{".gz", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) }},
	} {
		d.made[name+coding.ext] = true
		path := filepath.Join(d.dir, name+coding.ext)
		if _, err := os.Stat(path); err == nil && hashed {
			continue
		}
		var packed bytes.Buffer
		w, err := coding.open(&packed)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path+".tmp", packed.Bytes(), 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return err
		}
	}
	br, err := os.Stat(filepath.Join(d.dir, name+".br"))
	if err != nil {
		return err
	}
	fmt.Printf("%9d bytes, %7d in brotli  %s\n", len(data), br.Size(), name)
	return nil
}

// sweep removes what earlier runs left and this one did not make.
func (d dist) sweep() error {
	return filepath.WalkDir(d.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(d.dir, path)
		if err != nil {
			return err
		}
		if name == "placeholder.html" || d.made[name] {
			return nil
		}
		return os.Remove(path)
	})
}

// checkBudget fails when the wasm in dist is missing or over WasmBudget.
func (d dist) checkBudget() error {
	found, err := filepath.Glob(filepath.Join(d.dir, "assets", "client-*.wasm.br"))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no wasm in %s: run 'make build'", d.dir)
	}
	for _, path := range found {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() > WasmBudget {
			return fmt.Errorf("%s is %d bytes, over the budget of %d: look for fmt, encoding/json, net or image packages in `GOOS=js GOARCH=wasm go list -deps ./wasm`",
				filepath.Base(path), info.Size(), WasmBudget)
		}
	}
	return nil
}
