package annot

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf8"

	"semirest/shared/block"
)

// ErrVersion means that labels were written by a newer version of this package.
var ErrVersion = errors.New("annot: the labels were written by a newer version of this program")

// FormatError says where stored labels are damaged.
type FormatError struct {
	Offset int
	Reason string
}

func (e *FormatError) Error() string {
	return "annot: stored labels are damaged at byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Parse reads labels from their stored form; the whole of b. It returns
// ErrVersion for a newer version and a *FormatError for anything else that
// Append could not have written. No length is believed before it is checked.
func Parse(b []byte) (*Labels, error) {
	if len(b) < 4 || string(b[:3]) != "SRL" {
		return nil, &FormatError{0, "these are no labels"}
	}
	if b[3] < versionWithoutClicks || b[3] > version {
		return nil, ErrVersion
	}
	tools := toolsOf(b[3])
	r := reader{b: b, at: 4}
	l := &Labels{W: r.int(MaxSide), H: r.int(MaxSide)}
	if l.W < 1 || l.H < 1 {
		r.fail("the picture is empty")
	}
	l.Normal = r.int(1) == 1
	if r.int(tools) != tools {
		r.fail("another number of tools")
	}
	for i := range tools {
		l.Spent[i] = int64(r.uvarint(math.MaxInt64))
	}
	if b[3] == version && l.Spent[ToolClicks] == 0 {
		r.fail("it could be of the version before")
	}
	l.next = uint32(r.uvarint(math.MaxUint32))
	r.shapes(l)
	r.mask(l)
	r.layers(l)
	if r.err == nil && r.at != len(b) {
		r.fail("bytes are left over")
	}
	if r.err == nil && l.Normal && l.Marked() {
		r.fail("a normal picture has marks")
	}
	if r.err != nil {
		return nil, r.err
	}
	return l, nil
}

type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(reason string) {
	if r.err == nil {
		r.err = &FormatError{r.at, reason}
	}
}

// uvarint reads a number of at most limit, in its shortest form.
func (r *reader) uvarint(limit uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, shift := uint64(0), uint(0)
	for i := 0; ; i++ {
		if r.at >= len(r.b) {
			r.fail("it ends too early")
			return 0
		}
		c := r.b[r.at]
		r.at++
		if i == 9 && c > 1 || i > 0 && c == 0 {
			r.fail("a number is too long")
			return 0
		}
		v |= uint64(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			break
		}
	}
	if v > limit {
		r.fail("a number is out of range")
		return 0
	}
	return v
}

func (r *reader) int(limit int) int { return int(r.uvarint(uint64(limit))) }

func (r *reader) signed() int64 {
	v := r.uvarint(1 << 33)
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) shapes(l *Labels) {
	n := r.int(MaxShapes)
	ids := make(map[uint32]bool)
	id := int64(0)
	for i := 0; i < n && r.err == nil; i++ {
		id += r.signed()
		if id < 1 || id > int64(l.next) || ids[uint32(id)] {
			r.fail("a shape's id is out of range or used twice")
			return
		}
		ids[uint32(id)] = true
		s := r.shape()
		s.ID = uint32(id)
		if r.err != nil {
			return
		}
		if fit, err := l.fit(s); err != nil || !same(fit, s) {
			r.fail("a shape lies outside the picture or has no area")
			return
		}
		l.Shapes = append(l.Shapes, s)
	}
}

func (r *reader) shape() (s Shape) {
	kind := r.int(kindPolygon | kindProposed)
	s.Proposed = kind&kindProposed != 0
	if n := r.int(MaxName); r.err == nil {
		if n > len(r.b)-r.at {
			r.fail("it ends within a name")
			return s
		}
		if s.Name = string(r.b[r.at : r.at+n]); !utf8.ValidString(s.Name) {
			r.fail("a name is not UTF-8")
		}
		r.at += n
	}
	switch kind &^ kindProposed {
	case kindBox, kindRotated:
		const far = 4 * MaxSide * steps
		s.Box = block.Box{X: r.coordinate(far), Y: r.coordinate(far), HalfW: r.coordinate(far), HalfH: r.coordinate(far)}
		if kind&^kindProposed == kindRotated {
			angle := r.int(turns - 1)
			if angle == 0 {
				r.fail("a rotated box has no angle")
			}
			s.Box.Angle = toAngle(angle)
		}
	case kindPolygon:
		n := r.int(MaxPoints)
		if n < 3 {
			r.fail("a polygon has fewer than three points")
		}
		x, y := int64(0), int64(0)
		for i := 0; i < n && r.err == nil; i++ {
			x, y = x+r.signed(), y+r.signed()
			s.Points = append(s.Points, Point{float64(x) / steps, float64(y) / steps})
		}
	default:
		r.fail("unknown kind of shape")
	}
	return s
}

func (r *reader) coordinate(limit int) float64 { return float64(r.int(limit)) / steps }

func (r *reader) mask(l *Labels) {
	n := r.int(l.H)
	if n > 0 && r.err == nil {
		l.Mask.rows = make([][]block.Span, l.H) // bounded by MaxSide
	}
	y := -1
	for i := 0; i < n && r.err == nil; i++ {
		y += r.int(l.H) + 1
		if y >= l.H {
			r.fail("a row of the mask lies below the picture")
			return
		}
		runs := r.int(l.W)
		if runs == 0 {
			r.fail("a row of the mask is empty")
		}
		x := 0
		for j := 0; j < runs && r.err == nil; j++ {
			gap, length := r.int(l.W), r.int(l.W)
			if j > 0 && gap == 0 || length == 0 || x+gap+length > l.W {
				r.fail("a run of the mask is empty, meets another, or leaves the picture")
				return
			}
			x += gap
			l.Mask.rows[y] = append(l.Mask.rows[y], block.Span{X0: x, X1: x + length})
			x += length
		}
	}
}

func (r *reader) layers(l *Labels) {
	n := r.int(MaxLayers)
	for i := 0; i < n && r.err == nil; i++ {
		g := block.Grid{Rows: r.int(MaxCells), Cols: r.int(MaxCells), Size: r.int(255)}
		if r.err != nil {
			return
		}
		if !fits(g) {
			r.fail("a grid is empty or too large")
			return
		}
		for _, y := range l.Layers {
			if y.Grid == g {
				r.fail("two layers of the same grid")
				return
			}
		}
		layer := Layer{Grid: g}
		runs, left := r.int(g.Len()), g.Len()
		last := block.Label(255)
		for j := 0; j < runs && r.err == nil; j++ {
			v, length := block.Label(r.int(int(block.Anomalous))), r.int(left)
			if v == last || length == 0 {
				r.fail("a run of blocks is empty or meets its like")
				return
			}
			last = v
			if layer.Cells == nil {
				layer.Cells = make([]block.Label, 0, g.Len()) // bounded by MaxCells
			}
			for range length {
				layer.Cells = append(layer.Cells, v)
			}
			left -= length
		}
		if r.err == nil && (left != 0 || layer.empty()) {
			r.fail("a layer is not whole or empty")
		}
		l.Layers = append(l.Layers, layer)
	}
}
