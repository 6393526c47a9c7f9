package format

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"semirest/shared/block"
	"semirest/shared/prep"
)

// What is read of a file of Pascal VOC: text, since programs write "100.0" and
// "Unspecified" where numbers belong, and fields that nobody needs here are not
// looked at.
type vocIn struct {
	Filename string        `xml:"filename"`
	Width    string        `xml:"size>width"`
	Height   string        `xml:"size>height"`
	Objects  []vocObjectIn `xml:"object"`
}

type vocObjectIn struct {
	Name    string      `xml:"name"`
	Box     *vocBoxIn   `xml:"bndbox"`
	Rotated *vocTurnsIn `xml:"robndbox"` // roLabelImg's
}

type vocBoxIn struct {
	XMin string `xml:"xmin"`
	YMin string `xml:"ymin"`
	XMax string `xml:"xmax"`
	YMax string `xml:"ymax"`
}

type vocTurnsIn struct {
	X     string `xml:"cx"`
	Y     string `xml:"cy"`
	W     string `xml:"w"`
	H     string `xml:"h"`
	Angle string `xml:"angle"` // radians, clockwise
}

func readVOC(ctx context.Context, r *reader) error {
	held, err := r.vocHeld()
	if err != nil {
		return err
	}
	at := r.pictureIndex(nil)
	var files []*file
	for i := range r.files {
		if f := &r.files[i]; strings.EqualFold(path.Ext(f.path), ".xml") {
			files = append(files, f)
			r.label(placeOf(stem(f.full), true))
		}
	}
	for _, f := range files {
		text, err := r.read(*f, r.limits.Text)
		f.used = true
		v := vocIn{}
		if err == nil {
			err = r.parseVOC(f, text, &v)
		}
		if err != nil {
			if err := r.fail(stem(f.base()), f.path, err); err != nil {
				return err
			}
			continue
		}
		// The file itself is called like its picture; what it says may have no ending,
		// or one that the picture had before somebody converted it.
		said := strings.TrimSpace(v.Filename)
		d := draft{
			name: cmp.Or(baseName(said), stem(f.base())), file: f.path, path: f.path, held: held[stem(f.base())] || heldPath(f.path),
			size: prep.Size{W: vocSide(v.Width), H: vocSide(v.Height)},
		}
		if d.size.W == 0 || d.size.H == 0 {
			d.size = prep.Size{}
		}
		if d.stem = said == ""; !d.stem {
			d.wants = append(d.wants, placeOf(f.beside(baseName(said)), false))
		}
		d.wants = append(d.wants, placeOf(stem(f.full), true))
		at.take(&d)
		d.labels = func(b *builder) error { return vocLabels(b, &v) }
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%w: expected an XML file for each picture, such as Annotations/NAME.xml", ErrNothing)
	}
	return at.rest(ctx, r)
}

// vocSide is a picture's width or height, 0 where the file does not say.
func vocSide(s string) int {
	v, ok := parseNumber(s)
	if !ok {
		return 0
	}
	return looseNumber(v).whole()
}

