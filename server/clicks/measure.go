package main

import "semirest/shared/region"

// trial is a person at work on a case.
type trial struct {
	*Case
	g      *region.Grower
	marked []byte
}

func (c *Case) begin(withMap bool) *trial {
	return &trial{Case: c, g: c.grower(withMap), marked: make([]byte, c.W*c.H)}
}

// click clicks once; false where nothing is left to correct.
func (t *trial) click() bool {
	c, ok := next(t.marked, t.Truth, t.W, t.H)
	if ok && t.g.Add(c) {
		m := t.g.Mask()
		t.marked = m.Bytes(t.W, t.H)
	}
	return ok
}

// iou is the intersection of what is marked with the truth over their union.
func (t *trial) iou() float64 {
	both, any := 0, 0
	for i, v := range t.Truth {
		if v != 0 && t.marked[i] != 0 {
			both++
		}
		if v != 0 || t.marked[i] != 0 {
			any++
		}
	}
	return float64(both) / float64(any)
}

// Measure gives the mean IoU over cases after each click.
func Measure(cases []*Case, clicks int, withMap bool) []float64 {
	means := make([]float64, clicks)
	for _, c := range cases {
		t := c.begin(withMap)
		for k := range means {
			t.click()
			means[k] += t.iou() / float64(len(cases))
		}
	}
	return means
}
