package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"semirest/shared/region"
)

// What is learnt from: so many cells a picture and click.
const (
	firstCells      = 600
	correctionCells = 300
)

// Learn fits both networks to cases, each clicked on with its map and every third also without, and returns them in
// the form that shared/region stores. Corrections are learnt twice: from the second clicks alone, then from the second to the
// fourth as the first fit leads to them.
func Learn(cases []*Case) []byte {
	rng := rand.New(rand.NewPCG(7, 7))
	type of struct {
		c       *Case
		withMap bool
	}
	var all []of
	for i, c := range cases {
		all = append(all, of{c, true})
		if i%3 == 0 {
			all = append(all, of{c, false})
		}
	}
	first, correction := region.Nets()
	seen := samples{in: len(first.Mean)}
	for _, a := range all {
		t := a.c.begin(a.withMap)
		if c, ok := next(t.marked, t.Truth, t.W, t.H); ok {
			seen.add(t, t.g.First(t.g.Cell(c.Point)), false, firstCells, rng)
		}
	}
	*first = *seen.fit(30, rng)
	seen = samples{in: len(correction.Mean)}
	for round := range 2 {
		for _, a := range all {
			t := a.c.begin(a.withMap)
			t.g.Use(first, correction)
			t.click()
			for range 1 + 2*round {
				c, ok := next(t.marked, t.Truth, t.W, t.H)
				if !ok {
					break
				}
				seen.add(t, t.g.Correction(t.g.Cell(c.Point), c.Defect), !c.Defect, correctionCells, rng)
				if round > 0 {
					t.click()
				}
			}
		}
		*correction = *seen.fit(20, rng)
	}
	var out []byte
	for _, n := range []*region.Net{first, correction} {
		n.Numbers(func(v *float32) { out = binary.LittleEndian.AppendUint32(out, math.Float32bits(*v)) })
	}
	return out
}

// samples are cells with their measures and whether what is asked holds.
type samples struct {
	in     int
	x      []float32 // [n, in]
	y      []float32 // 0 or 1
	weight []float32
}

// add samples cells about the truth and the region so far; an eighth anywhere. turned asks for the opposite of the truth.
func (s *samples) add(t *trial, measure func(int, []float32), turned bool, count int, rng *rand.Rand) {
	truth := make([]byte, t.cols*t.rows)
	x0, y0, x1, y1, area := t.cols, t.rows, 0, 0, 0
	for p := range truth {
		at := (2*(p/t.cols)+1)*t.H/(2*t.rows)*t.W + (2*(p%t.cols)+1)*t.W/(2*t.cols)
		truth[p] = t.Truth[at]
		area += int(truth[p])
		if truth[p] != 0 || t.marked[at] != 0 {
			x0, y0, x1, y1 = min(x0, p%t.cols), min(y0, p/t.cols), max(x1, p%t.cols), max(y1, p/t.cols)
		}
	}
	if x1 < x0 {
		return // a truth so thin that it fell between the cells
	}
	mx, my := max((x1-x0)/2, 10), max((y1-y0)/2, 10)
	x0, y0, x1, y1 = max(x0-mx, 0), max(y0-my, 0), min(x1+mx, t.cols-1), min(y1+my, t.rows-1)
	// A small defect's cells are few in its window: they weigh more, to a limit.
	weight := min(float32((x1-x0+1)*(y1-y0+1))/float32(max(area, 4)), 12) / 12
	for range count {
		x, y := x0+rng.IntN(x1-x0+1), y0+rng.IntN(y1-y0+1)
		if rng.IntN(8) == 0 {
			x, y = rng.IntN(t.cols), rng.IntN(t.rows)
		}
		p := y*t.cols + x
		s.x = append(s.x, make([]float32, s.in)...)
		measure(p, s.x[len(s.x)-s.in:])
		want := float32(truth[p])
		if turned {
			want = 1 - want
		}
		s.y, s.weight = append(s.y, want), append(s.weight, weight)
	}
}

// batch is how many cells a step takes.
const batch = 256

// fit learns a network by Adam, with a rate that falls linearly, from the weighted cross-entropy.
func (s *samples) fit(epochs int, rng *rand.Rand) *region.Net {
	n, count := region.NewNet(s.in), len(s.y)
	for i := range s.in {
		sum, square := 0.0, 0.0
		for k := range count {
			v := float64(s.x[k*s.in+i])
			sum, square = sum+v, square+v*v
		}
		mean := sum / float64(count)
		n.Mean[i] = float32(mean)
		n.Scale[i] = float32(1 / math.Sqrt(max(square/float64(count)-mean*mean, 1e-4)))
	}
	x := append([]float32(nil), s.x...)
	for k := range count {
		n.Normalize(x[k*s.in : (k+1)*s.in])
	}
	for i := range n.In {
		for j := range n.In[i] {
			n.In[i][j] = float32(rng.NormFloat64() * math.Sqrt(2/float64(s.in)))
		}
	}
	for j := range n.Out {
		n.Out[j] = float32(rng.NormFloat64() * 0.2)
	}
	gradient := region.NewNet(s.in)
	theta, slope := learnable(n), learnable(gradient)
	mean, square := make([]float64, len(theta)), make([]float64, len(theta))
	steps := epochs * (count / batch)
	for step := 0; step < steps; {
		order := rng.Perm(count)
		for at := 0; at+batch <= count; at += batch {
			for _, v := range slope {
				*v = 0
			}
			for _, k := range order[at : at+batch] {
				back(n, gradient, x[k*s.in:(k+1)*s.in], s.y[k], s.weight[k]/batch)
			}
			step++
			rate := 0.01 * (1 - 0.95*float64(step)/float64(steps))
			c1, c2 := 1-math.Pow(0.9, float64(step)), 1-math.Pow(0.999, float64(step))
			for i, v := range theta {
				g := float64(*slope[i])
				mean[i], square[i] = 0.9*mean[i]+0.1*g, 0.999*square[i]+0.001*g*g
				*v -= float32(rate * (mean[i]/c1/(math.Sqrt(square[i]/c2)+1e-8) + 1e-4*float64(*v)))
			}
		}
	}
	return n
}

// back adds one cell's gradient.
func back(n, to *region.Net, x []float32, want, weight float32) {
	var hidden [region.Hidden]float32
	out := n.Value(x, &hidden)
	e := weight * (float32(1/(1+math.Exp(-float64(out)))) - want)
	to.Last += e
	for j, v := range hidden {
		to.Out[j] += e * v
		h := e * n.Out[j]
		if v < 0 {
			h *= region.Leak
		}
		hidden[j] = h
		to.Bias[j] += h
	}
	for i, v := range x {
		for j, h := range hidden {
			to.In[i][j] += h * v
		}
	}
}

// learnable are a network's numbers but for those that normalize.
func learnable(n *region.Net) (out []*float32) {
	for i := range n.In {
		for j := range n.In[i] {
			out = append(out, &n.In[i][j])
		}
	}
	for j := range n.Bias {
		out = append(out, &n.Bias[j], &n.Out[j])
	}
	return append(out, &n.Last)
}
