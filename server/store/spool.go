package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// inMemory is up to how many bytes are kept in memory on their way in: nearly
// all pictures.
const inMemory = 4 << 20

// spool holds bytes on their way in. A blob's name follows from its bytes, so
// all must have been read before the first is written.
type spool struct {
	sha  string
	n    int64
	head []byte
	rest *os.File // all bytes, where they are more than inMemory; else nil
}

// prepareSpool makes the folder of the spools, and deletes those that a killed
// process left there more than a day ago.
func (s *Store) prepareSpool() error {
	if s.dir == "" {
		return nil
	}
	s.spool = filepath.Join(s.dir, "incoming")
	if err := os.MkdirAll(s.spool, 0o700); err != nil {
		return fmt.Errorf("store: make the folder of incoming files: %w", full(err))
	}
	entries, err := os.ReadDir(s.spool)
	if err != nil {
		return fmt.Errorf("store: read the folder of incoming files: %w", err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(filepath.Join(s.spool, e.Name()))
		}
	}
	return nil
}

// newSpool reads r to its end.
func (s *Store) newSpool(ctx context.Context, r io.Reader) (_ *spool, err error) {
	h := sha256.New()
	r = io.TeeReader(r, h)
	head, err := io.ReadAll(io.LimitReader(r, inMemory))
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, fmt.Errorf("store: read what is to be stored: %w", err)
	}
	sp := &spool{head: head, n: int64(len(head))}
	if len(head) == inMemory {
		if sp.rest, err = os.CreateTemp(s.spool, "spool-*"); err != nil {
			return nil, fmt.Errorf("store: keep what comes in: %w", full(err))
		}
		if sp.n, err = copyWhile(ctx, sp.rest, io.MultiReader(bytes.NewReader(head), r)); err != nil {
			sp.Close()
			return nil, fmt.Errorf("store: keep what comes in: %w", full(err))
		}
		sp.head = nil
	}
	sp.sha = hex.EncodeToString(h.Sum(nil))
	return sp, nil
}

// open returns the bytes from the first.
func (sp *spool) open() (io.Reader, error) {
	if sp.rest == nil {
		return bytes.NewReader(sp.head), nil
	}
	_, err := sp.rest.Seek(0, io.SeekStart)
	return sp.rest, err
}

// Close forgets the bytes.
func (sp *spool) Close() {
	if sp.rest != nil {
		sp.rest.Close()
		os.Remove(sp.rest.Name())
	}
}

// copyWhile is io.Copy that stops within inMemory bytes of ctx's end.
func copyWhile(ctx context.Context, to io.Writer, from io.Reader) (n int64, err error) {
	for {
		part, err := io.CopyN(to, from, inMemory)
		n += part
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
	}
}
