package region

import "math"

// How many measures of a cell each network weighs.
const (
	firstMeasures      = 14
	correctionMeasures = 13
)

// Measures of unbounded size are brought to 0 to 1 as v / (v + half): half is where they reach a half.
const (
	halfWay    = 0.4 // cost of a way
	halfColour = 0.1
	halfSide   = 0.1 // of the picture's longer side
)

// measure fills x with a cell's measures.
type measure func(cell int, x []float32)

// First gives the measures by the first click, at a cell.
func (g *Grower) First(at int) func(cell int, x []float32) {
	ways, colour := g.ways(at), g.colourAbout(at)
	side := float32(max(g.w, g.h))
	var hot, has float32
	var necks []float32
	cells := 0
	if g.heat != nil {
		// Detectors differ in how far a defect stands out, so that the map is seen between what the picture has
		// everywhere, 0, and the click, 1.
		has, hot, necks = 1, max(g.heat[at]-g.usual, 0.3), g.necks(at)
		for i := range necks {
			if necks[i] = (necks[i] - g.usual) / hot; necks[i] > 0.6 {
				cells++
			}
		}
	} else {
		for _, v := range ways {
			if v < 0.2+4*g.noise {
				cells++
			}
		}
	}
	// The radius of a disc of as many cells as go with the click: about how large the defect is.
	radius := max(float32(math.Sqrt(float64(cells)/math.Pi)), 1)
	size, noise := ln(radius/side), ln(g.noise)
	return func(p int, x []float32) {
		d, c := g.distance(at, p), g.unlike(colour, p)
		x[0], x[1] = has, hot
		x[2], x[3], x[4], x[13] = 0, 0, 0, 0
		if g.heat != nil {
			x[2], x[3], x[4] = (g.heat[p]-g.usual)/hot, necks[p], (g.heat[p]-g.around[p])/hot
			x[13] = x[2] * x[2]
		}
		x[5] = ways[p] / (ways[p] + halfWay)
		x[6] = c / (c + halfColour)
		x[7] = d / (d + halfSide*side)
		x[8] = size
		x[9] = d / (d + radius)
		x[10] = c / g.noise * 0.1
		x[11] = noise
		x[12] = g.slope(p)
	}
}

// Correction gives the measures by a further click. Where the click says that there is no defect, what has a sign is
// turned about, so that one network learns both.
func (g *Grower) Correction(at int, defect bool) func(cell int, x []float32) {
	ways, colour := g.ways(at), g.colourAbout(at)
	side, reach, sign := float32(max(g.w, g.h)), g.reach(at), signOf(defect)
	relative := ln(reach / side)
	was := within(sign * g.shown[at])
	return func(p int, x []float32) {
		d, c := g.distance(at, p), g.unlike(colour, p)
		x[0] = sign
		x[1] = within(sign * g.shown[p])
		x[2] = d / (d + 3*reach)
		x[3] = relative
		x[4] = ways[p] / (ways[p] + halfWay)
		x[5] = c / (c + halfColour)
		x[6] = c / g.noise * 0.1
		x[7], x[8], x[9] = 0, 0, 0
		if g.heat != nil {
			x[7], x[8], x[9] = sign*(g.heat[p]-g.heat[at]), sign*(g.heat[p]-g.usual), 1
		}
		x[10] = was
		x[11] = d / (d + halfSide*side)
		x[12] = d / (d + 0.7*reach)
	}
}

func signOf(defect bool) float32 {
	if defect {
		return 1
	}
	return -1
}

// within bounds the field as a measure.
func within(v float32) float32 { return max(-6, min(6, v)) }

func ln(v float32) float32 { return float32(math.Log(float64(v))) }

func abs(v float32) float32 { return max(v, -v) }

// distance is that of two cells, in cells.
func (g *Grower) distance(p, q int) float32 {
	dx, dy := float32(p%g.w-q%g.w), float32(p/g.w-q/g.w)
	return float32(math.Sqrt(float64(dx*dx + dy*dy)))
}

// apart is how far the colours of two cells are apart.
func (g *Grower) apart(p, q int) float32 {
	return g.unlike([3]float32{g.colours[0][q], g.colours[1][q], g.colours[2][q]}, p)
}

// unlike is how far a cell's colour is from another.
func (g *Grower) unlike(c [3]float32, p int) float32 {
	a, b, d := g.colours[0][p]-c[0], g.colours[1][p]-c[1], g.colours[2][p]-c[2]
	return float32(math.Sqrt(float64(a*a + b*b + d*d)))
}

// colourAbout is the mean colour of a cell and its neighbours.
func (g *Grower) colourAbout(at int) (c [3]float32) {
	n := float32(0)
	g.about(at, func(p int) {
		for k := range c {
			c[k] += g.colours[k][p]
		}
		n++
	})
	for k := range c {
		c[k] /= n
	}
	return c
}

// slope is how fast the brightness changes at a cell.
func (g *Grower) slope(p int) (v float32) {
	x, y, light := p%g.w, p/g.w, g.colours[0]
	if x > 0 && x < g.w-1 {
		v += abs(light[p+1] - light[p-1])
	}
	if y > 0 && y < g.h-1 {
		v += abs(light[p+g.w] - light[p-g.w])
	}
	return v
}

// reach is how far a click is from the edge of what it lies in, the region or its outside, in cells. The picture's edge
// is one of the region's.
func (g *Grower) reach(at int) float32 {
	in := g.shown[at] > 0
	x, y := at%g.w, at/g.w
	best := math.MaxInt
	for v := range g.h {
		for u := range g.w {
			if (g.shown[v*g.w+u] > 0) != in {
				best = min(best, (u-x)*(u-x)+(v-y)*(v-y))
			}
		}
	}
	r := min(float32(math.Sqrt(float64(best))), float32(max(g.w, g.h)))
	if in {
		r = min(r, float32(x+1), float32(y+1), float32(g.w-x), float32(g.h-y))
	}
	return r
}
