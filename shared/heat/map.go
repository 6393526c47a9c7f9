package heat

// MaxSide bounds a map's sides, in pixels.
const MaxSide = 1 << 15

// Mapper turns block scores of one shape into maps of one size. It is built
// once for a shape and size and reused; it is not safe for concurrent use
// (Clone gives each goroutine its own).
type Mapper struct {
	Rows, Cols int // of the scores
	W, H       int // of the map, pixels

	x, y  axis
	wide  []float32 // S B^T, [Rows, W]
	bytes []float32 // one row of a map, for Field
}

// New returns the Mapper from rows x cols block scores to a w x h map smoothed
// with Sigma: the map that is measured, when w x h is the ground truth's size.
// It panics on sizes that are not positive or beyond MaxSide.
func New(rows, cols, w, h int) *Mapper { return NewSmooth(rows, cols, w, h, Sigma, Sigma) }

// NewSmooth is New with another smoothing, in pixels of the map along x and y;
// 0 for none.
func NewSmooth(rows, cols, w, h int, sigmaX, sigmaY float64) *Mapper {
	if rows <= 0 || cols <= 0 || w <= 0 || h <= 0 || max(rows, cols, w, h) > MaxSide {
		panic("heat: size is not positive or too large")
	}
	if !(sigmaX >= 0 && sigmaY >= 0 && sigmaX <= MaxSide && sigmaY <= MaxSide) {
		panic("heat: smoothing is out of range")
	}
	return &Mapper{Rows: rows, Cols: cols, W: w, H: h,
		x: newAxis(cols, w, sigmaX), y: newAxis(rows, h, sigmaY),
		wide: make([]float32, rows*w), bytes: make([]float32, w)}
}

// NewDisplay returns a Mapper for showing a pictureW x pictureH picture's
// scores at w x h pixels: the smoothing is scaled, so the display shows the map
// of the picture's own size, only smaller or larger.
func NewDisplay(rows, cols, pictureW, pictureH, w, h int) *Mapper {
	if pictureW <= 0 || pictureH <= 0 {
		panic("heat: empty picture")
	}
	return NewSmooth(rows, cols, w, h, Sigma*float64(w)/float64(pictureW), Sigma*float64(h)/float64(pictureH))
}

// Map writes the map of scores [Rows, Cols] to dst [H, W] and returns it; a nil
// dst is allocated. It panics when a length does not fit.
func (m *Mapper) Map(dst, scores []float32) []float32 {
	if dst == nil {
		dst = make([]float32, m.W*m.H)
	}
	if len(dst) != m.W*m.H {
		panic("heat: destination does not hold the map")
	}
	m.widen(scores)
	for y := range m.H {
		m.row(dst[y*m.W:(y+1)*m.W], y)
	}
	return dst
}

// Field writes the map of scores as bytes to dst [H, W] and returns it; a nil
// dst is allocated. Scores from lo to hi become 0 to 255, rounded to nearest
// and clamped; NaN becomes 0. It panics when a length does not fit or lo is
// not below hi.
func (m *Mapper) Field(dst []byte, scores []float32, lo, hi float32) []byte {
	if dst == nil {
		dst = make([]byte, m.W*m.H)
	}
	if len(dst) != m.W*m.H {
		panic("heat: destination does not hold the field")
	}
	if !(lo < hi) {
		panic("heat: range of a field is empty")
	}
	m.widen(scores)
	for y := range m.H {
		m.row(m.bytes, y)
		quantize(dst[y*m.W:(y+1)*m.W], m.bytes, lo, hi)
	}
	return dst
}

// widen computes wide = S B^T.
func (m *Mapper) widen(scores []float32) {
	if len(scores) != m.Rows*m.Cols {
		panic("heat: scores do not fit their shape")
	}
	band := m.x.band
	for r := range m.Rows {
		from, to := scores[r*m.Cols:(r+1)*m.Cols], m.wide[r*m.W:(r+1)*m.W]
		for x := range to {
			w := m.x.weights[x*band : (x+1)*band]
			s := from[m.x.first[x]:][:len(w)]
			sum := float32(0)
			for i, w := range w {
				sum += float32(w * s[i])
			}
			to[x] = sum
		}
	}
}

// row computes row y of A wide: a few rows of wide, weighted. The compiler's
// WebAssembly is slow at memory, so up to five rows are mixed in one pass.
func (m *Mapper) row(dst []float32, y int) {
	weights := m.y.weights[y*m.y.band : (y+1)*m.y.band]
	at := m.y.first[y] * m.W
	for len(weights) > 1 && weights[len(weights)-1] == 0 {
		weights = weights[:len(weights)-1]
	}
	for len(weights) > 1 && weights[0] == 0 {
		weights, at = weights[1:], at+m.W
	}
	n := min(len(weights), 5)
	rows := m.wide[at:]
	mix(dst, rows, m.W, weights[:n])
	for weights = weights[n:]; len(weights) > 0; weights = weights[n:] {
		rows = rows[n*m.W:]
		n = min(len(weights), 4)
		add(dst, rows, m.W, weights[:n])
	}
}

