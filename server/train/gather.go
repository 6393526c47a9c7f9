package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/synth"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// view is one crop, at the detector's input size, of a picture that was scaled as
// the detector wants it, with what is known of its pixels.
type view struct {
	name    string
	crop    prep.Crop
	pix     []byte // RGB [h, w, 3]
	mask    []byte // [h, w], 1 = known to be anomalous; nil: nothing is
	inside  []byte // [h, w], 1 = inside a box; nil: none
	exclude []int32
}

// scaled is a picture at the size that its crops are cut from.
type scaled struct {
	synth.Picture
	plan prep.Plan
}

// gatherer turns pictures into maps: it draws defects, computes features and finds
// neighbours, one picture ahead.
type gatherer struct {
	Settings
	model    *detect.Model
	source   Source
	sim      *synth.Simulator
	held     *synth.Simulator // with other textures
	extract  *detect.Extractor
	search   *detect.Searcher
	index    map[string]int // the source's pictures by name
	ids      map[string]int32
	progress func(done int)
	done     int
}

// newGatherer opens the model's sessions and settles the foreground.
func newGatherer(s *Settings, m *detect.Model, source Source, textures []synth.Picture, o ort.Options) (*gatherer, error) {
	g := &gatherer{model: m, source: source, index: map[string]int{}, ids: map[string]int32{}, progress: func(int) {}}
	for i := range source.Len() {
		g.index[source.Name(i)] = i
	}
	for i, name := range m.Images {
		g.ids[name] = int32(i)
	}
	for _, name := range slices.Concat(m.Images, m.HeldOut) {
		if _, ok := g.index[name]; !ok {
			return nil, fmt.Errorf("train: the detector was fitted on %q, which is not among the %d normal pictures given: train on the same pictures, or without --init", name, source.Len())
		}
	}
	if len(textures) == 0 {
		textures = synth.Procedural()
	}
	var err error
	if g.sim, g.held, err = divide(textures, s.recipe()); err != nil {
		return nil, err
	}
	if err := g.settle(s); err != nil {
		return nil, err
	}
	g.Settings = *s
	if g.extract, err = detect.NewExtractor(m, o); err != nil {
		return nil, err
	}
	if g.search, err = detect.NewSearcher(m, o); err != nil {
		g.extract.Close()
		return nil, err
	}
	return g, nil
}

func (g *gatherer) close() {
	g.extract.Close()
	g.search.Close()
}

// total is how many maps will be made.
func (g *gatherer) total() int {
	normals := len(g.model.Images)
	_, held := g.heldNames()
	return g.NormalCount(normals) + g.SimulatedCount(normals) + g.source.Defects()*(1+g.Variants) + held + 2*g.HeldOut
}

// divide keeps every fourth texture for held-out pictures, so that a fill seen in
// training is no help there. A handful is not divided.
func divide(textures []synth.Picture, recipe synth.Recipe) (train, held *synth.Simulator, err error) {
	var a, b []synth.Picture
	for i, t := range textures {
		if i%4 == 0 {
			b = append(b, t)
		} else {
			a = append(a, t)
		}
	}
	if len(textures) < 8 {
		a, b = textures, textures
	}
	if train, err = synth.New(a); err != nil {
		return nil, nil, err
	}
	if held, err = synth.New(b); err != nil {
		return nil, nil, err
	}
	return train.With(recipe), held.With(recipe), nil
}

// settle decides the foreground mode from a few pictures.
func (g *gatherer) settle(s *Settings) error {
	mode, err := synth.ParseForeground(s.Foreground)
	if err != nil {
		return err
	}
	if mode == synth.ForegroundAuto {
		var few []synth.Picture
		const look = 10
		for k := range min(look, len(g.model.Images)) {
			p, err := g.normal(g.model.Images[k*len(g.model.Images)/min(look, len(g.model.Images))])
			if err != nil {
				return err
			}
			few = append(few, p.Picture)
		}
		mode = synth.DecideForeground(mode, few)
	}
	s.Settled = string(mode)
	return nil
}

func (g *gatherer) foreground(p synth.Picture) []byte {
	return synth.Foreground(synth.ForegroundMode(g.Settled), p)
}

