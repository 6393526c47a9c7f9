package prep

import (
	"errors"
	"strconv"
)

// maxShrink is the largest reduction along an axis. Below it the rounded
// weights of an output sum to less than 256/255 of one, so no sum of bytes can
// leave its lane or round to more than 255, and no clipping is needed.
const maxShrink = 8192

// Resizer resizes one picture that arrives in strips of rows, holding only a
// few rows of it. The result is bit for bit that of Pillow's antialiased
// bilinear resize of the whole upright picture.
//
// Each of the two passes rounds to bytes, so their order shows in the result
// and is part of the definition. Stored rows are worked off as they come:
// along is the pass within a stored row, down the one that gathers stored
// rows. Which of them is the upright picture's horizontal pass depends on the
// orientation, and which comes first on verticalFirst.
type Resizer struct {
	src, dst Size // stored size in, upright size out
	turned   bool // stored rows are upright columns

	along, down *kernel
	alongFirst  bool
	from, to    []int // outputs of down that stored row i feeds

	row   int        // stored rows taken in so far
	left  []int      // rows that an output of down still waits for
	sums  [][]uint64 // weighted sums of the outputs under way, else nil
	free  [][]uint64
	lanes []uint64 // one stored row under way
	cross []uint64 // one output of down on its way through along, where that comes second
	rgba  []byte   // its unfiltered bytes
	out   []byte   // RGB, dst
}

// verticalFirst is the rule of Pillow 13: where the height loses more than
// twice the pixels that the width loses, the vertical pass comes first
// (src/libImaging/Resample.c, ImagingResampleInner). Earlier versions always
// began with the horizontal one.
func verticalFirst(src, dst Size) bool {
	return src.H > dst.H && src.H-dst.H > 2*(src.W-dst.W)
}

// NewResizer returns a Resizer from a stored picture of size src with
// orientation o (use Upright for pixels already turned, as browsers hand them
// out) to an upright picture of size dst. It returns a *SizeError for sizes
// beyond DefaultLimits and an error for a reduction by more than 8192.
func NewResizer(src, dst Size, o Orientation) (*Resizer, error) {
	if err := DefaultLimits.Check(src); err != nil {
		return nil, err
	}
	if err := DefaultLimits.Check(dst); err != nil {
		return nil, err
	}
	up := o.Size(src)
	if up.W > maxShrink*dst.W || up.H > maxShrink*dst.H {
		return nil, errors.New("prep: cannot resize " + up.String() + " to " + dst.String() +
			": a side shrinks by more than " + strconv.Itoa(maxShrink))
	}
	mx, my := o.mirrors()
	r := &Resizer{src: src, dst: dst, turned: o.Transposes(), out: make([]byte, 3*dst.W*dst.H)}
	horizontal, vertical := newKernel(up.W, dst.W, mx), newKernel(up.H, dst.H, my)
	r.along, r.down = horizontal, vertical
	r.alongFirst = !verticalFirst(up, dst)
	if r.turned {
		r.along, r.down = vertical, horizontal
		r.alongFirst = !r.alongFirst
	}
	if r.alongFirst {
		r.lanes = make([]uint64, words(r.along.out))
	} else {
		r.lanes = make([]uint64, words(src.W))
		r.cross = make([]uint64, words(r.along.out))
		r.rgba = make([]byte, 4*src.W)
	}
	r.from, r.to = r.down.users()
	r.left = append([]int(nil), r.down.n...)
	r.sums = make([][]uint64, r.down.out)
	return r, nil
}

// Rows is how many stored rows are still to be pushed.
func (r *Resizer) Rows() int { return r.src.H - r.row }

// Push takes the next stored rows: RGBA, four bytes a pixel, whole rows; alpha
// is not looked at. rgba is not kept. It returns an error when the bytes are
// not whole rows or more than the picture has.
func (r *Resizer) Push(rgba []byte) error {
	wide := 4 * r.src.W
	if err := r.fits(len(rgba), wide); err != nil {
		return err
	}
	for ; len(rgba) > 0; rgba = rgba[wide:] {
		r.take(rgba[:wide])
	}
	return nil
}

