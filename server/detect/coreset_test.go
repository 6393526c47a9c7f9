package detect

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainGreedy updates every row after every choice: PatchCore's search as written.
func plainGreedy(c cloud, near []float32, k int) []int {
	var picked []int
	for len(picked) < k {
		at := 0
		for i, v := range near {
			if v > near[at] {
				at = i
			}
		}
		if near[at] == 0 {
			break
		}
		picked = append(picked, at)
		for i := range near {
			near[i] = min(near[i], c.squared(i, at))
		}
		near[at] = 0
	}
	return picked
}

// clusters makes n points around a few centres, some of them twice.
func clusters(rng *rand.Rand, n, d int) []float32 {
	centres := make([]float32, 12*d)
	for i := range centres {
		centres[i] = float32(rng.NormFloat64()) * 3
	}
	x := make([]float32, n*d)
	for i := range n {
		at, spread := rng.IntN(12), rng.Float64()
		for j := range d {
			x[i*d+j] = centres[at*d+j] + float32(rng.NormFloat64()*spread)
		}
		if i > 0 && i%7 == 0 {
			copy(x[i*d:(i+1)*d], x[(i-1)*d:i*d])
		}
	}
	return x
}

func TestCoresetEqualsPlainGreedy(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n, d := 300+rng.IntN(1500), 4+rng.IntN(60)
		x := clusters(rng, n, d)
		k := 1 + rng.IntN(n)
		got, err := Coreset(context.Background(), rand.New(rand.NewPCG(seed, 2)), x, d, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		again := rand.New(rand.NewPCG(seed, 2))
		c := project(again, x, d, nil)
		if want := plainGreedy(c, startDistances(again, c), k); !slices.Equal(got, want) {
			t.Errorf("seed %d, %d of %d points: choices differ (%d and %d of them)", seed, k, n, len(got), len(want))
		}
	}
}

// The point of k-centre: rare rows, which a random choice misses, are covered.
func TestCoresetCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	const n, d, k = 4000, 32, 400
	x := clusters(rng, n, d)
	for i := range 20 { // strays
		for j := range d {
			x[(i*200+3)*d+j] += float32(rng.NormFloat64() * 8)
		}
	}
	picked, err := Coreset(context.Background(), rng, x, d, k, nil)
	if err != nil || len(picked) != k {
		t.Fatalf("%d picked, %v", len(picked), err)
	}
	radius := func(of []int) float64 {
		worst := 0.0
		for i := range n {
			best := math.Inf(1)
			for _, j := range of {
				s := 0.0
				for a := range d {
					v := float64(x[i*d+a] - x[j*d+a])
					s += v * v
				}
				best = min(best, s)
			}
			worst = max(worst, best)
		}
		return math.Sqrt(worst)
	}
	greedy, random := radius(picked), radius(rng.Perm(n)[:k])
	if greedy > 0.25*random {
		t.Errorf("covering radius %.2f, of random rows %.2f", greedy, random)
	}
}

func TestCoresetEdges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	same := slices.Repeat([]float32{1, 2, 3}, 50)
	picked, err := Coreset(context.Background(), rng, same, 3, 10, nil)
	if err != nil || len(picked) > 1 {
		t.Errorf("equal rows: %d picked, %v", len(picked), err)
	}
	all, err := Coreset(context.Background(), rng, clusters(rng, 6, 5), 5, 100, nil)
	if err != nil || len(all) != 6 {
		t.Errorf("k beyond n: %d picked, %v", len(all), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Coreset(ctx, rng, clusters(rng, 500, 5), 5, 100, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The lite preset's size: 5,000 of 60,000 rows.
func BenchmarkCoreset(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 2))
	x := clusters(rng, 60_000, 256)
	for b.Loop() {
		if _, err := Coreset(context.Background(), rng, x, 256, 5000, nil); err != nil {
			b.Fatal(err)
		}
	}
}
