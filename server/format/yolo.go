package format

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"semirest/shared/annot"
)

// YOLO (docs.ultralytics.com/datasets): a text file for each picture, a line
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
// of polygons throughout.
type yoloTask uint8

const (
	yoloDetect yoloTask = iota
	yoloOBB
	yoloSegment
)

type yoloEncoder struct {
	w       *writer
	task    yoloTask
	classes []string
	byName  map[string]int
	held    bool
}

func newYOLO(task yoloTask) func(*writer) (encoder, error) {
	return func(w *writer) (encoder, error) {
		w.becomes = becomes{
			normalBlocks: notKept, proposals: leftOut, times: notKept, truth: "is not kept",
			kind: "is kept as the class of what nobody named", unnamed: "are of the class " + anyDefect,
		}
		switch task {
		case yoloDetect:
			const bounds = "are written as their upright bounding boxes"
			w.rotated, w.polygons = bounds, bounds
			w.pixels, w.blocks = "are written as the bounding box of each region", "are written as the bounding box of each region"
		case yoloOBB:
			w.polygons = "are written as the smallest rotated box around them"
			w.pixels, w.blocks = "are written as the smallest rotated box around each region", "are written as the smallest rotated box around each region"
		case yoloSegment:
			w.boxes, w.rotated = "are written as polygons of their corners", "are written as polygons of their corners"
			w.pixels, w.blocks = "are written as the outline of each region", "are written as the outline of each region"
		}
		return &yoloEncoder{w: w, task: task, byName: map[string]int{}}, nil
	}
}

func (e *yoloEncoder) add(ctx context.Context, it Item) error {
	name, err := e.w.name("images", it)
	if err != nil {
		return err
	}
	if it.verdict() == unsaid {
		e.w.notes.add("a picture without labels stands in the folder unlabelled, which other programs pass over", it.Name, 1)
		return e.w.picture(ctx, it, "unlabelled/"+name)
	}
	set := "train"
	if it.Held {
		set, e.held = "val", true
	}
	if err := e.w.picture(ctx, it, "images/"+set+"/"+name); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, o := range objects(it) {
		b.WriteString(strconv.Itoa(e.class(o.name, it)))
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
	return e.w.text("labels/"+set+"/"+stem(name)+".txt", b.Bytes())
}

// numbers are an object's, in pixels, x and y in turn.
func (e *yoloEncoder) numbers(o object, it Item) []float64 {
	switch {
	case e.task == yoloDetect:
		x0, y0, x1, y1 := o.within(it.Width, it.Height)
		return []float64{(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0}
	case e.task == yoloSegment:
		return flatPoints(o.polygon(e.w, it))
	}
	var points []annot.Point
	switch {
	case o.shape == nil:
		points = corners(around(o.outline()))
	case o.shape.Polygon():
		points = corners(around(o.shape.Points))
	default:
		points = corners(o.shape.Box)
	}
	out := flatPoints(points)
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
		e.w.notes.add("a rotated box reaches beyond its picture: its corners are moved to the edge, as YOLO takes no others", it.Name, 1)
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
func (e *yoloEncoder) class(name string, it Item) int {
	clean := strings.TrimSpace(line(name))
	if clean == "" {
		clean = anyDefect
	}
	if clean != name {
		e.w.notes.add("line breaks, control characters and outer spaces in kinds became plain spaces", it.Name, 1)
	}
	id, ok := e.byName[clean]
	if !ok {
		id = len(e.classes)
		e.byName[clean] = id
		e.classes = append(e.classes, clean)
	}
	return id
}

func (e *yoloEncoder) end() error {
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
		Names map[int]string `yaml:"names"`
	}{"images/train", val, names}) // without path: Ultralytics then takes the folder of data.yaml
	if err != nil {
		return err
	}
	task := [...]string{"detect: class x y w h", "obb: class and four corners", "segment: class and polygon"}[e.task]
	head := fmt.Sprintf("# Labels of surface defects for YOLO, task %s; in upright pixels.\n", task)
	if err := e.w.text("data.yaml", append([]byte(head), text...)); err != nil {
		return err
	}
	var list strings.Builder
	for _, n := range e.classes {
		list.WriteString(n + "\n")
	}
	return e.w.text("classes.txt", []byte(list.String()))
}
