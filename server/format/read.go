package format

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"semirest/server/dataset"
	"semirest/server/format/place"
	"semirest/server/memory"
	"semirest/server/picture"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// Reader is an archive that is being read. A codec calls Give or Fail for each
// picture, which hand it to whoever asked for the items; an error of theirs ends the
// reading. Label comes before them, for every picture that the archive labels.
//
// Limits bound what a codec takes in, and Files are the archive's, in order.
type Reader struct {
	*archive
	notes    notes
	warn     func(Warning)
	matcher  *matcher                   // nil: nothing is known, all pictures are new
	seen     map[string]string          // label files by the pictures that they are for
	labelled map[string]map[string]bool // folders that the archive labels a picture in, by its folded stem
	yield    func(Item, error) bool
	gone     bool // nobody listens any more
	items    int
	marks    int // shapes so far
}

// errGone ends a format's reading when nobody listens any more.
var errGone = errors.New("format: nobody listens")

func newReader(o Options, yield func(Item, error) bool) *Reader {
	in := &Reader{warn: o.Warn, yield: yield, seen: map[string]string{}, labelled: map[string]map[string]bool{}}
	if o.Known != nil {
		in.matcher = newMatcher(o.Known)
	}
	return in
}

// close tells the last error and the warnings.
func (r *Reader) close(format string, err error) {
	if r.gone {
		return
	}
	if err == nil && r.items == 0 {
		err = ErrNothing
	}
	if err != nil {
		r.yield(Item{}, fmt.Errorf("format: read %s: %w", format, err))
		return
	}
	r.passedOver()
	if r.warn != nil {
		for _, w := range r.notes.list {
			r.warn(w)
		}
	}
}

// passedOver tells of the files that were neither read nor given.
func (r *Reader) passedOver() {
	for _, f := range r.files {
		switch {
		case f.Used:
		case dataset.IsImage(f.Path):
			r.Note("a picture's file has no place in this format and was passed over", f.Path, 1)
		case dataset.OtherImage(f.Path):
			r.Note("a picture's file is of a format that is not read here and was passed over: save it as PNG", f.Path, 1)
		default:
			r.Note("a file is neither a picture nor labels of this format and was passed over", f.Path, 1)
		}
	}
	if r.names.Guess {
		r.Note("names in the zip are not in UTF-8 and were read as "+r.names.Name+", which is a guess", "", 1)
	}
}

// Draft is a picture as a label file tells of it.
type Draft struct {
	ID                      string        // the project's own; "": the file does not say
	Name                    string        // file name without folders, for a new picture and in errors
	Wants                   []place.Place // where the file says that it lies, the surest first
	Stem                    bool          // the name is without its ending
	lost                    error         // why it is not in the archive
	Kind                    string
	Normal, Defective, Held bool
	File                    string    // label file, for errors
	Path                    string    // as the file says; kept with a new picture
	Size                    prep.Size // of the picture, as the file says; 0: it does not
	Picture, Truth          *File
	Labels                  func(*Builder) error // nil: the file says nothing
}

// Give hands a picture on: it is matched, measured, and its labels are built.
func (r *Reader) Give(ctx context.Context, d Draft) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.items++
	if d.Size.W == 0 || d.Size.H == 0 { // the picture tells it
		d.Size = prep.Size{}
	}
	it, err := r.item(ctx, &d)
	return r.hand(it, d.Name, d.File, err)
}

// Fail tells that one picture's labels are no good.
func (r *Reader) Fail(name, file string, err error) error {
	r.items++
	return r.hand(Item{}, name, file, err)
}

func (r *Reader) hand(it Item, name, file string, err error) error {
	if errors.Is(err, ErrLimit) || errors.Is(err, ErrArchive) {
		return err // the archive is not worth going on with
	}
	if err != nil {
		it, err = Item{}, &PictureError{Name: name, File: file, Err: err}
	}
	if !r.yield(it, err) {
		r.gone = true
		return errGone
	}
	return nil
}