// PushRGB is Push for three bytes a pixel.
func (r *Resizer) PushRGB(rgb []byte) error {
	wide := 3 * r.src.W
	if err := r.fits(len(rgb), wide); err != nil {
		return err
	}
	row := make([]byte, 4*r.src.W)
	for ; len(rgb) > 0; rgb = rgb[wide:] {
		for x, at := 0, 0; x < len(row); x, at = x+4, at+3 {
			s, d := rgb[at:at+3:at+3], row[x:x+3:x+3]
			d[0], d[1], d[2] = s[0], s[1], s[2]
		}
		r.take(row)
	}
	return nil
}

func (r *Resizer) fits(bytes, row int) error {
	if bytes%row != 0 {
		return errors.New("prep: " + strconv.Itoa(bytes) + " bytes are not whole rows of " + strconv.Itoa(row))
	}
	if bytes/row > r.Rows() {
		return errors.New("prep: more rows than the picture's " + strconv.Itoa(r.src.H))
	}
	return nil
}

// take filters one stored row.
func (r *Resizer) take(rgba []byte) {
	if r.alongFirst {
		r.along.filter(r.lanes, rgba)
	} else {
		split(r.lanes, rgba)
	}
	for o := r.from[r.row]; o < r.to[r.row]; o++ {
		i := r.row - r.down.first[o]
		if i < 0 || i >= r.down.n[o] {
			continue
		}
		if r.sums[o] == nil {
			r.sums[o] = r.fresh(len(r.lanes))
		}
		accumulate(r.sums[o], r.lanes, r.down.weights[r.down.at[o]+i])
		if r.left[o]--; r.left[o] == 0 {
			r.finish(o)
			r.free = append(r.free, r.sums[o])
			r.sums[o] = nil
		}
	}
	r.row++
}

// fresh returns a row of sums that stand at one half, for rounding.
func (r *Resizer) fresh(n int) []uint64 {
	var row []uint64
	if last := len(r.free) - 1; last >= 0 {
		row, r.free = r.free[last], r.free[:last]
	} else {
		row = make([]uint64, n)
	}
	for i := range row {
		row[i] = laneHalf
	}
	return row
}

// finish writes output o of down, an upright row or, in a turned picture, an
// upright column, after the pass along it if that is still to come.
func (r *Resizer) finish(o int) {
	sums := r.sums[o]
	if !r.alongFirst {
		join(r.rgba, 4, sums, r.src.W)
		r.along.filter(r.cross, r.rgba)
		for i := range r.cross {
			r.cross[i] <<= precision
		}
		sums = r.cross
	}
	if r.turned {
		join(r.out[3*o:], 3*r.dst.W, sums, r.along.out)
	} else {
		join(r.out[3*o*r.dst.W:], 3, sums, r.along.out)
	}
}

// Finish returns the resized picture, dst pixels of RGB, row-major. It returns
// an error when rows are missing. The Resizer must not be used afterwards.
func (r *Resizer) Finish() ([]byte, error) {
	if r.row != r.src.H {
		return nil, errors.New("prep: the picture ends after " + strconv.Itoa(r.row) + " of " +
			strconv.Itoa(r.src.H) + " rows")
	}
	return r.out, nil
}

// Resize resizes a whole upright RGB picture. rgb holds src pixels, three
// bytes each; the result is a new slice of dst pixels. Errors are those of
// NewResizer and Push.
func Resize(rgb []byte, src, dst Size) ([]byte, error) {
	r, err := NewResizer(src, dst, Upright)
	if err != nil {
		return nil, err
	}
	if err := r.PushRGB(rgb); err != nil {
		return nil, err
	}
	return r.Finish()
}
