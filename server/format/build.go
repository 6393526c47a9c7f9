package format

import (
	"errors"
	"fmt"
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// builder makes one picture's labels from what a file says, in pixels. What
// reaches beyond the picture is cut at its edge; an object that cannot be read, or
// lies outside, is left out and the others stay.
type builder struct {
	r      *reader
	e      *annot.Editor
	name   string // of the picture
	w, h   float64
	bits   []byte // [H, W]: pixels marked so far, nil: none
	work   int64  // pixels touched so far, see paint
	normal bool
	spent  annot.Spent
	last   uint32
	left   int   // objects left out
	why    error // the first of them was
}

// slack is how far beyond the picture's edge a coordinate may lie without being
// told of, in pixels: formats that count from one, or in whole pixels, round by as
// much.
const slack = 1.0

func newBuilder(r *reader, it Item) *builder {
	return &builder{r: r, e: annot.New(it.Width, it.Height), name: it.Name, w: float64(it.Width), h: float64(it.Height)}
}

// object is for what came of one object: where that alone is wrong it is noted, and
// the picture's others stay. What is left is an error of the picture as a whole.
func (b *builder) object(err error) error {
	if err == nil || errors.Is(err, ErrLimit) || errors.Is(err, ErrArchive) || errors.Is(err, errShapes) {
		return err
	}
	if b.left++; b.why == nil {
		b.why = err
	}
	b.r.notes.add("an object could not be read and was left out, the others of its picture stay", b.name+": "+err.Error(), 1)
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
func (b *builder) reach(x0, y0, x1, y1 float64) (cut bool, err error) {
	if x1 < -slack || y1 < -slack || x0 > b.w+slack || y0 > b.h+slack {
		return false, fmt.Errorf("%w: it reaches from (%.6g, %.6g) to (%.6g, %.6g), the picture has %g x %g pixels", ErrOutside, x0, y0, x1, y1, b.w, b.h)
	}
	if x0 < -slack || y0 < -slack || x1 > b.w+slack || y1 > b.h+slack {
		b.r.notes.add("a shape reaches beyond its picture and was cut at the edge", b.name, 1)
		return true, nil
	}
	return false, nil
}

// box adds an axis-parallel box by two opposite corners.
func (b *builder) box(x0, y0, x1, y1 float64, name string) error {
	if err := finite(annot.Point{X: x0, Y: y0}, annot.Point{X: x1, Y: y1}); err != nil {
		return err
	}
	x0, y0, x1, y1 = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
	if _, err := b.reach(x0, y0, x1, y1); err != nil {
		return err
	}
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, b.w), min(y1, b.h)
	return b.add(func() error {
		_, err := b.e.AddBox(block.Box{X: (x0 + x1) / 2, Y: (y0 + y1) / 2, HalfW: (x1 - x0) / 2, HalfH: (y1 - y0) / 2}, name)
		return err
	}, name)
}

// rotated adds a rotated box: its corners may lie beyond the picture, but where its
// centre does too, what is within becomes a polygon.
func (b *builder) rotated(box block.Box, name string) error {
	if box.HalfW < 0 || box.HalfH < 0 {
		b.r.notes.add("a box has a negative width or height and was taken from its other corner", b.name, 1)
		box.HalfW, box.HalfH = math.Abs(box.HalfW), math.Abs(box.HalfH)
	}
	if box.Angle == 0 {
		return b.box(box.X-box.HalfW, box.Y-box.HalfH, box.X+box.HalfW, box.Y+box.HalfH, name)
	}
	if err := finite(annot.Point{X: box.X, Y: box.Y}, annot.Point{X: box.HalfW, Y: box.HalfH}, annot.Point{X: box.Angle}); err != nil {
		return err
	}
	if box.X < -slack || box.Y < -slack || box.X > b.w+slack || box.Y > b.h+slack {
		return b.polygon(corners(box), name)
	}
	return b.add(func() error {
		_, err := b.e.AddBox(box, name)
		return err
	}, name)
}

// polygon adds a polygon; one of more points than a shape may have is marked
// pixel by pixel instead.
func (b *builder) polygon(points []annot.Point, name string) error {
	if err := finite(points...); err != nil {
		return err
	}
	beyond, err := b.reach(extent(points))
	if err != nil {
		return err
	}
	if beyond {
		if points = clip(points, b.w, b.h); len(points) < 3 {
			return fmt.Errorf("%w: none of it is within", ErrOutside)
		}
	}
	if len(points) > annot.MaxPoints {
		b.r.notes.add(fmt.Sprintf("a polygon has more than %d points and became marked pixels, without its kind", annot.MaxPoints), b.name, 1)
		_, y0, _, y1 := extent(points)
		if err := b.paint(int64(y1-y0+1) * int64(len(points)) / 16); err != nil { // a row looks at each point
			return err
		}
		l := annot.Labels{W: int(b.w), H: int(b.h), Shapes: []annot.Shape{{ID: 1, Points: points}}}
		b.e.PutMask(l.Defects(false))
		return b.r.count(1)
	}
	return b.add(func() error {
		_, err := b.e.AddPolygon(points, name)
		return err
	}, name)
}

// add counts and adds one shape. What has no area is left out with a warning;
// programs that draw by mouse leave such boxes behind.
func (b *builder) add(do func() error, name string) error {
	if err := b.r.count(1); err != nil {
		return err
	}
	switch err := do(); {
	case errors.Is(err, annot.ErrShape):
		b.r.notes.add("a shape without area, or smaller than a pixel, was left out", b.name, 1)
		return nil
	case errors.Is(err, annot.ErrFull):
		return errShapes
	case err != nil:
		return err
	}
	if len(name) > annot.MaxName {
		b.r.notes.add(fmt.Sprintf("a kind of defect is longer than %d bytes and was cut", annot.MaxName), b.name, 1)
	}
	return nil
}

// made counts the shapes made so far; the one made last can be changed until
// the next.
func (b *builder) made() int { return len(b.e.Labels().Shapes) }

func (b *builder) shape() *annot.Shape { return &b.e.Labels().Shapes[b.made()-1] }

// bitmap is the picture's pixels to mark, [H, W]; any byte but 0 marks one.
func (b *builder) bitmap() []byte {
	if b.bits == nil {
		b.bits = make([]byte, int(b.w)*int(b.h)) // the size has been checked
	}
	return b.bits
}

// overlap is how often over a picture's pixels may be marked, all its masks
// together: few bytes can mark many pixels, again and again.
const overlap = 64

// paint counts n pixels that are about to be touched.
func (b *builder) paint(n int64) error {
	if b.work += n; n < 0 || b.work > overlap*(int64(b.w)*int64(b.h)+1<<16) {
		return fmt.Errorf("%w: the masks of one picture mark it more than %d times over", ErrLimit, overlap)
	}
	return nil
}

// layer adds labels of blocks.
func (b *builder) layer(g block.Grid, cells []block.Label) error {
	if err := b.e.PutBlocks(g, cells); err != nil {
		return fmt.Errorf("%w: a grid of %d x %d blocks is one too many or too large", ErrSyntax, g.Rows, g.Cols)
	}
	return nil
}

// labels are what was built, held against what may be stored.
func (b *builder) labels() (*annot.Labels, error) {
	if b.bits != nil {
		m := annot.MaskOf(b.bits, int(b.w), int(b.h))
		b.e.PutMask(&m)
	}
	l := b.e.Labels()
	l.Spent = b.spent
	if b.left > 0 && !l.Marked() {
		return nil, b.why // nothing of it could be read
	}
	if b.normal && l.Marked() {
		b.r.notes.add("a picture is called normal and has marks: the marks count", b.name, 1)
	}
	l.Normal = b.normal && !l.Marked()
	l.SetLastID(max(b.last, l.LastID()))
	out, err := annot.Parse(l.Append(nil))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return out, nil
}
