package voc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"semirest/server/format"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// What is read of a file of Pascal VOC: text, since programs write "100.0" and
// "Unspecified" where numbers belong, and fields that nobody needs here are not
// looked at.
type fileIn struct {
	Filename string     `xml:"filename"`
	Width    string     `xml:"size>width"`
	Height   string     `xml:"size>height"`
	Objects  []objectIn `xml:"object"`
}

type objectIn struct {
	Name    string    `xml:"name"`
	Box     *boxIn    `xml:"bndbox"`
	Rotated *turnedIn `xml:"robndbox"` // roLabelImg's
}

type boxIn struct {
	XMin string `xml:"xmin"`
	YMin string `xml:"ymin"`
	XMax string `xml:"xmax"`
	YMax string `xml:"ymax"`
}

type turnedIn struct {
	X     string `xml:"cx"`
	Y     string `xml:"cy"`
	W     string `xml:"w"`
	H     string `xml:"h"`
	Angle string `xml:"angle"` // radians, clockwise
}

func read(ctx context.Context, r *format.Reader) error {
	held, err := heldStems(r)
	if err != nil {
		return err
	}
	at := r.Pictures(nil)
	files := r.Files(".xml")
	for _, f := range files {
		r.Label(place.Of(place.Stem(f.Full), true))
	}
	for _, f := range files {
		text, err := r.Read(f, r.Limits.Text)
		f.Used = true
		v := fileIn{}
		if err == nil {
			err = parse(r, f, text, &v)
		}
		if err != nil {
			if err := r.Fail(place.Stem(f.Base()), f.Path, err); err != nil {
				return err
			}
			continue
		}
		// The file itself is called like its picture; what it says may have no ending,
		// or one that the picture had before somebody converted it.
		said := strings.TrimSpace(v.Filename)
		d := format.Draft{
			Name: cmp.Or(place.Base(said), place.Stem(f.Base())), File: f.Path, Path: f.Path, Held: held[place.Stem(f.Base())] || place.Held(f.Path),
			Size: prep.Size{W: side(v.Width), H: side(v.Height)},
		}
		if d.Stem = said == ""; !d.Stem {
			d.Wants = append(d.Wants, place.Of(f.Beside(place.Base(said)), false))
		}
		d.Wants = append(d.Wants, place.Of(place.Stem(f.Full), true))
		at.Take(&d)
		d.Labels = func(b *format.Builder) error { return labels(b, &v) }
		if err := r.Give(ctx, d); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%w: expected an XML file for each picture, such as Annotations/NAME.xml", format.ErrNothing)
	}
	return at.Rest(ctx)
}

// side is a picture's width or height, 0 where the file does not say.
func side(s string) int {
	v, ok := tolerant.ParseNumber(s)
	if !ok {
		return 0
	}
	return tolerant.Number(v).Whole()
}

// heldStems reads which stems the lists keep for evaluation.
func heldStems(r *format.Reader) (map[string]bool, error) {
	held := map[string]bool{}
	for _, f := range r.Files() {
		if !strings.HasSuffix(f.Dir(), "ImageSets/Main") {
			continue
		}
		f.Used = true // the other lists say nothing that is needed
		if f.Base() != "val.txt" && f.Base() != "test.txt" {
			continue
		}
		text, err := r.Text(f, r.Limits.Text)
		if err != nil {
			return nil, err
		}
		for row := range bytes.Lines(text) {
			name := strings.TrimSpace(string(row))
			if name == "" || len(held) >= r.Limits.Entries {
				continue
			}
			held[name] = true
			if bare, ok := strings.CutSuffix(name, " 1"); ok { // a list of one class: NAME and -1, 0 or 1
				held[strings.TrimSpace(bare)] = true
			}
		}
	}
	return held, nil
}

