package block

import (
	"image"
	"math"
	"math/bits"
)

// Box is a rectangle in a picture, axis-parallel or rotated. All lengths are
// pixels of the picture; pixel (i, j) is the unit square from (i, j) to
// (i+1, j+1).
type Box struct {
	X, Y         float64 // centre
	HalfW, HalfH float64 // half the sides, before the rotation
	Angle        float64 // radians, clockwise as seen on the screen (from +x towards +y, y downwards); 0 is axis-parallel
}

// BoxOf returns the axis-parallel box that covers the pixels of r.
func BoxOf(r image.Rectangle) Box {
	r = r.Canon()
	return Box{
		X: float64(r.Min.X+r.Max.X) / 2, Y: float64(r.Min.Y+r.Max.Y) / 2,
		HalfW: float64(r.Dx()) / 2, HalfH: float64(r.Dy()) / 2,
	}
}

// Axes returns the unit vectors of the box's own x and y directions.
func (b Box) Axes() (ux, uy, vx, vy float64) {
	if b.Angle == 0 {
		return 1, 0, 0, 1
	}
	sin, cos := math.Sincos(b.Angle)
	return cos, sin, -sin, cos
}

// Corners returns the four corners, from the top left of the unrotated box in
// the order left-top, right-top, right-bottom, left-bottom.
func (b Box) Corners() [4][2]float64 {
	ux, uy, vx, vy := b.Axes()
	var out [4][2]float64
	for i, s := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		dx, dy := s[0]*b.HalfW, s[1]*b.HalfH
		out[i] = [2]float64{b.X + dx*ux + dy*vx, b.Y + dx*uy + dy*vy}
	}
	return out
}

// Bounds returns the smallest axis-parallel rectangle that holds the box.
func (b Box) Bounds() (x0, y0, x1, y1 float64) {
	ux, uy, vx, vy := b.Axes()
	hx := math.Abs(b.HalfW*ux) + math.Abs(b.HalfH*vx)
	hy := math.Abs(b.HalfW*uy) + math.Abs(b.HalfH*vy)
	return b.X - hx, b.Y - hy, b.X + hx, b.Y + hy
}

// Contains says whether the point lies in the box; the edge counts.
func (b Box) Contains(x, y float64) bool {
	ux, uy, vx, vy := b.Axes()
	dx, dy := x-b.X, y-b.Y
	return math.Abs(dx*ux+dy*uy) <= b.HalfW && math.Abs(dx*vx+dy*vy) <= b.HalfH
}

// Chord returns where the horizontal line at y runs through the box, and false
// where it passes by.
func (b Box) Chord(y float64) (x0, x1 float64, ok bool) {
	ux, uy, vx, vy := b.Axes()
	dy := y - b.Y
	x0, x1 = math.Inf(-1), math.Inf(1)
	// Two slabs: |t*ux + dy*uy| <= HalfW and |t*vx + dy*vy| <= HalfH, x = X + t.
	for _, s := range [2][3]float64{{ux, dy * uy, b.HalfW}, {vx, dy * vy, b.HalfH}} {
		if math.Abs(s[0]) < 1e-12 {
			if math.Abs(s[1]) > s[2] {
				return 0, 0, false
			}
			continue
		}
		lo, hi := (-s[2]-s[1])/s[0], (s[2]-s[1])/s[0]
		x0, x1 = max(x0, min(lo, hi)), min(x1, max(lo, hi))
	}
	return b.X + x0, b.X + x1, x0 <= x1
}

// OutsideShare is METHOD section 4's bound: a block is normal if at least this
// share of its pixels lies outside every box.
const OutsideShare = 0.9

// samples is how finely a block's pixels are cut, along each axis, to find the
// part that lies in a box: 16 points a pixel of the detector's input. A box
// drawn in a larger original often ends within such a pixel.
const samples = 4

// Coverage returns for every block the share of its area that lies in at
// least one box, 0 to 1, row-major. The boxes are in pixels of the w x h
// picture. Areas are counted at the centres of a 4 x 4 division of each pixel
// of the detector's input, exact for edges that fall on quarters of it. Boxes
// that reach beyond the picture are cut; boxes without area and boxes whose
// numbers are not finite cover nothing.
func Coverage(g Grid, boxes []Box, w, h int) []float64 {
	g.check()
	if g.Size <= 0 || w <= 0 || h <= 0 {
		panic("block: empty picture or block")
	}
	side := g.Size * samples                // sample points along one block
	sx := float64(g.Cols*side) / float64(w) // sample points a picture pixel
	sy := float64(g.Rows*side) / float64(h)
	out := make([]float64, g.Len())
	line := make([]uint64, (g.Cols*side+63)/64)
	for r := range g.Rows {
		// The boxes that meet this row of blocks.
		top, bottom := float64(r*side)/sy, float64((r+1)*side)/sy
		var near []Box
		for _, b := range boxes {
			if !(b.HalfW > 0 && b.HalfH > 0) {
				continue
			}
			if _, y0, _, y1 := b.Bounds(); y0 <= bottom && y1 >= top {
				near = append(near, b)
			}
		}
		if len(near) == 0 {
			continue
		}
		for i := range side {
			clear(line)
			y := (float64(r*side+i) + 0.5) / sy
			for _, b := range near {
				if x0, x1, ok := b.Chord(y); ok {
					// Sample k sits at (k+0.5)/sx.
					setBits(line, ceil(x0*sx-0.5, g.Cols*side), ceil(x1*sx-0.5, g.Cols*side))
				}
			}
			for c := range g.Cols {
				out[r*g.Cols+c] += float64(countBits(line, c*side, (c+1)*side))
			}
		}
	}
	for i := range out {
		out[i] /= float64(side * side)
	}
	return out
}

// ceil rounds up and clamps to 0..n, so that no float overflows an int. A
// hair's breadth is forgiven: an edge that is meant to lie on a sample must
// not be moved by the last bit of a division.
func ceil(x float64, n int) int {
	const hair = 1e-9
	return int(min(max(math.Ceil(x-hair), 0), float64(n)))
}

func setBits(line []uint64, from, to int) {
	for from < to {
		at := from & 63
		n := min(64-at, to-from)
		line[from>>6] |= (^uint64(0) >> (64 - n)) << at
		from += n
	}
}

func countBits(line []uint64, from, to int) int {
	total := 0
	for from < to {
		at := from & 63
		n := min(64-at, to-from)
		total += bits.OnesCount64(line[from>>6] >> at & (^uint64(0) >> (64 - n)))
		from += n
	}
	return total
}

// FromBoxes labels blocks from bounding boxes (METHOD section 4): Normal if at
// least 90 % of the block lies outside every box, else Unknown, since a box
// says that there is a defect in it but not where. See Coverage for the boxes.
func FromBoxes(g Grid, boxes []Box, w, h int) []Label {
	cover := Coverage(g, boxes, w, h)
	labels := make([]Label, len(cover))
	for i, q := range cover {
		// The shares are whole numbers over side*side; compare with a hair's
		// breadth so that exactly 90 % is Normal.
		if 1-q >= OutsideShare-1e-12 {
			labels[i] = Normal
		}
	}
	return labels
}
