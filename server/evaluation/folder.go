package evaluation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// Figures are what a detector reaches on a data set's test images.
type Figures struct {
	Measures
	Images          int           `json:"images"`
	LeftOut         int           `json:"left_out"`          // images that the model was trained on
	SecondsPerImage float64       `json:"seconds_per_image"` // mean, from file to measured map
	FalseAlarms     int           `json:"false_alarms"`      // normal images at or above the threshold
	Misses          int           `json:"misses"`            // defective images below it
	Kinds           []KindFigures `json:"kinds"`
}

// KindFigures measures one kind of defect: its images with the normal ones.
type KindFigures struct {
	Kind string `json:"kind"`
	Measures
	Images int `json:"images"` // of the kind
	Misses int `json:"misses"`
}

// Unseen are the test images that a detector has neither learnt from nor set its threshold by. It knows them by name.
func Unseen(test []dataset.Item, s detect.Spec) []dataset.Item {
	names := slices.Concat(s.Images, s.HeldOut)
	if s.Classifier != nil {
		names = append(names, s.Classifier.Moved...)
	}
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		seen[n] = true
	}
	return slices.DeleteFunc(slices.Clone(test), func(i dataset.Item) bool { return seen[i.Name] })
}

// Folder measures a model on the test images of a data set, at the masks' own size, by the map that the page shows.
// progress may be nil.
func Folder(ctx context.Context, m *detect.Model, test []dataset.Item, run ort.Options, progress func(done, total int)) (*Figures, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	scorer, err := detect.NewScorer(m, run)
	if err != nil {
		return nil, err
	}
	defer scorer.Close()
	f := folder{model: m, scorer: scorer, mappers: make(map[prep.Size]*heat.Mapper)}
	start := time.Now()
	for i, item := range test {
		progress(i, len(test))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := f.add(ctx, item); err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
	}
	progress(len(test), len(test))
	e := &Figures{Images: len(test), SecondsPerImage: time.Since(start).Seconds() / float64(len(test))}
	return e, e.sum(&f.tally)
}

// folder carries one Folder.
type folder struct {
	model   *detect.Model
	scorer  *detect.Scorer
	mappers map[prep.Size]*heat.Mapper // a set's images are of few sizes
	tally   Tally
}

// add scores one image and takes its pixels in.
func (f *folder) add(ctx context.Context, item dataset.Item) error {
	rgb, err := picture.DecodeFile(item.Path, prep.DefaultLimits, f.model.Depth)
	if err != nil {
		return err
	}
	kind, mask := "", make([]byte, rgb.W*rgb.H)
	if item.Defective() {
		kind = item.Kind
		if mask, err = item.Truth(rgb.Size); err != nil {
			return err
		}
	}
	scores, err := f.scorer.Picture(ctx, rgb.Pix, rgb.Size)
	if err != nil {
		return err
	}
	scores.Calibrate(f.model.Threshold.Value)
	mapper := f.mappers[rgb.Size]
	if mapper == nil {
		mapper = heat.New(scores.Rows, scores.Cols, rgb.W, rgb.H)
		f.mappers[rgb.Size] = mapper
	}
	top, _, _ := scores.Max()
	return f.tally.Add(kind, top, mapper.Map(nil, scores.Values), mask, rgb.W, rgb.H)
}

// sum measures all kinds together, and each with the normal images.
func (e *Figures) sum(t *Tally) (err error) {
	kinds := t.Kinds()
	for _, kind := range kinds {
		k := KindFigures{Kind: kind}
		k.Images, k.Misses = t.Count(kind, 1)
		if k.Measures, err = t.Measure(kind); err != nil {
			return err
		}
		e.Misses += k.Misses
		e.Kinds = append(e.Kinds, k)
	}
	normal, below := t.Count("", 1)
	e.FalseAlarms = normal - below
	e.Measures, err = t.Measure(kinds...)
	return err
}
