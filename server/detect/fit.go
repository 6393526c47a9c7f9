package detect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"semirest/models/nets"
	"semirest/models/weights"
	"semirest/server/ort"
	"semirest/shared/prep"
)

// Source gives Fit its normal pictures.
type Source interface {
	Len() int
	Name(i int) string
	// Picture decodes picture i: upright RGB [h, w, 3].
	Picture(i int) (rgb []byte, size prep.Size, err error)
}

// FitConfig says how a detector is fitted. Lite and Paper give the presets.
type FitConfig struct {
	Preset   string // recorded only
	Backbone string
	Weights  *weights.Set // of the backbone

	Ref      int       // longer side of the whole picture, pixels, a multiple of 64
	Tile     prep.Tile // not zero: crops of TileSide pixels are cut from the picture; Tile.Ref is Ref then
	TileSide int

	BankRows     int     // rows of the bank; 0: BankFraction of all rows
	BankFraction float64 // used when BankRows is 0
	PoolRows     int     // rows the bank is chosen from; 0: all, but a million

	ScaleLayers bool // divide each layer by its rms deviation
	// Views are what the detector sees by. None: one view, the joint feature of the
	// backbone's Stages, made as LayerDecay, Fine and Smooth say.
	Views []ViewPlan `json:",omitempty"`
	Late  Late       `json:",omitzero"` // how several are fused
	// LayerDecay is how much each layer counts in the search, as a multiple of the finer
	// one before it; 0: all alike. Coarse maps say what a part is, fine ones what its
	// surface looks like: which shows the defects depends on the data.
	LayerDecay float64
	Fine       bool   // with the backbone's fine map, as the first layer
	Smooth     bool   // one more 3x3 mean over the cells
	Profile    string // what views, layers and fusion are called, and why they were chosen: recorded only
	ProfileWhy string

	PositionWeight float64 // lambda_PE

	Depth          prep.Depth `json:",omitempty"` // bits that the source's 16-bit pictures use: recorded, the source decodes with it
	HoldOut        float64    // share of the images kept for the threshold
	FalseAlarmRate float64
	Seed           uint64
	Provenance     Provenance // but the seed
	Run            ort.Options
}

// ViewPlan says what a view is made of; see View and Feature.
type ViewPlan struct {
	Name   string
	Layers []int // of nets.Architecture.Maps
	Half   bool
	Cell   int     // 0: 8
	Smooth bool    // one more 3x3 mean over the cells
	Decay  float64 // as LayerDecay
	Share  float64 // of BankRows or BankFraction, and of PoolRows, that its bank gets; 0: 1
	Weight float64 // in the fusion; 0: 1
}

// pool is the number of rows that the view's bank is chosen from.
func (p ViewPlan) pool(cfg *FitConfig) int {
	return cmp.Or(int(cmp.Or(p.Share, 1)*float64(cfg.PoolRows)), maxPool)
}

// rows is the size of the view's bank, chosen from a pool that stands for all rows.
func (p ViewPlan) rows(cfg *FitConfig, all int) int {
	rows := float64(cfg.BankRows)
	if rows == 0 {
		rows = cfg.BankFraction * float64(all)
	}
	return int(math.Ceil(rows * cmp.Or(p.Share, 1)))
}

// plans are the views.
func (c *FitConfig) plans() []ViewPlan {
	if len(c.Views) > 0 {
		return c.Views
	}
	joint := ViewPlan{Name: "joint", Smooth: c.Smooth, Decay: c.LayerDecay}
	if arch, err := nets.Lookup(c.Backbone); err == nil {
		joint.Layers = Joint(arch, c.Fine)
	}
	return []ViewPlan{joint}
}

// Lite is the laptop's preset: EfficientNet-Lite2, each layer scaled, 5,000 rows
// from a pool of 60,000. How much each layer counts is best chosen for the data
// (package train's Profiles).
func Lite() FitConfig {
	return FitConfig{Preset: "lite", Backbone: nets.EfficientNetLite2, Ref: 512,
		BankRows: 5000, PoolRows: 60_000, ScaleLayers: true, PositionWeight: 0.1,
		HoldOut: 0.1, FalseAlarmRate: 0.01}
}

