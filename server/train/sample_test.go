package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/models/weights"
	"semirest/shared/block"
)

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 1)) }

func TestHalf(t *testing.T) {
	for _, c := range []struct {
		f float32
		h uint16
	}{
		{0, 0}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {1e9, 0x7bff}, {-1e9, 0xfbff},
		{5.9604645e-8, 1}, {6.1035156e-5, 0x0400}, {0.333251953125, 0x3555},
		{1.00048828125, 0x3c00}, {1.00146484375, 0x3c02}, // ties go to even
	} {
		if got := weights.ToHalf(c.f); got != c.h {
			t.Errorf("toHalf(%g) = %#x, want %#x", c.f, got, c.h)
		}
	}
	for h := range 1 << 16 {
		f := widen[h]
		if f != f || math.IsInf(float64(f), 0) {
			continue
		}
		if back := weights.ToHalf(f); back != uint16(h) {
			t.Fatalf("%#x is %g and comes back as %#x", h, f, back)
		}
	}
}

// withLabels is a map whose labels are given.
func withLabels(name string, features []float32, near []int32, labels []block.Label) Map {
	m := NewMap(name, [][]float32{features}, [][]int32{near}, Known{Fraction: make([]float64, len(near)/3)})
	m.Labels = labels
	return m
}

// oneView are maps without pictures, of one view with d numbers.
func oneView(rows, cols, d int, bank []float32) *Maps {
	return &Maps{Rows: rows, Cols: cols, Block: 1, Dim: d, Views: []Reference{{Bank: bank, Dim: d, Unit: 1, Grid: block.Grid{Rows: rows, Cols: cols, Size: 8}}}}
}

// fixedMaps has rows x cols cells of 2 channels; bank row k is (k, -k); the
// neighbours of every cell are rows 1, 2, 3; the feature is 0, so that residuals
// name their neighbour.
func fixedMaps(rows, cols, normal, simulated, real int) *Maps {
	m := oneView(rows, cols, 2, []float32{0, 0, 1, -1, 2, -2, 3, -3})
	n := rows * cols
	picture := func(name string, label block.Label) Map {
		near, labels := make([]int32, 0, 3*n), make([]block.Label, n)
		for i := range n {
			near = append(near, 1, 2, 3)
			labels[i] = label
		}
		return withLabels(name, make([]float32, 2*n), near, labels)
	}
	for range normal {
		m.Normal = append(m.Normal, picture("n", block.Normal))
	}
	for range simulated {
		m.Simulated = append(m.Simulated, picture("s", block.Anomalous))
	}
	for range real {
		m.Real = append(m.Real, picture("r", block.Unknown))
	}
	return m
}

func small(t *testing.T, change func(*Settings)) Settings {
	t.Helper()
	s, err := Preset("paper", Semi)
	if err != nil {
		t.Fatal(err)
	}
	s.Window, s.Step, s.Attention = 8, 4, 4
	if change != nil {
		change(&s)
	}
	return s
}

func TestDrawTakesAFractionOfAllWindows(t *testing.T) {
	maps := fixedMaps(16, 16, 9, 9, 9)
	s := newSampler(small(t, nil), maps) // 3 + 3 + 2 pictures of 9 windows, p = 0.1: 7.2
	for seed := range uint64(20) {
		places := s.draw(seeded(seed))
		if len(places) != 7 || len(places) != s.Batch(9) {
			t.Fatalf("%d windows", len(places))
		}
		seen := map[place]bool{}
		for _, p := range places {
			if seen[p] {
				t.Fatal("a window was drawn twice")
			}
			seen[p] = true
		}
	}
}

func TestDrawOneWindowAnImage(t *testing.T) {
	maps := fixedMaps(16, 24, 5, 2, 4)
	s := newSampler(small(t, func(s *Settings) { s.PerImage, s.Simulated = true, 3 }), maps)
	places := s.draw(seeded(1))
	count := map[*Map]int{}
	for _, p := range places {
		count[p.picture]++
		if !slices.Contains(s.windows, p.at) {
			t.Errorf("no window starts at %v", p.at)
		}
	}
	if len(places) != 3+3+2 {
		t.Fatalf("%d windows", len(places))
	}
	for i := range maps.Normal {
		if count[&maps.Normal[i]] > 1 {
			t.Error("a normal picture was drawn twice though there are enough")
		}
	}
	if count[&maps.Simulated[0]]+count[&maps.Simulated[1]] != 3 {
		t.Error("two simulated pictures should fill three places")
	}
}

func TestSomeOfIsAUniformSample(t *testing.T) {
	rng := seeded(5)
	hits := make([]int, 10)
	for range 20000 {
		got := someOf(rng, 10, 3)
		if got[0] == got[1] || got[1] == got[2] || got[0] == got[2] {
			t.Fatal("a number came twice")
		}
		for _, i := range got {
			hits[i]++
		}
	}
	for i, n := range hits { // 6000 expected, standard deviation 65
		if n < 5700 || n > 6300 {
			t.Errorf("%d was drawn %d times, want about 6000", i, n)
		}
	}
}

