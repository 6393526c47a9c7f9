package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"

	"semirest/server/project"
)

// Read adds the project of a zip to the store, under new ids, and returns it.
// size is the number of bytes of r. It returns ErrFormat, ErrVersion and
// ErrLimit for what is refused, project.ErrInvalid or project.ErrExists for a
// project that contradicts itself, and project.ErrFull. After an error there is
// no part of the project; the files that were stored until then go with the
// store's sweep.
func Read(ctx context.Context, r io.ReaderAt, size int64, s Store, l Limits) (project.Project, error) {
	a, err := open(r, size, l.filled())
	if err != nil {
		return project.Project{}, err
	}
	m, err := a.manifest()
	if err != nil {
		return project.Project{}, err
	}
	if err := a.complete(m); err != nil {
		return project.Project{}, err
	}
	if err := a.store(ctx, s, m); err != nil {
		return project.Project{}, err
	}
	x := m.snapshot()
	x.Revisions = a.revisions(ctx, m)
	p, err := s.Restore(ctx, x)
	if err != nil {
		return project.Project{}, fmt.Errorf("archive: add the project: %w", err)
	}
	return p, nil
}

// archive is an open zip whose names and sizes are within bounds.
type archive struct {
	entries map[string]*zip.File
}

var (
	fileEntry   = regexp.MustCompile(`^files/[0-9a-f]{64}$`)
	labelsEntry = regexp.MustCompile(`^labels/[0-9]{6,9}/[0-9]{6,9}$`)
	folderEntry = regexp.MustCompile(`^(files|labels|labels/[0-9]{6,9})/$`)
)

func open(r io.ReaderAt, size int64, l Limits) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if len(z.File) > l.Entries {
		return nil, fmt.Errorf("%w: it has %d entries, at most %d are taken", ErrLimit, len(z.File), l.Entries)
	}
	a := &archive{entries: make(map[string]*zip.File, len(z.File))}
	var packed, unpacked uint64
	for _, f := range z.File {
		limit := uint64(l.Entry)
		switch {
		case folderEntry.MatchString(f.Name) && f.UncompressedSize64 == 0:
			continue
		case f.Name == listName:
			limit = listBytes + listBytesEach*uint64(len(z.File))
		case labelsEntry.MatchString(f.Name):
			limit = maxLabels
		case !fileEntry.MatchString(f.Name):
			return nil, fmt.Errorf("%w: an entry is called %.200q", ErrFormat, f.Name)
		}
		if !f.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: the entry %.200q is no plain file", ErrFormat, f.Name)
		}
		if a.entries[f.Name] != nil {
			return nil, fmt.Errorf("%w: the entry %q comes twice", ErrFormat, f.Name)
		}
		a.entries[f.Name] = f
		if f.UncompressedSize64 > limit {
			return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are taken", ErrLimit, f.Name, f.UncompressedSize64, limit)
		}
		// Each is below 2^40 and there are at most 2^31: no sum overflows.
		unpacked += f.UncompressedSize64
		if packed += f.CompressedSize64; f.CompressedSize64 > uint64(size) || packed > uint64(size) {
			return nil, fmt.Errorf("%w: its entries lie on top of each other", ErrFormat)
		}
	}
	if limit := min(uint64(l.Bytes), maxRatio*packed+slack); unpacked > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are taken", ErrLimit, unpacked, limit)
	}
	return a, nil
}

// read opens an entry. What comes out ends with an error where it is more, or
// not what, its directory says.
func (a *archive) read(name string) (io.ReadCloser, int64, error) {
	f := a.entries[name]
	if f == nil {
		return nil, 0, fmt.Errorf("%w: %s is missing", ErrFormat, name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
	}
	return r, int64(f.UncompressedSize64), nil
}

// bytes reads a whole entry of bounded size.
func (a *archive) bytes(name string) ([]byte, error) {
	r, n, err := a.read(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, n+1))
	if err == nil && int64(len(b)) != n {
		err = zip.ErrFormat
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
	}
	return b, nil
}

func (a *archive) manifest() (*manifest, error) {
	b, err := a.bytes(listName)
	if err != nil {
		return nil, err
	}
	if bytes.Count(b, []byte("{")) > listObjects+listObjectsEach*len(a.entries) {
		return nil, fmt.Errorf("%w: %s lists far more than the zip holds", ErrLimit, listName)
	}
	return decodeManifest(b)
}

// complete checks that the entries are those that the manifest names.
func (a *archive) complete(m *manifest) error {
	named := map[string]bool{listName: true}
	for _, sha := range m.files() {
		named[fileName(sha)] = true
	}
	for i, p := range m.Pictures {
		for k := range p.Revisions {
			named[labelsName(i+1, k+1)] = true
		}
	}
	for name := range named {
		if a.entries[name] == nil {
			return fmt.Errorf("%w: %.200s is missing", ErrFormat, name)
		}
	}
	for name := range a.entries {
		if !named[name] {
			return fmt.Errorf("%w: %s holds nothing about the entry %s", ErrFormat, listName, name)
		}
	}
	size := func(what, sha string, n int64) error {
		if there := a.entries[fileName(sha)].UncompressedSize64; n < 0 || uint64(n) != there {
			return fmt.Errorf("%w: %q has %d bytes, %s says %d", ErrFormat, what, there, listName, n)
		}
		return nil
	}
	for _, p := range m.Pictures {
		if err := size(p.Name, p.SHA256, p.Bytes); err != nil {
			return err
		}
	}
	for _, v := range m.Models {
		if err := size(v.Name, v.SHA256, v.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// store puts all files into the store, each checked against its name.
func (a *archive) store(ctx context.Context, s Store, m *manifest) error {
	done := make(map[string]bool)
	for _, sha := range m.files() {
		if done[sha] {
			continue
		}
		done[sha] = true
		r, n, err := a.read(fileName(sha))
		if err != nil {
			return err
		}
		counted := &counter{r: io.LimitReader(r, n+1)}
		got, _, err := s.PutBlob(ctx, counted)
		r.Close()
		switch {
		case counted.err != nil:
			return fmt.Errorf("%w: %s: %w", ErrFormat, fileName(sha), counted.err)
		case err != nil:
			return fmt.Errorf("archive: store %s: %w", fileName(sha), err)
		case counted.n != n || got != sha:
			return fmt.Errorf("%w: %s holds other bytes than its name says", ErrFormat, fileName(sha))
		}
	}
	return nil
}

// counter counts what is read, and keeps what went wrong at it apart from what
// goes wrong at writing.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// revisions reads the label revisions one by one.
func (a *archive) revisions(ctx context.Context, m *manifest) func(yield func(project.Revision, error) bool) {
	return func(yield func(project.Revision, error) bool) {
		for i, p := range m.Pictures {
			for k, r := range p.Revisions {
				name := labelsName(i+1, k+1)
				data, err := a.bytes(name)
				if err == nil {
					if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != r.SHA256 {
						err = fmt.Errorf("%w: %s holds other bytes than %s says", ErrFormat, name, listName)
					}
				}
				if err == nil {
					err = ctx.Err()
				}
				v := project.Revision{
					Picture: pictureID(i + 1), Base: uint64(k), SaveID: r.SaveID, Data: data,
					State: project.State{Revision: uint64(k + 1), Author: r.Author, Time: r.Time},
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}
