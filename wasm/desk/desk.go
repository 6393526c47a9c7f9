package desk

import (
	"errors"
	"image"
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Desk is the labelling screen of one picture: an annot.Editor with a tool in
// hand, something selected, and a view. It is told what pointer and keyboard
// did and answers with what is to be drawn, in three layers that change at
// different times:
//
//   - Lines: the outlines of all shapes but the selected one. They change with
//     the view and with what is added and taken away, not while one drags.
//   - Ink: marked pixels and labelled blocks, as an RGBA picture. A stroke
//     renews the part that it touched.
//   - Live: the selected shape, what is being drawn, the cursor. It is drawn
//     anew in every frame and is small.
//
// Places on the screen are CSS pixels from the pane's left top. Times are
// milliseconds that only grow.
type Desk struct {
	e     *annot.Editor
	clock annot.Clock

	tool   annot.Tool
	radius float64 // of brush and eraser, picture pixels
	snap   bool
	name   string        // kind of defect that new shapes get
	grids  [2]block.Grid // of the two block brushes

	// The view: picture pixel (0, 0) lies at (x, y), scale CSS pixels a picture
	// pixel; the pane is w x h.
	x, y, scale float64
	w, h        int

	selected uint32
	hover    uint32
	cursor   annot.Point // of pointer or keyboard
	shown    cursorKind

	hand    hand
	scores  block.Scores
	growth  growth
	clicked Outcome // of a click that a region took in, to be told when the pointer is released
	changes changes
	counted State // what is counted of it, at its Revision
	known   bool
}

// cursorKind says whose place the cursor marks.
type cursorKind uint8

const (
	noCursor cursorKind = iota
	pointerCursor
	keyCursor // moved by the keyboard: drawn as a cross
)

// changes is what was not drawn yet, in picture pixels.
type changes struct {
	lines, ink       image.Rectangle
	allLines, allInk bool
	inked            bool // the last ink drawn had any colour
}

// ErrOtherPicture means that labels belong to a picture of another size.
var ErrOtherPicture = errors.New("the labels belong to a picture of another size")

// Sides of the block brushes' blocks, in pixels of the detector's input.
const (
	SmallBlock = 8
	LargeBlock = 16
)

// gridSide is the longer side of the detector's input that the block brushes
// assume, in pixels: what a detector is fitted with by default. Labels of other
// grids are carried over when a detector learns from them.
const gridSide = 512

// New returns a desk for a w x h picture that goes on with stored labels;
// nil for none.
func New(w, h int, stored []byte) (*Desk, error) {
	d := &Desk{radius: 8, snap: true, scale: 1}
	if stored == nil {
		d.e = annot.New(w, h)
	} else {
		l, err := annot.Parse(stored)
		if err != nil {
			return nil, err
		}
		if l.W != w || l.H != h {
			return nil, ErrOtherPicture
		}
		d.e = annot.Edit(l)
	}
	input := prep.InputSize(prep.Size{W: w, H: h}, gridSide)
	d.grids = [2]block.Grid{block.For(input.W, input.H, SmallBlock), block.For(input.W, input.H, LargeBlock)}
	d.all()
	return d, nil
}

// Stored returns the labels' stored form, with the time spent up to now.
func (d *Desk) Stored() []byte { return d.e.Labels().Append(nil) }

// Replace puts other stored labels in the place of all that is there, with
// nothing to undo.
func (d *Desk) Replace(stored []byte) error {
	l := d.e.Labels()
	n, err := New(l.W, l.H, stored)
	if err != nil {
		return err
	}
	d.e, d.selected, d.hover, d.hand, d.known = n.e, 0, 0, hand{}, false
	d.dropRegion()
	d.all()
	return nil
}

// Look sets the view: where the picture lies and how large the pane is.
func (d *Desk) Look(x, y, scale float64, w, h int) {
	if !(scale > 0) {
		panic("desk: the view has no scale")
	}
	d.x, d.y, d.scale, d.w, d.h = x, y, scale, w, h
	d.all()
}

// Choose takes a tool in hand. What was begun with the old one is finished, or
// given up where it cannot be.
func (d *Desk) Choose(t annot.Tool) {
	if t == d.tool || t >= annot.Tools {
		return
	}
	d.letGo()
	d.tool = t
	if t == annot.ToolClicks {
		d.ready()
	}
	if t != annot.ToolSelect {
		d.hover = 0
	}
}

// Settings are the tool's: the brush's radius in picture pixels, whether
// points snap, the kind of defect that new shapes get, and, where a detector
// is known, its grid of 8-pixel blocks (the zero Grid leaves it as it is).
func (d *Desk) Settings(radius float64, snap bool, name string, g block.Grid) {
	d.radius = min(max(radius, 0.5), annot.MaxRadius)
	d.snap, d.name = snap, name
	if g.Rows > 0 && g.Cols > 0 && g.Size == SmallBlock {
		d.grids = [2]block.Grid{g, {Rows: (g.Rows + 1) / 2, Cols: (g.Cols + 1) / 2, Size: LargeBlock}}
	}
}

// SetScores gives the desk the picture's heat map, for proposals.
func (d *Desk) SetScores(s block.Scores) {
	d.scores = s
	if d.growth.fits = d.hand.deed == growing; d.tool == annot.ToolClicks {
		d.ready()
	}
}

// Rest stops the clock until the next touch: another window, another picture.
func (d *Desk) Rest() { d.clock.Stop() }

func (d *Desk) touch(now int64) { d.clock.Touch(&d.e.Labels().Spent, d.tool, now) }

func (d *Desk) toPicture(x, y float64) annot.Point {
	return annot.Point{X: (x - d.x) / d.scale, Y: (y - d.y) / d.scale}
}

func (d *Desk) toScreen(p annot.Point) (x, y float64) { return d.x + p.X*d.scale, d.y + p.Y*d.scale }

// reach is how near the pointer must come to a handle, in picture pixels.
func (d *Desk) reach() float64 { return 8 / d.scale }

// pick selects a shape, 0 for none. The layer of lines loses it, and gets the
// one that was selected back.
func (d *Desk) pick(id uint32) {
	if id == d.selected {
		return
	}
	l := d.e.Labels()
	for _, one := range [2]uint32{d.selected, id} {
		if i := l.Index(one); one != 0 && i >= 0 {
			d.changes.lines = d.changes.lines.Union(around(l.Shapes[i]))
		}
	}
	d.selected, d.hover = id, 0
}

// around is a shape's bounds in whole pixels. Beyond them outlines have a width
// on the screen, which Lines adds.
func around(s annot.Shape) image.Rectangle {
	x0, y0, x1, y1 := s.Bounds()
	return image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1)), int(math.Ceil(y1)))
}

