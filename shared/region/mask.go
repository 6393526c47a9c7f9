package region

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// Mask is the region in the picture's pixels. The field is drawn out linearly between the cells' middles, so that its
// edge is smooth however large the picture; a run ends where the field passes 0.
func (g *Grower) Mask() annot.Mask {
	rows := make([][]block.Span, g.ph)
	if g.shown == nil {
		return annot.MaskOfRows(rows)
	}
	line := make([]float32, g.w)
	for y := range rows {
		a, b, t := between(y, g.ph, g.h)
		some := false
		for x := range line {
			line[x] = g.shown[a*g.w+x]*(1-t) + g.shown[b*g.w+x]*t
			some = some || line[x] > 0
		}
		if some {
			rows[y] = g.runs(line)
		}
	}
	return annot.MaskOfRows(rows)
}

// runs are the pixels of a row whose middles lie where the field is positive.
func (g *Grower) runs(line []float32) (out []block.Span) {
	wide := float64(g.pw) / float64(g.w)
	from := -1.0 // where the run under way begins, in pixels; below 0 for none
	if line[0] > 0 {
		from = 0
	}
	end := func(to float64) {
		s := block.Span{X0: int(math.Ceil(from - 0.5)), X1: min(int(math.Ceil(to-0.5)), g.pw)}
		if n := len(out); n > 0 && out[n-1].X1 >= s.X0 {
			out[n-1].X1 = max(out[n-1].X1, s.X1)
		} else if s.X0 < s.X1 {
			out = append(out, s)
		}
		from = -1
	}
	for x := 1; x < g.w; x++ {
		a, b := line[x-1], line[x]
		if (a > 0) == (b > 0) {
			continue
		}
		at := (float64(x) - 0.5 + float64(a/(a-b))) * wide
		if b > 0 {
			from = at
		} else {
			end(at)
		}
	}
	if from >= 0 {
		end(float64(g.pw))
	}
	return out
}
