package format

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"

	"semirest/server/dataset"
	"semirest/server/format/place"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// Writer is the zip that is being written.
type Writer struct {
	z     *zip.Writer
	in    *bufio.Reader // of the picture that is being copied
	names place.Names
	notes notes
	Becomes
}

// AnyDefect is the kind of what nobody named, where a format asks for one.
const AnyDefect = "defect"

// What Becomes may say.
const (
	NotKept = "are not kept"
	LeftOut = "are left out"
)

// Becomes says in words what a format writes in place of what it cannot hold;
// "" where it holds it.
type Becomes struct {
	Boxes, Rotated, Polygons, Pixels, Blocks, NormalBlocks string
	Proposals, Times, Names, Unnamed, Kind, Held, Truth    string
}

func newWriter(w io.Writer, b Becomes) *Writer {
	return &Writer{z: zip.NewWriter(w), in: bufio.NewReaderSize(nil, exifHead), names: place.Names{}, Becomes: b}
}

// Note tells n times of something about a picture.
func (w *Writer) Note(text, picture string, n int) { w.notes.add(text, picture, n) }

// check refuses an item that no format could be written from, and notes what
// this format does not hold of it.
func (w *Writer) check(it Item) error {
	fail := func(format string, args ...any) error {
		return &PictureError{Name: it.Name, Err: fmt.Errorf(format, args...)}
	}
	if it.Width < 1 || it.Height < 1 || it.Width > annot.MaxSide || it.Height > annot.MaxSide {
		return fail("%d x %d pixels are out of range", it.Width, it.Height)
	}
	if l := it.Labels; l != nil && (l.W != it.Width || l.H != it.Height) {
		return fail("%w: the labels are for %d x %d pixels, the picture has %d x %d", ErrSize, l.W, l.H, it.Width, it.Height)
	}
	w.tell(it)
	return nil
}

// tell notes what the format does not hold of an item.
func (w *Writer) tell(it Item) {
	note := func(text, what string, n int) {
		if text != "" {
			w.Note(what+" "+text, it.Name, n)
		}
	}
	if it.Held {
		note(w.Held, "which pictures are kept for evaluation", 1)
	}
	if it.Kind != "" {
		note(w.Kind, "the kind of a picture", 1)
	}
	if it.Truth != nil {
		note(w.Becomes.Truth, "ground truth", 1)
	}
	if it.Labels == nil {
		return
	}
	var boxes, rotated, polygons, proposals, named, unnamed int
	for _, s := range it.Labels.Shapes {
		switch {
		case s.Proposed:
			proposals++
			continue
		case s.Polygon():
			polygons++
		case s.Box.Angle != 0:
			rotated++
		default:
			boxes++
		}
		if s.Name != "" {
			named++
		} else if it.Kind == "" {
			unnamed++
		}
	}
	note(w.Boxes, "boxes", boxes)
	note(w.Rotated, "rotated boxes", rotated)
	note(w.Polygons, "polygons", polygons)
	if !it.Labels.Mask.Empty() {
		note(w.Pixels, "marked pixels", 1)
	}
	anomalous, normal := blocks(it.Labels)
	note(w.Blocks, "blocks labelled as defects", anomalous)
	note(w.NormalBlocks, "blocks labelled as normal", normal)
	note(w.Proposals, "proposals that nobody accepted", proposals)
	note(w.Becomes.Names, "kinds of single shapes", named)
	note(w.Unnamed, "shapes that nobody named", unnamed)
	if it.Labels.Spent.Total() > 0 {
		note(w.Times, "times worked", 1)
	}
}

// Name gives an item its file name in a space of names. It ends as a picture's
// does, since other programs go by that.
func (w *Writer) Name(space string, it Item) (string, error) {
	safe := place.FileName(it.Name)
	if !dataset.IsImage(safe) {
		ext, err := extension(it)
		if err != nil {
			return "", err
		}
		safe = place.FileName(safe + ext)
	}
	name := w.names.Take(space, safe)
	switch {
	case name != safe:
		w.Note("a picture has the name of another one and is called NAME~2 and so on here", it.Name, 1)
	case name != it.Name:
		w.Note("a picture's name is no safe name of a picture's file and was changed", it.Name, 1)
	}
	return name, nil
}

