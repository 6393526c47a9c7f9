package format

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
)

// Format describes one format for a person who chooses.
type Format struct {
	Name      string `json:"name"`      // as in Write and Read
	Title     string `json:"title"`     // for the page
	Extension string `json:"extension"` // of what Write makes, with the dot
	Holds     Holds  `json:"holds"`
	Note      string `json:"note"` // one sentence
}

// Holds says what survives in a format as it is; what does not is written as
// the package comment's table says.
type Holds struct {
	Boxes     bool `json:"boxes"`
	Rotated   bool `json:"rotated"`
	Polygons  bool `json:"polygons"`
	Pixels    bool `json:"pixels"`
	Blocks    bool `json:"blocks"`
	Names     bool `json:"names"`  // of each shape's kind of defect
	Normal    bool `json:"normal"` // 'this picture is normal' apart from 'nothing said'
	Times     bool `json:"times"`
	Truth     bool `json:"truth"`     // ground truth apart from labels
	Identical bool `json:"identical"` // what is read back are the same labels, byte for byte
}

// Formats lists all formats, for the page and for help texts.
func Formats() []Format {
	out := make([]Format, len(codecs))
	for i, c := range codecs {
		out[i] = c.Format
	}
	return out
}

// codec is a format with its two directions.
type codec struct {
	Format
	write func(*writer) (encoder, error)
	read  func(context.Context, *reader) error
}

// encoder takes a writer's items one by one. Its picture is not yet in the zip.
type encoder interface {
	add(ctx context.Context, it Item) error
	end() error // writes what only all pictures together make
}

// find looks a format up.
func find(name string) (*codec, error) {
	var names []string
	for i := range codecs {
		if codecs[i].Name == name {
			return &codecs[i], nil
		}
		names = append(names, codecs[i].Name)
	}
	return nil, fmt.Errorf("format: no format is called %q: use one of %s", name, strings.Join(names, ", "))
}

// Write writes the items as a zip in the named format. It streams: an item is
// asked for when the one before has been written, and only label text is held
// back. The same items make the same bytes. An error of items, or of ctx, ends
// it and leaves a zip without its directory, which no program takes for whole.
//
// The warnings are also in the zip, as NotesName.
func Write(ctx context.Context, w io.Writer, format string, items iter.Seq2[Item, error]) ([]Warning, error) {
	c, err := find(format)
	if err != nil {
		return nil, err
	}
	out := newWriter(w)
	e, err := c.write(out)
	if err != nil {
		return nil, err
	}
	for it, err := range items {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = out.check(it)
		}
		if err == nil {
			err = e.add(ctx, it)
		}
		if err != nil {
			return nil, fmt.Errorf("format: write %s: %w", format, err)
		}
	}
	if err := e.end(); err != nil {
		return nil, fmt.Errorf("format: write %s: %w", format, err)
	}
	warnings, err := out.close()
	if err != nil {
		return nil, fmt.Errorf("format: write %s: %w", format, err)
	}
	return warnings, nil
}

// Read reads a zip in the named format and gives its pictures one by one, in an
// order that only depends on the archive.
//
// An error that is a *PictureError concerns one picture and the sequence goes
// on: the caller decides whether to leave that picture out or to stop. Any other
// error is the last thing given. So whoever wants all or nothing collects the
// items first; they hold labels, not pictures.
func Read(ctx context.Context, r io.ReaderAt, size int64, format string, o Options) iter.Seq2[Item, error] {
	return read(ctx, format, o, func(l Limits) (*archive, error) { return openArchive(r, size, l) })
}

// ReadFiles is Read on a folder, as another program leaves it, or on one file
// that holds labels: root is its path in fsys, "." for the whole.
func ReadFiles(ctx context.Context, fsys fs.FS, root, format string, o Options) iter.Seq2[Item, error] {
	return read(ctx, format, o, func(l Limits) (*archive, error) { return openFiles(fsys, root, l) })
}

func read(ctx context.Context, format string, o Options, open func(Limits) (*archive, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		c, err := find(format)
		if err != nil {
			yield(Item{}, err)
			return
		}
		in := newReader(o, yield)
		if in.archive, err = open(o.Limits.filled()); err == nil {
			err = c.read(ctx, in)
		}
		in.close(format, err)
	}
}
