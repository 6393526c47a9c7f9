package format

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strings"

	"semirest/server/picture"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

type labelmeIn struct {
	Flags       json.RawMessage `json:"flags"`
	Shapes      json.RawMessage `json:"shapes"`
	ImagePath   looseText       `json:"imagePath"`
	ImageHeight looseNumber     `json:"imageHeight"`
	ImageWidth  looseNumber     `json:"imageWidth"`
	More        json.RawMessage `json:"semirest"`
}

// normal is the flag of that name.
func (in *labelmeIn) normal() bool {
	var flags map[string]json.RawMessage
	return json.Unmarshal(in.Flags, &flags) == nil && string(flags["normal"]) == "true"
}

type labelmeShapeIn struct {
	Label     looseText       `json:"label"`
	Points    []looseNumbers  `json:"points"`
	ShapeType looseText       `json:"shape_type"`
	Mask      looseText       `json:"mask"`
	More      json.RawMessage `json:"semirest"`
}

func readLabelme(ctx context.Context, r *reader) error {
	at := r.pictureIndex(func(f *file) bool { return !strings.HasPrefix(f.path, "truth/") })
	var files []*file
	for i := range r.files {
		if f := &r.files[i]; strings.EqualFold(path.Ext(f.path), ".json") {
			files = append(files, f)
			r.label(placeOf(stem(f.full), true))
		}
	}
	found := false
	for _, f := range files {
		in, err := r.parseLabelme(f)
		f.used = true
		if err == nil && in == nil {
			r.notes.add("a JSON file has no shapes of labelme and was passed over", f.path, 1)
			continue
		}
		found = true
		if err == nil {
			err = r.labelmePicture(ctx, f, in, at)
		} else {
			err = r.fail(stem(f.base()), f.path, err)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%w: expected a JSON file for each picture, such as NAME.json", ErrNothing)
	}
	return at.rest(ctx, r)
}

// parseLabelme reads a file without its shapes; nil when it is none of
// labelme's.
func (r *reader) parseLabelme(f *file) (*labelmeIn, error) {
	body, err := r.openText(f)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var in labelmeIn
	d := json.NewDecoder(&shallow{r: bufio.NewReader(body)})
	if err := d.Decode(&in); another(err) { // a list, for one
		return nil, nil
	} else if err != nil {
		return nil, syntax(err, "JSON")
	}
	if err := ended(d); err != nil {
		return nil, err
	}
	if len(in.Shapes) == 0 || in.Shapes[0] != '[' {
		return nil, nil
	}
	return &in, nil
}

func (r *reader) labelmePicture(ctx context.Context, f *file, in *labelmeIn, at *pictureIndex) error {
	var more pictureMore
	if err := readMore(in.More, &more); err != nil {
		return r.fail(stem(f.base()), f.path, err)
	}
	image := strings.ReplaceAll(string(in.ImagePath), `\`, "/")
	d := draft{
		id: more.ID, name: cmp.Or(baseName(image), stem(f.base())), kind: more.Kind, held: more.Held || heldPath(f.path), file: f.path, path: f.path,
		normal: more.Role == "normal", defective: more.Role == "defective", size: prep.Size{W: in.ImageWidth.whole(), H: in.ImageHeight.whole()},
	}
	if d.size.W == 0 || d.size.H == 0 {
		d.size = prep.Size{}
	}
	// The file is called like its picture; the path in it is as old as the picture's
	// name was then, and counts from the file.
	own := placeOf(stem(f.full), true)
	if d.stem = image == ""; !d.stem {
		d.wants = append(d.wants, placeOf(f.beside(image), false))
	}
	d.wants = append(d.wants, own)
	at.take(&d)
	if more.Name != "" { // the picture's own, which the archive could not have
		d.name = baseName(more.Name)
		d.wants = []place{placeOf(f.beside(d.name), false)}
	}
	if more.Truth != "" {
		d.truth = r.file(more.Truth)
	}
	if len(in.More) == 0 || more.Labels != nil || !bytes.Equal(bytes.TrimSpace(in.Shapes), []byte("[]")) {
		d.labels = func(b *builder) error { return labelmeLabels(b, in, more.Labels) }
	}
	return r.give(ctx, d)
}

// labelmeLabels builds a picture's labels from its shapes, one by one, and our
// own field.
func labelmeLabels(b *builder, in *labelmeIn, more *labelsMore) error {
	ours := more != nil
	if !ours {
		more = &labelsMore{}
	}
	if err := more.apply(b); err != nil {
		return err
	}
	b.normal = in.normal()
	ids := &shapeIDs{}
	d := json.NewDecoder(bytes.NewReader(in.Shapes))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return syntax(err, "shapes is no list")
	}
	n := 0
	for ; d.More(); n++ {
		if err := more.propose(b, ids, b.made()); err != nil {
			return err
		}
		var s labelmeShapeIn
		if err := d.Decode(&s); err != nil && !another(err) {
			return syntax(err, "shapes")
		}
		var own shapeMore
		if err := b.object(readMore(s.More, &own)); err != nil {
			return err
		}
		if own.Blocks && ours {
			continue // the file's own field holds them as blocks
		}
		if own.Unnamed {
			s.Label = ""
		}
		before := b.made()
		if err := labelmeMark(b, &s, &own); err != nil {
			if err := b.object(fmt.Errorf("shape %d: %w", n+1, err)); err != nil {
				return err
			}
		}
		for i := before; i < b.made(); i++ {
			ids.want = append(ids.want, own.ID)
		}
	}
	if n == 0 && !ours && !b.normal {
		b.normal = true
		b.r.notes.add("a label file has no shapes: the picture is taken for normal", b.name, 1)
	}
	if err := more.propose(b, ids, math.MaxInt); err != nil {
		return err
	}
	ids.settle(b)
	return nil
}

// labelmeMark adds one shape.
func labelmeMark(b *builder, s *labelmeShapeIn, own *shapeMore) error {
	points := make([]annot.Point, len(s.Points))
	for i, p := range s.Points {
		if len(p) != 2 {
			return fmt.Errorf("%w: a point has %d numbers", ErrSyntax, len(p))
		}
		points[i] = annot.Point{X: p[0], Y: p[1]}
	}
	label := string(s.Label)
	need := func(n int) error {
		if len(points) < n {
			return fmt.Errorf("%w: a %.20s has %d points", ErrSyntax, s.ShapeType, len(points))
		}
		return nil
	}
	switch s.ShapeType {
	case "polygon", "": // old versions have no shape_type
		if len(points) < 3 {
			b.r.notes.add("a polygon of fewer than three points was left out", b.name, 1)
			return nil
		}
		return b.polygon(points, label)
	case "rectangle":
		if err := need(2); err != nil {
			return err
		}
		x0, y0, x1, y1 := extent(points)
		return b.box(x0, y0, x1, y1, label)
	case "oriented_rectangle", "rotation":
		if err := need(4); err != nil {
			return err
		}
		box, ok := rectangleOf(points, 1)
		if !ok {
			box = around(points)
			b.r.notes.add("four corners that are no rectangle became the smallest rotated box around them", b.name, 1)
		}
		// Our own numbers, unless the corners were moved since.
		if exact, ok := boxOf(own.Box, own.Rotation); ok && len(points) == 4 {
			moved := 0.0
			for i, p := range corners(exact) {
				moved = max(moved, dist(p, points[i]))
			}
			if moved < 0.01 {
				box = exact
			}
		}
		return b.rotated(box, label)
	case "circle":
		if err := need(2); err != nil {
			return err
		}
		b.r.notes.add("a circle became a polygon of 64 points", b.name, 1)
		radius := dist(points[0], points[1])
		ring := make([]annot.Point, 64)
		for i := range ring {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / 64)
			ring[i] = annot.Point{X: points[0].X + radius*cos, Y: points[0].Y + radius*sin}
		}
		return b.polygon(ring, label)
	case "mask":
		if err := need(1); err != nil {
			return err
		}
		if !own.Mask && label != "" {
			b.r.notes.add("marked pixels have no kind of their own: the label of a mask was left out", b.name, 1)
		}
		return b.patch(string(s.Mask), points[0])
	}
	b.r.notes.add(fmt.Sprintf("a shape of type %.20q has no area and was left out", s.ShapeType), b.name, 1)
	return nil
}

// patch marks what a base64 PNG marks whose left upper pixel is at p.
func (b *builder) patch(text string, p annot.Point) error {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("%w: its mask is not in base64", ErrSyntax)
	}
	if err := finite(p); err != nil {
		return err
	}
	x0, y0 := int(math.Round(p.X)), int(math.Round(p.Y))
	// Its size is held against the picture before a pixel is unpacked.
	size, err := picture.SizeOf(data, b.r.limits.Picture)
	if err != nil {
		return fmt.Errorf("mask: %w", err)
	}
	w, h := int(b.w), int(b.h)
	if _, err := b.reach(p.X, p.Y, p.X+float64(size.W), p.Y+float64(size.H)); err != nil {
		return err
	}
	if err := b.paint(int64(size.W) * int64(size.H)); err != nil {
		return err
	}
	_, mask, err := picture.DecodeMask(data, b.r.limits.Picture)
	if err != nil {
		return err
	}
	if err := b.r.count(1); err != nil {
		return err
	}
	pix := b.bitmap()
	for y := max(0, -y0); y < min(size.H, h-y0); y++ {
		for x := max(0, -x0); x < min(size.W, w-x0); x++ {
			if mask[y*size.W+x] != 0 {
				pix[(y0+y)*w+x0+x] = 1
			}
		}
	}
	return nil
}
