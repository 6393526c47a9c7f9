package heat

import "math"

// Sigma is the Gaussian's standard deviation in pixels of the map (METHOD
// section 5), for maps at the picture's own size.
const Sigma = 4.0

// cut is where the Gaussian ends, in standard deviations.
const cut = 4.0

// axis is the composed matrix of one axis, [out, in], with zeros outside a
// band: row o holds weights[o*band : (o+1)*band] at columns first[o] and on.
type axis struct {
	in, out int
	band    int
	first   []int
	weights []float32
}

// newAxis composes the Gaussian after the bilinear interpolation from in to out
// samples. It is computed in float64 and rounded once.
func newAxis(in, out int, sigma float64) axis {
	taps := gaussian(sigma)
	radius := len(taps) / 2
	full := make([]float64, in) // one row of the matrix
	a := axis{in: in, out: out, first: make([]int, out)}
	rows := make([][]float64, out)
	for o := range out {
		clear(full)
		lo, hi := in, 0
		for t, w := range taps {
			i0, i1, f := bilinear(reflect(o+t-radius, out), in, out)
			full[i0] += w * (1 - f)
			full[i1] += w * f
			lo, hi = min(lo, i0), max(hi, i1+1)
		}
		a.first[o] = lo
		rows[o] = append([]float64(nil), full[lo:hi]...)
		a.band = max(a.band, hi-lo)
	}
	a.weights = make([]float32, out*a.band)
	for o, row := range rows {
		// Shift bands that would reach beyond the last column.
		shift := max(0, a.first[o]+a.band-in)
		a.first[o] -= shift
		for i, w := range row {
			a.weights[o*a.band+shift+i] = float32(w)
		}
	}
	return a
}

// gaussian is scipy.ndimage's normalised kernel: radius int(cut*sigma + 0.5).
// A sigma of 0 smooths nothing.
func gaussian(sigma float64) []float64 {
	if sigma == 0 {
		return []float64{1}
	}
	radius := int(cut*sigma + 0.5)
	taps := make([]float64, 2*radius+1)
	sum := 0.0
	for i := range taps {
		x := float64(i - radius)
		taps[i] = math.Exp(-0.5 / (sigma * sigma) * x * x)
		sum += taps[i]
	}
	for i := range taps {
		taps[i] /= sum
	}
	return taps
}

// reflect brings an index beyond the edges back: d c b a | a b c d | d c b a,
// scipy's mode 'reflect', as often as needed.
func reflect(i, n int) int {
	i %= 2 * n
	if i < 0 {
		i += 2 * n
	}
	if i >= n {
		i = 2*n - 1 - i
	}
	return i
}

// bilinear gives the two samples between which output o lies, and the second
// one's weight: half-pixel centres, edges clamped (PyTorch's interpolate with
// align_corners=False).
func bilinear(o, in, out int) (i0, i1 int, f float64) {
	x := max(0, (float64(o)+0.5)*float64(in)/float64(out)-0.5)
	i0 = min(int(x), in-1)
	i1 = min(i0+1, in-1)
	return i0, i1, min(x-float64(i0), 1)
}
