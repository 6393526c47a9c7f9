// Package yolo is YOLO (docs.ultralytics.com/datasets): a text file for each picture, a line
// for each object, numbers as fractions of the picture's width and height.
//
//	data.yaml                   folders, and the names of the classes by number
//	classes.txt                 the names, one a line
//	images/train/NAME           to learn from
//	images/val/NAME             kept for evaluation
//	labels/train/STEM.txt       empty: normal
//	unlabelled/NAME             of our own: for YOLO a picture without a text file
//	                            is normal, which nobody said of these
//
//	yolo      class x y w h              centre and size of an upright box
//	yolo-obb  class x1 y1 x2 y2 x3 y3 x4 y4   corners of a rotated box
//	yolo-seg  class x1 y1 x2 y2 ...      a polygon of three points or more
//
// A file of one kind only: Ultralytics takes a file with a longer line for one
// of polygons throughout. Read does as well, where neither the person nor the key task
// of data.yaml says which of them it is; eight numbers alone are a box where they are
// the corners of a rectangle, which is told.
package yolo

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"semirest/server/format"
	"semirest/server/format/outline"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
)

// task is what the lines of the text files hold.
type task int

const (
	detect task = iota
	obb
	segment
)

// taskNames are Ultralytics' words for them.
var taskNames = []string{"detect", "obb", "segment"}

type encoder struct {
	w       *format.Writer
	task    task
	classes []string
	byName  map[string]int
	held    bool
}

// Boxes is YOLO of upright boxes.
func Boxes() *format.Codec {
	return codec(detect, format.Format{
		Name: "yolo", Title: "YOLO (boxes)", Extension: ".zip",
		Holds: format.Holds{Boxes: true, Names: true, Normal: true},
		Note:  "Upright boxes; everything else becomes its bounding box.",
	}, format.Becomes{
		Rotated: "are written as their upright bounding boxes", Polygons: "are written as their upright bounding boxes",
		Pixels: "are written as the bounding box of each region", Blocks: "are written as the bounding box of each region",
	})
}

// Turned is YOLO of rotated boxes.
func Turned() *format.Codec {
	return codec(obb, format.Format{
		Name: "yolo-obb", Title: "YOLO (rotated boxes)", Extension: ".zip",
		Holds: format.Holds{Boxes: true, Rotated: true, Names: true, Normal: true},
		Note:  "Upright and rotated boxes by their corners; everything else becomes the smallest box around it.",
	}, format.Becomes{
		Polygons: "are written as the smallest rotated box around them",
		Pixels:   "are written as the smallest rotated box around each region", Blocks: "are written as the smallest rotated box around each region",
	})
}

// Polygons is YOLO of polygons.
func Polygons() *format.Codec {
	return codec(segment, format.Format{
		Name: "yolo-seg", Title: "YOLO (polygons)", Extension: ".zip",
		Holds: format.Holds{Polygons: true, Names: true, Normal: true},
		Note:  "Polygons; boxes become their corners, marked pixels and blocks their outlines.",
	}, format.Becomes{
		Boxes: "are written as polygons of their corners", Rotated: "are written as polygons of their corners",
		Pixels: "are written as the outline of each region", Blocks: "are written as the outline of each region",
	})
}

func codec(task task, f format.Format, b format.Becomes) *format.Codec {
	b.NormalBlocks, b.Proposals, b.Times, b.Truth = format.NotKept, format.LeftOut, format.NotKept, "is not kept"
	b.Kind, b.Unnamed = "is kept as the class of what nobody named", "are of the class "+format.AnyDefect
	return &format.Codec{
		Format: f, Becomes: b,
		Write: func(w *format.Writer) format.Encoder { return &encoder{w: w, task: task, byName: map[string]int{}} },
		Read:  func(ctx context.Context, r *format.Reader) error { return read(ctx, r, task) },
	}
}