// all has everything drawn anew.
func (d *Desk) all() {
	d.e.Dirty()
	d.changes.allLines, d.changes.allInk = true, true
}

// changed has drawn anew what the editor changed: shapes and ink.
func (d *Desk) changed() {
	r := d.outward(d.e.Dirty())
	d.changes.lines, d.changes.ink = d.changes.lines.Union(r), d.changes.ink.Union(r)
	if d.e.Labels().Index(d.selected) < 0 {
		d.selected = 0
	}
}

// inked has drawn anew what a stroke changed. The layer of lines stays.
func (d *Desk) inked() { d.changes.ink = d.changes.ink.Union(d.e.Dirty()) }

// outward lets a rectangle that meets the picture's edge reach far beyond it:
// rotated boxes may, and Editor.Dirty is cut at the edge.
func (d *Desk) outward(r image.Rectangle) image.Rectangle {
	const far = 4 * annot.MaxSide
	l := d.e.Labels()
	if r.Empty() {
		return r
	}
	if r.Min.X <= 0 {
		r.Min.X = -far
	}
	if r.Min.Y <= 0 {
		r.Min.Y = -far
	}
	if r.Max.X >= l.W {
		r.Max.X = far
	}
	if r.Max.Y >= l.H {
		r.Max.Y = far
	}
	return r
}
