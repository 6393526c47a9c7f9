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
			m := &Model{Bank: draw(c.rows)}
			m.Feature.Dim = c.d
			for r := range c.rows {
				m.BankImage = append(m.BankImage, int32(r%7))
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
				found, err := s.Search(context.Background(), queries, exclude...)
				if err != nil {
					t.Fatal(err)
				}
				if found.K != min(Neighbours, c.rows) {
					t.Fatalf("K is %d", found.K)
				}
				for q := range c.q {
					rows, squared := bruteForce(m.Bank, c.d, queries[q*c.d:(q+1)*c.d], found.K, func(r int) bool {
						for _, id := range exclude {
							if m.BankImage[r] == id {
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
	m := &Model{Bank: []float32{1, 2, 3, 4, 5, 6, 7, 8}, BankImage: []int32{0, 0, 0, 1}}
	m.Feature.Dim = 2
	s, err := NewSearcher(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Search(context.Background(), []float32{0, 0}, 0); err == nil || !strings.Contains(err.Error(), "more images") {
		t.Errorf("error %v", err)
	}
}
