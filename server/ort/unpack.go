package ort

import (
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"semirest/shared/durable"
)

// carried is a library inside this program. A release's programs have one: they
// are built with the tag embedort, of the files that `go run ./server/ort/fetch
// --embed OS/ARCH` made.
type carried struct {
	gzip string // the library, compressed; "" for none
	sum  string // SHA-256 of the library itself, in hexadecimal
}

// inside is what this program carries.
var inside = carried{carriedGzip, strings.TrimSpace(carriedSum)}

var errDamaged = errors.New("this program is damaged: the library inside has the wrong checksum; download the program again")

// unpack returns the path of the library in the cache, having written it there
// if it was not, or not with the right checksum. The folder is named after the
// checksum, so programs of several releases never undo each other's work; and
// the file appears whole, so several processes may start at once.
func (c carried) unpack() (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", fmt.Errorf("%w; name a folder for it with XDG_CACHE_HOME", err)
	}
	path := filepath.Join(cache, Version+"-"+c.sum[:12], fileName())
	if c.at(path) {
		return path, nil
	}
	err = os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = durable.Replace(path, c.write)
	}
	switch {
	case errors.Is(err, errDamaged):
		return "", err
	case err != nil && !c.at(path): // if it is there, another process was first: Windows replaces no library in use
		return "", fmt.Errorf("unpack the library inside this program: %w; it needs %d MB in %s: make room there, or name another folder with XDG_CACHE_HOME",
			err, c.size()>>20+1, cache)
	}
	return path, nil
}

// at tells whether the library lies at path.
func (c carried) at(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return err == nil && hex.EncodeToString(h.Sum(nil)) == c.sum
}

// write writes the library to w; the error comes before the file has its name.
func (c carried) write(w io.Writer) error {
	z, err := gzip.NewReader(strings.NewReader(c.gzip))
	if err != nil {
		return errDamaged
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(w, h), z)
	var broken flate.CorruptInputError
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken) {
		return errDamaged
	}
	if err == nil && hex.EncodeToString(h.Sum(nil)) != c.sum {
		return errDamaged
	}
	return err
}

// size is the library's bytes: gzip ends with them.
func (c carried) size() uint32 {
	return binary.LittleEndian.Uint32([]byte(c.gzip[len(c.gzip)-4:]))
}
