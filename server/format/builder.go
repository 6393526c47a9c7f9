package format

import (
	"errors"
	"fmt"
	"math"

	"semirest/server/format/outline"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// Builder makes one picture's labels from what a file says, in pixels. What
// reaches beyond the picture is cut at its edge; an object that cannot be read, or
// lies outside, is left out and the others stay.
type Builder struct {
	Name   string      // of the picture
	W, H   float64     // its size, pixels
	Normal bool        // the file says that nothing is wrong; marks count for more
	Spent  annot.Spent // time that the file says was worked
	LastID uint32      // the last id that the file says was given

	r    *Reader
	e    *annot.Editor
	bits []byte // [H, W]: pixels marked so far, nil: none
	work int64  // pixels touched so far, see Paint
	left int    // objects left out
	why  error  // the first of them was
}

// slack is how far beyond the picture's edge a coordinate may lie without being
// told of, in pixels: formats that count from one, or in whole pixels, round by as
// much.
const slack = 1.0

func newBuilder(r *Reader, it Item) *Builder {
	return &Builder{r: r, e: annot.New(it.Width, it.Height), Name: it.Name, W: float64(it.Width), H: float64(it.Height)}
}

// Note tells n times of something about the picture.
func (b *Builder) Note(text string, n int) { b.r.Note(text, b.Name, n) }

// Count notes n more shapes, before they are made.
func (b *Builder) Count(n int) error {
	if n > b.r.ShapesLeft() {
		return fmt.Errorf("%w: it holds more than %d shapes", ErrLimit, b.r.Limits.Marks)
	}
	b.r.marks += n
	return nil
}

// Object is for what came of one object: where that alone is wrong it is noted, and
// the picture's others stay. What is left is an error of the picture as a whole.
func (b *Builder) Object(err error) error {
	if err == nil || errors.Is(err, ErrLimit) || errors.Is(err, ErrArchive) || errors.Is(err, errShapes) {
		return err
	}
	if b.left++; b.why == nil {
		b.why = err
	}
	b.r.notes.add("an object could not be read and was left out, the others of its picture stay", b.Name+": "+err.Error(), 1)
	return nil
}

// errShapes: a picture takes no more shapes.
var errShapes = fmt.Errorf("more than %d shapes on one picture", annot.MaxShapes)

// finite refuses a point that is none.
func finite(points ...annot.Point) error {
	for _, p := range points {
		if !(math.Abs(p.X) < math.MaxFloat32 && math.Abs(p.Y) < math.MaxFloat32) {
			return fmt.Errorf("%w: a coordinate is no number", ErrSyntax)
		}
	}
	return nil
}

// reach holds a shape's bounds against the picture: an error when it lies outside,
// true when it must be cut at the edge.
func (b *Builder) reach(x0, y0, x1, y1 float64) (cut bool, err error) {
	if x1 < -slack || y1 < -slack || x0 > b.W+slack || y0 > b.H+slack {
		return false, fmt.Errorf("%w: it reaches from (%.6g, %.6g) to (%.6g, %.6g), the picture has %g x %g pixels", ErrOutside, x0, y0, x1, y1, b.W, b.H)
	}
	if x0 < -slack || y0 < -slack || x1 > b.W+slack || y1 > b.H+slack {
		b.Note("a shape reaches beyond its picture and was cut at the edge", 1)
		return true, nil
	}
	return false, nil
}

// Box adds an axis-parallel box by two opposite corners.
func (b *Builder) Box(x0, y0, x1, y1 float64, name string) error {
	if err := finite(annot.Point{X: x0, Y: y0}, annot.Point{X: x1, Y: y1}); err != nil {
		return err
	}
	x0, y0, x1, y1 = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
	if _, err := b.reach(x0, y0, x1, y1); err != nil {
		return err
	}
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, b.W), min(y1, b.H)
	return b.add(func() error {
		_, err := b.e.AddBox(block.Box{X: (x0 + x1) / 2, Y: (y0 + y1) / 2, HalfW: (x1 - x0) / 2, HalfH: (y1 - y0) / 2}, name)
		return err
	}, name)
}

