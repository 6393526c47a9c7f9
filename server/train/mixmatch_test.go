package train

import (
	"math"
	"testing"

	"semirest/shared/block"
)

func TestSharpen(t *testing.T) {
	for _, c := range []struct{ p, temperature, want float64 }{
		{0.8, 0.5, 0.64 / (0.64 + 0.04)}, {0.5, 0.5, 0.5}, {0.3, 1, 0.3}, {0, 0.5, 0}, {1, 0.5, 1},
		{0.2, 0.25, 0.0016 / (0.0016 + 0.4096)}, {0.7, 1e-9, 0.7},
	} {
		if got := Sharpen(c.p, c.temperature); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Sharpen(%g, %g) = %g, want %g", c.p, c.temperature, got, c.want)
		}
	}
}

func TestGuessIsOneForAllCopies(t *testing.T) {
	b := newBatch(shape{windows: 2, side: 2, block: 1, dim: 1}) // one window of four blocks, two copies
	for i, l := range []block.Label{block.Unknown, block.Normal, block.Unknown, block.Anomalous} {
		b.Labels[i], b.Labels[4+i] = l, l
	}
	b.setTargets()
	b.guess([]float32{0.9, 0.1, 0.2, 0.3, 0.5, 0.4, 0.6, 0.8}, 2, 0.5)
	for i, p := range map[int]float64{0: 0.7, 2: 0.4} {
		want := Sharpen(p, 0.5)
		for _, t0 := range []int{i, 4 + i} {
			if math.Abs(float64(b.Target[2*t0+1])-want) > 1e-6 || math.Abs(float64(b.Target[2*t0]+b.Target[2*t0+1])-1) > 1e-6 {
				t.Errorf("block %d: target %v, want %g", t0, b.Target[2*t0:2*t0+2], want)
			}
		}
	}
	if b.Target[3] != 0 || b.Target[7] != 1 {
		t.Error("a labelled block lost its label")
	}
}

func TestNoiseStaysInBoundsAndKeepsSigns(t *testing.T) {
	b := newBatch(shape{windows: 1, side: 20, block: 1, dim: 100})
	for i := range b.Residual {
		b.Residual[i] = float32(1 - 2*(i%2))
	}
	b.noise(seeded(3), 0.2, 0.223)
	blocks, channels := 0, 0
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range 400 {
		n := 0
		for j, v := range b.cell(0, i) {
			was := float64(1 - 2*((i*100+j)%2))
			f := float64(v) * was
			lo, hi = min(lo, f), max(hi, f)
			if f != 1 {
				n++
			}
		}
		if n > 0 {
			blocks++
			channels += n
		}
	}
	if lo < math.Exp(-0.2231) || hi > math.Exp(0.2231) {
		t.Errorf("factors from %g to %g", lo, hi)
	}
	if blocks < 160 || blocks > 240 {
		t.Errorf("%d of 400 blocks, want about half", blocks)
	}
	if share := float64(channels) / float64(blocks*100); share < 0.47 || share > 0.53 {
		t.Errorf("share %.3f of the channels, want half", share)
	}
}

func TestMixRatioIsAtLeastHalf(t *testing.T) {
	rng := seeded(4)
	sum := 0.0
	for range 2000 {
		l := mixRatio(rng, 0.75)
		if l < 0.5 || l > 1 {
			t.Fatalf("lambda %g", l)
		}
		sum += l
	}
	// E[max(l, 1-l)] of Beta(0.75, 0.75) is 0.7854 by numerical integration.
	if mean := sum / 2000; math.Abs(mean-0.7854) > 0.012 {
		t.Errorf("mean %.4f, want 0.785", mean)
	}
}

func TestMix(t *testing.T) {
	const n = 400
	b := newBatch(shape{windows: 1, side: 20, block: 1, dim: 2})
	for i := range n {
		b.cell(0, i)[0], b.cell(0, i)[1] = float32(i), -float32(i)
		b.Labels[i] = block.Label(i % 4)
	}
	b.setTargets()
	for i := 0; i < n; i += 4 { // unknown
		b.Target[2*i], b.Target[2*i+1] = 0.4, 0.6
	}
	before := newBatch(shape{windows: 1, side: 20, block: 1, dim: 2})
	copy(before.Residual, b.Residual)
	copy(before.Target, b.Target)
	b.mix(seeded(6), 0.75, 0.5)

	partners := map[int]bool{}
	moved := map[block.Label]int{}
	for i := range n {
		v, was := b.cell(0, i), before.cell(0, i)
		if v[0] == was[0] && b.Target[2*i] == before.Target[2*i] {
			continue
		}
		moved[b.Labels[i]]++
		// 0.75 i + 0.25 j, so the partner can be read off.
		j := int(math.Round((float64(v[0]) - 0.75*float64(i)) / 0.25))
		if j < 0 || j >= n || partners[j] {
			t.Fatalf("block %d: partner %d is none, or is used twice", i, j)
		}
		partners[j] = true
		if b.Labels[j] == block.Ignored {
			t.Fatal("an ignored block was mixed in")
		}
		if v[1] != -v[0] {
			t.Fatal("channels were mixed with different partners")
		}
		for c := range 2 {
			want := 0.75*before.Target[2*i+c] + 0.25*before.Target[2*j+c]
			if math.Abs(float64(b.Target[2*i+c]-want)) > 1e-6 {
				t.Fatalf("block %d: target %v, want %g", i, b.Target[2*i:2*i+2], want)
			}
		}
	}
	if moved[block.Ignored] != 0 {
		t.Error("ignored blocks were mixed")
	}
	if moved[block.Unknown] < 97 { // a permutation may leave one or two in place
		t.Errorf("%d of 100 unknown blocks were mixed", moved[block.Unknown])
	}
	if k := moved[block.Normal] + moved[block.Anomalous]; k < 97 || k > 100 {
		t.Errorf("%d of 200 labelled blocks were mixed, want half", k)
	}
}
