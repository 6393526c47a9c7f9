// Package voc is Pascal VOC (host.robots.ox.ac.uk/pascal/VOC, devkit_doc):
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
package voc

import (
	"context"
	"encoding/xml"
	"errors"
	"math"
	"strings"

	"semirest/server/format"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
)

// file is an XML file as it is written.
type file struct {
	XMLName   xml.Name `xml:"annotation"`
	Folder    string   `xml:"folder"`
	Filename  string   `xml:"filename"`
	Size      size     `xml:"size"`
	Segmented int      `xml:"segmented"`
	Objects   []object `xml:"object"`
}

type size struct {
	Width  int `xml:"width"`
	Height int `xml:"height"`
	Depth  int `xml:"depth"`
}

type object struct {
	Name      string `xml:"name"`
	Pose      string `xml:"pose"`
	Truncated int    `xml:"truncated"`
	Difficult int    `xml:"difficult"`
	Box       *box   `xml:"bndbox"`
}

type box struct {
	XMin float64 `xml:"xmin"`
	YMin float64 `xml:"ymin"`
	XMax float64 `xml:"xmax"`
	YMax float64 `xml:"ymax"`
}

type encoder struct {
	w          *format.Writer
	train, val strings.Builder
}

// Codec is Pascal VOC.
func Codec() *format.Codec {
	const bounds, ofRegions = "are written as their upright bounding boxes", "are written as the bounding box of each region"
	return &format.Codec{
		Format: format.Format{
			Name: "voc", Title: "Pascal VOC (XML)", Extension: ".zip",
			Holds: format.Holds{Names: true, Normal: true},
			Note:  "Upright boxes in whole pixels; everything else becomes its bounding box.",
		},
		Becomes: format.Becomes{
			Rotated: bounds, Polygons: bounds, Pixels: ofRegions, Blocks: ofRegions,
			NormalBlocks: format.NotKept, Proposals: format.LeftOut, Times: format.NotKept, Truth: "is not kept",
			Kind: "is kept as the name of what nobody named", Unnamed: "are called " + format.AnyDefect,
		},
		Write: func(w *format.Writer) format.Encoder { return &encoder{w: w} },
		Read:  read,
	}
}

func (e *encoder) Add(ctx context.Context, it format.Item) error {
	name, err := e.w.Name("images", it)
	if err != nil {
		return err
	}
	if err := e.w.Picture(ctx, it, "JPEGImages/"+name); err != nil {
		return err
	}
	if it.Verdict() == format.Unsaid {
		e.w.Note("a picture without labels has no XML and is in no list", it.Name, 1)
		return nil
	}
	v := file{Folder: "JPEGImages", Filename: name, Size: size{it.Width, it.Height, 3}}
	for _, o := range format.Objects(it) {
		x0, y0, x1, y1 := o.Within(it.Width, it.Height)
		b := box{math.Floor(x0) + 1, math.Floor(y0) + 1, math.Ceil(x1), math.Ceil(y1)}
		if b.XMin-1 != x0 || b.YMin-1 != y0 || b.XMax != x1 || b.YMax != y1 {
			e.w.Note("boxes are rounded outwards to whole pixels", it.Name, 1)
		}
		label := tolerant.Line(o.Name)
		if label != o.Name {
			e.w.Note("line breaks and control characters in kinds became spaces", it.Name, 1)
		}
		v.Objects = append(v.Objects, object{Name: label, Pose: "Unspecified", Box: &b})
	}
	text, err := xml.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	list := &e.train
	if it.Held {
		list = &e.val
	}
	list.WriteString(place.Stem(name) + "\n")
	return e.w.Text("Annotations/"+place.Stem(name)+".xml", append(text, '\n'))
}

func (e *encoder) End() error {
	return errors.Join(
		e.w.Text("ImageSets/Main/train.txt", []byte(e.train.String())),
		e.w.Text("ImageSets/Main/val.txt", []byte(e.val.String())))
}
