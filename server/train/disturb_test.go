package train

import (
	"math"
	"testing"

	"semirest/shared/block"
)

// A disturbed window is anomalous exactly where its residuals were moved, by as much as
// the numbers' own spread says.
func TestDisturb(t *testing.T) {
	const side = 16
	maps := fixedMaps(side, side, 1, 0, 0)
	maps.RMS = []float32{1, 100}
	s := newSampler(small(t, func(s *Settings) { s.Window, s.KNN = side, false }), maps)
	b := newBatch(shape{windows: 1, side: side, block: 1, dim: 2})
	var sums [2]float64
	moved := 0
	for seed := range uint64(40) {
		s.fill(seeded(seed), b, 0, place{picture: &maps.Normal[0], disturbed: true})
		for i := range b.cells() {
			r := b.cell(0, i)
			was := r[0] == 1 && r[1] == -1
			if was == (b.Labels[i] == block.Anomalous) {
				t.Fatalf("seed %d, cell %d: residual %v is called %v", seed, i, r, b.Labels[i])
			}
			if !was {
				moved++
				sums[0] += math.Pow(float64(r[0]-1), 2)
				sums[1] += math.Pow(float64(r[1]+1), 2)
			}
		}
	}
	if moved == 0 || moved == 40*side*side {
		t.Fatalf("%d cells were moved", moved)
	}
	for j, want := range maps.RMS {
		if got := math.Sqrt(sums[j]/float64(moved)) / float64(want); got < disturbLow || got > disturbHigh {
			t.Errorf("number %d was moved by %g of its spread", j, got)
		}
	}
}

// Blocks of four cells that are partly disturbed are left out of the loss, or anomalous.
func TestDisturbBlocks(t *testing.T) {
	const side = 16
	maps := fixedMaps(side, side, 1, 0, 0)
	maps.RMS, maps.Block = []float32{1, 1}, 2
	maps.Normal[0].Labels = make([]block.Label, side*side/4)
	for i := range maps.Normal[0].Labels {
		maps.Normal[0].Labels[i] = block.Normal
	}
	s := newSampler(small(t, func(s *Settings) { s.Window, s.KNN, s.Block = side, false, 16 }), maps)
	b := newBatch(shape{windows: 1, side: side, block: 2, dim: 2})
	for seed := range uint64(20) {
		s.fill(seeded(seed), b, 0, place{picture: &maps.Normal[0], disturbed: true})
		for i := range b.blocks() {
			n := 0
			b.each(i, func(_ int, r []float32) {
				if r[0] != 1 || r[1] != -1 {
					n++
				}
			})
			want := [...]block.Label{block.Normal, block.Ignored, block.Anomalous, block.Anomalous, block.Anomalous}[n]
			if b.Labels[i] != want {
				t.Fatalf("seed %d, block %d: %d of 4 cells moved, called %v", seed, i, n, b.Labels[i])
			}
		}
	}
}
