package supervision

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"semirest/server/dataset"
	"semirest/server/picture"
	"semirest/server/synth"
	"semirest/shared/prep"
)

// Specimen is a defect as training would make it, with where it came from.
type Specimen struct {
	synth.Row
	Source string // name of the normal picture
	Defect string // name of the real picture that the defect was cut from; "" for a simulated one
}

// Specimens says which specimens to make.
type Specimens struct {
	Count, Paste int // simulated defects, and real ones pasted onto normal pictures
	Size         int // longer side of the detector's input, pixels
	Seed         uint64
	Recipe       synth.Recipe
	Foreground   synth.ForegroundMode
	Textures     []synth.Picture // none: the built-in set
}

// Make makes specimens of a data set, the simulated ones first. Pictures are taken evenly over the set.
func (s Specimens) Make(ctx context.Context, set *dataset.Set) ([]Specimen, error) {
	if len(set.Train) == 0 {
		return nil, fmt.Errorf("%s has no normal training images: put some in train/good", set.Root)
	}
	sim, err := synth.New(s.Textures)
	if err != nil {
		return nil, err
	}
	sim = sim.With(s.Recipe)
	first, err := picture.FileSize(set.Train[0].Path, prep.DefaultLimits)
	if err != nil {
		return nil, err
	}
	input := prep.InputSize(first, s.Size)
	normal := evenly(set.Train, max(s.Count, s.Paste, 8))
	pictures := make([]synth.Picture, len(normal))
	for i, item := range normal {
		if pictures[i], _, err = resized(item, input); err != nil {
			return nil, err
		}
	}
	mode := synth.DecideForeground(s.Foreground, pictures)
	rng := rand.New(rand.NewPCG(s.Seed, 0x73696d756c617465))
	var made []Specimen
	for i := range s.Count {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		k := i % len(pictures)
		fg := synth.Foreground(mode, pictures[k])
		sample, err := sim.Simulate(rng, pictures[k], fg, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", normal[k].Name, err)
		}
		made = append(made, Specimen{Row: synth.Row{Source: pictures[k], Foreground: fg, Sample: sample}, Source: normal[k].Name})
	}
	var masked []dataset.Item
	for _, item := range set.Test {
		if item.Mask != "" {
			masked = append(masked, item)
		}
	}
	defects := evenly(masked, s.Paste)
	if s.Paste > 0 && len(defects) == 0 {
		return nil, fmt.Errorf("%s has no defective test images with masks to paste from: leave --paste out", set.Root)
	}
	for i := range s.Paste {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		item, k := defects[i%len(defects)], i%len(pictures)
		p, size, err := resized(item, input)
		if err != nil {
			return nil, err
		}
		mask, err := item.Truth(size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
		sample, err := synth.Paste(rng, p, prep.NearestMask(mask, size.W, size.H, input.W, input.H), pictures[k])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
		made = append(made, Specimen{Row: synth.Row{Source: pictures[k], Sample: sample}, Source: normal[k].Name, Defect: item.Name})
	}
	if len(made) == 0 {
		return nil, errors.New("nothing to make: ask for at least one defect, simulated or pasted")
	}
	return made, nil
}

// evenly takes at most n items evenly over the list.
func evenly(items []dataset.Item, n int) []dataset.Item {
	if n >= len(items) {
		return items
	}
	out := make([]dataset.Item, n)
	for i := range out {
		out[i] = items[i*len(items)/n]
	}
	return out
}

// resized reads an image and brings it to the input's size; it also returns its own.
func resized(item dataset.Item, input prep.Size) (synth.Picture, prep.Size, error) {
	p, err := picture.DecodeFile(item.Path, prep.DefaultLimits, item.Depth)
	if err != nil {
		return synth.Picture{}, prep.Size{}, err
	}
	pix, err := prep.Resize(p.Pix, p.Size, input)
	if err != nil {
		return synth.Picture{}, prep.Size{}, fmt.Errorf("%s: %w", item.Name, err)
	}
	return synth.Picture{W: input.W, H: input.H, Pix: pix}, p.Size, nil
}

// Textures reads a folder of textures that simulated defects are filled from; "" is the built-in set, nil. note takes
// what is passed over, file by file.
func Textures(dir string, note func(error)) ([]synth.Picture, error) {
	if dir == "" {
		return nil, nil
	}
	textures, skipped, err := synth.LoadTextures(dir, func(path string) (synth.Picture, error) {
		p, err := picture.DecodeFile(path, prep.DefaultLimits, prep.OwnDepth)
		return synth.Picture{W: p.W, H: p.H, Pix: p.Pix}, err
	})
	for _, e := range skipped {
		note(e)
	}
	return textures, err
}
