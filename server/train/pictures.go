package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"semirest/server/synth"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Streams of random numbers: every picture has its own, so that it does not depend
// on how many were drawn before it.
const (
	streamOrder uint64 = iota + 1
	streamNormal
	streamSimulated
	streamReal
	streamHeld
	streamProbe
)

func (g *gatherer) stream(stream uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(g.Seed, stream<<32|uint64(i)))
}

// sources are the normal pictures that simulated defects are drawn on: an order
// that goes through all of them before any comes again.
func (g *gatherer) sources(names []string, n int, stream uint64) []string {
	var out []string
	rng := g.stream(streamOrder, int(stream))
	for len(out) < n {
		for _, i := range rng.Perm(len(names)) {
			out = append(out, names[i])
		}
	}
	return out[:n]
}

// normals makes the maps of normal training pictures, at most MaxNormal.
func (g *gatherer) normals(ctx context.Context) ([]Map, error) {
	n := g.NormalCount(len(g.model.Images))
	names := g.sources(g.model.Images, n, streamNormal)
	return g.maps(ctx, n, func(i int) (view, error) {
		p, err := g.normal(names[i])
		if err != nil {
			return view{}, err
		}
		v := cut(g.stream(streamNormal, i), p, p.Pix, nil, nil)
		v.name, v.exclude = names[i], []int32{g.ids[names[i]]}
		return v, nil
	}, nil)
}

// simulated makes the maps of normal training pictures with simulated defects.
func (g *gatherer) simulated(ctx context.Context) ([]Map, error) {
	n := g.SimulatedCount(len(g.model.Images))
	names := g.sources(g.model.Images, n, streamSimulated)
	return g.maps(ctx, n, func(i int) (view, error) {
		return g.simulate(g.sim, names[i], g.stream(streamSimulated, i))
	}, nil)
}

// simulate draws a defect on a normal picture.
func (g *gatherer) simulate(sim *synth.Simulator, name string, rng *rand.Rand) (view, error) {
	p, err := g.normal(name)
	if err != nil {
		return view{}, err
	}
	s, err := sim.Simulate(rng, p.Picture, g.foreground(p.Picture), nil)
	if err != nil {
		return view{}, undrawn(name, err)
	}
	v := cut(rng, p, s.Pix, s.Mask, nil)
	v.name = name + " (simulated)"
	if id, ok := g.ids[name]; ok {
		v.exclude = []int32{id}
	}
	return v, nil
}

// undrawn says why no defect could be drawn on a picture, and what to do.
func undrawn(name string, err error) error {
	if errors.Is(err, synth.ErrNoMask) {
		return fmt.Errorf("train: %s: %w: try --foreground all", name, err)
	}
	return fmt.Errorf("train: %s: %w", name, err)
}

// real makes the maps of the labelled defective pictures and their variants
// (METHOD section 6, "Real defects"): each itself, half of the variants with a
// simulated defect added, half pasted onto a normal picture.
func (g *gatherer) real(ctx context.Context) ([]Map, error) {
	per := 1 + g.Variants
	return g.maps(ctx, g.source.Defects()*per, func(i int) (view, error) {
		d, p, err := g.defect(i / per)
		if err != nil {
			return view{}, err
		}
		rng := g.stream(streamReal, i)
		switch k := i % per; {
		case k == 0:
			v := cut(rng, p, p.Pix, d.mask, d.inside)
			v.name = d.name
			return v, nil
		case k%2 == 1:
			s, err := g.sim.Simulate(rng, p.Picture, g.foreground(p.Picture), d.mask)
			if err != nil {
				return view{}, undrawn(d.name, err)
			}
			v := cut(rng, p, s.Pix, s.Mask, d.inside)
			v.name = d.name + " (defect added)"
			return v, nil
		}
		return g.paste(rng, d, p)
	}, nil)
}

// labelled is a defective picture's labels at the size its crops are cut from.
type labelled struct {
	name         string
	mask, inside []byte // nil where there is none
}

