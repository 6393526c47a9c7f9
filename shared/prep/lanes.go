package prep

// A row of RGB samples is held as lanes: two samples in the low and high half
// of a uint64, so that one multiplication by a weight does two samples. A
// sample times a weight and their whole weighted sum stay below 1<<30 (see
// maxShrink), so the halves never touch. A pair of pixels takes three words:
//
//	R0 | B0<<32,  R1 | B1<<32,  G0 | G1<<32
const (
	laneHalf = 1<<(precision-1) | 1<<(precision-1+32) // one half, for rounding, in both lanes
	laneByte = 0xff | 0xff<<32
)

// words is how many words a row of n pixels takes.
func words(n int) int { return 3 * ((n + 1) / 2) }

// split spreads a row of RGBA pixels over lanes, dropping alpha.
func split(lanes []uint64, rgba []byte) {
	n := len(rgba) / 4
	for x := 0; x+1 < n; x += 2 {
		p := rgba[4*x : 4*x+8 : 4*x+8]
		l := lanes[3*(x/2) : 3*(x/2)+3 : 3*(x/2)+3]
		l[0] = uint64(p[0]) | uint64(p[2])<<32
		l[1] = uint64(p[4]) | uint64(p[6])<<32
		l[2] = uint64(p[1]) | uint64(p[5])<<32
	}
	if n%2 == 1 {
		p, l := rgba[4*(n-1):], lanes[3*(n/2):]
		l[0], l[1], l[2] = uint64(p[0])|uint64(p[2])<<32, 0, uint64(p[1])
	}
}

// join is split's inverse on weighted sums: it shifts the fraction away and
// writes n pixels of step bytes (3 or 4; a fourth byte is left alone), each
// stride bytes after the other.
func join(dst []byte, stride int, sums []uint64, n int) {
	for x := 0; x < n; x++ {
		l := sums[3*(x/2) : 3*(x/2)+3 : 3*(x/2)+3]
		rb, g := l[x&1]>>precision, l[2]>>(precision+32*uint(x&1))
		p := dst[x*stride : x*stride+3 : x*stride+3]
		p[0], p[1], p[2] = byte(rb), byte(g), byte(rb>>32)
	}
}

// filter filters a row of RGBA pixels into lanes of k.out pixels, rounded back
// to bytes.
func (k *kernel) filter(lanes []uint64, rgba []byte) {
	for o := 0; o < k.out; o += 2 {
		rb0, g0 := k.sum(rgba, o)
		rb1, g1 := uint64(0), uint64(0)
		if o+1 < k.out {
			rb1, g1 = k.sum(rgba, o+1)
		}
		l := lanes[3*(o/2) : 3*(o/2)+3 : 3*(o/2)+3]
		l[0] = rb0 >> precision & laneByte
		l[1] = rb1 >> precision & laneByte
		l[2] = g0>>precision | g1>>precision<<32
	}
}

// sum is one output of the filter: red and blue in lanes, green alone.
func (k *kernel) sum(rgba []byte, o int) (rb, g uint64) {
	n := k.n[o]
	weights := k.weights[k.at[o] : k.at[o]+n]
	rgba = rgba[4*k.first[o] : 4*(k.first[o]+n)]
	rb, g = laneHalf, 1<<(precision-1)
	for i, w := range weights {
		p := rgba[4*i : 4*i+4 : 4*i+4]
		v := uint64(uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24)
		rb += (v&0xff | v&0xff0000<<16) * w
		g += (v >> 8 & 0xff) * w
	}
	return rb, g
}

// accumulate adds w times a row to sums.
func accumulate(sums, row []uint64, w uint64) {
	row = row[:len(sums)]
	for i := range sums {
		sums[i] += row[i] * w
	}
}
