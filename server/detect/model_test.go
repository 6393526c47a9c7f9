package detect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"semirest/models/weights"
	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// textures are pictures of grainy stripes, each a little different.
type textures struct {
	n    int
	size prep.Size
}

func (s textures) Len() int          { return s.n }
func (s textures) Name(i int) string { return "texture-" + strconv.Itoa(i) }

func (s textures) Picture(i int) ([]byte, prep.Size, error) {
	rng := rand.New(rand.NewPCG(uint64(i), 77))
	phase, pitch := rng.Float64()*6, 0.3+0.02*rng.Float64()
	rgb := make([]byte, 0, 3*s.size.W*s.size.H)
	for y := range s.size.H {
		for x := range s.size.W {
			v := 120 + 40*math.Sin(pitch*float64(x)+phase) + 20*math.Sin(0.05*float64(y)) + 8*rng.NormFloat64()
			rgb = append(rgb, byte(v), byte(v*0.9), byte(v*0.7))
		}
	}
	return rgb, s.size, nil
}

// scratched is picture i with a bright bar, which no training picture has.
func (s textures) scratched(i int) []byte {
	rgb, _, _ := s.Picture(i)
	for y := s.size.H / 2; y < s.size.H/2+12; y++ {
		for x := s.size.W / 4; x < s.size.W/2; x++ {
			copy(rgb[3*(y*s.size.W+x):], []byte{250, 250, 20})
		}
	}
	return rgb
}

var (
	stripes = textures{12, prep.Size{W: 256, H: 256}}
	lowWide = textures{3, prep.Size{W: 200, H: 150}}
)

func smallFit() (FitConfig, error) {
	cfg := Lite()
	cfg.Ref, cfg.BankRows, cfg.PoolRows = 256, 200, 4000
	var err error
	cfg.Weights, err = weights.Default()
	return cfg, err
}

func fitSmall(src Source, change func(*FitConfig)) (*Model, error) {
	cfg, err := smallFit()
	if err != nil {
		return nil, err
	}
	change(&cfg)
	return Fit(context.Background(), cfg, src, nil)
}

var (
	fitStripes = sync.OnceValues(func() (*Model, error) { return fitSmall(stripes, func(*FitConfig) {}) })
	fitTiles   = sync.OnceValues(func() (*Model, error) {
		return fitSmall(lowWide, func(cfg *FitConfig) { cfg.Tile, cfg.TileSide = prep.Tile{Ref: 256, Overlap: 32}, 128 })
	})
)

// stripesModel and tilesModel are models that the tests share and do not change.
func stripesModel(t testing.TB) *Model { return shared(t, fitStripes) }
func tilesModel(t testing.TB) *Model   { return shared(t, fitTiles) }