// check returns what is wrong with a defective picture's labels.
func (d *Defect) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("train: %s: %s", d.Name, fmt.Sprintf(format, args...))
	}
	if d.Mask != nil && len(d.Mask) != d.Size.W*d.Size.H {
		return fail("its mask has %d pixels, the picture %v", len(d.Mask), d.Size)
	}
	for k, b := range d.Boxes {
		x0, y0, x1, y1 := b.Bounds()
		inside := x1 > 0 && y1 > 0 && x0 < float64(d.Size.W) && y0 < float64(d.Size.H)
		if !inside || !(x1 > x0 && y1 > y0) { // false, too, for what is no number
			return fail("box %d, from (%.0f, %.0f) to (%.0f, %.0f), lies outside the picture of %v pixels", k+1, x0, y0, x1, y1, d.Size)
		}
	}
	if !set(d.Mask) && len(d.Boxes) == 0 {
		return fail("nothing of it is labelled as a defect: an empty mask teaches nothing; label it or leave it out")
	}
	return nil
}

// defect reads a labelled defective picture.
func (g *gatherer) defect(i int) (labelled, scaled, error) {
	d, err := g.source.Defect(i)
	if err != nil {
		return labelled{}, scaled{}, err
	}
	p, err := g.scale(d.Pix, d.Size)
	if err != nil {
		return labelled{}, scaled{}, fmt.Errorf("%s: %w", d.Name, err)
	}
	l := labelled{name: d.Name}
	if d.Mask != nil {
		l.mask = prep.NearestMask(d.Mask, d.Size.W, d.Size.H, p.W, p.H)
	}
	if len(d.Boxes) > 0 {
		l.inside = boxMask(d.Boxes, d.Size.W, d.Size.H, p.W, p.H)
	}
	if !set(l.mask) && !set(l.inside) {
		return labelled{}, scaled{}, fmt.Errorf("train: %s: its defect is smaller than a pixel of the detector's input %v: use a larger --size", d.Name, g.model.Input)
	}
	return l, p, nil
}

func set(mask []byte) bool {
	for _, m := range mask {
		if m != 0 {
			return true
		}
	}
	return false
}

// boxMask marks the pixels of a toW x toH picture whose centres lie in a box of the
// w x h one.
func boxMask(boxes []block.Box, w, h, toW, toH int) []byte {
	out := make([]byte, toW*toH)
	for y := range toH {
		for x := range toW {
			cx, cy := (float64(x)+0.5)*float64(w)/float64(toW), (float64(y)+0.5)*float64(h)/float64(toH)
			for _, b := range boxes {
				if b.Contains(cx, cy) {
					out[y*toW+x] = 1
					break
				}
			}
		}
	}
	return out
}

// paste puts the defect of a picture onto a random normal one, brought to the same
// size.
func (g *gatherer) paste(rng *rand.Rand, d labelled, p scaled) (view, error) {
	name := g.model.Images[rng.IntN(len(g.model.Images))]
	onto, err := g.normalAt(name, p)
	if err != nil {
		return view{}, err
	}
	region := make([]byte, p.W*p.H)
	for i := range region {
		if d.mask != nil && d.mask[i] != 0 || d.inside != nil && d.inside[i] != 0 {
			region[i] = 1
		}
	}
	s, err := synth.Paste(rng, p.Picture, region, onto)
	if err != nil {
		return view{}, fmt.Errorf("train: %s: %w", d.name, err)
	}
	mask, inside := s.Mask, []byte(nil)
	if d.inside != nil { // what is in a box is not known wherever it is put
		mask, inside = nil, s.Mask
	}
	v := cut(rng, p, s.Pix, mask, inside)
	v.name = d.name + " on " + name
	v.exclude = []int32{g.ids[name]}
	return v, nil
}

// normalAt reads a normal picture at the size of another.
func (g *gatherer) normalAt(name string, like scaled) (synth.Picture, error) {
	p, err := g.normal(name)
	if err != nil || p.W == like.W && p.H == like.H {
		return p.Picture, err
	}
	out := synth.NewPicture(like.W, like.H)
	for y := range out.H {
		for x := range out.W {
			from := 3 * ((2*y+1)*p.H/(2*out.H)*p.W + (2*x+1)*p.W/(2*out.W))
			copy(out.Pix[3*(y*out.W+x):][:3], p.Pix[from:from+3])
		}
	}
	return out, nil
}
