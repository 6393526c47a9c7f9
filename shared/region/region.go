package region

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Side is how many cells the longer side of a picture has at most.
const Side = 256

// MaxClicks bounds the clicks of one region.
const MaxClicks = 64

// Click is where a person says that there is a defect, or that there is none.
type Click struct {
	annot.Point // in the picture, pixels
	Defect      bool
}

// Grower grows one region of one picture. It is not safe for concurrent use.
type Grower struct {
	w, h    int // of the grid, cells
	pw, ph  int // of the picture, pixels
	colours [3][]float32
	noise   float32   // how far neighbours' colours are apart on average
	heat    []float32 // the map's logarithm; nil where there is no map
	around  []float32 // its mean over a tenth of the picture
	usual   float32   // its median
	steps   steps

	first, correction *Net

	clicks []Click
	fields [][]float32 // after each click, as the networks gave them
	shown  []float32   // the last one smoothed, with what the clicks say and without what does not hang together with them
}

// Size is the grid of a w x h picture: what New wants its pixels reduced to.
func Size(w, h int) (cols, rows int) {
	long := max(w, h)
	if long <= Side {
		return w, h
	}
	return max(w*Side/long, 1), max(h*Side/long, 1)
}

// New returns a Grower for a pw x ph picture. rgba is the picture reduced to w x h cells (see Size), [h, w, 4]; s is the
// detector's calibrated map of it, empty where there is none. It panics when rgba does not hold w*h pixels.
func New(rgba []byte, w, h, pw, ph int, s block.Scores) *Grower {
	if w < 1 || h < 1 || pw < 1 || ph < 1 || len(rgba) != 4*w*h {
		panic("region: pixels do not fit the grid")
	}
	g := &Grower{w: w, h: h, pw: pw, ph: ph}
	g.first, g.correction = Nets()
	for k := range g.colours {
		g.colours[k] = make([]float32, w*h)
	}
	for i := range w * h {
		// Brightness and two differences from it, which weigh less than it.
		r, green, b := float32(rgba[4*i])/255, float32(rgba[4*i+1])/255, float32(rgba[4*i+2])/255
		y := 0.299*r + 0.587*green + 0.114*b
		g.colours[0][i], g.colours[1][i], g.colours[2][i] = y, 0.8*(b-y), 0.8*(r-y)
	}
	for _, c := range g.colours {
		smooth(c, w, h)
	}
	sum := 0.0
	for i := range w * h {
		if i%w > 0 {
			sum += float64(g.apart(i, i-1))
		}
	}
	g.noise = float32(max(sum/float64(w*h), 0.002))
	if len(s.Values) > 0 {
		g.warm(s)
	}
	g.steps = g.newSteps()
	return g
}

// warm brings the detector's map to the grid, as logarithms: what is twice as hot is as far away everywhere.
func (g *Grower) warm(s block.Scores) {
	logs := make([]float32, len(s.Values))
	for i, v := range s.Values {
		if !(v > 0.02) { // also NaN
			v = 0.02
		}
		logs[i] = ln(v)
	}
	g.usual = median(logs)
	g.heat = make([]float32, g.w*g.h)
	for y := range g.h {
		a, b, t := between(y, g.h, s.Rows)
		for x := range g.w {
			c, d, u := between(x, g.w, s.Cols)
			up := logs[a*s.Cols+c]*(1-u) + logs[a*s.Cols+d]*u
			down := logs[b*s.Cols+c]*(1-u) + logs[b*s.Cols+d]*u
			g.heat[y*g.w+x] = up*(1-t) + down*t
		}
	}
	g.around = append([]float32(nil), g.heat...)
	boxMean(g.around, g.w, g.h, max(g.w, g.h)/20)
}

