package desk

import (
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/region"
)

// growth is the region that grows from clicks; nothing of it is a label until it is accepted.
type growth struct {
	w, h  int    // of the picture as it is looked at, cells of region's grid
	cells []byte // RGBA [h, w]
	*region.Grower
	fits bool // the Grower knows the present map
	mask annot.Mask
}

// GrowSize is how large SetPicture wants the desk's picture.
func (d *Desk) GrowSize() (w, h int) {
	l := d.e.Labels()
	return region.Size(l.W, l.H)
}

// SetPicture gives the desk the picture's pixels, RGBA [h, w] of GrowSize, for regions to grow in. It keeps them.
func (d *Desk) SetPicture(rgba []byte) {
	d.growth.w, d.growth.h = d.GrowSize()
	d.growth.cells, d.growth.fits = rgba, false
}

// ready has a Grower of the picture and its present map. It is made when the tool is taken in hand, so that the first
// click does not wait for it.
func (d *Desk) ready() {
	if g := &d.growth; g.cells != nil && !g.fits {
		l := d.e.Labels()
		g.Grower, g.fits = region.New(g.cells, g.w, g.h, l.W, l.H, d.scores), true
	}
}

// grow takes a click at the cursor in.
func (d *Desk) grow(keys Keys) Outcome {
	g := &d.growth
	if g.cells == nil {
		return NoPicture
	}
	l := d.e.Labels()
	if !(d.cursor.X >= 0 && d.cursor.Y >= 0 && d.cursor.X < float64(l.W) && d.cursor.Y < float64(l.H)) {
		return NothingToDo
	}
	if d.hand.deed != growing {
		if keys != 0 {
			return NoDefect
		}
		d.pick(0)
		d.ready()
		d.hand = hand{deed: growing}
	}
	if !g.Add(region.Click{Point: d.cursor, Defect: keys == 0}) {
		return Full
	}
	d.regrown()
	return Grown
}

// regrown has drawn anew what the region was and what it is.
func (d *Desk) regrown() {
	g := &d.growth
	d.changes.ink = d.changes.ink.Union(g.mask.Bounds())
	g.mask = annot.Mask{}
	if g.Grower != nil {
		g.mask = g.Mask()
	}
	d.changes.ink = d.changes.ink.Union(g.mask.Bounds())
}

// ungrow takes the last click back, with the first one the region.
func (d *Desk) ungrow() Outcome {
	d.growth.Back()
	if len(d.growth.Clicks()) == 0 {
		d.Cancel()
		return Chosen
	}
	d.regrown()
	return Grown
}

// dropRegion forgets the region.
func (d *Desk) dropRegion() {
	if g := &d.growth; g.Grower != nil {
		g.Restart()
	}
	d.regrown()
}

// As is what a grown region is accepted as.
type As int

// The forms of a grown region, in the numbers that the page is given.
const (
	AsPixels As = iota
	AsBlocks    // of 8 pixels of the detector's input: those at least half in the region
	AsBox       // the upright box about it, of the kind that is set
)

// take makes the grown region a label, as one step.
func (d *Desk) take(as As) Outcome {
	if d.hand.deed != growing {
		return NothingToDo
	}
	mask := d.growth.mask
	d.hand = hand{}
	d.dropRegion()
	l := d.e.Labels()
	switch as {
	case AsBlocks:
		g := d.grids[0]
		labels := make([]block.Label, g.Len())
		some := false
		for i, q := range block.FractionsOfSpans(g, l.W, l.H, mask.Row) {
			if q >= 0.5 {
				labels[i], some = block.Anomalous, true
			}
		}
		if !some {
			return TooSmall
		}
		if d.e.PutBlocks(g, labels) != nil {
			return Full
		}
	case AsBox:
		b := mask.Bounds()
		return d.put(block.Box{X: float64(b.Min.X+b.Max.X) / 2, Y: float64(b.Min.Y+b.Max.Y) / 2, HalfW: float64(b.Dx()) / 2, HalfH: float64(b.Dy()) / 2})
	default:
		d.e.PutMask(&mask)
	}
	d.changed()
	return Accepted
}