// Paper is the paper's setting: Wide-ResNet-50-2, PatchCore's hypercolumns as
// they are, a coreset of 10 %.
func Paper() FitConfig {
	return FitConfig{Preset: "paper", Backbone: nets.WideResNet50, Ref: 512,
		BankFraction: 0.1, PositionWeight: 0.1,
		HoldOut: 0.1, FalseAlarmRate: 0.01}
}

// ErrSettings says that a FitConfig itself cannot be used; the text behind it
// says what to give instead.
var ErrSettings = errors.New("a setting is out of range")

// Stage is a part of making a detector; package train goes on with its own.
type Stage string

// The stages of Fit, in their order.
const (
	StageFeatures  Stage = "features"
	StageCoreset   Stage = "coreset"
	StageThreshold Stage = "threshold"
)

// Progress is how far a long task has come.
type Progress struct {
	Stage       Stage
	Done, Total int // images, or rows of the banks
}

// Few is the number of images below which none is held out: the threshold then
// comes from the training images, each searched without its own bank rows.
const Few = 10

// Fit makes a detector from normal pictures. It stops within one picture of
// ctx's end and returns ctx.Err(). progress may be nil.
func Fit(ctx context.Context, cfg FitConfig, src Source, progress func(Progress)) (*Model, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	f := &fitter{cfg: cfg, src: src, progress: progress,
		rng: rand.New(rand.NewPCG(cfg.Seed, 0x5e313e57))}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("detect: fit: %w", err)
	}
	for _, step := range []func(context.Context) error{f.gather, f.choose, f.level, f.threshold} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("detect: fit: %w", err)
		}
	}
	return f.model, nil
}

// fitter carries one Fit through its steps.
type fitter struct {
	cfg      FitConfig
	src      Source
	progress func(Progress)
	rng      *rand.Rand
	model    *Model
	train    []int // pictures that feed the bank, in order
	heldOut  []int
	pools    []pool // one a view
}