// parse reads an XML file. A document type is refused: with it go entities that
// expand without end and ones that name other files. encoding/xml expands neither,
// but whoever gets the labels next may.
func parse(r *format.Reader, f *format.File, text []byte, v *fileIn) error {
	if c := tolerant.CharsetOf(text); c.Name != tolerant.UTF8.Name && (!c.Guess || !bytes.Contains(text[:min(len(text), 200)], []byte("encoding="))) ||
		c.Guess && bytes.Contains(bytes.ToLower(text[:min(len(text), 200)]), []byte("utf-8")) {
		// A byte order mark is surer than a declaration, which may be wrong.
		r.Guessed(c, f)
		var err error
		if text, err = c.NewDecoder().Bytes(text); err != nil {
			return fmt.Errorf("%w: it is no text in %s", format.ErrSyntax, c.Name)
		}
	}
	decoder := func() *xml.Decoder {
		d := xml.NewDecoder(bytes.NewReader(text))
		d.CharsetReader = charsetReader
		return d
	}
	n := r.ShapesLeft()
	d := decoder()
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %s", format.ErrSyntax, tolerant.Words(err))
		}
		switch t := t.(type) {
		case xml.Directive:
			return fmt.Errorf("%w: it has a document type, which labels need not", format.ErrSyntax)
		case xml.StartElement:
			if depth++; depth > tolerant.MaxDepth {
				return fmt.Errorf("%w: it nests deeper than %d", format.ErrSyntax, tolerant.MaxDepth)
			}
			if depth == 1 && t.Name.Local != "annotation" {
				return fmt.Errorf("%w: it holds <%s>, not <annotation>", format.ErrSyntax, tolerant.Cut(t.Name.Local, 40))
			}
			if t.Name.Local == "object" {
				if n--; n < 0 {
					return fmt.Errorf("%w: too many objects", format.ErrLimit)
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	if err := decoder().Decode(v); err != nil {
		return fmt.Errorf("%w: %s", format.ErrSyntax, tolerant.Words(err))
	}
	return nil
}

// charsetReader reads what an XML file declares.
func charsetReader(name string, in io.Reader) (io.Reader, error) {
	if strings.HasPrefix(strings.ToLower(name), "utf-16") || strings.EqualFold(name, "ucs-2") {
		return in, nil // it was turned into UTF-8 before, or never was what it says
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("the encoding %.40q is not known: save it as UTF-8", name)
	}
	return e.NewDecoder().Reader(in), nil
}

// numbers reads coordinates.
func numbers(texts ...string) ([]float64, error) {
	out := make([]float64, len(texts))
	for i, s := range texts {
		v, ok := tolerant.ParseNumber(s)
		if !ok {
			return nil, fmt.Errorf("%w: %.40q is no number", format.ErrSyntax, s)
		}
		out[i] = v
	}
	return out, nil
}

func labels(b *format.Builder, v *fileIn) error {
	fromZero := false
	for _, o := range v.Objects {
		if o.Box != nil {
			p, err := numbers(o.Box.XMin, o.Box.YMin)
			fromZero = fromZero || err == nil && (p[0] == 0 || p[1] == 0)
		}
	}
	if fromZero {
		b.Note("a file counts pixels from 0, not from 1 as Pascal VOC does, and was read so", 1)
	}
	first := 1.0
	if fromZero {
		first = 0
	}
	for i, o := range v.Objects {
		if err := addObject(b, o, first); err != nil {
			if err := b.Object(fmt.Errorf("object %d: %w", i+1, err)); err != nil {
				return err
			}
		}
	}
	if len(v.Objects) == 0 {
		b.Normal = true
		b.Note("a label file has no objects: the picture is taken for normal", 1)
	}
	return nil
}

// addObject adds one object; first is the number of the first pixel.
func addObject(b *format.Builder, o objectIn, first float64) error {
	name := strings.TrimSpace(o.Name)
	switch {
	case o.Rotated != nil:
		v, err := numbers(o.Rotated.X, o.Rotated.Y, o.Rotated.W, o.Rotated.H, cmp.Or(o.Rotated.Angle, "0"))
		if err != nil {
			return err
		}
		return b.Rotated(block.Box{X: v[0], Y: v[1], HalfW: v[2] / 2, HalfH: v[3] / 2, Angle: v[4]}, name)
	case o.Box == nil:
		return fmt.Errorf("%w: it has no bndbox", format.ErrSyntax)
	}
	v, err := numbers(o.Box.XMin, o.Box.YMin, o.Box.XMax, o.Box.YMax)
	if err != nil {
		return err
	}
	// Whichever corner comes first, the pixels at both edges belong to the box.
	return b.Box(min(v[0], v[2])-first, min(v[1], v[3])-first, max(v[0], v[2]), max(v[1], v[3]), name)
}
