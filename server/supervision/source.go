// Package supervision turns a data set and its labels into what a training run asks for (train.Source): normal pictures,
// and defective ones of which masks or boxes are shown to the trainer.
//
// Labels are those of the test set, of which some are drawn and moved to training (Draw), or a person's: a folder of
// masks, a JSON file of boxes, or any format of package format (Read).
package supervision

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"semirest/server/dataset"
	"semirest/server/picture"
	"semirest/server/synth"
	"semirest/server/train"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// ErrBoxes says that labels hold only boxes where masks are needed.
var ErrBoxes = errors.New("it holds only boxes, which are labels for --supervision semi")

// Source implements train.Source on files.
type Source struct {
	dataset.Pictures // normal
	defects          []dataset.Item
	boxes            bool                    // only boxes are shown to the trainer
	given            map[string]train.Defect // a person's labels, by the picture's name
}

// New is a source of normal pictures, and of defective ones with their masks, or, with boxes, the bounding boxes of the
// masks' regions.
func New(normal, defects []dataset.Item, boxes bool) *Source {
	return &Source{Pictures: normal, defects: defects, boxes: boxes}
}

// Defects is how many defective pictures there are.
func (s *Source) Defects() int { return len(s.defects) }

// Defect reads defective picture i and its labels.
func (s *Source) Defect(i int) (train.Defect, error) {
	item := s.defects[i]
	rgb, err := picture.DecodeFile(item.Path, prep.DefaultLimits, item.Depth)
	if err != nil {
		return train.Defect{}, err
	}
	d := train.Defect{Name: item.Name, Pix: rgb.Pix, Size: rgb.Size}
	if labels, ok := s.given[item.Name]; ok {
		d.Mask, d.Boxes = labels.Mask, labels.Boxes
		return d, nil
	}
	mask, err := item.Truth(rgb.Size)
	if err != nil {
		return train.Defect{}, fmt.Errorf("%s: %w", item.Name, err)
	}
	if !s.boxes {
		d.Mask = mask
		return d, nil
	}
	for _, r := range synth.Regions(mask, rgb.W, rgb.H) {
		d.Boxes = append(d.Boxes, block.Box{
			X: float64(r.X0+r.X1) / 2, Y: float64(r.Y0+r.Y1) / 2,
			HalfW: float64(r.X1-r.X0) / 2, HalfH: float64(r.Y1-r.Y0) / 2,
		})
	}
	return d, nil
}

// Draw takes n defective pictures with masks of the test set, as many of each kind as can be: the kinds in random order,
// one picture of each in turn. Where there are fewer it takes all. A set whose authors labelled pictures to learn from
// keeps its test set whole: those are drawn.
func Draw(set *dataset.Set, n int, seed uint64) []dataset.Item {
	rng := rand.New(rand.NewPCG(seed, 0x646566656374))
	from := set.Test
	if len(set.Labelled) > 0 {
		from = set.Labelled
	}
	kinds := make([][]dataset.Item, len(set.Kinds))
	for i, kind := range set.Kinds {
		for _, item := range from {
			if item.Kind == kind && item.Mask != "" {
				kinds[i] = append(kinds[i], item)
			}
		}
		rng.Shuffle(len(kinds[i]), func(a, b int) { kinds[i][a], kinds[i][b] = kinds[i][b], kinds[i][a] })
	}
	rng.Shuffle(len(kinds), func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
	var out []dataset.Item
	for turn := 0; len(out) < n; turn++ {
		before := len(out)
		for _, k := range kinds {
			if turn < len(k) && len(out) < n {
				out = append(out, k[turn])
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
}
