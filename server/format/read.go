package format

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"semirest/server/dataset"
	"semirest/server/picture"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// reader is an archive that is being read. Its formats call give for each
// picture, which calls who asked for the items.
type reader struct {
	*archive
	notes    notes
	warn     func(Warning)
	matcher  *matcher // nil: nothing is known, all pictures are new
	given    map[string]string
	labelled map[string]map[string]bool // folders that the archive labels a picture in, by its folded stem
	yield    func(Item, error) bool
	gone     bool // nobody listens any more
	items    int
	marks    int // shapes so far
}

// errGone ends a format's reading when nobody listens any more.
var errGone = errors.New("format: nobody listens")

func newReader(o Options, yield func(Item, error) bool) *reader {
	in := &reader{warn: o.Warn, yield: yield, given: map[string]string{}, labelled: map[string]map[string]bool{}}
	if o.Known != nil {
		in.matcher = newMatcher(o.Known)
	}
	return in
}

// close tells the last error and the warnings.
func (r *reader) close(format string, err error) {
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
func (r *reader) passedOver() {
	for _, f := range r.files {
		switch {
		case f.used:
		case dataset.IsImage(f.path):
			r.notes.add("a picture's file has no place in this format and was passed over", f.path, 1)
		case dataset.OtherImage(f.path):
			r.notes.add("a picture's file is of a format that is not read here and was passed over: save it as PNG", f.path, 1)
		default:
			r.notes.add("a file is neither a picture nor labels of this format and was passed over", f.path, 1)
		}
	}
	if r.names.guess {
		r.notes.add("names in the zip are not in UTF-8 and were read as "+r.names.name+", which is a guess", "", 1)
	}
}

// draft is a picture as a label file tells of it.
type draft struct {
	id                      string
	name                    string  // file name without folders, for a new picture and in errors
	wants                   []place // where the file says that it lies, the surest first
	stem                    bool    // the name is without its ending
	lost                    error   // why it is not in the archive
	kind                    string
	normal, defective, held bool
	file                    string // label file, for errors
	path                    string // as the file says; kept with a new picture
	size                    prep.Size
	picture, truth          *file
	labels                  func(*builder) error // nil: the file says nothing
}

// give hands a picture on: it is matched, measured, and its labels are built.
func (r *reader) give(ctx context.Context, d draft) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.items++
	it, err := r.item(&d)
	return r.hand(it, d.name, d.file, err)
}

// fail tells that one picture's labels are no good.
func (r *reader) fail(name, file string, err error) error {
	r.items++
	return r.hand(Item{}, name, file, err)
}

func (r *reader) hand(it Item, name, file string, err error) error {
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

func (r *reader) item(d *draft) (Item, error) {
	it := Item{ID: d.id, Name: d.name, Kind: d.kind, Normal: d.normal, Defective: d.defective, Held: d.held}
	if err := r.identify(d, &it); err != nil {
		return Item{}, err
	}
	if d.picture != nil {
		d.picture.used = true
		it.Open = r.opener(*d.picture)
		it.Path = d.picture.full
	}
	if d.truth != nil {
		d.truth.used = true
		it.Truth = r.opener(*d.truth)
	}
	if d.size.W != 0 && (d.size.W != it.Width || d.size.H != it.Height) {
		err := fmt.Errorf("%w: the labels are for %d x %d pixels, the picture has %d x %d", ErrSize, d.size.W, d.size.H, it.Width, it.Height)
		if d.size.W == it.Height && d.size.H == it.Width {
			err = fmt.Errorf("%w upright: they were made by a program that ignores the EXIF orientation", err)
		}
		return Item{}, err
	}
	if d.labels == nil {
		return it, nil
	}
	b := newBuilder(r, it)
	if err := d.labels(b); err != nil {
		return Item{}, err
	}
	labels, err := b.labels()
	it.Labels = labels
	return it, err
}

// identify finds out which picture a draft means and how large it is.
func (r *reader) identify(d *draft, it *Item) error {
	key := d.file + "\x00" + d.path + "\x00" + d.name
	if d.picture != nil {
		key = d.picture.path
	}
	if r.matcher != nil {
		k, err := r.matcher.find(r, d)
		if err != nil && (d.picture == nil || !errors.Is(err, ErrUnknown)) {
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
	if it.Width == 0 && d.picture == nil && errors.Is(d.lost, ErrAmbiguous) {
		return d.lost
	}
	if before, twice := r.given[key]; twice {
		return fmt.Errorf("the archive labels this picture twice, in %s as well", before)
	}
	r.given[key] = d.file
	switch {
	case it.Width != 0:
	case d.picture != nil:
		data, err := r.read(*d.picture, r.limits.Entry)
		if err != nil {
			return err
		}
		size, err := picture.SizeOf(data, r.limits.Picture)
		if err != nil {
			return err
		}
		it.Width, it.Height = size.W, size.H
		if d.stem {
			it.Name = d.picture.base()
		}
	case d.size.W != 0:
		if err := r.limits.Picture.Check(d.size); err != nil {
			return err
		}
		it.Width, it.Height = d.size.W, d.size.H
	default:
		return fmt.Errorf("%w, and this file does not say how large it is: put the picture into the archive, or add it first", ErrUnknown)
	}
	if it.Width > annot.MaxSide || it.Height > annot.MaxSide {
		return fmt.Errorf("%w: %d x %d pixels", ErrLimit, it.Width, it.Height)
	}
	return nil
}

func (r *reader) opener(f file) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return r.open(f, r.limits.Entry) }
}

// sum is the SHA-256 of a file, hex.
func (r *reader) sum(f file) (string, error) {
	body, err := r.open(f, r.limits.Entry)
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

// count notes n more shapes, before they are made.
func (r *reader) count(n int) error {
	if n > r.limits.Marks-r.marks {
		return fmt.Errorf("%w: it holds more than %d shapes", ErrLimit, r.limits.Marks)
	}
	r.marks += n
	return nil
}
