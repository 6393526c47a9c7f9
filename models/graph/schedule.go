package graph

import "math"

// Schedule is a learning rate as a function of the step: a linear warm-up, then
// constant or half a cosine down to Final. The graph takes the rate as an
// input, so the schedule lives outside of it.
type Schedule struct {
	Rate   float64 // the highest rate
	WarmUp int     // steps of linear rise; step 1 has Rate/WarmUp
	Steps  int     // all steps, warm-up included; needed for Cosine only
	Cosine bool
	Final  float64 // the rate at the end of the cosine
}

// At returns the rate of a step, counted from 1. Past Steps it stays at Final.
func (s Schedule) At(step int) float64 {
	step = max(step, 1)
	if step <= s.WarmUp {
		return s.Rate * float64(step) / float64(s.WarmUp)
	}
	if !s.Cosine {
		return s.Rate
	}
	done := 1.0
	if s.Steps > s.WarmUp {
		done = min(float64(step-s.WarmUp)/float64(s.Steps-s.WarmUp), 1)
	}
	return s.Final + (s.Rate-s.Final)*(1+math.Cos(math.Pi*done))/2
}
