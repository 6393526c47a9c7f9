package format

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"

	"semirest/shared/annot"
)

// labelme (github.com/wkentaro/labelme): a JSON file beside each picture.
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
// not know, and so labels come back as they were, byte for byte (more.go).
type labelmeFile struct {
	Version     string          `json:"version"`
	Flags       map[string]bool `json:"flags"`
	Shapes      []labelmeShape  `json:"shapes"`
	ImagePath   string          `json:"imagePath"`
	ImageData   *string         `json:"imageData"`
	ImageHeight int             `json:"imageHeight"`
	ImageWidth  int             `json:"imageWidth"`
	More        *pictureMore    `json:"semirest,omitempty"`
}

type labelmeShape struct {
	Label       string          `json:"label"`
	Points      [][]float64     `json:"points"`
	GroupID     *int            `json:"group_id"`
	Description string          `json:"description"`
	ShapeType   string          `json:"shape_type"`
	Flags       map[string]bool `json:"flags"`
	Mask        *string         `json:"mask"`
	More        *shapeMore      `json:"semirest,omitempty"`
}

// labelmeVersion is the version whose fields are written.
const labelmeVersion = "5.5.0"

type labelmeEncoder struct{ w *writer }

func newLabelme(w *writer) (encoder, error) { return labelmeEncoder{w}, nil }

func (e labelmeEncoder) add(ctx context.Context, it Item) error {
	name, more, err := e.w.whole(ctx, "", it)
	if err != nil {
		return err
	}
	out := labelmeFile{
		Version: labelmeVersion, Flags: map[string]bool{}, Shapes: []labelmeShape{},
		ImagePath: name, ImageHeight: it.Height, ImageWidth: it.Width, More: more,
	}
	if l := it.Labels; l != nil {
		if l.Normal {
			out.Flags["normal"] = true
		}
		fallback := it.Kind
		if fallback == "" {
			fallback = anyDefect
		}
		for _, s := range l.Shapes {
			if !s.Proposed {
				out.Shapes = append(out.Shapes, labelmeOf(s, fallback))
			}
		}
		for _, part := range []struct {
			mask *annot.Mask
			more *shapeMore
		}{{&l.Mask, &shapeMore{Mask: true}}, {withBlocks(&annot.Mask{}, l), &shapeMore{Blocks: true}}} {
			for _, g := range parts(part.mask, it.Height) {
				s, err := labelmeMask(g, fallback)
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
	return e.w.text(stem(name)+".json", append(text, '\n'))
}

func (labelmeEncoder) end() error { return nil }

// labelmeOf is an accepted shape.
func labelmeOf(s annot.Shape, fallback string) labelmeShape {
	out := labelmeShape{Label: s.Name, Flags: map[string]bool{}, More: &shapeMore{ID: s.ID}}
	if s.Name == "" {
		out.Label, out.More.Unnamed = fallback, true
	}
	points := s.Points
	switch {
	case s.Polygon():
		out.ShapeType = "polygon"
	case s.Box.Angle != 0:
		out.ShapeType, points = "oriented_rectangle", corners(s.Box)
		out.More.Box, out.More.Rotation = boxMore(s.Box)
	default:
		x0, y0, x1, y1 := s.Bounds()
		out.ShapeType, points = "rectangle", []annot.Point{{X: x0, Y: y0}, {X: x1, Y: y1}}
	}
	for _, p := range points {
		out.Points = append(out.Points, []float64{p.X, p.Y})
	}
	return out
}

// labelmeMask is a region of marked pixels.
func labelmeMask(g region, label string) (labelmeShape, error) {
	pix := g.bitmap()
	for i := range pix {
		pix[i] *= 255
	}
	var b bytes.Buffer
	if err := encodeMask(&b, pix, g.bounds.Dx(), g.bounds.Dy()); err != nil {
		return labelmeShape{}, err
	}
	text := base64.StdEncoding.EncodeToString(b.Bytes())
	return labelmeShape{
		Label: label, Flags: map[string]bool{}, ShapeType: "mask", Mask: &text,
		Points: [][]float64{
			{float64(g.bounds.Min.X), float64(g.bounds.Min.Y)},
			{float64(g.bounds.Max.X - 1), float64(g.bounds.Max.Y - 1)},
		},
	}, nil
}
