package annot

import (
	"errors"
	"math"
	"strings"

	"semirest/shared/block"
)

// Limits of one picture's labels.
const (
	MaxSide   = 1<<15 - 1 // of the picture, pixels
	MaxShapes = 20000
	MaxPoints = 4096    // of one polygon
	MaxName   = 256     // bytes of a defect kind's name
	MaxLayers = 8       // grids
	MaxCells  = 1 << 20 // of one grid
)

// Point is a point of the picture, in pixels.
type Point struct{ X, Y float64 }

// Shape is a box or a polygon.
type Shape struct {
	ID       uint32    // within this picture, from 1, never used again
	Box      block.Box // the box; unused for a polygon
	Points   []Point   // at least 3 for a polygon; nil for a box. Never changed in place
	Name     string    // kind of defect, "" when not said
	Proposed bool      // suggested by a detector, not accepted yet
}

// Polygon says whether the shape is a polygon.
func (s Shape) Polygon() bool { return s.Points != nil }

// Bounds is the smallest upright rectangle that holds the shape.
func (s Shape) Bounds() (x0, y0, x1, y1 float64) {
	if !s.Polygon() {
		return s.Box.Bounds()
	}
	x0, y0 = s.Points[0].X, s.Points[0].Y
	x1, y1 = x0, y0
	for _, p := range s.Points[1:] {
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
	}
	return x0, y0, x1, y1
}

// Contains says whether the point lies in the shape.
func (s Shape) Contains(x, y float64) bool {
	if !s.Polygon() {
		return s.Box.Contains(x, y)
	}
	in := false
	for i, p := range s.Points {
		q := s.Points[(i+1)%len(s.Points)]
		if (p.Y > y) != (q.Y > y) && x < p.X+(y-p.Y)/(q.Y-p.Y)*(q.X-p.X) {
			in = !in
		}
	}
	return in
}

// Area is the shape's area in square pixels; of a polygon that crosses itself,
// the signed areas' sum.
func (s Shape) Area() float64 {
	if !s.Polygon() {
		return 4 * s.Box.HalfW * s.Box.HalfH
	}
	sum := 0.0
	for i, p := range s.Points {
		q := s.Points[(i+1)%len(s.Points)]
		sum += p.X*q.Y - q.X*p.Y
	}
	return math.Abs(sum) / 2
}

// Layer labels the blocks of one grid over the picture: Unknown where nobody
// painted.
type Layer struct {
	Grid  block.Grid
	Cells []block.Label // [Rows, Cols]
}

// Labels is all that is said about one picture.
type Labels struct {
	W, H   int  // upright picture, pixels
	Normal bool // 'this picture is normal': then there are no marks
	Shapes []Shape
	Mask   Mask
	Layers []Layer
	Spent  Spent
	next   uint32 // id of the next shape
}

// Labelled says whether a person has said anything about the picture.
func (l *Labels) Labelled() bool { return l.Normal || l.Marked() }

// Marked says whether there is any mark; proposals do not count.
func (l *Labels) Marked() bool {
	for _, s := range l.Shapes {
		if !s.Proposed {
			return true
		}
	}
	for _, y := range l.Layers {
		if !y.empty() {
			return true
		}
	}
	return !l.Mask.Empty()
}

// Index returns the place of the shape with this id, -1 when there is none.
func (l *Labels) Index(id uint32) int {
	for i := range l.Shapes {
		if l.Shapes[i].ID == id {
			return i
		}
	}
	return -1
}

// LastID is the largest id that a shape of this picture ever had. The next shape
// gets the one after it.
func (l *Labels) LastID() uint32 {
	last := l.next
	for _, s := range l.Shapes {
		last = max(last, s.ID)
	}
	return last
}

// SetLastID says what LastID was, for labels that are made from another form
// than Append's.
func (l *Labels) SetLastID(id uint32) { l.next = id }

var (
	// ErrShape means that a shape has no area, lies outside the picture, or is
	// no number.
	ErrShape = errors.New("annot: the shape has no area inside the picture")

	// ErrFull means that a limit of this package is reached.
	ErrFull = errors.New("annot: the picture holds as many labels as it can")
)

// fit rounds a shape to the steps of this package and brings it into the
// picture: a box's centre and a polygon's points lie inside; an axis-parallel
// box is moved wholly inside where it fits.
func (l *Labels) fit(s Shape) (Shape, error) {
	if s.Name = strings.ToValidUTF8(s.Name, "\uFFFD"); len(s.Name) > MaxName {
		s.Name = cutName(s.Name)
	}
	w, h := float64(l.W), float64(l.H)
	if s.Polygon() {
		if len(s.Points) > MaxPoints {
			return s, ErrFull
		}
		points := make([]Point, 0, len(s.Points))
		for _, p := range s.Points {
			if !finite(p.X, p.Y) {
				return s, ErrShape
			}
			p = Point{round(clamp(p.X, 0, w)), round(clamp(p.Y, 0, h))}
			if n := len(points); n == 0 || points[n-1] != p {
				points = append(points, p)
			}
		}
		for len(points) > 1 && points[0] == points[len(points)-1] {
			points = points[:len(points)-1]
		}
		s.Points, s.Box = points, block.Box{}
		if len(points) < 3 || !(s.Area() > 0) {
			return s, ErrShape
		}
		return s, nil
	}
	b := s.Box
	if !finite(b.X, b.Y) || !finite(b.HalfW, b.HalfH) || !finite(b.Angle, 0) {
		return s, ErrShape
	}
	b.HalfW, b.HalfH = round(min(b.HalfW, 2*MaxSide)), round(min(b.HalfH, 2*MaxSide))
	if b.HalfW < 0.5 || b.HalfH < 0.5 {
		return s, ErrShape
	}
	b.Angle = toAngle(fromAngle(b.Angle))
	if b.Angle == 0 {
		b.HalfW, b.HalfH = min(b.HalfW, w/2), min(b.HalfH, h/2)
		b.X, b.Y = clamp(b.X, b.HalfW, w-b.HalfW), clamp(b.Y, b.HalfH, h-b.HalfH)
	}
	b.X, b.Y = round(clamp(b.X, 0, w)), round(clamp(b.Y, 0, h))
	s.Box = b
	return s, nil
}

const (
	steps = 256   // of a pixel
	turns = 65536 // of a full turn
)

func round(v float64) float64 { return math.Round(v*steps) / steps }

func fromAngle(a float64) int {
	t := a / (2 * math.Pi)
	return int(math.Round((t-math.Floor(t))*turns)) & (turns - 1)
}

func toAngle(n int) float64 { return float64(n) * (2 * math.Pi / turns) }

func clamp(v, lo, hi float64) float64 { return max(lo, min(v, hi)) }

func finite(a, b float64) bool {
	return math.Abs(a) <= math.MaxFloat64 && math.Abs(b) <= math.MaxFloat64
}

// cutName cuts a name at MaxName bytes, at a whole character.
func cutName(s string) string {
	n := MaxName
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
