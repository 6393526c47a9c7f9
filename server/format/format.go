package format

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
)

// Format describes one format for a person who chooses.
type Format struct {
	Name      string `json:"name"`      // as a command names it
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

// Codec is a format with its two directions. The functions are called once for each
// archive: Write makes what takes the items, Read calls the Reader's Give or Fail for
// each picture, and returns what ends the whole.
type Codec struct {
	Format
	Becomes Becomes // zero: it holds everything
	Write   func(*Writer) Encoder
	Read    func(context.Context, *Reader) error
}

// Encoder takes a writer's items one by one. Its picture is not yet in the zip.
type Encoder interface {
	Add(ctx context.Context, it Item) error
	End() error // writes what only all pictures together make
}

// Write writes the items as a zip in a format. It streams: an item is asked
// for when the one before has been written, and only label text is held
// back. The same items make the same bytes. An error of items, or of ctx, ends
// it and leaves a zip without its directory, which no program takes for whole.
//
// The warnings are also in the zip, as NotesName.
func Write(ctx context.Context, w io.Writer, c *Codec, items iter.Seq2[Item, error]) ([]Warning, error) {
	out := newWriter(w, c.Becomes)
	e := c.Write(out)
	for it, err := range items {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = out.check(it)
		}
		if err == nil {
			err = e.Add(ctx, it)
		}
		if err != nil {
			return nil, fmt.Errorf("format: write %s: %w", c.Name, err)
		}
	}
	if err := e.End(); err != nil {
		return nil, fmt.Errorf("format: write %s: %w", c.Name, err)
	}
	warnings, err := out.close()
	if err != nil {
		return nil, fmt.Errorf("format: write %s: %w", c.Name, err)
	}
	return warnings, nil
}

// Read reads a zip in a format and gives its pictures one by one, in an
// order that only depends on the archive.
//
// An error that is a *PictureError concerns one picture and the sequence goes
// on: the caller decides whether to leave that picture out or to stop. Any other
// error is the last thing given. So whoever wants all or nothing collects the
// items first; they hold labels, not pictures.
func Read(ctx context.Context, r io.ReaderAt, size int64, c *Codec, o Options) iter.Seq2[Item, error] {
	return read(ctx, c, o, func(l Limits) (*archive, error) { return openArchive(r, size, l) })
}

// ReadFiles is Read on a folder, as another program leaves it, or on one file
// that holds labels: root is its path in fsys, "." for the whole.
func ReadFiles(ctx context.Context, fsys fs.FS, root string, c *Codec, o Options) iter.Seq2[Item, error] {
	return read(ctx, c, o, func(l Limits) (*archive, error) { return openFiles(fsys, root, l) })
}

func read(ctx context.Context, c *Codec, o Options, open func(Limits) (*archive, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var err error
		in := newReader(o, yield)
		if in.archive, err = open(o.Limits.filled()); err == nil {
			err = c.Read(ctx, in)
		}
		in.close(c.Name, err)
	}
}