// extension is that of a picture by its first bytes.
func extension(it Item) (string, error) {
	if it.Open == nil {
		return ".png", nil
	}
	r, err := it.Open()
	if err != nil {
		return "", &PictureError{Name: it.Name, Err: err}
	}
	defer r.Close()
	head := make([]byte, 16)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", &PictureError{Name: it.Name, Err: err}
	}
	for magic, ext := range map[string]string{"\xff\xd8": ".jpg", "RIFF": ".webp", "BM": ".bmp", "II*\x00": ".tif", "MM\x00*": ".tif"} {
		if bytes.HasPrefix(head[:n], []byte(magic)) {
			return ext, nil
		}
	}
	return ".png", nil
}

// Create begins a file. Pictures are stored, text is deflated. The time is left
// out, so that the same labels make the same zip.
func (w *Writer) Create(name string, store bool) (io.Writer, error) {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	if store {
		h.Method = zip.Store
	}
	return w.z.CreateHeader(h)
}

// Text writes a whole file.
func (w *Writer) Text(name string, data []byte) error {
	f, err := w.Create(name, false)
	if err == nil {
		_, err = f.Write(data)
	}
	return err
}

// Picture copies an item's picture to a file of the zip, if it comes with one.
func (w *Writer) Picture(ctx context.Context, it Item, name string) error {
	if it.Open == nil {
		return nil
	}
	turned := prep.Upright
	err := w.copy(ctx, it, it.Open, name, func(head []byte) { turned = prep.ReadOrientation(head) })
	if turned > prep.Upright {
		w.Note("a picture has an EXIF orientation: labels are in upright pixels, and a program that ignores EXIF shows them beside their defects", it.Name, 1)
	}
	return err
}

// Truth copies an item's ground truth.
func (w *Writer) Truth(ctx context.Context, it Item, name string) error {
	return w.copy(ctx, it, it.Truth, name, func([]byte) {})
}

// exifHead is how much of a file is looked at for its EXIF, bytes. JPEG holds it
// within its first two segments.
const exifHead = 160 << 10

func (w *Writer) copy(ctx context.Context, it Item, open func() (io.ReadCloser, error), name string, head func([]byte)) error {
	in, err := open()
	if err != nil {
		return &PictureError{Name: it.Name, Err: err}
	}
	defer in.Close()
	out, err := w.Create(name, true)
	if err != nil {
		return err
	}
	r := w.in
	r.Reset(in)
	peek, err := r.Peek(exifHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return &PictureError{Name: it.Name, Err: err}
	}
	head(peek)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := io.CopyN(out, r, 4<<20); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", it.Name, err)
		}
	}
}

// Mask writes marked pixels as a grey PNG of 0 and 255.
func (w *Writer) Mask(name string, m *annot.Mask, width, height int) error {
	f, err := w.Create(name, true)
	if err != nil {
		return err
	}
	return EncodeMask(f, m.Bytes(width, height), width, height)
}

// masks is quick rather than small: a mask is mostly runs, which pack well
// either way.
var masks = png.Encoder{CompressionLevel: png.BestSpeed}

func EncodeMask(w io.Writer, pix []byte, width, height int) error {
	return masks.Encode(w, &image.Gray{Pix: pix, Stride: width, Rect: image.Rect(0, 0, width, height)})
}

// close ends the zip.
func (w *Writer) close() ([]Warning, error) {
	if len(w.notes.list) > 0 {
		if err := w.Text(NotesName, []byte(w.notes.text())); err != nil {
			return nil, err
		}
	}
	return w.notes.list, w.z.Close()
}

// Verdict is what an item's labels and role say as a whole.
type Verdict uint8

const (
	Unsaid Verdict = iota // nothing: neither labels nor a role
	Normal
	Marked
)

func (it Item) Verdict() Verdict {
	switch l := it.Labels; {
	case l != nil && l.Marked():
		return Marked
	case l != nil && l.Normal, it.Normal:
		return Normal
	}
	return Unsaid
}