// mix sets dst to the weighted sum of one to five rows that lie stride apart.
func mix(dst, rows []float32, stride int, w []float32) {
	switch len(w) {
	case 1:
		w0, r0 := w[0], rows[:len(dst)]
		for x := range dst {
			dst[x] = w0 * r0[x]
		}
	case 2:
		w0, w1 := w[0], w[1]
		r0, r1 := rows[:len(dst)], rows[stride:][:len(dst)]
		for x := range dst {
			dst[x] = float32(w0*r0[x]) + float32(w1*r1[x])
		}
	case 3:
		w0, w1, w2 := w[0], w[1], w[2]
		r0, r1, r2 := rows[:len(dst)], rows[stride:][:len(dst)], rows[2*stride:][:len(dst)]
		for x := range dst {
			dst[x] = float32(w0*r0[x]) + float32(w1*r1[x]) + float32(w2*r2[x])
		}
	case 4:
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		r0, r1 := rows[:len(dst)], rows[stride:][:len(dst)]
		r2, r3 := rows[2*stride:][:len(dst)], rows[3*stride:][:len(dst)]
		for x := range dst {
			dst[x] = float32(w0*r0[x]) + float32(w1*r1[x]) + float32(w2*r2[x]) + float32(w3*r3[x])
		}
	case 5:
		w0, w1, w2, w3, w4 := w[0], w[1], w[2], w[3], w[4]
		r0, r1, r2 := rows[:len(dst)], rows[stride:][:len(dst)], rows[2*stride:][:len(dst)]
		r3, r4 := rows[3*stride:][:len(dst)], rows[4*stride:][:len(dst)]
		for x := range dst {
			dst[x] = float32(w0*r0[x]) + float32(w1*r1[x]) + float32(w2*r2[x]) + float32(w3*r3[x]) + float32(w4*r4[x])
		}
	}
}

// add adds the weighted sum of one to four rows to dst.
func add(dst, rows []float32, stride int, w []float32) {
	if len(w) == 4 {
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		r0, r1 := rows[:len(dst)], rows[stride:][:len(dst)]
		r2, r3 := rows[2*stride:][:len(dst)], rows[3*stride:][:len(dst)]
		for x := range dst {
			dst[x] += float32(w0*r0[x]) + float32(w1*r1[x]) + float32(w2*r2[x]) + float32(w3*r3[x])
		}
		return
	}
	for i, w := range w {
		r := rows[i*stride:][:len(dst)]
		for x := range dst {
			dst[x] += float32(w * r[x])
		}
	}
}

// quantize is Field's rounding.
func quantize(dst []byte, values []float32, lo, hi float32) {
	scale := 255 / (hi - lo)
	offset := 0.5 - lo*scale
	dst = dst[:len(values)]
	for i, v := range values {
		q := float32(v*scale) + offset
		switch {
		case q >= 255:
			dst[i] = 255
		case q >= 1:
			dst[i] = byte(int32(q))
		default: // below, or NaN
			dst[i] = 0
		}
	}
}

// Quantize turns a map into a field; see Mapper.Field.
func Quantize(dst []byte, values []float32, lo, hi float32) []byte {
	if dst == nil {
		dst = make([]byte, len(values))
	}
	if len(dst) != len(values) || !(lo < hi) {
		panic("heat: range of a field is empty, or lengths differ")
	}
	quantize(dst, values, lo, hi)
	return dst
}

// Grey16 writes a map as 16-bit grey samples, big-endian as PNG and
// image.Gray16 want them: scores from lo to hi become 0 to 65535, rounded to
// nearest and clamped; NaN becomes 0. A nil dst is allocated; its length must
// be 2*len(values).
func Grey16(dst []byte, values []float32, lo, hi float32) []byte {
	if dst == nil {
		dst = make([]byte, 2*len(values))
	}
	if len(dst) != 2*len(values) || !(lo < hi) {
		panic("heat: range of a grey map is empty, or lengths differ")
	}
	scale := 65535 / (float64(hi) - float64(lo))
	for i, v := range values {
		q := uint16(0)
		if s := float64((float64(v)-float64(lo))*scale) + 0.5; s >= 1 {
			q = uint16(min(s, 65535))
		}
		dst[2*i], dst[2*i+1] = byte(q>>8), byte(q)
	}
	return dst
}
