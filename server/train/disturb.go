package train

import (
	"math"
	"math/rand/v2"

	"semirest/shared/block"
)

// Disturbed features are the nearest thing to a defect that has no look at all: a normal
// picture whose residuals are moved by noise in places. Simulated defects teach what a
// painted defect looks like; these teach how much of a deviation is too much, view by view
// and number by number, whatever caused it. (SimpleNet, Liu et al., CVPR 2023, disturbs
// features likewise, everywhere; here regions are, so that the window shows both.)

// Their strength is drawn between these two, in units of each number's own root mean
// square over normal pictures: from what could be chance to what cannot.
const (
	disturbLow  = 0.5
	disturbHigh = 2.0
)

// disturbCell is the share of the noise's variance that each cell draws by itself; the
// rest is a region's own, as the cells of one defect resemble each other.
const disturbCell = 0.5

// disturb makes window w of b, of a normal picture, anomalous in places. All views are
// disturbed at once: where one alone is, the classifier learns to believe any single one,
// and cookies, whose fine views vary, fell from 58 to 26 AP.
func (s *sampler) disturb(rng *rand.Rand, b *Batch, w int) {
	in := disturbed(rng, b.side)
	std, region := make([]float32, b.dim), make([]float32, b.dim)
	at := 0
	for _, v := range s.maps.Views {
		strength := math.Exp(uniform(rng, math.Log(disturbLow), math.Log(disturbHigh)))
		for j := at; j < at+v.Dim; j++ {
			std[j] = float32(strength) * s.maps.RMS[j]
			region[j] = std[j] * float32(math.Sqrt(1-disturbCell)*rng.NormFloat64())
		}
		at += v.Dim
	}
	cell := float32(math.Sqrt(disturbCell))
	for i, inside := range in {
		if !inside {
			continue
		}
		r := b.cell(w, i)
		for j := range r {
			r[j] += region[j] + cell*std[j]*float32(rng.NormFloat64())
		}
	}
	per := b.side / b.block
	for t := range b.blocks() {
		n := 0
		for k := range b.block * b.block {
			if in[(t/per*b.block+k/b.block)*b.side+t%per*b.block+k%b.block] {
				n++
			}
		}
		label := &b.Labels[w*b.blocks()+t]
		switch {
		case n == 0 || *label == block.Ignored:
		case 2*n >= b.block*b.block:
			*label = block.Anomalous
		default:
			*label = block.Ignored
		}
	}
}

// disturbed draws one to three ellipses in a window of side x side cells; their longer half
// axes are 0.6 to 14 cells.
func disturbed(rng *rand.Rand, side int) []bool {
	in := make([]bool, side*side)
	for range 1 + rng.IntN(3) {
		long := math.Exp(uniform(rng, math.Log(0.6), math.Log(14)))
		short := long * math.Exp(-uniform(rng, 0, 1.2))
		cx, cy := uniform(rng, 0, float64(side)), uniform(rng, 0, float64(side))
		sin, cos := math.Sincos(uniform(rng, 0, math.Pi))
		for i := range in {
			dx, dy := float64(i%side)+0.5-cx, float64(i/side)+0.5-cy
			u, v := (cos*dx+sin*dy)/long, (cos*dy-sin*dx)/short
			in[i] = in[i] || u*u+v*v < 1
		}
	}
	return in
}

func uniform(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }
