package region

import "math"

// What a step between neighbouring cells costs: a little for its length, more for a difference of colour (of 0 to 1) and
// of the map's logarithm.
const (
	stepCost   = 0.02
	colourCost = 1
	mapCost    = 0.3
)

// steps are the costs of the steps from each cell to its neighbours on the right, right below, below and left below.
// They are the picture's, so that they are computed once and not with every click.
type steps [4][]float32

// across are the neighbours that steps holds the costs to.
var across = [4]struct {
	dx, dy int
	length float32
}{{1, 0, 1}, {1, 1, math.Sqrt2}, {0, 1, 1}, {-1, 1, math.Sqrt2}}

func (g *Grower) newSteps() steps {
	var s steps
	for k, a := range across {
		s[k] = make([]float32, g.w*g.h)
		for y := range g.h - a.dy {
			for x := max(-a.dx, 0); x < g.w-max(a.dx, 0); x++ {
				p := y*g.w + x
				q := p + a.dy*g.w + a.dx
				cost := stepCost + colourCost*g.apart(p, q)
				if g.heat != nil {
					cost += mapCost * abs(g.heat[p]-g.heat[q])
				}
				s[k][p] = a.length * cost
			}
		}
	}
	return s
}

// sweeps is how often cells are gone over, forth and back. Two are within a few per cent of the exact paths, at a tenth
// of a priority queue's time.
const sweeps = 2

// ways are the costs of the cheapest ways from a cell to all. Cells are gone over in an order in which news travels:
// down the rows and up again.
func (g *Grower) ways(from int) []float32 {
	w, h := g.w, g.h
	d := make([]float32, w*h)
	for i := range d {
		d[i] = math.MaxFloat32
	}
	d[from] = 0
	right, rightBelow, below, leftBelow := g.steps[0], g.steps[1], g.steps[2], g.steps[3]
	for range sweeps {
		for p := range d {
			x, v := p%w, d[p]
			if x > 0 {
				v = min(v, d[p-1]+right[p-1])
			}
			if p >= w {
				v = min(v, d[p-w]+below[p-w])
				if x > 0 {
					v = min(v, d[p-w-1]+rightBelow[p-w-1])
				}
				if x < w-1 {
					v = min(v, d[p-w+1]+leftBelow[p-w+1])
				}
			}
			d[p] = v
		}
		for p := w*h - 1; p >= 0; p-- {
			x, v := p%w, d[p]
			if x < w-1 {
				v = min(v, d[p+1]+right[p])
			}
			if p < w*(h-1) {
				v = min(v, d[p+w]+below[p])
				if x < w-1 {
					v = min(v, d[p+w+1]+rightBelow[p])
				}
				if x > 0 {
					v = min(v, d[p+w-1]+leftBelow[p])
				}
			}
			d[p] = v
		}
	}
	return d
}

// necks are the map's lowest values on the ways from a cell that keep them highest.
func (g *Grower) necks(from int) []float32 {
	w, h := g.w, g.h
	d := make([]float32, w*h)
	for i := range d {
		d[i] = -math.MaxFloat32
	}
	d[from] = g.heat[from]
	for range sweeps {
		for p := range d {
			x, v := p%w, d[p]
			if x > 0 {
				v = max(v, d[p-1])
			}
			if p >= w {
				v = max(v, d[p-w], d[p-w-min(x, 1)], d[p-w+min(w-1-x, 1)])
			}
			d[p] = max(d[p], min(v, g.heat[p]))
		}
		for p := w*h - 1; p >= 0; p-- {
			x, v := p%w, d[p]
			if x < w-1 {
				v = max(v, d[p+1])
			}
			if p < w*(h-1) {
				v = max(v, d[p+w], d[p+w-min(x, 1)], d[p+w+min(w-1-x, 1)])
			}
			d[p] = max(d[p], min(v, g.heat[p]))
		}
	}
	return d
}
