package format

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"semirest/shared/annot"
)

// COCO object detection (cocodataset.org, "Data format"): one JSON file for all
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
// of the category "defect". The field "semirest" (more.go) holds the rest, so
// that labels come back as they were, byte for byte.
const (
	cocoFile  = "annotations.json"
	anyDefect = "defect" // category of shapes and pixels that nobody named
)

type cocoImage struct {
	ID       int          `json:"id"`
	FileName string       `json:"file_name"`
	Width    int          `json:"width"`
	Height   int          `json:"height"`
	More     *pictureMore `json:"semirest,omitempty"`
}

type cocoCategory struct {
	ID            int    `json:"id"`
	Name          string `json:"name"`
	Supercategory string `json:"supercategory"`
}

type cocoAnnotation struct {
	ID           int        `json:"id"`
	ImageID      int        `json:"image_id"`
	CategoryID   int        `json:"category_id"`
	BBox         [4]float64 `json:"bbox"`
	Area         float64    `json:"area"`
	IsCrowd      int        `json:"iscrowd"`
	Segmentation any        `json:"segmentation"`
	More         *shapeMore `json:"semirest,omitempty"`
}

type cocoEncoder struct {
	w                   *writer
	images, annotations bytes.Buffer // lines of JSON
	nImages, nMarks     int
	categories          []cocoCategory
	byName              map[string]int
}

func newCOCO(w *writer) (encoder, error) {
	return &cocoEncoder{w: w, byName: map[string]int{}}, nil
}

func (e *cocoEncoder) add(ctx context.Context, it Item) error {
	name, more, err := e.w.whole(ctx, "images", it)
	if err != nil {
		return err
	}
	e.nImages++
	err = appendLine(&e.images, cocoImage{ID: e.nImages, FileName: name, Width: it.Width, Height: it.Height, More: more})
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
	if err := e.pixels(&l.Mask, it, &shapeMore{Mask: true}); err != nil {
		return err
	}
	return e.pixels(withBlocks(&annot.Mask{}, l), it, &shapeMore{Blocks: true})
}

func (e *cocoEncoder) shape(s annot.Shape, it Item) error {
	a := cocoAnnotation{Area: s.Area(), Segmentation: [][]float64{}, More: &shapeMore{ID: s.ID}}
	x0, y0, x1, y1 := s.Bounds()
	a.BBox = [4]float64{x0, y0, x1 - x0, y1 - y0}
	switch {
	case s.Polygon():
		a.Segmentation = [][]float64{flatPoints(s.Points)}
	case s.Box.Angle != 0:
		a.Segmentation = [][]float64{flatPoints(corners(s.Box))}
		a.More.Box, a.More.Rotation = boxMore(s.Box)
	}
	name := s.Name
	if name == "" {
		a.More.Unnamed, name = true, it.Kind
	}
	return e.annotation(a, name)
}

// pixels writes the regions of a mask.
func (e *cocoEncoder) pixels(m *annot.Mask, it Item, more *shapeMore) error {
	for _, g := range parts(m, it.Height) {
		b := g.bounds
		a := cocoAnnotation{
			BBox: [4]float64{float64(b.Min.X), float64(b.Min.Y), float64(b.Dx()), float64(b.Dy())},
			Area: float64(g.count),
			Segmentation: struct {
				Size   [2]int `json:"size"`
				Counts string `json:"counts"`
			}{[2]int{it.Height, it.Width}, compress(g.runLengths(it.Width, it.Height))},
			More: more,
		}
		if err := e.annotation(a, it.Kind); err != nil {
			return err
		}
	}
	return nil
}

func (e *cocoEncoder) annotation(a cocoAnnotation, category string) error {
	if category == "" {
		category = anyDefect
	}
	id, ok := e.byName[category]
	if !ok {
		id = len(e.categories) + 1
		e.byName[category] = id
		e.categories = append(e.categories, cocoCategory{ID: id, Name: category, Supercategory: anyDefect})
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

func (e *cocoEncoder) end() error {
	var categories bytes.Buffer
	for _, c := range e.categories {
		if err := appendLine(&categories, c); err != nil {
			return err
		}
	}
	f, err := e.w.create(cocoFile, false)
	if err != nil {
		return err
	}
	const info = `{"description": "labels of surface defects, in pixels of the upright pictures", "version": "1.0"}`
	_, err = fmt.Fprintf(f, "{\"info\": %s,\n\"licenses\": [],\n\"categories\": [\n%s\n],\n\"images\": [\n%s\n],\n\"annotations\": [\n%s\n]}\n",
		info, categories.Bytes(), e.images.Bytes(), e.annotations.Bytes())
	return err
}
