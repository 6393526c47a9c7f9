// Package labelme is labelme (github.com/wkentaro/labelme): a JSON file beside each picture.
//
//	STEM.json
//	    imagePath, imageHeight, imageWidth, imageData null
//	    flags {"normal": true}
//	    shapes  label, flags, group_id null, description "", shape_type, points:
//	            rectangle           two opposite corners
//	            oriented_rectangle  four corners, the first edge along the box's
//	                                own x (X-AnyLabeling calls it rotation)
//	            polygon             three points or more
//	            mask                first and last pixel; mask: a base64 PNG of
//	                                that rectangle
//	NAME        the picture
//
// labelme turns pictures upright by EXIF, as we do. It keeps fields that it does
// not know, and so labels come back as they were, byte for byte (package extra).
package labelme

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/outline"
	"semirest/server/format/place"
	"semirest/shared/annot"
)

// file is a JSON file of labelme.
type file struct {
	Version     string          `json:"version"`
	Flags       map[string]bool `json:"flags"`
	Shapes      []shape         `json:"shapes"`
	ImagePath   string          `json:"imagePath"`
	ImageData   *string         `json:"imageData"`
	ImageHeight int             `json:"imageHeight"`
	ImageWidth  int             `json:"imageWidth"`
	More        *extra.Picture  `json:"semirest,omitempty"`
}

type shape struct {
	Label       string          `json:"label"`
	Points      [][]float64     `json:"points"`
	GroupID     *int            `json:"group_id"`
	Description string          `json:"description"`
	ShapeType   string          `json:"shape_type"`
	Flags       map[string]bool `json:"flags"`
	Mask        *string         `json:"mask"`
	More        *extra.Shape    `json:"semirest,omitempty"`
}

// version is the version whose fields are written.
const version = "5.5.0"

type encoder struct{ w *format.Writer }

// Codec is labelme: what it has no field for goes into one of our own.
func Codec() *format.Codec {
	return &format.Codec{
		Format: format.Format{
			Name: "labelme", Title: "labelme (JSON)", Extension: ".zip",
			Holds: format.Holds{Boxes: true, Rotated: true, Polygons: true, Pixels: true, Blocks: true, Names: true, Normal: true, Times: true, Truth: true, Identical: true},
			Note:  "A JSON file beside each picture, to go on in labelme; read back here, the labels are the same.",
		},
		Write: func(w *format.Writer) format.Encoder { return encoder{w} },
		Read:  read,
	}
}

func (e encoder) Add(ctx context.Context, it format.Item) error {
	name, more, err := extra.Write(ctx, e.w, "", it)
	if err != nil {
		return err
	}
	out := file{
		Version: version, Flags: map[string]bool{}, Shapes: []shape{},
		ImagePath: name, ImageHeight: it.Height, ImageWidth: it.Width, More: more,
	}
	if l := it.Labels; l != nil {
		if l.Normal {
			out.Flags["normal"] = true
		}
		fallback := it.Kind
		if fallback == "" {
			fallback = format.AnyDefect
		}
		for _, s := range l.Shapes {
			if !s.Proposed {
				out.Shapes = append(out.Shapes, shapeOf(s, fallback))
			}
		}
		for _, part := range []struct {
			mask *annot.Mask
			more *extra.Shape
		}{{&l.Mask, &extra.Shape{Mask: true}}, {format.WithBlocks(&annot.Mask{}, l), &extra.Shape{Blocks: true}}} {
			for _, g := range outline.Parts(part.mask, it.Height) {
				s, err := maskOf(g, fallback)
				if err != nil {
					return err
				}
				s.More = part.more
				out.Shapes = append(out.Shapes, s)
			}
		}
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return e.w.Text(place.Stem(name)+".json", append(text, '\n'))
}

func (encoder) End() error { return nil }

// shapeOf is an accepted shape.
func shapeOf(s annot.Shape, fallback string) shape {
	out := shape{Label: s.Name, Flags: map[string]bool{}, More: &extra.Shape{ID: s.ID}}
	if s.Name == "" {
		out.Label, out.More.Unnamed = fallback, true
	}
	points := s.Points
	switch {
	case s.Polygon():
		out.ShapeType = "polygon"
	case s.Box.Angle != 0:
		out.ShapeType, points = "oriented_rectangle", outline.Corners(s.Box)
		out.More.Box, out.More.Rotation = outline.Numbers(s.Box)
	default:
		x0, y0, x1, y1 := s.Bounds()
		out.ShapeType, points = "rectangle", []annot.Point{{X: x0, Y: y0}, {X: x1, Y: y1}}
	}
	for _, p := range points {
		out.Points = append(out.Points, []float64{p.X, p.Y})
	}
	return out
}

// maskOf is a region of marked pixels.
func maskOf(g outline.Region, label string) (shape, error) {
	pix := g.Bitmap()
	for i := range pix {
		pix[i] *= 255
	}
	var b bytes.Buffer
	if err := format.EncodeMask(&b, pix, g.Bounds.Dx(), g.Bounds.Dy()); err != nil {
		return shape{}, err
	}
	text := base64.StdEncoding.EncodeToString(b.Bytes())
	return shape{
		Label: label, Flags: map[string]bool{}, ShapeType: "mask", Mask: &text,
		Points: [][]float64{
			{float64(g.Bounds.Min.X), float64(g.Bounds.Min.Y)},
			{float64(g.Bounds.Max.X - 1), float64(g.Bounds.Max.Y - 1)},
		},
	}, nil
}
