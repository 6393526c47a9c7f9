package format

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"semirest/server/format/tolerant"
)

// archive is an opened zip, or a folder, whose names are safe.
type archive struct {
	Limits Limits
	zip    bool   // not a folder
	files  []File // sorted by path
	byPath map[string]int
	left   atomic.Int64     // bytes that may still be unpacked
	names  tolerant.Charset // what the names in the zip are in
}

// File is one file of an archive.
type File struct {
	Path string // below the folder that all files are in
	Full string // with that folder
	Used bool   // read, or given with an item; the others are told of at the end
	size uint64 // as its directory says
	open func() (io.ReadCloser, error)
}

func (f *File) Base() string { return path.Base(f.Path) }
func (f *File) Dir() string  { return path.Dir(f.Path) }

// Beside is a path that counts from the file's folder, from the archive's root.
func (f *File) Beside(p string) string { return path.Join(path.Dir(f.Full), p) }

// openArchive reads the directory of a zip and checks every name in it.
func openArchive(r io.ReaderAt, size int64, l Limits) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	a := &archive{Limits: l, zip: true}
	a.left.Store(l.Total)
	if len(z.File) > l.Entries {
		return nil, fmt.Errorf("%w: it has %d files, %d are admitted", ErrLimit, len(z.File), l.Entries)
	}
	if err := apart(z.File); err != nil {
		return nil, err
	}
	a.names = charsetOfNames(z.File)
	seen := make(map[string]bool, len(z.File))
	for _, f := range z.File {
		name, folder, err := safe(f, a.names)
		if err != nil {
			return nil, err
		}
		if folder || junk(name) {
			continue
		}
		if seen[name] {
			return nil, fmt.Errorf("%w: %q is there twice", ErrUnsafe, name)
		}
		seen[name] = true
		a.files = append(a.files, File{Path: name, size: f.UncompressedSize64, open: f.Open})
	}
	a.arrange()
	return a, nil
}

// openFiles lists the regular files of a folder, or the one file that root is.
func openFiles(fsys fs.FS, root string, l Limits) (*archive, error) {
	a := &archive{Limits: l}
	a.left.Store(l.Total)
	err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || junk(p) {
			return err
		}
		if len(a.files) >= l.Entries {
			return fmt.Errorf("%w: it has more than %d files", ErrLimit, l.Entries)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		a.files = append(a.files, File{Path: p, size: uint64(max(info.Size(), 0)), open: func() (io.ReadCloser, error) { return fsys.Open(p) }})
		return nil
	})
	a.arrange()
	return a, err
}

// arrange puts the files in order.
func (a *archive) arrange() {
	for i := range a.files {
		a.files[i].Full = a.files[i].Path
	}
	a.strip()
	slices.SortFunc(a.files, func(x, y File) int { return strings.Compare(x.Path, y.Path) })
	a.byPath = make(map[string]int, len(a.files))
	for i, f := range a.files {
		a.byPath[f.Path] = i
	}
}

// apart refuses entries that lie on top of each other: a few bytes that unpack as
// often as the directory names them (Fifield, "A better zip bomb", 2019).
func apart(files []*zip.File) error {
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files))
	for _, f := range files {
		at, err := f.DataOffset()
		if err != nil || f.CompressedSize64 == 0 || f.CompressedSize64 > 1<<62 {
			continue // opening it says what is wrong
		}
		spans = append(spans, span{at, at + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return fmt.Errorf("%w: its entries lie on top of each other", ErrArchive)
		}
	}
	return nil
}

// charsetOfNames is what the names are in that are not UTF-8: zips of old programs
// do not say. By the format's own rule it is code page 437.
func charsetOfNames(files []*zip.File) tolerant.Charset {
	var all []byte
	for _, f := range files {
		if !utf8.ValidString(f.Name) {
			all = append(append(all, f.Name...), '\n')
		}
	}
	switch c := tolerant.CharsetOf(all); {
	case len(all) == 0:
		return tolerant.UTF8
	case c.Name == tolerant.GBK.Name:
		return c
	}
	return tolerant.DOS
}

