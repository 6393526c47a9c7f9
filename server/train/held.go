package train

import (
	"context"
	"fmt"
	"math"

	"semirest/server/detect"
	"semirest/server/metric"
	"semirest/server/ort"
	"semirest/server/synth"
	"semirest/shared/block"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// The held-out pictures decide everything that is decided: which checkpoint is kept,
// whether the distance is fused in, where the threshold lies. Test pictures never
// do. They are normal pictures that fed neither bank nor training, and, made from
// them, simulated defects by the training's recipe with other textures, and probes:
// defects by another recipe (synth.Probe), which stand in for real ones.

// Held is one look at the held-out pictures: pixel measures over the normal ones and
// those of one recipe, by the map that the detector would show.
type Held struct {
	Step      int     `json:"step"`
	Simulated Measure `json:"simulated"`
	Probes    Measure `json:"probes"`
}

// Measure is what METHOD section 8 measures of pixels, fractions of 1.
type Measure struct {
	AP    float64 `json:"pixel_ap"`
	PRO   float64 `json:"pro"`
	AUROC float64 `json:"pixel_auroc"`
}

// Score is what is compared: the mean AP of the two recipes.
func (h Held) Score() float64 { return (h.Simulated.AP + h.Probes.AP) / 2 }

// held is the held-out set.
type held struct {
	input     prep.Size
	normal    []Map // that fed the bank, too, where there are too few to hold any out
	simulated []Map
	probes    []Map
	masks     map[*Map][]byte // [h/2, w/2] of the input
	sample    view            // a simulated one, to show
}

// zoom is by how much maps are measured smaller than the input: a quarter of the
// pixels ranks settings as all of them do.
const zoom = 2

// heldNames are the normal pictures that the held-out set is made of, those that fed
// the bank where there are too few to hold any out, and how many stand for the normal
// ones themselves.
func (g *gatherer) heldNames() (names []string, n int) {
	names = g.model.HeldOut
	if len(names) == 0 {
		names = g.model.Images
	}
	return names, min(len(names), max(g.HeldOut, 20))
}

// heldOut makes the held-out set.
func (g *gatherer) heldOut(ctx context.Context) (*held, error) {
	m := g.model
	w, h := m.Input.W/zoom, m.Input.H/zoom
	out := &held{input: m.Input, masks: map[*Map][]byte{}}
	names, n := g.heldNames()
	exclude := func(name string) []int32 {
		if id, ok := g.ids[name]; ok {
			return []int32{id}
		}
		return nil
	}
	order := g.sources(names, n, streamHeld)
	var err error
	out.normal, err = g.maps(ctx, n, func(i int) (view, error) {
		p, err := g.normal(order[i])
		if err != nil {
			return view{}, err
		}
		v := cut(g.stream(streamHeld, 1<<16|i), p, p.Pix, nil, nil)
		v.name, v.exclude = order[i], exclude(order[i])
		return v, nil
	}, nil)
	if err != nil {
		return nil, err
	}
	var masks [][]byte
	keep := func(_ int, v view) {
		masks = append(masks, prep.NearestMask(v.mask, m.Input.W, m.Input.H, w, h))
		if len(masks) == 1 {
			out.sample = v
		}
	}
	order = g.sources(names, g.HeldOut, streamHeld)
	out.simulated, err = g.maps(ctx, g.HeldOut, func(i int) (view, error) {
		return g.simulate(g.held, order[i], g.stream(streamHeld, i))
	}, keep)
	if err != nil {
		return nil, err
	}
	order = g.sources(names, g.HeldOut+1, streamProbe)
	out.probes, err = g.maps(ctx, g.HeldOut, func(i int) (view, error) {
		rng := g.stream(streamProbe, i)
		p, err := g.normal(order[i])
		if err != nil {
			return view{}, err
		}
		other, err := g.normalAt(order[i+1], p)
		if err != nil {
			return view{}, err
		}
		s, err := synth.Probe(rng, p.Picture, other, g.foreground(p.Picture))
		if err != nil {
			return view{}, undrawn(order[i], err)
		}
		v := cut(rng, p, s.Pix, s.Mask, nil)
		v.name, v.exclude = order[i]+" (probe)", exclude(order[i])
		// A part of a picture that fed the bank would find itself there. Two pictures do
		// without: nothing would be left to search.
		if s.Fill == synth.FillMoved && len(m.Images) > 2 {
			v.name = order[i] + " (probe with a part of " + order[i+1] + ")"
			v.exclude = append(v.exclude, exclude(order[i+1])...)
		}
		return v, nil
	}, keep)
	if err != nil {
		return nil, err
	}
	for i := range out.simulated {
		out.masks[&out.simulated[i]] = masks[i]
	}
	for i := range out.probes {
		out.masks[&out.probes[i]] = masks[len(out.simulated)+i]
	}
	return out, nil
}

// scores holds the block scores of every held-out picture.
type scores map[*Map][]float32

// classify computes the probabilities a block of all held-out pictures with the
// classifier that the model holds.
func (h *held) classify(ctx context.Context, m *detect.Model, maps *Maps, o ort.Options) (scores, error) {
	var all []*Map
	for _, list := range [][]Map{h.normal, h.simulated, h.probes} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return classify(ctx, m, maps, all, o)
}

// classify computes the probabilities a block of some maps with the classifier that
// the model holds, its bagging included.
func classify(ctx context.Context, m *detect.Model, maps *Maps, list []*Map, o ort.Options) (scores, error) {
	g, err := m.ClassifierGraph()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	session, err := ort.Open(g.Marshal(), o)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	defer session.Close()
	out := scores{}
	residual := make([]float32, maps.Rows*maps.Cols*maps.Dim)
	for _, p := range list {
		maps.Residuals(residual, p)
		r, err := session.Run(ctx, ort.Feeds{detect.InputResidual: ort.Of(residual, 1, maps.Rows*maps.Cols, maps.Dim)})
		if err != nil {
			return nil, err
		}
		out[p] = r[detect.OutputScores].F32()
	}
	return out, nil
}

// fuse applies a fusion to the probabilities.
func (h *held) fuse(p scores, maps *Maps, f detect.Fusion) scores {
	if f.Weight == 0 {
		return p
	}
	out := scores{}
	for m, v := range p {
		fused := make([]float32, len(v))
		for i := range v {
			fused[i] = float32(f.Fuse(float64(v[i]), maps.squared(m, i)))
		}
		out[m] = fused
	}
	return out
}

// meanSquared is the mean squared distance of the held-out normal pictures' cells.
func (h *held) meanSquared() float64 {
	sum, n := 0.0, 0
	for _, m := range h.normal {
		for _, d := range m.squared {
			sum += float64(d)
		}
		n += len(m.squared)
	}
	return sum / float64(n)
}

// squared is a block's squared distance: the mean of its cells'.
func (m *Maps) squared(p *Map, at int) float64 {
	cols := m.Cols / m.Block
	row, col := at/cols*m.Block, at%cols*m.Block
	sum := 0.0
	for k := range m.Block * m.Block {
		sum += float64(p.squared[(row+k/m.Block)*m.Cols+col+k%m.Block])
	}
	return sum / float64(m.Block*m.Block)
}

// measure measures the scores, of blocks of side pixels.
func (h *held) measure(s scores, side int) (Held, error) {
	w, hh := h.input.W/zoom, h.input.H/zoom
	grid := block.For(h.input.W, h.input.H, side)
	mapper := heat.NewSmooth(grid.Rows, grid.Cols, w, hh, heat.Sigma/zoom, heat.Sigma/zoom)
	normal := make([]byte, w*hh)
	add := func(list []Map) (*metric.Group, error) {
		g := new(metric.Group)
		for i := range list {
			mask := h.masks[&list[i]]
			if mask == nil {
				mask = normal
			}
			if err := g.Add(mapper.Map(nil, s[&list[i]]), mask, w, hh); err != nil {
				return nil, fmt.Errorf("train: %s: %w", list[i].Name, err)
			}
		}
		return g, nil
	}
	base, err := add(h.normal)
	if err != nil {
		return Held{}, err
	}
	sim, err := add(h.simulated)
	if err != nil {
		return Held{}, err
	}
	probes, err := add(h.probes)
	if err != nil {
		return Held{}, err
	}
	return Held{
		Simulated: Measure(metric.Measure(base, sim)),
		Probes:    Measure(metric.Measure(base, probes)),
	}, nil
}

// imageScores are the normal pictures' largest block scores.
func (h *held) imageScores(s scores) []float32 {
	var out []float32
	for i := range h.normal {
		top := float32(math.Inf(-1))
		for _, v := range s[&h.normal[i]] {
			top = max(top, v)
		}
		out = append(out, top)
	}
	return out
}

// show is the sample with its scores.
func (h *held) show(s scores, side int) *Sample {
	if len(h.simulated) == 0 {
		return nil
	}
	return &Sample{Size: h.input, Pix: h.sample.pix, Scores: block.Scores{
		Grid: block.For(h.input.W, h.input.H, side), Values: s[&h.simulated[0]],
	}}
}