func (r *Reader) item(ctx context.Context, d *Draft) (Item, error) {
	it := Item{ID: d.ID, Name: d.Name, Kind: d.Kind, Normal: d.Normal, Defective: d.Defective, Held: d.Held}
	if err := r.identify(d, &it); err != nil {
		return Item{}, err
	}
	if d.Picture != nil {
		d.Picture.Used = true
		it.Open = r.opener(d.Picture)
		it.Path = d.Picture.Full
	}
	if d.Truth != nil {
		d.Truth.Used = true
		it.Truth = r.opener(d.Truth)
	}
	if d.Size.W != 0 && (d.Size.W != it.Width || d.Size.H != it.Height) {
		err := fmt.Errorf("%w: the labels are for %d x %d pixels, the picture has %d x %d", ErrSize, d.Size.W, d.Size.H, it.Width, it.Height)
		if d.Size.W == it.Height && d.Size.H == it.Width {
			err = fmt.Errorf("%w upright: they were made by a program that ignores the EXIF orientation", err)
		}
		return Item{}, err
	}
	if d.Labels == nil {
		return it, nil
	}
	// A mask of the picture's size in whatever its file is, its levels, and the bits that are marked.
	share, err := memory.Take(ctx, 16*int64(it.Width)*int64(it.Height))
	if err != nil {
		return Item{}, err
	}
	defer share.Release()
	b := newBuilder(r, it)
	if err := d.Labels(b); err != nil {
		return Item{}, err
	}
	labels, err := b.labels()
	it.Labels = labels
	return it, err
}

// identify finds out which picture a draft means and how large it is.
func (r *Reader) identify(d *Draft, it *Item) error {
	key := d.File + "\x00" + d.Path + "\x00" + d.Name
	if d.Picture != nil {
		key = d.Picture.Path
	}
	if r.matcher != nil {
		k, err := r.matcher.find(r, d)
		if err != nil && (d.Picture == nil || !errors.Is(err, ErrUnknown)) {
			return err
		}
		it.ID = k.ID
		if err == nil {
			it.Name, it.Width, it.Height = k.Name, k.Width, k.Height
			if it.Kind == "" {
				it.Kind = k.Kind
			}
			key = "\x01" + k.ID + "\x00" + k.Name
		}
	}
	if it.Width == 0 && d.Picture == nil && errors.Is(d.lost, ErrAmbiguous) {
		return d.lost
	}
	if before, twice := r.seen[key]; twice {
		return fmt.Errorf("the archive labels this picture twice, in %s as well", before)
	}
	r.seen[key] = d.File
	switch {
	case it.Width != 0:
	case d.Picture != nil:
		data, err := r.Read(d.Picture, r.Limits.Entry)
		if err != nil {
			return err
		}
		size, err := picture.SizeOf(data, r.Limits.Picture)
		if err != nil {
			return err
		}
		it.Width, it.Height = size.W, size.H
		if d.Stem {
			it.Name = d.Picture.Base()
		}
	case d.Size.W != 0:
		if err := r.Limits.Picture.Check(d.Size); err != nil {
			return err
		}
		it.Width, it.Height = d.Size.W, d.Size.H
	default:
		return fmt.Errorf("%w, and this file does not say how large it is: put the picture into the archive, or add it first", ErrUnknown)
	}
	if it.Width > annot.MaxSide || it.Height > annot.MaxSide {
		return fmt.Errorf("%w: %d x %d pixels", ErrLimit, it.Width, it.Height)
	}
	return nil
}

func (r *Reader) opener(f *File) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return r.open(f, r.Limits.Entry) }
}

// sum is the SHA-256 of a file, hex.
func (r *Reader) sum(f *File) (string, error) {
	body, err := r.open(f, r.Limits.Entry)
	if err != nil {
		return "", err
	}
	defer body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Note tells n times of something about a file or a picture, "" where none is meant.
func (r *Reader) Note(text, about string, n int) { r.notes.add(text, about, n) }

// Quietly does what is done again later, without notes.
func (r *Reader) Quietly(do func() error) error {
	said := r.notes
	r.notes = notes{}
	err := do()
	r.notes = said
	return err
}

// Given is how many pictures were given, or failed, so far.
func (r *Reader) Given() int { return r.items }

// ShapesLeft is how many shapes the archive may still hold.
func (r *Reader) ShapesLeft() int { return r.Limits.Marks - r.marks }