func shared(t testing.TB, fit func() (*Model, error)) *Model {
	t.Helper()
	startORT(t)
	m, err := fit()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func scoresOf(t testing.TB, m *Model, rgb []byte, size prep.Size) block.Scores {
	t.Helper()
	s, err := NewScorer(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	scores, err := s.Picture(t.Context(), rgb, size)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

func TestFitSmall(t *testing.T) {
	m := stripesModel(t)
	if m.BankSize().Rows != 200 || len(m.Banks[0].Rows) != 200*m.Dim() || len(m.Banks[0].Image) != 200 {
		t.Errorf("bank: %+v, %d numbers, %d ids", m.BankSize(), len(m.Banks[0].Rows), len(m.Banks[0].Image))
	}
	if len(m.Images) != 10 || len(m.HeldOut) != 2 || m.Threshold.Images != 2 {
		t.Errorf("%d pictures, %d held out, threshold of %d", len(m.Images), len(m.HeldOut), m.Threshold.Images)
	}
	all := append(slices.Clone(m.Images), m.HeldOut...)
	slices.Sort(all)
	if len(slices.Compact(all)) != stripes.n {
		t.Errorf("the pictures are not divided: %v", all)
	}
	scores := scoresOf(t, m, stripes.scratched(40), stripes.size)
	top, row, col := scores.Max()
	if float64(top) < m.Threshold.Value {
		t.Errorf("the scratched picture scores %v, the threshold is %v", top, m.Threshold.Value)
	}
	if row < 15 || row > 18 || col < 7 || col > 16 {
		t.Errorf("hottest block (%d, %d) is not on the scratch", row, col)
	}
	again, err := fitSmall(stripes, func(*FitConfig) {})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Banks[0].Rows, again.Banks[0].Rows) || !slices.Equal(m.Banks[0].Image, again.Banks[0].Image) || m.Threshold != again.Threshold {
		t.Error("a second fit of the same seed differs")
	}
}

func TestSaveLoad(t *testing.T) {
	m := stripesModel(t)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := json.Marshal(m.Spec)
	is, _ := json.Marshal(back.Spec)
	if !bytes.Equal(was, is) {
		t.Errorf("metadata: %s, was %s", is, was)
	}
	rgb := stripes.scratched(41)
	a, b := scoresOf(t, m, rgb, stripes.size), scoresOf(t, back, rgb, stripes.size)
	if a.Grid != b.Grid || !slices.Equal(a.Values, b.Values) {
		t.Error("the loaded model scores differently")
	}
}

func TestLoadRefusesOtherFiles(t *testing.T) {
	m := stripesModel(t)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	if err := m.Save(whole); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		"empty": nil, "text": []byte("hello, I am no model\n"), "png": []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
		"one byte more": append(slices.Clone(data), 0),
	}
	for _, n := range []int{1, 7, 8, 100, 5000, len(data) / 2, len(data) - 1} {
		files["first "+strconv.Itoa(n)] = data[:n]
	}
	for name, content := range files {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, ErrModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrModel) {
		t.Errorf("missing file: %v", err)
	}
}

func TestLoadRefusesContents(t *testing.T) {
	m := stripesModel(t)
	path := filepath.Join(t.TempDir(), "m")
	d, rows := m.Dim(), m.BankSize().Rows
	spec := func(change func(*Spec)) func(*weights.Set) {
		return func(set *weights.Set) {
			s := m.Spec
			s.Views = slices.Clone(s.Views)
			s.Views[0].Feature.LayerScales = slices.Clone(s.Views[0].Feature.LayerScales)
			change(&s)
			text, _ := json.Marshal(&s)
			set.Metadata[metadataKey] = string(text)
		}
	}
	number := func(v float32) func(*weights.Set) {
		return func(set *weights.Set) {
			bank := slices.Clone(m.Banks[0].Rows)
			bank[len(bank)/2] = v
			set.Tensors[tensorBank] = weights.NewF32(bank, rows, d)
		}
	}
	ids := func(change func([]int32) []int32) func(*weights.Set) {
		return func(set *weights.Set) {
			v := change(slices.Clone(m.Banks[0].Image))
			set.Tensors[tensorBankImage] = weights.NewI32(v, len(v))
		}
	}
	trunk := slices.Sorted(func(yield func(string) bool) {
		for name := range m.trunk.Tensors {
			if !yield(backbonePrefix + name) {
				return
			}
		}
	})[0]
	for name, change := range map[string]func(*weights.Set){
		"NaN in the bank":         number(float32(math.NaN())),
		"infinity in the bank":    number(float32(math.Inf(-1))),
		"no bank":                 func(s *weights.Set) { delete(s.Tensors, tensorBank) },
		"bank turned":             func(s *weights.Set) { s.Tensors[tensorBank] = weights.NewF32(m.Banks[0].Rows, d, rows) },
		"flat bank":               func(s *weights.Set) { s.Tensors[tensorBank] = weights.NewF32(m.Banks[0].Rows, rows*d) },
		"short bank":              func(s *weights.Set) { s.Tensors[tensorBank] = weights.NewF32(m.Banks[0].Rows[d:], rows-1, d) },
		"bank of int32":           func(s *weights.Set) { s.Tensors[tensorBank] = weights.NewI32(make([]int32, rows*d), rows, d) },
		"no ids":                  func(s *weights.Set) { delete(s.Tensors, tensorBankImage) },
		"ids of float32":          func(s *weights.Set) { s.Tensors[tensorBankImage] = weights.NewF32(make([]float32, rows), rows) },
		"too few ids":             ids(func(v []int32) []int32 { return v[1:] }),
		"negative id":             ids(func(v []int32) []int32 { v[3] = -1; return v }),
		"id beyond the images":    ids(func(v []int32) []int32 { v[3] = int32(len(m.Images)); return v }),
		"no metadata":             func(s *weights.Set) { delete(s.Metadata, metadataKey) },
		"metadata no JSON":        func(s *weights.Set) { s.Metadata[metadataKey] = "{" },
		"empty metadata":          func(s *weights.Set) { s.Metadata[metadataKey] = "{}" },
		"another format":          spec(func(s *Spec) { s.Format = 99 }),
		"no bank rows":            spec(func(s *Spec) { s.Views[0].Bank.Rows = 0 }),
		"negative bank rows":      spec(func(s *Spec) { s.Views[0].Bank.Rows = -1 }),
		"huge bank":               spec(func(s *Spec) { s.Views[0].Bank.Rows = math.MaxInt }),
		"another backbone's name": spec(func(s *Spec) { s.Backbone = "efficientnet_lite0" }),
		"unknown backbone":        spec(func(s *Spec) { s.Backbone = "resnet9000" }),
		"dimension":               spec(func(s *Spec) { s.Views[0].Feature.Dim++ }),
		"another fine map":        spec(func(s *Spec) { s.Views[0].Feature.Layers = []int{0, 1, 2, 3} }),
		"layers":                  spec(func(s *Spec) { s.Views[0].Feature.LayerScales = s.Views[0].Feature.LayerScales[1:] }),
		"scale of 0":              spec(func(s *Spec) { s.Views[0].Feature.LayerScales[0] = 0 }),
		"block":                   spec(func(s *Spec) { s.Block = 0 }),
		"threshold":               spec(func(s *Spec) { s.Threshold.Value = 0 }),
		"position weight":         spec(func(s *Spec) { s.Views[0].Feature.PositionWeight = -1 }),
		"no input":                spec(func(s *Spec) { s.Input = prep.Size{} }),
		"odd input":               spec(func(s *Spec) { s.Input.H = 250 }),
		"huge input":              spec(func(s *Spec) { s.Input.W = 1 << 40 }),
		"tile":                    spec(func(s *Spec) { s.Tile = prep.Tile{Ref: 512, Overlap: 256} }),
		"huge tile":               spec(func(s *Spec) { s.Tile = prep.Tile{Ref: 1 << 40, Overlap: 16} }),
		"no images":               spec(func(s *Spec) { s.Images = nil }),
		"a weight missing":        func(s *weights.Set) { delete(s.Tensors, trunk) },
		"a weight misshapen":      func(s *weights.Set) { s.Tensors[trunk] = weights.NewF32([]float32{1, 2, 3}, 3) },
	} {
		set, err := m.pack()
		if err != nil {
			t.Fatal(err)
		}
		change(set)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(weights.Write(f, set), f.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, ErrModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Input sides that a backbone's strides do not divide give an error, no panic.
func TestScorerOfAnInputThatDoesNotFit(t *testing.T) {
	m := *stripesModel(t)
	m.Input = prep.Size{W: 272, H: 256}
	if s, err := NewScorer(&m, ort.Options{}); err == nil {
		s.Close()
		scores := scoresOf(t, &m, make([]byte, 3*272*256), m.Input)
		if scores.Rows != 32 || scores.Cols != 34 {
			t.Errorf("scores %v", scores.Grid)
		}
	}
}

// plainGrey are pictures without any texture.
type plainGrey struct{ textures }

func (b plainGrey) Picture(int) ([]byte, prep.Size, error) {
	return bytes.Repeat([]byte{90}, 3*b.size.W*b.size.H), b.size, nil
}

// unreadable is a source whose last picture cannot be read.
type unreadable struct{ textures }

var errUnreadable = errors.New("texture is broken")

func (b unreadable) Picture(i int) ([]byte, prep.Size, error) {
	if i == b.n-1 {
		return nil, prep.Size{}, errUnreadable
	}
	return b.textures.Picture(i)
}

func TestFitErrors(t *testing.T) {
	startORT(t)
	few := func(n int) textures { return textures{n, stripes.size} }
	same := func(*FitConfig) {}
	for _, c := range []struct {
		name   string
		src    Source
		change func(*FitConfig)
		want   string
	}{
		{"no picture", few(0), same, "at least 2"},
		{"one picture", few(1), same, "at least 2"},
		// A bank of all different cells of held-out pictures, which therefore score 0.
		{"blank pictures", plainGrey{few(10)}, func(c *FitConfig) { c.BankRows, c.PoolRows = 4000, 0 }, "same picture"},
		{"a bank of two rows", few(3), func(c *FitConfig) { c.BankRows = 2 }, "rows"},
		{"size", few(3), func(c *FitConfig) { c.Ref = 250 }, "multiple of 64"},
		{"rows below zero", few(3), func(c *FitConfig) { c.BankRows = -1 }, "rows"},
		{"no rows", few(3), func(c *FitConfig) { c.BankRows = 0 }, "fraction"},
		{"hold out", few(3), func(c *FitConfig) { c.HoldOut = math.NaN() }, "held out"},
		{"false alarms", few(3), func(c *FitConfig) { c.FalseAlarmRate = 1 }, "false-alarm rate"},
		{"tile of odd side", few(3), func(c *FitConfig) { c.Tile, c.TileSide = prep.Tile{Ref: 256}, 100 }, "tiles of 100"},
		{"tile larger than the picture", few(3), func(c *FitConfig) { c.Tile, c.TileSide = prep.Tile{Ref: 256}, 512 }, "smaller tiles"},
		{"backbone", few(3), func(c *FitConfig) { c.Backbone = "resnet9000" }, "resnet9000"},
		{"backbone without weights", few(3), func(c *FitConfig) { c.Weights = weights.NewSet() }, ""},
		{"unreadable picture", unreadable{few(3)}, same, errUnreadable.Error()},
	} {
		if _, err := fitSmall(c.src, c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// A bank too small for all cells of blank pictures: a usable model or an error.
	m, err := fitSmall(plainGrey{few(3)}, same)
	if err == nil && !positive(m.Threshold.Value) {
		t.Errorf("blank pictures, small bank: threshold %v", m.Threshold.Value)
	}
}

func TestFitCancelled(t *testing.T) {
	startORT(t)
	cfg, err := smallFit()
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []Stage{"", StageFeatures, StageCoreset, StageThreshold} {
		ctx, cancel := context.WithCancel(t.Context())
		if stage == "" {
			cancel()
		}
		m, err := Fit(ctx, cfg, textures{10, stripes.size}, func(p Progress) {
			if p.Stage == stage {
				cancel()
			}
		})
		if err != ctx.Err() || m != nil { //nolint:errorlint // ctx.Err() itself is promised
			t.Errorf("cancelled in %q: %v", stage, err)
		}
		cancel()
	}
}