// vocHeld reads which stems the lists keep for evaluation.
func (r *reader) vocHeld() (map[string]bool, error) {
	held := map[string]bool{}
	for i := range r.files {
		f := &r.files[i]
		if !strings.HasSuffix(f.dir(), "ImageSets/Main") {
			continue
		}
		f.used = true // the other lists say nothing that is needed
		if f.base() != "val.txt" && f.base() != "test.txt" {
			continue
		}
		text, err := r.text(f, r.limits.Text)
		if err != nil {
			return nil, err
		}
		for row := range bytes.Lines(text) {
			name := strings.TrimSpace(string(row))
			if name == "" || len(held) >= r.limits.Entries {
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

// parseVOC reads an XML file. A document type is refused: with it go entities that
// expand without end and ones that name other files. encoding/xml expands neither,
// but whoever gets the labels next may.
func (r *reader) parseVOC(f *file, text []byte, v *vocIn) error {
	if c := charsetOf(text); c.name != utf8Text.name && (!c.guess || !bytes.Contains(text[:min(len(text), 200)], []byte("encoding="))) ||
		c.guess && bytes.Contains(bytes.ToLower(text[:min(len(text), 200)]), []byte("utf-8")) {
		// A byte order mark is surer than a declaration, which may be wrong.
		r.told(c, f)
		var err error
		if text, err = c.NewDecoder().Bytes(text); err != nil {
			return fmt.Errorf("%w: it is no text in %s", ErrSyntax, c.name)
		}
	}
	decoder := func() *xml.Decoder {
		d := xml.NewDecoder(bytes.NewReader(text))
		d.CharsetReader = charsetReader
		return d
	}
	n := r.limits.Marks - r.marks
	d := decoder()
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %s", ErrSyntax, plain(err))
		}
		switch t := t.(type) {
		case xml.Directive:
			return fmt.Errorf("%w: it has a document type, which labels need not", ErrSyntax)
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: it nests deeper than %d", ErrSyntax, maxDepth)
			}
			if depth == 1 && t.Name.Local != "annotation" {
				return fmt.Errorf("%w: it holds <%s>, not <annotation>", ErrSyntax, cut(t.Name.Local, 40))
			}
			if t.Name.Local == "object" {
				if n--; n < 0 {
					return fmt.Errorf("%w: too many objects", ErrLimit)
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	if err := decoder().Decode(v); err != nil {
		return fmt.Errorf("%w: %s", ErrSyntax, plain(err))
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

// vocNumbers reads coordinates.
func vocNumbers(texts ...string) ([]float64, error) {
	out := make([]float64, len(texts))
	for i, s := range texts {
		v, ok := parseNumber(s)
		if !ok {
			return nil, fmt.Errorf("%w: %.40q is no number", ErrSyntax, s)
		}
		out[i] = v
	}
	return out, nil
}

func vocLabels(b *builder, v *vocIn) error {
	fromZero := false
	for _, o := range v.Objects {
		if o.Box != nil {
			p, err := vocNumbers(o.Box.XMin, o.Box.YMin)
			fromZero = fromZero || err == nil && (p[0] == 0 || p[1] == 0)
		}
	}
	if fromZero {
		b.r.notes.add("a file counts pixels from 0, not from 1 as Pascal VOC does, and was read so", b.name, 1)
	}
	first := 1.0
	if fromZero {
		first = 0
	}
	for i, o := range v.Objects {
		if err := vocObjectLabel(b, o, first); err != nil {
			if err := b.object(fmt.Errorf("object %d: %w", i+1, err)); err != nil {
				return err
			}
		}
	}
	if len(v.Objects) == 0 {
		b.normal = true
		b.r.notes.add("a label file has no objects: the picture is taken for normal", b.name, 1)
	}
	return nil
}

// vocObjectLabel adds one object; first is the number of the first pixel.
func vocObjectLabel(b *builder, o vocObjectIn, first float64) error {
	name := strings.TrimSpace(o.Name)
	switch {
	case o.Rotated != nil:
		v, err := vocNumbers(o.Rotated.X, o.Rotated.Y, o.Rotated.W, o.Rotated.H, cmp.Or(o.Rotated.Angle, "0"))
		if err != nil {
			return err
		}
		return b.rotated(block.Box{X: v[0], Y: v[1], HalfW: v[2] / 2, HalfH: v[3] / 2, Angle: v[4]}, name)
	case o.Box == nil:
		return fmt.Errorf("%w: it has no bndbox", ErrSyntax)
	}
	v, err := vocNumbers(o.Box.XMin, o.Box.YMin, o.Box.XMax, o.Box.YMax)
	if err != nil {
		return err
	}
	// Whichever corner comes first, the pixels at both edges belong to the box.
	return b.box(min(v[0], v[2])-first, min(v[1], v[3])-first, max(v[0], v[2]), max(v[1], v[3]), name)
}
