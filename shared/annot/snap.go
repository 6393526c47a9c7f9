package annot

import (
	"math"

	"semirest/shared/block"
)

// Snap says what a point is drawn to while drawing and pulling.
type Snap struct {
	Pixels bool       // to whole pixels
	Shapes bool       // to the sides of axis-parallel boxes
	Grid   block.Grid // to the edges of blocks; the zero Grid for none
	Reach  float64    // from how far, in picture pixels
	Except uint32     // id of the shape that is being pulled
}

// Snap brings a point into the picture and draws each of its coordinates to
// the nearest thing within reach: the picture's edges, sides of boxes, edges of
// blocks; failing these, to a whole pixel where that is asked for.
func (e *Editor) Snap(x, y float64, how Snap) (float64, float64) {
	w, h := float64(e.l.W), float64(e.l.H)
	x, y = clamp(x, 0, w), clamp(y, 0, h)
	sx, sy := puller{at: x, reach: how.Reach}, puller{at: y, reach: how.Reach}
	sx.try(0)
	sx.try(w)
	sy.try(0)
	sy.try(h)
	if how.Shapes {
		for i, b := range e.bounds {
			if s := &e.l.Shapes[i]; s.ID != how.Except && !s.Polygon() && s.Box.Angle == 0 {
				sx.try(b[0])
				sx.try(b[2])
				sy.try(b[1])
				sy.try(b[3])
			}
		}
	}
	if how.Grid.Rows > 0 && how.Grid.Cols > 0 {
		sx.try(math.Round(x*float64(how.Grid.Cols)/w) * w / float64(how.Grid.Cols))
		sy.try(math.Round(y*float64(how.Grid.Rows)/h) * h / float64(how.Grid.Rows))
	}
	return sx.end(how.Pixels), sy.end(how.Pixels)
}

// puller looks for the nearest candidate along one axis.
type puller struct {
	at, reach, to float64
	found         bool
}

func (p *puller) try(to float64) {
	if d := abs(to - p.at); d <= p.reach && (!p.found || d < abs(p.to-p.at)) {
		p.to, p.found = to, true
	}
}

func (p *puller) end(pixels bool) float64 {
	switch {
	case p.found:
		return p.to
	case pixels:
		return math.Round(p.at)
	}
	return p.at
}
