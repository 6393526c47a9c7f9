package main

import (
	"math/rand/v2"
	"testing"

	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/region"
)

// The person clicks in the middle of the largest mistake, whichever way it is one.
func TestThePersonClicksInTheMiddle(t *testing.T) {
	const w, h = 60, 40
	truth, marked := make([]byte, w*h), make([]byte, w*h)
	fill := func(m []byte, x0, y0, x1, y1 int) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				m[y*w+x] = 1
			}
		}
	}
	fill(truth, 10, 10, 21, 21)
	fill(truth, 40, 5, 43, 8)
	c, ok := next(marked, truth, w, h)
	if !ok || !c.Defect || c.X != 15.5 || c.Y != 15.5 {
		t.Errorf("%+v, %v", c, ok)
	}
	fill(marked, 10, 10, 21, 21)
	fill(marked, 0, 25, 60, 40) // falsely, down to the picture's edge
	if c, ok = next(marked, truth, w, h); !ok || c.Defect || c.Y != 32.5 {
		t.Errorf("%+v, %v", c, ok)
	}
	copy(marked, truth)
	if c, ok = next(marked, truth, w, h); ok {
		t.Errorf("%+v where nothing is wrong", c)
	}
}

// On a disc that a detector's map shows well, three clicks reach 0.8; every click is at least nearly as good as the last.
func TestClicksReachADisc(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := &Case{Size: prep.Size{W: 400, H: 300}, Truth: make([]byte, 400*300), Scores: block.NewScores(block.Grid{Rows: 48, Cols: 64, Size: 8})}
	rgb := make([]byte, 3*400*300)
	for i := range c.Truth {
		x, y := i%400-170, i/400-140
		v := 150 + rng.IntN(20)
		if x*x+y*y < 45*45 {
			c.Truth[i], v = 1, 110+rng.IntN(20)
		}
		rgb[3*i], rgb[3*i+1], rgb[3*i+2] = byte(v), byte(v), byte(v)
	}
	for i := range c.Scores.Values {
		at := c.Scores.Cell(i)
		x, y := (at.Col*400+200)/64-170, (at.Row*300+150)/48-140
		c.Scores.Values[i] = 0.1 + 2/(1+float32(x*x+y*y)/2500)
	}
	c.cols, c.rows = region.Size(c.W, c.H)
	c.cells = reduce(rgb, c.Size, c.cols, c.rows)
	got := Measure([]*Case{c}, 3, true)
	t.Logf("IoU %.3f", got)
	if got[2] < 0.8 {
		t.Errorf("IoU %.3f after three clicks, want 0.8", got[2])
	}
}
