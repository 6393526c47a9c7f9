package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"semirest/shared/durable"
)

// pack writes the files of dir to an archive, under the folder top. Equal files
// make equal bytes: order, times, owners and modes say nothing of this machine.
func pack(archive, dir, top string, stamp time.Time) error {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return err
	}
	return durable.Replace(archive, func(w io.Writer) error {
		add, finish := tarball(w, stamp)
		if strings.HasSuffix(archive, ".zip") {
			add, finish = zipped(w, stamp)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			mode := os.FileMode(0o644)
			if strings.HasPrefix(e.Name(), "semirest") {
				mode = 0o755
			}
			if err := add(top+"/"+e.Name(), mode, data); err != nil {
				return err
			}
		}
		return finish()
	})
}

type adder func(name string, mode os.FileMode, data []byte) error

func tarball(w io.Writer, stamp time.Time) (adder, func() error) {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		panic("release: " + err.Error()) // the level is a constant
	}
	t := tar.NewWriter(z)
	add := func(name string, mode os.FileMode, data []byte) error {
		h := &tar.Header{Name: name, Mode: int64(mode), Size: int64(len(data)), ModTime: stamp, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := t.Write(data)
		return err
	}
	return add, func() error {
		if err := t.Close(); err != nil {
			return err
		}
		return z.Close()
	}
}

func zipped(w io.Writer, stamp time.Time) (adder, func() error) {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	add := func(name string, mode os.FileMode, data []byte) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: stamp}
		h.SetMode(mode)
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return err
	}
	return add, z.Close
}

// writeSums writes the checksums of files as `sha256sum -c` reads them.
func writeSums(path string, files []string) error {
	var b bytes.Buffer
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), filepath.Base(f))
	}
	return durable.Replace(path, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	})
}
