package labelme

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/outline"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

type fileIn struct {
	Flags       json.RawMessage `json:"flags"`
	Shapes      json.RawMessage `json:"shapes"`
	ImagePath   tolerant.Text   `json:"imagePath"`
	ImageHeight tolerant.Number `json:"imageHeight"`
	ImageWidth  tolerant.Number `json:"imageWidth"`
	More        json.RawMessage `json:"semirest"`
}

// normal is the flag of that name.
func (in *fileIn) normal() bool {
	var flags map[string]json.RawMessage
	return json.Unmarshal(in.Flags, &flags) == nil && string(flags["normal"]) == "true"
}

type shapeIn struct {
	Label     tolerant.Text      `json:"label"`
	Points    []tolerant.Numbers `json:"points"`
	ShapeType tolerant.Text      `json:"shape_type"`
	Mask      tolerant.Text      `json:"mask"`
	More      json.RawMessage    `json:"semirest"`
}

func read(ctx context.Context, r *format.Reader) error {
	at := r.Pictures(format.IsTruth)
	files := r.Files(".json")
	for _, f := range files {
		r.Label(place.Of(place.Stem(f.Full), true))
	}
	found := false
	for _, f := range files {
		in, err := parse(r, f)
		f.Used = true
		if err == nil && in == nil {
			r.Note("a JSON file has no shapes of labelme and was passed over", f.Path, 1)
			continue
		}
		found = true
		if err == nil {
			err = give(ctx, r, f, in, at)
		} else {
			err = r.Fail(place.Stem(f.Base()), f.Path, err)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%w: expected a JSON file for each picture, such as NAME.json", format.ErrNothing)
	}
	return at.Rest(ctx)
}

// parse reads a file without its shapes; nil when it is none of
// labelme's.
func parse(r *format.Reader, f *format.File) (*fileIn, error) {
	d, closing, err := r.OpenJSON(f)
	if err != nil {
		return nil, err
	}
	defer closing()
	var in fileIn
	if err := d.Decode(&in); tolerant.OtherKind(err) { // a list, for one
		return nil, nil
	} else if err != nil {
		return nil, format.Damaged(err, "JSON")
	}
	if err := format.End(d); err != nil {
		return nil, err
	}
	if len(in.Shapes) == 0 || in.Shapes[0] != '[' {
		return nil, nil
	}
	return &in, nil
}

func give(ctx context.Context, r *format.Reader, f *format.File, in *fileIn, at *format.Pictures) error {
	var more extra.Picture
	if err := extra.Read(in.More, &more); err != nil {
		return r.Fail(place.Stem(f.Base()), f.Path, err)
	}
	image := strings.ReplaceAll(string(in.ImagePath), `\`, "/")
	d := format.Draft{
		ID: more.ID, Name: cmp.Or(place.Base(image), place.Stem(f.Base())), Kind: more.Kind, Held: more.Held || place.Held(f.Path), File: f.Path, Path: f.Path,
		Normal: more.Role == "normal", Defective: more.Role == "defective", Size: prep.Size{W: in.ImageWidth.Whole(), H: in.ImageHeight.Whole()},
	}
	// The file is called like its picture; the path in it is as old as the picture's
	// name was then, and counts from the file.
	own := place.Of(place.Stem(f.Full), true)
	if d.Stem = image == ""; !d.Stem {
		d.Wants = append(d.Wants, place.Of(f.Beside(image), false))
	}
	d.Wants = append(d.Wants, own)
	at.Take(&d)
	if more.Name != "" { // the picture's own, which the archive could not have
		d.Name = place.Base(more.Name)
		d.Wants = []place.Place{place.Of(f.Beside(d.Name), false)}
	}
	if more.Truth != "" {
		d.Truth = r.File(more.Truth)
	}
	if len(in.More) == 0 || more.Labels != nil || !bytes.Equal(bytes.TrimSpace(in.Shapes), []byte("[]")) {
		d.Labels = func(b *format.Builder) error { return labels(b, in, more.Labels) }
	}
	return r.Give(ctx, d)
}

// labels builds a picture's labels from its shapes, one by one, and our
// own field.
func labels(b *format.Builder, in *fileIn, more *extra.Labels) error {
	ours := more != nil
	if !ours {
		more = &extra.Labels{}
	}
	if err := more.Apply(b); err != nil {
		return err
	}
	b.Normal = in.normal()
	ids := &extra.IDs{}
	d := json.NewDecoder(bytes.NewReader(in.Shapes))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return format.Damaged(err, "shapes is no list")
	}
	n := 0
	for ; d.More(); n++ {
		if err := more.Propose(b, ids, b.Made()); err != nil {
			return err
		}
		var s shapeIn
		if err := d.Decode(&s); err != nil && !tolerant.OtherKind(err) {
			return format.Damaged(err, "shapes")
		}
		var own extra.Shape
		if err := b.Object(extra.Read(s.More, &own)); err != nil {
			return err
		}
		if own.Blocks && ours {
			continue // the file's own field holds them as blocks
		}
		if own.Unnamed {
			s.Label = ""
		}
		before := b.Made()
		if err := addMark(b, &s, &own); err != nil {
			if err := b.Object(fmt.Errorf("shape %d: %w", n+1, err)); err != nil {
				return err
			}
		}
		for i := before; i < b.Made(); i++ {
			ids.List = append(ids.List, own.ID)
		}
	}
	if n == 0 && !ours && !b.Normal {
		b.Normal = true
		b.Note("a label file has no shapes: the picture is taken for normal", 1)
	}
	if err := more.Propose(b, ids, math.MaxInt); err != nil {
		return err
	}
	b.Number(ids.List)
	return nil
}

// addMark adds one shape.
func addMark(b *format.Builder, s *shapeIn, own *extra.Shape) error {
	points := make([]annot.Point, len(s.Points))
	for i, p := range s.Points {
		if len(p) != 2 {
			return fmt.Errorf("%w: a point has %d numbers", format.ErrSyntax, len(p))
		}
		points[i] = annot.Point{X: p[0], Y: p[1]}
	}
	label := string(s.Label)
	need := func(n int) error {
		if len(points) < n {
			return fmt.Errorf("%w: a %.20s has %d points", format.ErrSyntax, s.ShapeType, len(points))
		}
		return nil
	}
	switch s.ShapeType {
	case "polygon", "": // old versions have no shape_type
		if len(points) < 3 {
			b.Note("a polygon of fewer than three points was left out", 1)
			return nil
		}
		return b.Polygon(points, label)
	case "rectangle":
		if err := need(2); err != nil {
			return err
		}
		x0, y0, x1, y1 := outline.Extent(points)
		return b.Box(x0, y0, x1, y1, label)
	case "oriented_rectangle", "rotation":
		if err := need(4); err != nil {
			return err
		}
		box, ok := outline.Rectangle(points, 1)
		if !ok {
			box = outline.Around(points)
			b.Note("four corners that are no rectangle became the smallest rotated box around them", 1)
		}
		// Our own numbers, unless the corners were moved since.
		if exact, ok := outline.Box(own.Box, own.Rotation); ok && len(points) == 4 {
			moved := 0.0
			for i, p := range outline.Corners(exact) {
				moved = max(moved, outline.Distance(p, points[i]))
			}
			if moved < 0.01 {
				box = exact
			}
		}
		return b.Rotated(box, label)
	case "circle":
		if err := need(2); err != nil {
			return err
		}
		b.Note("a circle became a polygon of 64 points", 1)
		radius := outline.Distance(points[0], points[1])
		ring := make([]annot.Point, 64)
		for i := range ring {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / 64)
			ring[i] = annot.Point{X: points[0].X + radius*cos, Y: points[0].Y + radius*sin}
		}
		return b.Polygon(ring, label)
	case "mask":
		if err := need(1); err != nil {
			return err
		}
		if !own.Mask && label != "" {
			b.Note("marked pixels have no kind of their own: the label of a mask was left out", 1)
		}
		data, err := base64.StdEncoding.DecodeString(string(s.Mask))
		if err != nil {
			return fmt.Errorf("%w: its mask is not in base64", format.ErrSyntax)
		}
		return b.Patch(data, points[0])
	}
	b.Note(fmt.Sprintf("a shape of type %.20q has no area and was left out", s.ShapeType), 1)
	return nil
}
