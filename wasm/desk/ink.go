package desk

import (
	"image"
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// The colours of ink, 0xAABBGGRR with straight alpha: orange for defects and
// blue for what was painted normal, cyan, as proposals are, for a region that grows, told apart by lightness too. Edges are
// opaque, so that a mark is seen on any ground.
const (
	inkMark      = 0x70_2a_7a_ff
	inkMarkEdge  = 0xf0_1a_6a_ff
	inkHot       = 0x5c_2e_8a_ff
	inkHotEdge   = 0xc0_2e_8a_ff
	inkGood      = 0x4c_f0_a0_3c
	inkGoodEdge  = 0xb0_f0_a0_3c
	inkGrown     = 0x68_ff_e0_50
	inkGrownEdge = 0xf4_ff_f9_7d
)

// Ink returns the part of the layer of ink that is to be drawn anew, one pixel
// a CSS pixel: RGBA [area.Dy(), area.Dx()] with straight alpha. buffer is used
// where it is large enough. area is empty where nothing is to be done; pixels
// are nil where the whole layer is to be cleared.
func (d *Desk) Ink(buffer []byte) (area image.Rectangle, rgba []byte) {
	pane := image.Rect(0, 0, d.w, d.h)
	area = pane
	if !d.changes.allInk {
		if d.changes.ink.Empty() {
			return image.Rectangle{}, nil
		}
		area = d.onScreen(d.changes.ink, 2).Intersect(pane)
	}
	all := d.changes.allInk
	d.changes.allInk, d.changes.ink = false, image.Rectangle{}
	if area.Empty() {
		return image.Rectangle{}, nil
	}
	if all {
		// What has no ink need not be drawn: most of a picture, mostly.
		inked := d.onScreen(d.inkBounds(), 2).Intersect(pane)
		if d.inkBounds().Empty() || inked.Empty() {
			was := d.changes.inked
			d.changes.inked = false
			if !was {
				return image.Rectangle{}, nil
			}
			return pane, nil
		}
	}
	d.changes.inked = true
	w, h := area.Dx(), area.Dy()
	if cap(buffer) < 4*w*h {
		buffer = make([]byte, 4*w*h)
	}
	rgba = buffer[:4*w*h]
	clear(rgba)
	d.inkBlocks(rgba, area)
	d.inkMask(rgba, area, &d.e.Labels().Mask, inkMark, inkMarkEdge)
	d.inkMask(rgba, area, &d.growth.mask, inkGrown, inkGrownEdge)
	return area, rgba
}

// inkBounds is the part of the picture that may hold ink.
func (d *Desk) inkBounds() image.Rectangle {
	l := d.e.Labels()
	b := l.Mask.Bounds().Union(d.growth.mask.Bounds())
	for _, y := range l.Layers {
		for i, c := range y.Cells {
			if c != block.Unknown {
				at := y.Grid.Cell(i)
				x0, y0, x1, y1 := y.Grid.Area(at.Row, at.Col, l.W, l.H)
				b = b.Union(image.Rect(int(x0), int(y0), int(x1)+1, int(y1)+1))
			}
		}
	}
	return b
}

func (d *Desk) inkBlocks(rgba []byte, area image.Rectangle) {
	l := d.e.Labels()
	w, h := area.Dx(), area.Dy()
	cols := make([]int, w+1) // of the sample left of the area, then of each
	for _, layer := range l.Layers {
		g := layer.Grid
		for u := range cols {
			x := d.toPicture(float64(area.Min.X+u-1)+0.5, 0).X
			cols[u] = int(math.Floor(x * float64(g.Cols) / float64(l.W)))
		}
		row := func(v int) int {
			y := d.toPicture(0, float64(area.Min.Y+v)+0.5).Y
			return int(math.Floor(y * float64(g.Rows) / float64(l.H)))
		}
		above := row(-1)
		for v := range h {
			r := row(v)
			edge := r != above
			above = r
			if r < 0 || r >= g.Rows {
				continue
			}
			cells := layer.Cells[r*g.Cols : (r+1)*g.Cols]
			out := rgba[4*v*w : 4*(v+1)*w]
			for u := range w {
				c := cols[u+1]
				if c < 0 || c >= g.Cols || cells[c] == block.Unknown {
					continue
				}
				line := edge || c != cols[u]
				switch {
				case cells[c] == block.Anomalous && line:
					put32(out[4*u:], inkHotEdge)
				case cells[c] == block.Anomalous:
					put32(out[4*u:], inkHot)
				case line:
					put32(out[4*u:], inkGoodEdge)
				default:
					put32(out[4*u:], inkGood)
				}
			}
		}
	}
}

// inkMask draws a mask's pixels, and those at the border of what is marked as a
// line. It samples one pixel more on each side to find the border.
func (d *Desk) inkMask(rgba []byte, area image.Rectangle, m *annot.Mask, inside, edge uint32) {
	box := d.onScreen(m.Bounds(), 2).Intersect(area)
	if m.Empty() || box.Empty() {
		return
	}
	w, h := box.Dx()+2, box.Dy()+2
	mask := make([]byte, w*h)
	at := d.toPicture(float64(box.Min.X-1), float64(box.Min.Y-1))
	m.View(mask, w, h, at.X, at.Y, 1/d.scale)
	for v := range box.Dy() {
		row := mask[(v+1)*w : (v+2)*w]
		up, down := mask[v*w:(v+1)*w], mask[(v+2)*w:(v+3)*w]
		out := rgba[4*((box.Min.Y-area.Min.Y+v)*area.Dx()+box.Min.X-area.Min.X):]
		for u := 1; u < w-1; u++ {
			if row[u] == 0 {
				continue
			}
			if row[u-1]&row[u+1]&up[u]&down[u] == 0 {
				put32(out[4*(u-1):], edge)
			} else {
				put32(out[4*(u-1):], inside)
			}
		}
	}
}

func put32(b []byte, v uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}