func TestFillDrawsNeighboursByTheirOdds(t *testing.T) {
	maps := fixedMaps(8, 8, 1, 0, 0)
	s := newSampler(small(t, nil), maps)
	rng := seeded(2)
	b := newBatch(shape{windows: 1, side: 8, block: 1, dim: 2})
	hits := map[float32]float64{}
	const rounds = 500
	for range rounds {
		s.fill(rng, b, 0, place{picture: &maps.Normal[0]})
		for i := range 64 {
			v := b.cell(0, i)
			if v[1] != -v[0] {
				t.Fatal("a residual mixes two bank rows")
			}
			hits[v[0]]++
		}
	}
	for k, want := range map[float32]float64{1: 0.5, 2: 0.3, 3: 0.2} {
		if got := hits[k] / (64 * rounds); math.Abs(got-want) > 0.015 {
			t.Errorf("neighbour %g: share %.3f, want %.1f", k, got, want)
		}
	}
	s.KNN = false
	s.fill(rng, b, 0, place{picture: &maps.Normal[0]})
	for i := range 64 {
		if b.cell(0, i)[0] != 1 {
			t.Fatal("without K-NN augmentation only the first neighbour counts")
		}
	}
}

func TestFillBeyondTheMap(t *testing.T) {
	maps := fixedMaps(6, 8, 1, 0, 0)
	s := newSampler(small(t, nil), maps)
	b := newBatch(shape{windows: 1, side: 8, block: 1, dim: 2})
	s.fill(seeded(1), b, 0, place{picture: &maps.Normal[0]})
	for i := range 64 {
		beyond := i/8 >= 6
		if (b.Labels[i] == block.Ignored) != beyond || (b.cell(0, i)[0] == 0) != beyond {
			t.Errorf("row %d: label %v, residual %v", i/8, b.Labels[i], b.cell(0, i))
		}
	}
}

func TestFillMirrors(t *testing.T) {
	n := 8 * 8
	features := make([]float32, 2*n)
	labels := make([]block.Label, n)
	near := make([]int32, 3*n)
	for i := range n {
		features[2*i], features[2*i+1] = -float32(i/8), -float32(i%8) // residual (row, col)
		labels[i] = block.Normal
	}
	maps := oneView(8, 8, 2, []float32{0, 0})
	maps.Normal = []Map{withLabels("n", features, near, labels)}
	s := newSampler(small(t, nil), maps)
	b := newBatch(shape{windows: 1, side: 8, block: 1, dim: 2})
	s.fill(seeded(1), b, 0, place{picture: &maps.Normal[0], flipX: true})
	if v := b.cell(0, 8*2+1); v[0] != 2 || v[1] != 6 {
		t.Errorf("cell (2, 1) mirrored in x holds %v, want [2 6]", v)
	}
	s.fill(seeded(1), b, 0, place{picture: &maps.Normal[0], flipY: true})
	if v := b.cell(0, 8*2+1); v[0] != 5 || v[1] != 1 {
		t.Errorf("cell (2, 1) mirrored in y holds %v, want [5 1]", v)
	}
}

func TestDropZeroesTheSameNumberEverywhere(t *testing.T) {
	for seed := range uint64(10) {
		b := newBatch(shape{windows: 3, side: 10, block: 1, dim: 2})
		for i := range b.Residual {
			b.Residual[i] = 1
		}
		for i := range b.Labels {
			b.Labels[i] = block.Normal
		}
		b.drop(seeded(seed), 0.25)
		var dropped [3]int
		for i := range 300 {
			v := b.cell(i/100, i%100)
			zero := v[0] == 0 && v[1] == 0
			if zero != (b.Labels[i] == block.Ignored) {
				t.Fatal("a dropped block is still in the loss, or one in it was dropped")
			}
			if zero {
				dropped[i/100]++
			}
		}
		if dropped[0] != dropped[1] || dropped[1] != dropped[2] || dropped[0] > 25 {
			t.Errorf("seed %d: dropped %v", seed, dropped)
		}
	}
}

func TestWeighIsTheMeanOfEachLoss(t *testing.T) {
	b := newBatch(shape{windows: 6, side: 1, block: 1, dim: 1})
	copy(b.Labels, []block.Label{block.Normal, block.Anomalous, block.Ignored, block.Unknown, block.Unknown, block.Normal})
	b.setTargets()
	b.Target[6], b.Target[7] = 0.2, 0.8
	b.weigh(Settings{Loss: Loss{AlphaX: 0.25, AlphaU: 0.75}}, 2)
	wantX := []float32{0.25, 0.25 / 3, 0, 0, 0, 0.25}
	wantU := []float32{0, 0, 0, 0.75, 0.25, 0} // 2 * 0.75 / 2; even odds count as normal
	for i := range 6 {
		if math.Abs(float64(b.X[i]-wantX[i])) > 1e-7 || math.Abs(float64(b.U[i]-wantU[i])) > 1e-7 {
			t.Errorf("block %d: weights %g and %g, want %g and %g", i, b.X[i], b.U[i], wantX[i], wantU[i])
		}
	}
}

