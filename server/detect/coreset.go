package detect

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Constants of the approximate greedy search (METHOD section 2; PatchCore,
// arXiv 2106.08265, section 3.2).
const (
	projectedDim = 128
	anchors      = 10
	maxPool      = 1_000_000 // more rows than this: a random million first
)

// Coreset chooses k of the n rows of points [n, d] by greedy k-centre search:
// each choice is the row farthest from all choices so far. Distances are taken
// in a random projection to 128 dimensions; a row's distance starts as its mean
// distance to 10 random rows, which are not chosen by that. The indices come
// in the order of choice, so a prefix is the smaller coreset. Fewer than k
// come back when every row left equals a chosen one.
//
// k is clamped to n. chosen, if not nil, is called now and then with the number
// of choices so far. The result depends on rng alone, not on the processors.
func Coreset(ctx context.Context, rng *rand.Rand, points []float32, d, k int, chosen func(int)) ([]int, error) {
	if d <= 0 || len(points)%d != 0 {
		panic("detect: points do not fit their dimension")
	}
	n := len(points) / d
	var pool []int // nil: all rows
	if n > maxPool {
		pool = rng.Perm(n)[:maxPool]
	}
	p := project(rng, points, d, pool)
	picked, err := farthestFirst(ctx, p, startDistances(rng, p), min(k, p.n), chosen)
	if pool != nil {
		for i, at := range picked {
			picked[i] = pool[at]
		}
	}
	return picked, err
}

// cloud is n points of projectedDim dimensions and their squared norms.
type cloud struct {
	n    int
	x    []float32 // [n, projectedDim]
	norm []float32
}

func (c cloud) row(i int) []float32 { return c.x[i*projectedDim : (i+1)*projectedDim] }

// squared is the squared distance between two rows, by the norms: one product a
// dimension. Rounding can take it a little below zero.
func (c cloud) squared(i, j int) float32 {
	return max(0, c.norm[i]+c.norm[j]-2*dot128(c.row(i), c.row(j)))
}

// project maps the rows (those of pool, or all) by a random linear map, weights
// uniform in +-1/sqrt(d), no bias.
func project(rng *rand.Rand, points []float32, d int, pool []int) cloud {
	w := make([]float32, d*projectedDim) // [d, projectedDim]
	scale := float32(1 / math.Sqrt(float64(d)))
	for i := range w {
		w[i] = (2*rng.Float32() - 1) * scale
	}
	n := len(points) / d
	if pool != nil {
		n = len(pool)
	}
	// The map keeps squared distances up to a common factor and a relative error of about
	// sqrt(2/128), an eighth: enough to say which row is far from all chosen ones.
	c := cloud{n: n, x: make([]float32, n*projectedDim), norm: make([]float32, n)}
	parallel(n, func(from, to int) {
		for i := from; i < to; i++ {
			at := i
			if pool != nil {
				at = pool[i]
			}
			out := c.row(i)
			for j, v := range points[at*d : (at+1)*d] {
				axpy128(out, v, w[j*projectedDim:(j+1)*projectedDim])
			}
			c.norm[i] = dot128(out, out)
		}
	})
	return c
}

// startDistances is the square of each row's mean distance to random rows.
func startDistances(rng *rand.Rand, c cloud) []float32 {
	of := make([]int, min(anchors, c.n))
	for i := range of {
		of[i] = rng.IntN(c.n)
	}
	out := make([]float32, c.n)
	parallel(c.n, func(from, to int) {
		for i := from; i < to; i++ {
			sum := 0.0
			for _, a := range of {
				sum += math.Sqrt(float64(c.squared(i, a)))
			}
			// The search compares squared distances; the mean is one of distances.
			mean := sum / float64(len(of))
			out[i] = float32(mean * mean)
		}
	})
	return out
}

// farthestFirst is the greedy search. near[i] holds an upper bound of row i's
// squared distance to the chosen rows: it only falls as rows are chosen, so a
// row whose bound is below the present maximum need not be brought up to date.
// The search therefore works on candidates, the rows above a threshold a little
// below the maximum; when none is left above it, the threshold is lowered, and
// the rows between are brought up to date, each only until it drops below. The
// choices are those of the plain search, which updates every row every time
// (the oracle in coreset_test.go), for a fraction of the products.
func farthestFirst(ctx context.Context, c cloud, near []float32, k int, chosen func(int)) ([]int, error) {
	const lower = 0.93 // the next threshold over the maximum; only speed depends on it
	picked := make([]int, 0, k)
	seen := make([]int32, c.n) // row i has met picked[:seen[i]]
	centres := cloud{x: make([]float32, 0, k*projectedDim)}
	var candidates []int32
	for len(picked) < k {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		// The maximum of the bounds is at least the true one.
		var bound float32
		for _, v := range near {
			bound = max(bound, v)
		}
		if bound == 0 {
			break
		}
		threshold := bound * lower
		parallel(c.n, func(from, to int) {
			for i := from; i < to; i++ {
				for near[i] > threshold && int(seen[i]) < len(picked) {
					near[i] = min(near[i], c.toCentre(i, centres, int(seen[i])))
					seen[i]++
				}
			}
		})
		candidates = candidates[:0]
		for i, v := range near {
			if v > threshold {
				candidates = append(candidates, int32(i))
			}
		}
		for len(picked) < k {
			best, at := threshold, int32(-1)
			for _, i := range candidates { // in index order: the first of equals wins
				if near[i] > best {
					best, at = near[i], i
				}
			}
			if at < 0 {
				break
			}
			picked = append(picked, int(at))
			centres.x = append(centres.x, c.row(int(at))...)
			centres.norm = append(centres.norm, c.norm[at])
			last := len(picked) - 1
			parallel(len(candidates), func(from, to int) {
				for _, i := range candidates[from:to] {
					near[i] = min(near[i], c.toCentre(int(i), centres, last))
					seen[i]++
				}
			})
			near[at] = 0
			if chosen != nil && len(picked)%64 == 0 {
				chosen(len(picked))
			}
			if len(picked)%256 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	if chosen != nil {
		chosen(len(picked))
	}
	return picked, nil
}

// toCentre is the squared distance of row i to the j-th chosen row.
func (c cloud) toCentre(i int, centres cloud, j int) float32 {
	return max(0, c.norm[i]+centres.norm[j]-2*dot128(c.row(i), centres.row(j)))
}

// dot128 is the inner product of two rows of projectedDim numbers. Eight sums
// keep the processor's adders busy; a single one would wait for itself.
func dot128(a, b []float32) float32 {
	a, b = a[:projectedDim], b[:projectedDim]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for i := 0; i <= projectedDim-8; i += 8 {
		p, q := (*[8]float32)(a[i:]), (*[8]float32)(b[i:])
		s0 += p[0] * q[0]
		s1 += p[1] * q[1]
		s2 += p[2] * q[2]
		s3 += p[3] * q[3]
		s4 += p[4] * q[4]
		s5 += p[5] * q[5]
		s6 += p[6] * q[6]
		s7 += p[7] * q[7]
	}
	return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
}

// axpy128 adds v times b to a, projectedDim numbers each.
func axpy128(a []float32, v float32, b []float32) {
	a, b = a[:projectedDim], b[:projectedDim]
	for i := 0; i <= projectedDim-8; i += 8 {
		p, q := (*[8]float32)(a[i:]), (*[8]float32)(b[i:])
		p[0] += v * q[0]
		p[1] += v * q[1]
		p[2] += v * q[2]
		p[3] += v * q[3]
		p[4] += v * q[4]
		p[5] += v * q[5]
		p[6] += v * q[6]
		p[7] += v * q[7]
	}
}

// parallel runs do over [0, n) in one contiguous part a processor.
func parallel(n int, do func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), n/256)
	if parts <= 1 {
		do(0, n)
		return
	}
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { do(p*n/parts, (p+1)*n/parts) })
	}
	wg.Wait()
}
