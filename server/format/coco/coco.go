// Package coco is COCO object detection (cocodataset.org, "Data format"): one JSON file for all
// pictures. As written here:
//
//	annotations.json
//	    images       id, file_name, width, height
//	    categories   id, name
//	    annotations  id, image_id, category_id, bbox [x, y, width, height],
//	                 area, iscrowd 0, segmentation:
//	                     []                 an axis-parallel box
//	                     [[x, y, ...]]      a polygon, or the corners of a rotated box
//	                     {size, counts}     marked pixels: one annotation for each
//	                                        region, or blocks labelled as defects;
//	                                        compressed runs (rle.go)
//	images/NAME       the pictures
//	truth/STEM.png    ground truth
//
// Coordinates are fractions of pixels from the picture's corner, as
// pycocotools has them. A shape that nobody named is of its picture's kind, else
// of the category "defect". The field "semirest" (package extra) holds the rest, so
// that labels come back as they were, byte for byte.
package coco

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/outline"
	"semirest/shared/annot"
)

const fileName = "annotations.json"

type image struct {
	ID       int            `json:"id"`
	FileName string         `json:"file_name"`
	Width    int            `json:"width"`
	Height   int            `json:"height"`
	More     *extra.Picture `json:"semirest,omitempty"`
}

type category struct {
	ID            int    `json:"id"`
	Name          string `json:"name"`
	Supercategory string `json:"supercategory"`
}

type annotation struct {
	ID           int          `json:"id"`
	ImageID      int          `json:"image_id"`
	CategoryID   int          `json:"category_id"`
	BBox         [4]float64   `json:"bbox"`
	Area         float64      `json:"area"`
	IsCrowd      int          `json:"iscrowd"`
	Segmentation any          `json:"segmentation"`
	More         *extra.Shape `json:"semirest,omitempty"`
}

type encoder struct {
	w                   *format.Writer
	images, annotations bytes.Buffer // lines of JSON
	nImages, nMarks     int
	categories          []category
	byName              map[string]int
}

// Codec is COCO: what it has no field for goes into one of our own.
func Codec() *format.Codec {
	return &format.Codec{
		Format: format.Format{
			Name: "coco", Title: "COCO (JSON)", Extension: ".zip",
			Holds: format.Holds{Boxes: true, Rotated: true, Polygons: true, Pixels: true, Blocks: true, Names: true, Normal: true, Times: true, Truth: true, Identical: true},
			Note:  "Boxes, polygons and masks for most programs; read back here, the labels are the same.",
		},
		Write: func(w *format.Writer) format.Encoder { return &encoder{w: w, byName: map[string]int{}} },
		Read:  read,
	}
}

func (e *encoder) Add(ctx context.Context, it format.Item) error {
	name, more, err := extra.Write(ctx, e.w, "images", it)
	if err != nil {
		return err
	}
	e.nImages++
	err = appendLine(&e.images, image{ID: e.nImages, FileName: name, Width: it.Width, Height: it.Height, More: more})
	if err != nil || it.Labels == nil {
		return err
	}
	l := it.Labels
	for _, s := range l.Shapes {
		if !s.Proposed {
			if err := e.shape(s, it); err != nil {
				return err
			}
		}
	}
	if err := e.pixels(&l.Mask, it, &extra.Shape{Mask: true}); err != nil {
		return err
	}
	return e.pixels(format.WithBlocks(&annot.Mask{}, l), it, &extra.Shape{Blocks: true})
}

func (e *encoder) shape(s annot.Shape, it format.Item) error {
	a := annotation{Area: s.Area(), Segmentation: [][]float64{}, More: &extra.Shape{ID: s.ID}}
	x0, y0, x1, y1 := s.Bounds()
	a.BBox = [4]float64{x0, y0, x1 - x0, y1 - y0}
	switch {
	case s.Polygon():
		a.Segmentation = [][]float64{outline.Flat(s.Points)}
	case s.Box.Angle != 0:
		a.Segmentation = [][]float64{outline.Flat(outline.Corners(s.Box))}
		a.More.Box, a.More.Rotation = outline.Numbers(s.Box)
	}
	name := s.Name
	if name == "" {
		a.More.Unnamed, name = true, it.Kind
	}
	return e.annotation(a, name)
}

// pixels writes the regions of a mask.
func (e *encoder) pixels(m *annot.Mask, it format.Item, more *extra.Shape) error {
	for _, g := range outline.Parts(m, it.Height) {
		b := g.Bounds
		a := annotation{
			BBox: [4]float64{float64(b.Min.X), float64(b.Min.Y), float64(b.Dx()), float64(b.Dy())},
			Area: float64(g.Count),
			Segmentation: struct {
				Size   [2]int `json:"size"`
				Counts string `json:"counts"`
			}{[2]int{it.Height, it.Width}, compress(runLengths(g, it.Width, it.Height))},
			More: more,
		}
		if err := e.annotation(a, it.Kind); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) annotation(a annotation, kind string) error {
	if kind == "" {
		kind = format.AnyDefect
	}
	id, ok := e.byName[kind]
	if !ok {
		id = len(e.categories) + 1
		e.byName[kind] = id
		e.categories = append(e.categories, category{ID: id, Name: kind, Supercategory: format.AnyDefect})
	}
	e.nMarks++
	a.ID, a.ImageID, a.CategoryID = e.nMarks, e.nImages, id
	for i, v := range a.BBox {
		if math.IsNaN(v) {
			return fmt.Errorf("bbox %d is no number", i)
		}
	}
	return appendLine(&e.annotations, a)
}

// appendLine adds a value to a list of JSON values, one a line.
func appendLine(b *bytes.Buffer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if b.Len() > 0 {
		b.WriteString(",\n")
	}
	b.Write(text)
	return nil
}

func (e *encoder) End() error {
	var categories bytes.Buffer
	for _, c := range e.categories {
		if err := appendLine(&categories, c); err != nil {
			return err
		}
	}
	f, err := e.w.Create(fileName, false)
	if err != nil {
		return err
	}
	const info = `{"description": "labels of surface defects, in pixels of the upright pictures", "version": "1.0"}`
	_, err = fmt.Fprintf(f, "{\"info\": %s,\n\"licenses\": [],\n\"categories\": [\n%s\n],\n\"images\": [\n%s\n],\n\"annotations\": [\n%s\n]}\n",
		info, categories.Bytes(), e.images.Bytes(), e.annotations.Bytes())
	return err
}