// median halves the range of values until it holds the middle one to a millionth: sorting would be more to download.
func median(values []float32) float32 {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	for high-low > 1e-6*max(1, abs(low), abs(high)) {
		mid, below := (low+high)/2, 0
		for _, v := range values {
			if v <= mid {
				below++
			}
		}
		if below > len(values)/2 {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// between says between which of m samples the middle of sample i of n lies, and how far on the way from a to b.
func between(i, n, m int) (a, b int, t float32) {
	at := (float64(i)+0.5)*float64(m)/float64(n) - 0.5
	floor := math.Floor(at)
	return max(0, min(int(floor), m-1)), max(0, min(int(floor)+1, m-1)), float32(at - floor)
}

// Clicks are those that the region grew from. They must not be changed.
func (g *Grower) Clicks() []Click { return g.clicks }

// Cell is the cell of a point of the picture; beyond the edge, the nearest.
func (g *Grower) Cell(p annot.Point) int {
	x := max(0, min(int(p.X*float64(g.w)/float64(g.pw)), g.w-1))
	y := max(0, min(int(p.Y*float64(g.h)/float64(g.ph)), g.h-1))
	return y*g.w + x
}

// Add takes a click in. The first must be on a defect; false says that it was not taken, which also happens beyond
// MaxClicks.
func (g *Grower) Add(c Click) bool {
	if len(g.clicks) == 0 && !c.Defect || len(g.clicks) == MaxClicks {
		return false
	}
	at := g.Cell(c.Point)
	net, sign, fill := g.first, float32(1), measure(nil)
	if len(g.clicks) == 0 {
		fill = g.First(at)
	} else {
		net, sign, fill = g.correction, signOf(c.Defect), g.Correction(at, c.Defect)
	}
	var hidden [Hidden]float32
	x := make([]float32, len(net.Mean))
	field := g.field(func(p int) float32 {
		fill(p, x)
		net.Normalize(x)
		return sign * net.Value(x, &hidden)
	})
	g.clicks, g.fields = append(g.clicks, c), append(g.fields, field)
	g.show()
	return true
}

// clear is what the field must be on both sides for what lies between to be taken for alike.
const clear = 0.7

// field asks value for every other cell of every other row, and for what lies between where those do not clearly agree:
// along the region's edge. That is a third of the cells or less.
func (g *Grower) field(value func(cell int) float32) []float32 {
	w, h := g.w, g.h
	f := make([]float32, w*h)
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			f[y*w+x] = value(y*w + x)
		}
	}
	for y := range h {
		y0, y1 := y&^1*w, (y+y&1)*w
		if y+y&1 >= h {
			y1 = y0
		}
		for x := range w {
			if x&1 == 0 && y&1 == 0 {
				continue
			}
			x0, x1 := x&^1, x+x&1
			if x1 >= w {
				x1 = x0
			}
			a, b, c, d := f[y0+x0], f[y0+x1], f[y1+x0], f[y1+x1]
			if min(a, b, c, d) > clear || max(a, b, c, d) < -clear {
				f[y*w+x] = (a + b + c + d) / 4
			} else {
				f[y*w+x] = value(y*w + x)
			}
		}
	}
	return f
}

// Back takes the last click back; false says that there was none.
func (g *Grower) Back() bool {
	n := len(g.clicks) - 1
	if n < 0 {
		return false
	}
	g.clicks, g.fields = g.clicks[:n], g.fields[:n]
	g.show()
	return true
}

// Restart forgets all clicks.
func (g *Grower) Restart() { g.clicks, g.fields, g.shown = nil, nil, nil }

// sure is what the field is at least at a click, and about it.
const sure = 0.5

// show makes what is shown of the last field: smoothed, right at every click, and of what hangs together with a click
// on a defect.
func (g *Grower) show() {
	if len(g.fields) == 0 {
		g.shown = nil
		return
	}
	g.shown = append(g.shown[:0], g.fields[len(g.fields)-1]...)
	smooth(g.shown, g.w, g.h)
	var reached []int
	for _, c := range g.clicks {
		at := g.Cell(c.Point)
		g.about(at, func(p int) {
			if c.Defect {
				g.shown[p] = max(g.shown[p], sure)
			} else {
				g.shown[p] = min(g.shown[p], -sure)
			}
		})
		if c.Defect {
			reached = append(reached, at)
		}
	}
	held := make([]bool, len(g.shown))
	for len(reached) > 0 {
		p := reached[len(reached)-1]
		reached = reached[:len(reached)-1]
		g.about(p, func(q int) {
			if !held[q] && g.shown[q] > 0 {
				held[q] = true
				reached = append(reached, q)
			}
		})
	}
	for p, v := range g.shown {
		if v > 0 && !held[p] {
			g.shown[p] = -0.01
		}
	}
}

// about calls f with a cell and its neighbours.
func (g *Grower) about(at int, f func(int)) {
	x, y := at%g.w, at/g.w
	for v := max(y-1, 0); v <= min(y+1, g.h-1); v++ {
		for u := max(x-1, 0); u <= min(x+1, g.w-1); u++ {
			f(v*g.w + u)
		}
	}
}

// Use makes the region grow by other networks than Nets', for learning them.
func (g *Grower) Use(first, correction *Net) { g.first, g.correction = first, correction }