// safe gives an entry's path, with slashes whatever its program wrote, and says
// whether it is a folder. It refuses one that could mean a place outside of the
// archive, though nothing here uses a name as one: what reads the names later may.
func safe(f *zip.File, names tolerant.Charset) (name string, folder bool, err error) {
	name = f.Name
	if !utf8.ValidString(name) {
		if name, err = names.NewDecoder().String(name); err != nil {
			return "", false, fmt.Errorf("%w: %q is not in UTF-8", ErrUnsafe, f.Name)
		}
	}
	name = strings.ReplaceAll(name, `\`, "/")
	for strings.HasPrefix(name, "./") {
		name = strings.TrimLeft(name[2:], "/")
	}
	name, folder = strings.CutSuffix(name, "/")
	switch {
	case name == "" || name == ".":
		return "", true, nil
	case strings.Contains(name, "\x00") || len(name) > 1 && name[1] == ':' || !fs.ValidPath(name):
		return "", false, fmt.Errorf("%w: %q: use plain relative names", ErrUnsafe, f.Name)
	case f.Mode()&fs.ModeType&^fs.ModeDir != 0:
		return "", false, fmt.Errorf("%w: %q is a link or a device", ErrUnsafe, f.Name)
	case f.Flags&1 != 0:
		return "", false, fmt.Errorf("%w: %q is encrypted", ErrArchive, f.Name)
	}
	return name, folder, nil
}

// junk is what file managers and version control leave in archives, and this
// package's own notes.
func junk(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, ".") ||
		strings.EqualFold(base, "Thumbs.db") || strings.EqualFold(base, "desktop.ini") || name == NotesName
}

// layout are the folders that formats give a meaning; they are not taken for the
// folder that everything was packed in.
var layout = map[string]bool{
	"train": true, "test": true, "valid": true, "val": true, "ground_truth": true, "images": true, "labels": true,
	"masks": true, "annotations": true, "jpegimages": true, "imagesets": true, "truth": true, "unlabelled": true, "good": true,
}

// strip takes the folders away that all files are in.
func (a *archive) strip() {
	for len(a.files) > 0 {
		top, _, ok := strings.Cut(a.files[0].Path, "/")
		if !ok || layout[strings.ToLower(top)] {
			return
		}
		for _, f := range a.files {
			if !strings.HasPrefix(f.Path, top+"/") {
				return
			}
		}
		for i := range a.files {
			a.files[i].Path = a.files[i].Path[len(top)+1:]
		}
	}
}

// Files is the files whose names have one of the endings, in any case; without one, all.
func (a *archive) Files(endings ...string) []*File {
	var out []*File
	for i := range a.files {
		f := &a.files[i]
		if len(endings) == 0 || slices.Contains(endings, strings.ToLower(path.Ext(f.Path))) {
			out = append(out, f)
		}
	}
	return out
}

// File finds a file by its path; nil: there is none.
func (a *archive) File(p string) *File {
	if i, ok := a.byPath[p]; ok {
		return &a.files[i]
	}
	return nil
}

// open opens a file that must not hold more than limit bytes, whatever the
// directory says.
func (a *archive) open(f *File, limit int64) (io.ReadCloser, error) {
	if f.size > uint64(limit) {
		return nil, fmt.Errorf("%w: %s has %d bytes, %d are admitted", ErrLimit, f.Path, f.size, limit)
	}
	r, err := f.open()
	if err != nil {
		return nil, a.damaged(f.Path, err)
	}
	return &bounded{ReadCloser: r, a: a, name: f.Path, left: limit}, nil
}

// Read reads a whole file.
func (a *archive) Read(f *File, limit int64) ([]byte, error) {
	r, err := a.open(f, limit)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// bounded counts what is unpacked of one file and of the archive.
type bounded struct {
	io.ReadCloser
	a    *archive
	name string
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.a.left.Add(-int64(n)) < 0 || b.left < 0 {
		return 0, fmt.Errorf("%w: %s unpacks to more than is admitted", ErrLimit, b.name)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.a.damaged(b.name, err)
	}
	return n, err
}

// damaged says that a file cannot be read: the zip's fault, or the disk's.
func (a *archive) damaged(name string, err error) error {
	if a.zip {
		return fmt.Errorf("%w: %s: %w", ErrArchive, name, err)
	}
	return fmt.Errorf("read %s: %w", name, err)
}
