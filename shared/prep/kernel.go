package prep

import "math"

// precision is the number of fraction bits of a filter weight: Pillow's 8-bit
// resampling keeps 32 - 8 - 2 (src/libImaging/Resample.c, PRECISION_BITS).
const precision = 22

// kernel is a resampling filter along one axis: output o is
//
//	(1<<21 + sum over i < n[o] of weights[at[o]+i] * input[first[o]+i]) >> 22
//
// All weights are in 0 to 1<<22, and those of one output sum to 1<<22 but for
// rounding.
type kernel struct {
	in, out int
	first   []int
	n       []int
	at      []int
	weights []uint64 // as wide as the lanes they multiply
}

// newKernel makes the weights of Pillow's antialiasing triangle filter from in
// to out samples, with the floating-point operations of precompute_coeffs and
// normalize_coeffs_8bpc in their order. With mirror the input arrives in
// reverse; its weights are those of the true order, so the result is still the
// one for the turned picture (they are not quite symmetrical once rounded).
func newKernel(in, out int, mirror bool) *kernel {
	k := &kernel{in: in, out: out, first: make([]int, out), n: make([]int, out), at: make([]int, out)}
	// The conversions float64(...) forbid fused multiply-add, which would
	// change last bits between processors.
	scale := float64(in) / float64(out)
	filter := max(scale, 1.0)
	support := filter // the triangle's half width is 1
	inverse := 1.0 / filter
	k.weights = make([]uint64, 0, out*(2*int(math.Ceil(support))+1))
	real := make([]float64, 0, 2*int(math.Ceil(support))+1)
	for o := range out {
		center := float64((float64(o) + 0.5) * scale)
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
		real = real[:0]
		sum := 0.0
		for i := range hi - lo {
			w := max(0, 1-math.Abs(float64((float64(i+lo)-center+0.5)*inverse)))
			real = append(real, w)
			sum += w
		}
		k.first[o], k.n[o], k.at[o] = lo, hi-lo, len(k.weights)
		for _, w := range real {
			if sum != 0 {
				w /= sum
			}
			k.weights = append(k.weights, uint64(0.5+float64(w*(1<<precision))))
		}
		if mirror {
			k.first[o] = in - hi
			mine := k.weights[k.at[o]:]
			for i, j := 0, len(mine)-1; i < j; i, j = i+1, j-1 {
				mine[i], mine[j] = mine[j], mine[i]
			}
		}
	}
	return k
}

// users returns for every input sample the outputs [from, to) that read it.
func (k *kernel) users() (from, to []int) {
	from, to = make([]int, k.in), make([]int, k.in)
	for i := range from {
		from[i] = k.out
	}
	for o := range k.out {
		for i := k.first[o]; i < k.first[o]+k.n[o]; i++ {
			from[i], to[i] = min(from[i], o), max(to[i], o+1)
		}
	}
	return from, to
}
