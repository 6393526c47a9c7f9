package train

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"semirest/shared/block"
)

// ResMixMatch (METHOD section 7), for blocks of which only a box is known. A
// batch holds M copies of every window, copy m of window w at m*windows + w;
// each copy draws its own neighbours and noise. The network guesses the unknown
// blocks from all copies together; then blocks are mixed pairwise.

// noise multiplies residuals by exp(z), z normal and clamped, on about half of
// the blocks and, there, on about half of the channels. The sign stays.
func (b *Batch) noise(rng *rand.Rand, variance, clamp float64) {
	if variance <= 0 || clamp <= 0 {
		return
	}
	sd := math.Sqrt(variance)
	for t := range b.tokens() {
		if rng.Uint32()&1 != 0 {
			continue
		}
		b.each(t, func(_ int, row []float32) {
			var bits uint64
			for j := range row {
				if j%64 == 0 {
					bits = rng.Uint64()
				}
				if bits>>(j%64)&1 != 0 {
					z := min(max(sd*rng.NormFloat64(), -clamp), clamp)
					row[j] *= float32(math.Exp(z))
				}
			}
		})
	}
}

// guess sets the target of unknown tokens from the network's probabilities of
// "anomalous" [copies*windows, blocks]: the mean over the copies, sharpened.
// No gradient goes through it, since it is a number by then.
func (b *Batch) guess(probability []float32, copies int, temperature float64) {
	one := b.tokens() / copies // tokens of one copy
	for i := range one {
		if b.Labels[i] != block.Unknown {
			continue
		}
		mean := 0.0
		for m := range copies {
			mean += float64(probability[m*one+i]) / float64(copies)
		}
		q := Sharpen(mean, temperature)
		for m := range copies {
			t := m*one + i
			b.Target[2*t], b.Target[2*t+1] = float32(1-q), float32(q)
		}
	}
}

// Sharpen raises the probabilities (1-p, p) to the power 1/temperature and makes
// them sum to 1 again: 0.8 becomes 0.94 at 0.5.
func Sharpen(p, temperature float64) float64 {
	a, b := math.Pow(1-p, 1/temperature), math.Pow(p, 1/temperature)
	if a+b == 0 { // both underflow only at an extreme temperature
		return p
	}
	return b / (a + b)
}

// mixRatio draws lambda from Beta(a, a) and returns max(lambda, 1 - lambda), so
// that a mixed block stays mostly itself.
func mixRatio(rng *rand.Rand, a float64) float64 {
	l := distuv.Beta{Alpha: a, Beta: a, Src: rng}.Rand()
	return max(l, 1-l)
}

// mix replaces blocks by lambda times themselves plus 1 - lambda times another
// block, residual and target alike (MixUp). Every unknown block and a random
// share of the labelled ones take part, and are each other's partners by one
// permutation; the rest keep input and target. lambda is at least 0.5.
func (b *Batch) mix(rng *rand.Rand, lambda, labelled float64) {
	var part, known []int
	for i, l := range b.Labels {
		switch l {
		case block.Unknown:
			part = append(part, i)
		case block.Normal, block.Anomalous:
			known = append(known, i)
		}
	}
	for _, k := range someOf(rng, len(known), int(math.Round(labelled*float64(len(known))))) {
		part = append(part, known[k])
	}
	// Partners are read before any block is written: the copy holds them.
	perm := rng.Perm(len(part))
	size := b.block * b.block * b.dim
	residual := make([]float32, len(part)*size)
	target := make([]float32, 2*len(part))
	for k, i := range part {
		b.each(i, func(c int, row []float32) { copy(residual[k*size+c*b.dim:], row) })
		copy(target[2*k:2*k+2], b.Target[2*i:2*i+2])
	}
	keep, other := float32(lambda), float32(1-lambda)
	for k, i := range part {
		b.each(i, func(c int, row []float32) {
			at := perm[k]*size + c*b.dim
			for j, v := range residual[at : at+b.dim] {
				row[j] = keep*row[j] + other*v
			}
		})
		for c := range 2 {
			b.Target[2*i+c] = keep*b.Target[2*i+c] + other*target[2*perm[k]+c]
		}
	}
}