func TestScaleBringsNormalBlocksToTheLevel(t *testing.T) {
	rng := seeded(8)
	const cells, dim = 64, 6
	features, near := make([]float32, cells*dim), make([]int32, cells*3)
	for i := range features {
		features[i] = float32(rng.NormFloat64())
	}
	labels := make([]block.Label, cells)
	for i := range labels {
		labels[i] = block.Normal
	}
	labels[5] = block.Ignored
	for j := range dim {
		features[5*dim+j] = 1000 // must not count
	}
	maps := oneView(8, 8, dim, make([]float32, dim))
	p := withLabels("n", features, near, labels)
	for _, transform := range []string{Square, Abs} {
		scale, err := maps.Scale([]Map{p}, transform, 0.01)
		if err != nil {
			t.Fatal(err)
		}
		sum, n := 0.0, 0
		res := make([]float32, cells*dim)
		maps.Residuals(res, &p)
		for i, v := range res {
			if i/dim == 5 {
				continue
			}
			if transform == Abs {
				sum += scale * math.Abs(float64(v))
			} else {
				sum += scale * float64(v) * float64(v)
			}
			n++
		}
		if mean := sum / float64(n); math.Abs(mean-0.01) > 1e-9 {
			t.Errorf("%s: the mean normal residual is %g after scaling, want 0.01", transform, mean)
		}
	}
	if _, err := maps.Scale(nil, Square, 0.01); err == nil {
		t.Error("a scale came from no pictures")
	}
	same := withLabels("same", make([]float32, cells*dim), near, labels)
	if _, err := maps.Scale([]Map{same}, Square, 0.01); err == nil {
		t.Error("a scale came from residuals that are all zero")
	}
}

func TestMapsCheck(t *testing.T) {
	good := fixedMaps(4, 4, 1, 1, 0)
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	beyond := fixedMaps(4, 4, 1, 0, 0)
	beyond.Normal[0].looks[0].near[7] = 4
	nan := fixedMaps(4, 4, 1, 0, 0)
	nan.Normal[0].looks[0].features[3] = weights.ToHalf(float32(math.NaN()))
	for name, m := range map[string]*Maps{"neighbour": beyond, "NaN": nan} {
		if m.check() == nil {
			t.Errorf("%s: nothing was said", name)
		}
	}
}

// Blocks of 16 pixels are 2x2 cells: labels, dropout and mixing go by blocks.
func TestBlocksOfFourCells(t *testing.T) {
	const side = 8
	labels := make([]block.Label, 16)
	for i := range labels {
		labels[i] = block.Normal
	}
	labels[1] = block.Anomalous // block row 0, column 1
	features, near := make([]float32, 64), make([]int32, 192)
	for i := range features {
		features[i] = -float32(i)
	}
	maps := oneView(side, side, 1, []float32{0})
	maps.Block, maps.Normal = 2, []Map{withLabels("n", features, near, labels)}
	if err := maps.check(); err != nil {
		t.Fatal(err)
	}
	s := newSampler(small(t, func(s *Settings) { s.Block = 16 }), maps)
	b := newBatch(shape{windows: 1, side: side, block: 2, dim: 1})
	s.fill(seeded(1), b, 0, place{picture: &maps.Normal[0], flipX: true})
	var cells []float32
	b.each(2, func(k int, v []float32) { cells = append(cells, v[0]) })
	// Mirrored, block (0, 1) lies at (0, 2), its cells mirrored too.
	if b.Labels[2] != block.Anomalous || !slices.Equal(cells, []float32{3, 2, 11, 10}) {
		t.Errorf("block 2: %v, cells %v", b.Labels[2], cells)
	}
	b.setTargets()
	b.Labels[2] = block.Unknown
	b.mix(seeded(2), 0.75, 1)
	b.drop(seeded(3), 0.9)
	zero := 0
	for i := range b.Labels {
		all, n := true, 0
		b.each(i, func(_ int, v []float32) { n++; all = all && v[0] == 0 })
		if n != 4 {
			t.Fatalf("a block has %d cells", n)
		}
		if all != (b.Labels[i] == block.Ignored) {
			t.Errorf("block %d: %v, all zero: %v", i, b.Labels[i], all)
		}
		if all {
			zero++
		}
	}
	if zero == 0 {
		t.Error("nothing was dropped")
	}
}

func TestLabel(t *testing.T) {
	m := Map{known: Known{
		Fraction: []float64{0, 0.05, 0.3, 0.6, 0, 0.3, 0.6, 0},
		Inside:   []float64{0, 0, 0, 0.1, 0.2, 1, 1, 0.1},
	}}
	m.label(2, 4, 1, 0.5, 0.08)
	want := []block.Label{block.Normal, block.Normal, block.Ignored, block.Anomalous, block.Unknown, block.Unknown, block.Anomalous, block.Normal}
	if !slices.Equal(m.Labels, want) {
		t.Errorf("%v, want %v", m.Labels, want)
	}
	m.label(2, 4, 2, 0.35, 0.08) // means of four: 0.0875 and 0.375; inside 0.3 and 0.3
	if want := []block.Label{block.Unknown, block.Anomalous}; !slices.Equal(m.Labels, want) {
		t.Errorf("blocks of four: %v, want %v", m.Labels, want)
	}
}
