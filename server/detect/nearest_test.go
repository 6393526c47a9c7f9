package detect

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"semirest/server/ort"
)

// bruteForce is the definition: all distances in float64, the k smallest.
func bruteForce(bank []float32, d int, f []float32, k int, skip func(row int) bool) (rows []int, squared []float64) {
	for len(rows) < k {
		best, at := math.Inf(1), -1
		for r := range len(bank) / d {
			taken := skip(r)
			for _, other := range rows {
				taken = taken || other == r
			}
			if taken {
				continue
			}
			s := 0.0
			for j := range d {
				v := float64(bank[r*d+j]) - float64(f[j])
				s += v * v
			}
			if s < best {
				best, at = s, r
			}
		}
		rows, squared = append(rows, at), append(squared, best)
	}
	return rows, squared
}

// oneBank is a model of a bank alone, of features of d numbers.
func oneBank(bank Bank, d int) *Model {
	return &Model{Spec: Spec{Views: []View{{Feature: Feature{Dim: d}}}}, Banks: []Bank{bank}}
}

// Features far from the origin and close to each other are where |f|^2 - 2fm +
// |m|^2 loses its digits.
func TestSearchEqualsBruteForce(t *testing.T) {
	startORT(t)
	for _, c := range []struct {
		name         string
		rows, d, q   int
		offset, size float64
	}{
		{"plain", 400, 24, 700, 0, 1}, // more than one chunk of queries
		{"far from the origin", 300, 16, 90, 100, 1},
		{"close together", 300, 16, 90, 5, 0.02},
		{"fewer rows than neighbours", 2, 8, 20, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(c.rows), uint64(c.q)))
			draw := func(n int) []float32 {
				x := make([]float32, n*c.d)
				for i := range x {
					x[i] = float32(c.offset + c.size*rng.NormFloat64())
				}
				return x
			}
			m := oneBank(Bank{Rows: draw(c.rows)}, c.d)
			for r := range c.rows {
				m.Banks[0].Image = append(m.Banks[0].Image, int32(r%7))
			}
			s, err := NewSearcher(m, ort.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			queries := draw(c.q)
			excludes := [][]int32{nil, {2}, {0, 5}}
			if c.rows < 7 {
				excludes = excludes[:1]
			}
			for _, exclude := range excludes {
				all, err := s.Search(context.Background(), [][]float32{queries}, exclude...)
				if err != nil {
					t.Fatal(err)
				}
				found := all[0]
				if found.K != min(Neighbours, c.rows) {
					t.Fatalf("K is %d", found.K)
				}
				for q := range c.q {
					rows, squared := bruteForce(m.Banks[0].Rows, c.d, queries[q*c.d:(q+1)*c.d], found.K, func(r int) bool {
						for _, id := range exclude {
							if m.Banks[0].Image[r] == id {
								return true
							}
						}
						return false
					})
					for k := range found.K {
						at := q*found.K + k
						if got := float64(found.Squared[at]); math.Abs(got-squared[k]) > 2e-6*squared[k]+1e-12 {
							t.Fatalf("exclude %v, query %d, neighbour %d: squared distance %v, want %v", exclude, q, k, got, squared[k])
						}
						if int(found.Rows[at]) != rows[k] {
							t.Fatalf("exclude %v, query %d, neighbour %d: row %d, want %d", exclude, q, k, found.Rows[at], rows[k])
						}
					}
				}
			}
		})
	}
}

func TestSearchRefusesAnEmptyRest(t *testing.T) {
	startORT(t)
	m := oneBank(Bank{Rows: []float32{1, 2, 3, 4, 5, 6, 7, 8}, Image: []int32{0, 0, 0, 1}}, 2)
	s, err := NewSearcher(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Search(context.Background(), [][]float32{{0, 0}}, 0); err == nil || !strings.Contains(err.Error(), "more images") {
		t.Errorf("error %v", err)
	}
}