// prepare checks the settings, divides the pictures, and makes a model that
// lacks scales, bank and threshold.
func (f *fitter) prepare() error {
	n := f.src.Len()
	if n < 2 {
		return fmt.Errorf("%d normal pictures: at least 2 are needed, as the threshold is set on pictures that the bank has not seen; 20 and more are better", n)
	}
	_, size, err := f.src.Picture(0)
	if err != nil {
		return err
	}
	input, err := f.cfg.input(size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	f.divide(n)
	m := &Model{Spec: Spec{
		Preset: f.cfg.Preset, Supervision: "none", Backbone: f.cfg.Backbone,
		Input: input, Tile: f.cfg.Tile, Block: stride, Depth: f.cfg.Depth, Profile: f.cfg.Profile, Why: f.cfg.ProfileWhy, Late: f.cfg.Late,
		Images: f.names(f.train), HeldOut: f.names(f.heldOut), Provenance: f.cfg.Provenance,
	}}
	m.Provenance.Seed = f.cfg.Seed
	if err := m.planViews(&f.cfg); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	f.model = m
	return m.setBackbone(f.cfg.Weights)
}

// planViews makes views that lack scales, banks and levels.
func (m *Model) planViews(cfg *FitConfig) error {
	arch, err := nets.Lookup(m.Backbone)
	if err != nil {
		return err
	}
	for _, p := range cfg.plans() {
		m.Views = append(m.Views, View{Name: p.Name, Weight: cmp.Or(p.Weight, 1), Feature: Feature{
			Layers: p.Layers, Half: p.Half, Cell: cmp.Or(p.Cell, stride), Smooth: p.Smooth, PositionWeight: cfg.PositionWeight}})
	}
	m.Format = FormatViews
	if len(m.Views) == 1 && m.Views[0].Feature.joint(arch) {
		m.Format = FormatJoint
		m.Views[0].Weight, m.Late = 0, Late{}
	}
	if err := m.checkNames(); err != nil {
		return err
	}
	if arch, err = m.architecture(); err != nil {
		return err
	}
	for i := range m.Views {
		f := &m.Views[i].Feature
		for _, l := range f.Layers {
			if l < 0 || l >= len(arch.Maps()) {
				return fmt.Errorf("view %q wants layer %d of the backbone's %d", m.Views[i].Name, l, len(arch.Maps()))
			}
		}
		var layers []int
		layers, f.Dim = sizes(arch, f.Layers)
		f.LayerScales = slices.Repeat([]float64{1}, len(layers))
	}
	return nil
}

// divide holds out a share of the pictures, at least two; none of a few.
func (f *fitter) divide(n int) {
	keep := 0
	if n >= Few {
		keep = max(2, int(math.Round(f.cfg.HoldOut*float64(n))))
	}
	order := f.rng.Perm(n)
	f.heldOut, f.train = order[:keep], order[keep:]
	slices.Sort(f.heldOut)
	slices.Sort(f.train)
}

func (f *fitter) names(of []int) []string {
	names := make([]string, len(of))
	for i, at := range of {
		names[i] = f.src.Name(at)
	}
	return names
}

// input decides the size of a crop, and checks what the flags said.
func (c *FitConfig) input(first prep.Size) (prep.Size, error) {
	if c.Ref < prep.InputMin || c.Ref%prep.InputStep != 0 || c.Ref > 1<<15 {
		return prep.Size{}, fmt.Errorf("a size of %d pixels: give a multiple of %d from %d on", c.Ref, prep.InputStep, prep.InputMin)
	}
	if c.BankRows < 0 || c.BankRows == 0 && !(c.BankFraction > 0 && c.BankFraction <= 1) {
		return prep.Size{}, errors.New("the bank needs a number of rows, or a fraction above 0 and at most 1")
	}
	if !(c.HoldOut > 0 && c.HoldOut <= 0.5) {
		return prep.Size{}, fmt.Errorf("a share of %v held out: give one above 0 and at most 0.5", c.HoldOut)
	}
	if !(c.FalseAlarmRate > 0 && c.FalseAlarmRate <= 0.5) {
		return prep.Size{}, fmt.Errorf("a false-alarm rate of %v: give one above 0 and at most 0.5", c.FalseAlarmRate)
	}
	size := prep.InputSize(first, c.Ref)
	if c.Tile != (prep.Tile{}) {
		size = prep.Size{W: c.TileSide, H: c.TileSide}
		if c.TileSide < prep.InputMin/2 || c.TileSide%prep.InputStep != 0 {
			return prep.Size{}, fmt.Errorf("tiles of %d pixels: give a multiple of %d from %d on", c.TileSide, prep.InputStep, prep.InputMin/2)
		}
		if c.TileSide > c.Ref {
			return prep.Size{}, fmt.Errorf("tiles of %d pixels in a picture of %d: give a larger size or smaller tiles", c.TileSide, c.Ref)
		}
	}
	if size.W > maxInput || size.H > maxInput {
		return prep.Size{}, fmt.Errorf("an input of %v pixels: at most %d a side; cut the picture in tiles", size, maxInput)
	}
	_, err := prep.NewPlan(first, size, c.Tile)
	return size, err
}

// choose makes the banks out of the pools.
func (f *fitter) choose(ctx context.Context) error {
	m, plans := f.model, f.cfg.plans()
	rows, all, before := make([]int, len(plans)), 0, 0
	for i, p := range plans {
		rows[i] = min(p.rows(&f.cfg, f.pools[i].of), len(f.pools[i].cells))
		all += rows[i]
	}
	for i := range plans {
		v, p := &m.Views[i], &f.pools[i]
		p.finish(m, v, f.cfg.ScaleLayers, plans[i].Decay)
		d := v.Feature.Dim
		picked, err := Coreset(ctx, f.rng, p.rows, d, rows[i], func(done int) {
			f.progress(Progress{StageCoreset, before + done, all})
		})
		if err != nil {
			return err
		}
		v.Bank = BankSize{Rows: len(picked), Pool: len(p.cells), Of: p.of}
		var bank Bank
		for _, at := range picked {
			bank.Rows = append(bank.Rows, p.rows[at*d:(at+1)*d]...)
			bank.Image = append(bank.Image, p.cells[at].image)
		}
		m.Banks = append(m.Banks, bank)
		f.pools[i] = pool{}
		before += rows[i]
		if len(picked) < Neighbours {
			return fmt.Errorf("the pictures give %d different rows for the bank: are they blank?", len(picked))
		}
	}
	return nil
}

// levelPictures bounds the pictures that the views' levels are the mean of.
const levelPictures = 24

// level sets each view's level: the mean distance of the cells of held-out pictures, or,
// where there are few, of training pictures without their own rows.
func (f *fitter) level(ctx context.Context) error {
	m := f.model
	if len(m.Views) == 1 {
		return nil
	}
	e, err := NewExtractor(m, f.cfg.Run)
	if err != nil {
		return err
	}
	defer e.Close()
	s, err := NewSearcher(m, f.cfg.Run)
	if err != nil {
		return err
	}
	defer s.Close()
	of, own := f.unseen()
	of = spread(of, levelPictures)
	sums, n := make([]float64, len(m.Views)), make([]int, len(m.Views))
	err = f.each(ctx, StageThreshold, of, func(i int, plan prep.Plan, crops [][]byte) error {
		var exclude []int32
		if own {
			exclude = []int32{int32(slices.Index(f.train, of[i]))}
		}
		return searchCrops(ctx, e, s, plan, crops, func(found []Found) {
			for v := range found {
				for _, d := range found[v].distances() {
					sums[v] += float64(d)
					n[v]++
				}
			}
		}, exclude...)
	})
	if err != nil {
		return err
	}
	for v := range m.Views {
		m.Views[v].Level = sums[v] / float64(n[v])
		if !positive(m.Views[v].Level) {
			return fmt.Errorf("the normal pictures lie at distance %v from each other in view %q: are they all the same picture?", m.Views[v].Level, m.Views[v].Name)
		}
	}
	return nil
}

// unseen are the pictures that thresholds and levels come from: the held-out ones, or,
// where there are few, the training pictures, each without its own rows.
func (f *fitter) unseen() (of []int, own bool) {
	if len(f.heldOut) == 0 {
		return f.train, true
	}
	return f.heldOut, false
}

// spread takes at most n of a list, evenly.
func spread(list []int, n int) []int {
	if len(list) <= n {
		return list
	}
	out := make([]int, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}

// threshold scores the held-out pictures, or the training pictures without
// their own rows where there are few.
func (f *fitter) threshold(ctx context.Context) error {
	score, closeAll, err := f.imageScorer()
	if err != nil {
		return err
	}
	defer closeAll()
	of, _ := f.unseen()
	var scores []float32
	var wholes []float64
	err = f.each(ctx, StageThreshold, of, func(i int, plan prep.Plan, crops [][]byte) error {
		v, whole, err := score(ctx, i, plan, crops)
		scores, wholes = append(scores, v), append(wholes, whole)
		return err
	})
	if err != nil {
		return err
	}
	if f.model.Threshold, err = SetThreshold(scores, f.cfg.FalseAlarmRate); err != nil {
		return err
	}
	f.model.Likeness = newLikeness(wholes)
	return f.model.check() // what is fitted can be read again
}

// imageScorer returns what gives the image score of picture of[i], and its distance as a whole.
func (f *fitter) imageScorer() (score func(context.Context, int, prep.Plan, [][]byte) (float32, float64, error), closeAll func(), err error) {
	if len(f.heldOut) > 0 {
		s, err := NewScorer(f.model, f.cfg.Run)
		if err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context, _ int, plan prep.Plan, crops [][]byte) (float32, float64, error) {
			scores, whole, err := s.whole(ctx, plan, crops)
			v, _, _ := scores.Max()
			return v, whole, err
		}, func() { _ = s.Close() }, nil
	}
	e, err := NewExtractor(f.model, f.cfg.Run)
	if err != nil {
		return nil, nil, err
	}
	s, err := NewSearcher(f.model, f.cfg.Run)
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return func(ctx context.Context, image int, plan prep.Plan, crops [][]byte) (float32, float64, error) {
		return ownScore(ctx, f.model, e, s, int32(image), plan, crops)
	}, func() { _, _ = e.Close(), s.Close() }, nil
}