// normal reads a normal picture and scales it.
func (g *gatherer) normal(name string) (scaled, error) {
	pix, size, err := g.source.Picture(g.index[name])
	if err != nil {
		return scaled{}, err
	}
	return g.scale(pix, size)
}

// scale brings a picture to the size that crops are cut from.
func (g *gatherer) scale(pix []byte, size prep.Size) (scaled, error) {
	plan, err := prep.NewPlan(size, g.model.Input, g.model.Tile)
	if err != nil {
		return scaled{}, fmt.Errorf("train: %w", err)
	}
	rgb, err := prep.Resize(pix, size, plan.Scaled)
	if err != nil {
		return scaled{}, fmt.Errorf("train: %w", err)
	}
	return scaled{synth.Picture{W: plan.Scaled.W, H: plan.Scaled.H, Pix: rgb}, plan}, nil
}

// cut takes a crop out of a picture and its masks. Where there are several, one
// that holds something of the masks is drawn.
func cut(rng *rand.Rand, p scaled, pix, mask, inside []byte) view {
	var at []int
	for i, c := range p.plan.Crops {
		if (mask == nil && inside == nil) || marked(p, mask, c) || marked(p, inside, c) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		at = []int{0}
	}
	c := p.plan.Crops[at[0]]
	if len(at) > 1 {
		c = p.plan.Crops[at[rng.IntN(len(at))]]
	}
	return view{crop: c, pix: p.plan.Cut(nil, pix, c), mask: cutMask(p, mask, c), inside: cutMask(p, inside, c)}
}

func cutMask(p scaled, mask []byte, c prep.Crop) []byte {
	if mask == nil {
		return nil
	}
	var out []byte
	for y := c.Scaled.Min.Y; y < c.Scaled.Max.Y; y++ {
		out = append(out, mask[y*p.W+c.Scaled.Min.X:y*p.W+c.Scaled.Max.X]...)
	}
	return out
}

func marked(p scaled, mask []byte, c prep.Crop) bool {
	return mask != nil && slices.ContainsFunc(cutMask(p, mask, c), func(m byte) bool { return m != 0 })
}

// view makes the map of a view.
func (g *gatherer) view(ctx context.Context, v view) (Map, error) {
	features, err := g.extract.Features(ctx, v.pix, []block.Cell{{Row: v.crop.Row, Col: v.crop.Col}})
	if err != nil {
		return Map{}, err
	}
	all, err := g.search.Search(ctx, features, v.exclude...)
	if err != nil {
		return Map{}, fmt.Errorf("%s: %w", v.name, err)
	}
	var near [][]int32
	for i, found := range all {
		if found.K < neighbours {
			return Map{}, fmt.Errorf("train: the bank of view %q has %d rows: at least %d are needed", g.model.Views[i].Name, found.K, neighbours)
		}
		near = append(near, found.Rows)
	}
	grid := g.model.Cells()
	known := Known{Fraction: make([]float64, grid.Len())}
	if v.mask != nil {
		known.Fraction = block.Fractions(grid, v.mask, g.model.Input.W, g.model.Input.H)
	}
	if v.inside != nil {
		known.Inside = block.Fractions(grid, v.inside, g.model.Input.W, g.model.Input.H)
	}
	m := NewMap(v.name, features, near, known)
	m.squared = g.model.Squared(all)
	return m, nil
}

// maps makes n views, one ahead of their features, and their maps.
func (g *gatherer) maps(ctx context.Context, n int, draw func(i int) (view, error), each func(i int, v view)) ([]Map, error) {
	type item struct {
		view
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	items := make(chan item, 1)
	go func() {
		defer close(items)
		for i := range n {
			v, err := draw(i)
			select {
			case items <- item{v, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range items { // until the maker has ended
		}
	}()
	out := []Map{}
	for i := range n {
		it, ok := <-items
		if !ok {
			return nil, ctx.Err()
		}
		if it.err != nil {
			return nil, it.err
		}
		m, err := g.view(ctx, it.view)
		if err != nil {
			return nil, err
		}
		if each != nil {
			each(i, it.view)
		}
		out = append(out, m)
		g.done++
		g.progress(g.done)
	}
	return out, nil
}
