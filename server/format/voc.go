package format

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"semirest/shared/block"
	"semirest/shared/prep"
)

// Pascal VOC (host.robots.ox.ac.uk/pascal/VOC, devkit_doc):
//
//	Annotations/STEM.xml            objects of one picture; none: normal
//	JPEGImages/NAME                 the pictures
//	ImageSets/Main/train.txt        stems of those to learn from
//	ImageSets/Main/val.txt          and of those kept for evaluation
//
// A picture without labels has no XML and is in neither list. Boxes are whole
// pixels, counted from 1, both edges included: xmin 1 and xmax 1 is the first
// column. Many programs count from 0 instead; a file with a coordinate 0 is
// taken for one of those.
type vocFile struct {
	XMLName   xml.Name    `xml:"annotation"`
	Folder    string      `xml:"folder"`
	Filename  string      `xml:"filename"`
	Size      vocSize     `xml:"size"`
	Segmented int         `xml:"segmented"`
	Objects   []vocObject `xml:"object"`
}

type vocSize struct {
	Width  int `xml:"width"`
	Height int `xml:"height"`
	Depth  int `xml:"depth"`
}

type vocObject struct {
	Name      string      `xml:"name"`
	Pose      string      `xml:"pose"`
	Truncated int         `xml:"truncated"`
	Difficult int         `xml:"difficult"`
	Box       *vocBox     `xml:"bndbox"`
	Rotated   *vocRotated `xml:"robndbox"` // roLabelImg's; read only
}

type vocBox struct {
	XMin float64 `xml:"xmin"`
	YMin float64 `xml:"ymin"`
	XMax float64 `xml:"xmax"`
	YMax float64 `xml:"ymax"`
}

type vocRotated struct {
	X     float64 `xml:"cx"`
	Y     float64 `xml:"cy"`
	W     float64 `xml:"w"`
	H     float64 `xml:"h"`
	Angle float64 `xml:"angle"` // radians, clockwise
}

type vocEncoder struct {
	w          *writer
	train, val strings.Builder
}

func newVOC(w *writer) (encoder, error) {
	const bounds = "are written as their upright bounding boxes"
	w.becomes = becomes{
		rotated: bounds, polygons: bounds, pixels: "are written as the bounding box of each region", blocks: "are written as the bounding box of each region",
		normalBlocks: notKept, proposals: leftOut, times: notKept, truth: "is not kept",
		kind: "is kept as the name of what nobody named", unnamed: "are called " + anyDefect,
	}
	return &vocEncoder{w: w}, nil
}

func (e *vocEncoder) add(ctx context.Context, it Item) error {
	name, err := e.w.name("images", it)
	if err != nil {
		return err
	}
	if err := e.w.picture(ctx, it, "JPEGImages/"+name); err != nil {
		return err
	}
	if it.verdict() == unsaid {
		e.w.notes.add("a picture without labels has no XML and is in no list", it.Name, 1)
		return nil
	}
	v := vocFile{Folder: "JPEGImages", Filename: name, Size: vocSize{it.Width, it.Height, 3}}
	for _, o := range objects(it) {
		x0, y0, x1, y1 := o.within(it.Width, it.Height)
		b := vocBox{math.Floor(x0) + 1, math.Floor(y0) + 1, math.Ceil(x1), math.Ceil(y1)}
		if b.XMin-1 != x0 || b.YMin-1 != y0 || b.XMax != x1 || b.YMax != y1 {
			e.w.notes.add("boxes are rounded outwards to whole pixels", it.Name, 1)
		}
		label := line(o.name)
		if label != o.name {
			e.w.notes.add("line breaks and control characters in kinds became spaces", it.Name, 1)
		}
		v.Objects = append(v.Objects, vocObject{Name: label, Pose: "Unspecified", Box: &b})
	}
	text, err := xml.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	list := &e.train
	if it.Held {
		list = &e.val
	}
	list.WriteString(stem(name) + "\n")
	return e.w.text("Annotations/"+stem(name)+".xml", append(text, '\n'))
}

func (e *vocEncoder) end() error {
	return errors.Join(
		e.w.text("ImageSets/Main/train.txt", []byte(e.train.String())),
		e.w.text("ImageSets/Main/val.txt", []byte(e.val.String())))
}

func readVOC(ctx context.Context, r *reader) error {
	held, err := r.vocHeld()
	if err != nil {
		return err
	}
	at := r.pictureIndex(nil)
	found := false
	for i := range r.files {
		f := &r.files[i]
		if !strings.EqualFold(path.Ext(f.path), ".xml") {
			continue
		}
		found = true
		text, err := r.read(*f, r.limits.Text)
		v := vocFile{}
		if err == nil {
			err = parseVOC(text, r.limits.Marks-r.marks, &v)
		}
		if err != nil {
			if err := r.fail(stem(f.base()), f.path, err); err != nil {
				return err
			}
			continue
		}
		name := baseName(strings.TrimSpace(v.Filename))
		d := draft{name: name, file: f.path, held: held[stem(f.base())] || heldPath(f.path), size: prep.Size{W: v.Size.Width, H: v.Size.Height}}
		if path.Ext(name) == "" {
			d.name, d.stem = stem(f.base()), true
		}
		if d.picture = at.take(stemPath(f.path)); d.picture == nil {
			d.picture = at.named(name)
		}
		d.labels = func(b *builder) error { return vocLabels(b, &v) }
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%w: expected an XML file for each picture, such as Annotations/NAME.xml", ErrNothing)
	}
	return at.rest(ctx, r)
}

// vocHeld reads which stems the lists keep for evaluation.
func (r *reader) vocHeld() (map[string]bool, error) {
	held := map[string]bool{}
	for _, f := range r.files {
		if !strings.HasSuffix(f.dir(), "ImageSets/Main") || f.base() != "val.txt" && f.base() != "test.txt" {
			continue
		}
		text, err := r.read(f, r.limits.Text)
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

// parseVOC reads an XML file of at most n objects. A document type is refused:
// with it go entities that expand without end and ones that name other files.
// encoding/xml expands neither, but whoever gets the labels next may.
func parseVOC(text []byte, n int, v *vocFile) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSyntax, err)
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
	if err := xml.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return nil
}

func vocLabels(b *builder, v *vocFile) error {
	fromZero := false
	for _, o := range v.Objects {
		if o.Box != nil && (o.Box.XMin == 0 || o.Box.YMin == 0) {
			fromZero = true
		}
	}
	if fromZero {
		b.r.notes.add("a file counts pixels from 0, not from 1 as Pascal VOC does, and was read so", b.name, 1)
	}
	for i, o := range v.Objects {
		name := strings.TrimSpace(o.Name)
		var err error
		switch {
		case o.Rotated != nil:
			err = b.rotated(block.Box{X: o.Rotated.X, Y: o.Rotated.Y, HalfW: o.Rotated.W / 2, HalfH: o.Rotated.H / 2, Angle: o.Rotated.Angle}, name)
		case o.Box == nil:
			err = fmt.Errorf("%w: it has no bndbox", ErrSyntax)
		case fromZero:
			err = b.box(o.Box.XMin, o.Box.YMin, o.Box.XMax, o.Box.YMax, name)
		default:
			err = b.box(o.Box.XMin-1, o.Box.YMin-1, o.Box.XMax, o.Box.YMax, name)
		}
		if err != nil {
			return fmt.Errorf("object %d: %w", i+1, err)
		}
	}
	if len(v.Objects) == 0 {
		b.normal = true
		b.r.notes.add("a label file has no objects: the picture is taken for normal", b.name, 1)
	}
	return nil
}
