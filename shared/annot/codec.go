package annot

// The stored form of labels, versions 1 and 2. Numbers are unsigned LEB128 varints of
// at most 32 bits (64 for times); a signed one is zigzag-coded first. A
// coordinate is in 1/256 pixel, an angle in 1/65536 turn.
//
//	"SRL" and one byte: the version
//	width, height
//	flags: 1 normal
//	count of tools, then for each the milliseconds spent
//	id of the last shape ever made
//	count of shapes, then for each:
//	    id less that of the shape before, signed
//	    kind: 0 axis-parallel box, 1 rotated box, 2 polygon; plus 4 if proposed
//	    length of name, name (UTF-8)
//	    box: x, y of the centre, half width, half height; rotated: angle
//	    polygon: count of points; x, y, each less that of the point before, signed
//	count of mask rows that are not empty, then for each:
//	    row less the row before (from -1), less 1
//	    count of runs, then for each: gap after the run before (from 0;
//	    after the first at least 1), length
//	count of layers, then for each:
//	    rows, cols, block size
//	    count of runs of equal labels, then for each: label (0 unknown, 1
//	    normal, 2 anomalous), length
//
// There is one form of the same labels: what is read and written again is the
// same bytes, so labels can be compared and named by their bytes. Version 2 has one
// tool more, clicks: it is written only where time was spent on it, so that all else
// stays the bytes that it was, and readable by programs that know version 1.
const (
	versionWithoutClicks = 1
	version              = 2
)

// toolsOf is how many tools a version has.
func toolsOf(version byte) int {
	if version == versionWithoutClicks {
		return int(ToolClicks)
	}
	return int(Tools)
}

// Append appends the labels' stored form to b.
func (l *Labels) Append(b []byte) []byte {
	v := byte(version)
	if l.Spent[ToolClicks] <= 0 {
		v = versionWithoutClicks
	}
	b = append(b, 'S', 'R', 'L', v)
	b = put(put(b, l.W), l.H)
	flags := 0
	if l.Normal {
		flags = 1
	}
	b = put(put(b, flags), toolsOf(v))
	for _, t := range l.Spent[:toolsOf(v)] {
		b = putUvarint(b, uint64(max(t, 0)))
	}
	b = put(putUvarint(b, uint64(l.LastID())), len(l.Shapes))
	before := int64(0)
	for _, s := range l.Shapes {
		b = putSigned(b, int64(s.ID)-before)
		before = int64(s.ID)
		b = s.append(b)
	}
	b = l.Mask.append(b)
	layers := 0
	for _, y := range l.Layers {
		if !y.empty() {
			layers++
		}
	}
	b = put(b, layers)
	for _, y := range l.Layers {
		if !y.empty() {
			b = y.append(b)
		}
	}
	return b
}

const (
	kindBox = iota
	kindRotated
	kindPolygon
	kindProposed = 4
)

func (s Shape) append(b []byte) []byte {
	kind := kindBox
	switch {
	case s.Polygon():
		kind = kindPolygon
	case s.Box.Angle != 0:
		kind = kindRotated
	}
	if s.Proposed {
		b = put(b, kind|kindProposed)
	} else {
		b = put(b, kind)
	}
	b = append(put(b, len(s.Name)), s.Name...)
	if kind != kindPolygon {
		b = put(put(b, int(s.Box.X*steps)), int(s.Box.Y*steps))
		b = put(put(b, int(s.Box.HalfW*steps)), int(s.Box.HalfH*steps))
		if kind == kindRotated {
			b = put(b, fromAngle(s.Box.Angle))
		}
		return b
	}
	b = put(b, len(s.Points))
	x, y := 0, 0
	for _, p := range s.Points {
		px, py := int(p.X*steps), int(p.Y*steps)
		b = putSigned(putSigned(b, int64(px-x)), int64(py-y))
		x, y = px, py
	}
	return b
}

func (m *Mask) append(b []byte) []byte {
	n := 0
	for _, r := range m.rows {
		if len(r) > 0 {
			n++
		}
	}
	b = put(b, n)
	last := -1
	for y, r := range m.rows {
		if len(r) == 0 {
			continue
		}
		b = put(put(b, y-last-1), len(r))
		last = y
		x := 0
		for _, s := range r {
			b = put(put(b, s.X0-x), s.X1-s.X0)
			x = s.X1
		}
	}
	return b
}

func (y Layer) append(b []byte) []byte {
	b = put(put(put(b, y.Grid.Rows), y.Grid.Cols), y.Grid.Size)
	runs := 0
	for i, c := range y.Cells {
		if i == 0 || c != y.Cells[i-1] {
			runs++
		}
	}
	b = put(b, runs)
	for i := 0; i < len(y.Cells); {
		n := 1
		for i+n < len(y.Cells) && y.Cells[i+n] == y.Cells[i] {
			n++
		}
		b = put(put(b, int(y.Cells[i])), n)
		i += n
	}
	return b
}

func put(b []byte, v int) []byte { return putUvarint(b, uint64(v)) }

func putUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func putSigned(b []byte, v int64) []byte { return putUvarint(b, uint64(v)<<1^uint64(v>>63)) }