func (e *encoder) Add(ctx context.Context, it format.Item) error {
	name, err := e.w.Name("images", it)
	if err != nil {
		return err
	}
	if it.Verdict() == format.Unsaid {
		e.w.Note("a picture without labels stands in the folder unlabelled, which other programs pass over", it.Name, 1)
		return e.w.Picture(ctx, it, "unlabelled/"+name)
	}
	set := "train"
	if it.Held {
		set, e.held = "val", true
	}
	if err := e.w.Picture(ctx, it, "images/"+set+"/"+name); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, o := range format.Objects(it) {
		b.WriteString(strconv.Itoa(e.class(o.Name, it)))
		for i, v := range e.numbers(o, it) {
			n := it.Width
			if i%2 == 1 {
				n = it.Height
			}
			b.WriteByte(' ')
			b.WriteString(fraction(v / float64(n)))
		}
		b.WriteByte('\n')
	}
	return e.w.Text("labels/"+set+"/"+place.Stem(name)+".txt", b.Bytes())
}

// numbers are an object's, in pixels, x and y in turn.
func (e *encoder) numbers(o format.Object, it format.Item) []float64 {
	switch {
	case e.task == detect:
		x0, y0, x1, y1 := o.Within(it.Width, it.Height)
		return []float64{(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0}
	case e.task == segment:
		return outline.Flat(o.Polygon(e.w, it))
	}
	var points []annot.Point
	switch {
	case o.Shape == nil:
		points = outline.Corners(outline.Around(o.Outline()))
	case o.Shape.Polygon():
		points = outline.Corners(outline.Around(o.Shape.Points))
	default:
		points = outline.Corners(o.Shape.Box)
	}
	out := outline.Flat(points)
	moved := false
	for i, v := range out {
		n := float64(it.Width)
		if i%2 == 1 {
			n = float64(it.Height)
		}
		out[i] = min(max(v, 0), n)
		moved = moved || out[i] != v
	}
	if moved {
		e.w.Note("a rotated box reaches beyond its picture: its corners are moved to the edge, as YOLO takes no others", it.Name, 1)
	}
	return out
}

// fraction writes a number of 0 to 1 to nine decimals, which is finer than 1/256
// pixel of the largest picture, without trailing zeros.
func fraction(v float64) string {
	s := strings.TrimRight(strconv.FormatFloat(v, 'f', 9, 64), "0")
	return strings.TrimSuffix(s, ".")
}

// class is a name's number.
func (e *encoder) class(name string, it format.Item) int {
	clean := strings.TrimSpace(tolerant.Line(name))
	if clean == "" {
		clean = format.AnyDefect
	}
	if clean != name {
		e.w.Note("line breaks, control characters and outer spaces in kinds became plain spaces", it.Name, 1)
	}
	id, ok := e.byName[clean]
	if !ok {
		id = len(e.classes)
		e.byName[clean] = id
		e.classes = append(e.classes, clean)
	}
	return id
}

func (e *encoder) End() error {
	val := "images/train"
	if e.held {
		val = "images/val"
	}
	names := make(map[int]string, len(e.classes))
	for i, n := range e.classes {
		names[i] = n
	}
	text, err := yaml.Marshal(struct {
		Train string         `yaml:"train"`
		Val   string         `yaml:"val"`
		Task  string         `yaml:"task"` // Ultralytics passes it over; read back, it says what eight numbers are
		Names map[int]string `yaml:"names"`
	}{"images/train", val, taskNames[e.task], names}) // without path: Ultralytics then takes the folder of data.yaml
	if err != nil {
		return err
	}
	line := [...]string{"class x y w h", "class and four corners", "class and polygon"}[e.task]
	head := fmt.Sprintf("# Labels of surface defects for YOLO, a line each: %s; in upright pixels.\n", line)
	if err := e.w.Text("data.yaml", append([]byte(head), text...)); err != nil {
		return err
	}
	var list strings.Builder
	for _, n := range e.classes {
		list.WriteString(n + "\n")
	}
	return e.w.Text("classes.txt", []byte(list.String()))
}
