package detect

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

func TestFitFindsADefect(t *testing.T) {
	m := smallModel(t)
	if len(m.Banks[0].Rows) != 300*m.Dim() || m.BankSize() != (BankSize{Rows: 300, Pool: 3000, Of: 10 * 32 * 32}) {
		t.Errorf("bank of %d numbers, %+v", len(m.Banks[0].Rows), m.BankSize())
	}
	if len(m.Images) != 10 || len(m.HeldOut) != 2 || slices.ContainsFunc(m.HeldOut, func(n string) bool { return slices.Contains(m.Images, n) }) {
		t.Errorf("images %v, held out %v", m.Images, m.HeldOut)
	}
	if m.Threshold.Images != 2 || m.Threshold.Method != LogNormal {
		t.Errorf("threshold %+v", m.Threshold)
	}
	for _, s := range m.Views[0].Feature.LayerScales {
		if !positive(s) || s == 1 {
			t.Errorf("layer scales %v", m.Views[0].Feature.LayerScales)
		}
	}
	s, err := NewScorer(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	normal, err := s.Picture(context.Background(), fabric(100, square), square)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := s.Picture(context.Background(), spoil(fabric(101, square), square, 120, 64), square)
	if err != nil {
		t.Fatal(err)
	}
	bad.Calibrate(m.Threshold.Value)
	normal.Calibrate(m.Threshold.Value)
	top, row, col := bad.Max()
	if usual, _, _ := normal.Max(); usual > 1.1 || top < 1.5 {
		t.Errorf("calibrated scores: normal %.3f, defect %.3f", usual, top)
	}
	// The square covers rows 8..11 and columns 15..18.
	if row < 7 || row > 12 || col < 14 || col > 19 {
		t.Errorf("hottest block (%d, %d) lies outside the defect", row, col)
	}
}

// The bank depends on the seed alone.
func TestFitRepeats(t *testing.T) {
	m := smallModel(t)
	again, err := Fit(context.Background(), quick(t), fabrics{n: 12, size: square}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Banks[0].Rows, again.Banks[0].Rows) || !slices.Equal(m.Banks[0].Image, again.Banks[0].Image) || m.Threshold != again.Threshold {
		t.Error("the same seed gives another model")
	}
	cfg := quick(t)
	cfg.Seed = 1
	other, err := Fit(context.Background(), cfg, fabrics{n: 12, size: square}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(m.Banks[0].Rows, other.Banks[0].Rows) {
		t.Error("another seed gives the same bank")
	}
}

// Every bank row is a feature of the image its id names: searched in that
// image's features it is there at distance 0, and excluded it is not.
func TestBankRowsKeepTheirImage(t *testing.T) {
	m := smallModel(t)
	e, err := NewExtractor(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s, err := NewSearcher(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const id = 4
	var number int
	for i := range 12 {
		if (fabrics{}).Name(i) == m.Images[id] {
			number = i
		}
	}
	_, crops, err := m.Crops(fabric(uint64(number), square), square)
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Features(context.Background(), crops[0], make([]block.Cell, 1))
	if err != nil {
		t.Fatal(err)
	}
	zeros := func(exclude ...int32) (n int) {
		found, err := s.Search(context.Background(), f, exclude...)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(found[0].Squared); i += found[0].K {
			if found[0].Squared[i] < 1e-6 {
				n++
				if m.Banks[0].Image[found[0].Rows[i]] != id {
					t.Errorf("the row at distance 0 is of image %d", m.Banks[0].Image[found[0].Rows[i]])
				}
			}
		}
		return n
	}
	rows := 0
	for _, image := range m.Banks[0].Image {
		if image == id {
			rows++
		}
	}
	if got := zeros(); got != rows || rows == 0 {
		t.Errorf("%d of the image's features are in the bank, want its %d rows", got, rows)
	}
	if got := zeros(id); got != 0 {
		t.Errorf("%d features find themselves though their image is excluded", got)
	}
}

// With few images none is held out; the threshold is above what the bank says of
// its own images without exclusion, which is near zero.
func TestFitFewImages(t *testing.T) {
	startORT(t)
	m, err := Fit(context.Background(), quick(t), fabrics{n: 3, size: square}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.HeldOut) != 0 || len(m.Images) != 3 || m.Threshold.Images != 3 {
		t.Errorf("images %v, held out %v, threshold %+v", m.Images, m.HeldOut, m.Threshold)
	}
	whole := smallModel(t)
	if ratio := m.Threshold.Value / whole.Threshold.Value; ratio < 0.3 || ratio > 3 {
		t.Errorf("threshold %.3f, with more images %.3f", m.Threshold.Value, whole.Threshold.Value)
	}
}

// Blank pictures leave nothing to choose from.
func TestFitRefusesBlankPictures(t *testing.T) {
	startORT(t)
	cfg := quick(t)
	cfg.PositionWeight = 0
	_, err := Fit(context.Background(), cfg, blanks{}, nil)
	if err == nil {
		t.Error("blank pictures make a detector")
	}
}

type blanks struct{ fabrics }

func (blanks) Len() int { return 2 }
func (blanks) Picture(int) ([]byte, prep.Size, error) {
	return make([]byte, 3*256*256), square, nil
}

func TestFitRefuses(t *testing.T) {
	startORT(t)
	for _, c := range []struct {
		name   string
		source fabrics
		change func(*FitConfig)
		says   string
	}{
		{"no pictures", fabrics{n: 0}, nil, "at least 2"},
		{"one picture", fabrics{n: 1, size: square}, nil, "at least 2"},
		{"a damaged picture", fabrics{n: 3, size: square, broken: 2}, nil, "fabric-02 is damaged"},
		{"an odd size", fabrics{n: 3, size: square}, func(c *FitConfig) { c.Ref = 300 }, "multiple of 64"},
		{"no bank", fabrics{n: 3, size: square}, func(c *FitConfig) { c.BankRows = 0 }, "bank"},
		{"a bank of two rows", fabrics{n: 3, size: square}, func(c *FitConfig) { c.BankRows = 2 }, "rows"},
		{"a fraction above 1", fabrics{n: 3, size: square}, func(c *FitConfig) { c.BankRows, c.BankFraction = 0, 1.5 }, "fraction"},
		{"all held out", fabrics{n: 3, size: square}, func(c *FitConfig) { c.HoldOut = 1 }, "held out"},
		{"a rate of 0", fabrics{n: 3, size: square}, func(c *FitConfig) { c.FalseAlarmRate = 0 }, "false-alarm rate"},
		{"tiles larger than the picture", fabrics{n: 3, size: square},
			func(c *FitConfig) { c.Tile, c.TileSide = prep.Tile{Ref: 256, Overlap: 32}, 512 }, "tiles of 512"},
		{"an overlap that is the tile", fabrics{n: 3, size: square},
			func(c *FitConfig) { c.Tile, c.TileSide = prep.Tile{Ref: 256, Overlap: 128}, 128 }, "overlap"},
		{"weights of another network", fabrics{n: 3, size: square}, func(c *FitConfig) { c.Backbone = "efficientnet_lite0" }, "efficientnet_lite0"},
		{"an unknown backbone", fabrics{n: 3, size: square}, func(c *FitConfig) { c.Backbone = "vgg" }, "vgg"},
	} {
		cfg := quick(t)
		if c.change != nil {
			c.change(&cfg)
		}
		if _, err := Fit(context.Background(), cfg, c.source, nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.says)
		}
	}
}

func TestFitStopsWhenCancelled(t *testing.T) {
	startORT(t)
	for _, stage := range []Stage{StageFeatures, StageCoreset, StageThreshold} {
		ctx, cancel := context.WithCancel(context.Background())
		reached := false
		m, err := Fit(ctx, quick(t), fabrics{n: 12, size: square}, func(p Progress) {
			if p.Stage == stage {
				reached = true
				cancel()
			}
			if p.Done > p.Total || p.Done < 0 {
				t.Errorf("progress %+v", p)
			}
		})
		cancel()
		if !reached || m != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled during %s: error %v", stage, err)
		}
	}
}

// rms deviation of a layer: of numbers around their channels' means.
func TestLayerScales(t *testing.T) {
	m := smallModel(t)
	layers, d := sizes(m.net.Architecture, m.Views[0].Feature.Layers)
	rows := make([]float32, 0, 4*d)
	for _, s := range []float32{1, -1, 1, -1} {
		for j := range d {
			level := float32(j) // the channels' own levels don't count
			size := float32(2)
			if j >= layers[0] {
				size = 5
			}
			rows = append(rows, level+s*size)
		}
	}
	p := pool{stats: make([]moments, d)}
	if err := p.count(rows); err != nil {
		t.Fatal(err)
	}
	fresh := m.Views[0]
	fresh.Feature.LayerScales = make([]float64, len(layers))
	p.finish(m, &fresh, true, 0)
	for i, want := range []float64{2, 5, 5} {
		if got := fresh.Feature.LayerScales[i]; math.Abs(got-want) > 1e-9 {
			t.Errorf("layer %d: scale %v, want %v", i, got, want)
		}
	}
	// Each layer counts half as much as the one before; the mean square stays 1.
	p.finish(m, &fresh, true, 0.5)
	square := 0.0
	for i, n := range layers {
		size := 5.0
		if i == 0 {
			size = 2
		}
		weight := size / fresh.Feature.LayerScales[i]
		square += float64(n) * weight * weight / float64(d)
		if first := 2 / fresh.Feature.LayerScales[0]; math.Abs(weight-first*math.Pow(0.5, float64(i))) > 1e-9 {
			t.Errorf("layer %d: weight %v, the first's is %v", i, weight, first)
		}
	}
	if math.Abs(square-1) > 1e-9 {
		t.Errorf("the mean square is %v, want 1", square)
	}
	bad := slices.Repeat([]float32{1}, d)
	bad[7] = float32(math.NaN())
	if err := p.count(bad); err == nil {
		t.Error("a number that is not finite is counted")
	}
}