// Rotated adds a rotated box: its corners may lie beyond the picture, but where its
// centre does too, what is within becomes a polygon.
func (b *Builder) Rotated(box block.Box, name string) error {
	if box.HalfW < 0 || box.HalfH < 0 {
		b.Note("a box has a negative width or height and was taken from its other corner", 1)
		box.HalfW, box.HalfH = math.Abs(box.HalfW), math.Abs(box.HalfH)
	}
	if box.Angle == 0 {
		return b.Box(box.X-box.HalfW, box.Y-box.HalfH, box.X+box.HalfW, box.Y+box.HalfH, name)
	}
	if err := finite(annot.Point{X: box.X, Y: box.Y}, annot.Point{X: box.HalfW, Y: box.HalfH}, annot.Point{X: box.Angle}); err != nil {
		return err
	}
	if box.X < -slack || box.Y < -slack || box.X > b.W+slack || box.Y > b.H+slack {
		return b.Polygon(outline.Corners(box), name)
	}
	return b.add(func() error {
		_, err := b.e.AddBox(box, name)
		return err
	}, name)
}

// Polygon adds a polygon; one of more points than a shape may have is marked
// pixel by pixel instead.
func (b *Builder) Polygon(points []annot.Point, name string) error {
	if err := finite(points...); err != nil {
		return err
	}
	beyond, err := b.reach(outline.Extent(points))
	if err != nil {
		return err
	}
	if beyond {
		if points = outline.Clip(points, b.W, b.H); len(points) < 3 {
			return fmt.Errorf("%w: none of it is within", ErrOutside)
		}
	}
	if len(points) > annot.MaxPoints {
		b.Note(fmt.Sprintf("a polygon has more than %d points and became marked pixels, without its kind", annot.MaxPoints), 1)
		_, y0, _, y1 := outline.Extent(points)
		if err := b.Paint(int64(y1-y0+1) * int64(len(points)) / 16); err != nil { // a row looks at each point
			return err
		}
		l := annot.Labels{W: int(b.W), H: int(b.H), Shapes: []annot.Shape{{ID: 1, Points: points}}}
		b.e.PutMask(l.Defects(false))
		return b.Count(1)
	}
	return b.add(func() error {
		_, err := b.e.AddPolygon(points, name)
		return err
	}, name)
}

// add counts and adds one shape. What has no area is left out with a warning;
// programs that draw by mouse leave such boxes behind.
func (b *Builder) add(do func() error, name string) error {
	if err := b.Count(1); err != nil {
		return err
	}
	switch err := do(); {
	case errors.Is(err, annot.ErrShape):
		b.Note("a shape without area, or smaller than a pixel, was left out", 1)
		return nil
	case errors.Is(err, annot.ErrFull):
		return errShapes
	case err != nil:
		return err
	}
	if len(name) > annot.MaxName {
		b.Note(fmt.Sprintf("a kind of defect is longer than %d bytes and was cut", annot.MaxName), 1)
	}
	return nil
}

// Made counts the shapes made so far; the one made last can be changed until
// the next.
func (b *Builder) Made() int { return len(b.e.Labels().Shapes) }

func (b *Builder) Shape() *annot.Shape { return &b.e.Labels().Shapes[b.Made()-1] }

// Number gives the shapes their ids, in their order; 0: none is said. One that is
// missing or there twice, as when another program added or copied a shape, becomes a
// new one.
func (b *Builder) Number(ids []uint32) {
	next := b.LastID
	used := map[uint32]bool{}
	for _, id := range ids {
		next = max(next, id)
	}
	for i := range b.e.Labels().Shapes {
		id := ids[i]
		if id == 0 || used[id] {
			next++ // beyond 32 bits it is 0, which annot refuses
			id = next
		}
		used[id] = true
		b.e.Labels().Shapes[i].ID = id
	}
	b.LastID = next
	b.e.Labels().SetLastID(0)
}

// Layer adds labels of blocks.
func (b *Builder) Layer(g block.Grid, cells []block.Label) error {
	if err := b.e.PutBlocks(g, cells); err != nil {
		return fmt.Errorf("%w: a grid of %d x %d blocks is one too many or too large", ErrSyntax, g.Rows, g.Cols)
	}
	return nil
}

// labels are what was built, held against what may be stored.
func (b *Builder) labels() (*annot.Labels, error) {
	if b.bits != nil {
		m := annot.MaskOf(b.bits, int(b.W), int(b.H))
		b.e.PutMask(&m)
	}
	l := b.e.Labels()
	l.Spent = b.Spent
	if b.left > 0 && !l.Marked() {
		return nil, b.why // nothing of it could be read
	}
	if b.Normal && l.Marked() {
		b.Note("a picture is called normal and has marks: the marks count", 1)
	}
	l.Normal = b.Normal && !l.Marked()
	l.SetLastID(max(b.LastID, l.LastID()))
	out, err := annot.Parse(l.Append(nil))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return out, nil
}
