package format

import (
	"context"
	"encoding/xml"
	"errors"
	"math"
	"strings"
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
	Name      string  `xml:"name"`
	Pose      string  `xml:"pose"`
	Truncated int     `xml:"truncated"`
	Difficult int     `xml:"difficult"`
	Box       *vocBox `xml:"bndbox"`
}

type vocBox struct {
	XMin float64 `xml:"xmin"`
	YMin float64 `xml:"ymin"`
	XMax float64 `xml:"xmax"`
	YMax float64 `xml:"ymax"`
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
