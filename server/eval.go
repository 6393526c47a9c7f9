package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/metric"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// figures are what semirest eval prints.
type figures struct {
	measures
	Images          int       `json:"images"`
	LeftOut         int       `json:"left_out"`          // images that the model was trained on
	SecondsPerImage float64   `json:"seconds_per_image"` // mean, from file to measured map
	FalseAlarms     int       `json:"false_alarms"`      // normal images at or above the threshold
	Misses          int       `json:"misses"`            // defective images below it
	Kinds           []kindRow `json:"kinds"`
}

// kindRow measures one kind of defect: its pixels and the normal images'.
type kindRow struct {
	Kind string `json:"kind"`
	measures
	Images int `json:"images"` // of the kind
	Misses int `json:"misses"`
}

func newEvalCmd() *cobra.Command {
	var model, data, split, beside, lib string
	var run ort.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --model MODEL --data DIR",
		Short: "Measure a detector on test pictures with masks",
		Long: `Scores every test picture of an MVTec folder and prints pixel AP, PRO, pixel
AUROC and image AUROC over all of them, at the masks' own size, with a row a
kind of defect. The map that is measured is the one that the page shows.`,
		Example: "  semirest eval --model bottle.safetensors --data ../shared/data/mvtec_bottle --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := detect.Load(model)
			if err != nil {
				return err
			}
			set, err := openSplit(data, split, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if len(set.Test) == 0 {
				return fmt.Errorf("%s: %w in test/*: eval needs test pictures, in the MVTec layout", data, dataset.ErrNoImages)
			}
			moved := leaveOut(set, m)
			if beside != "" {
				other, err := detect.Load(beside)
				if err != nil {
					return err
				}
				moved += leaveOut(set, other)
			}
			if moved > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d images that were trained on are left out\n", moved)
			}
			if err := startRuntime(lib); err != nil {
				return err
			}
			meter := newMeter(cmd.ErrOrStderr())
			e, err := evaluate(cmd.Context(), m, set.Test, run, func(done, total int) { meter.show("eval", done, total) })
			meter.close()
			if err != nil {
				return err
			}
			e.LeftOut = moved
			if asJSON {
				return printJSON(cmd.OutOrStdout(), e)
			}
			return e.print(cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "model file")
	f.StringVar(&data, "data", "", "folder in the MVTec layout")
	f.StringVar(&split, "split", "", splitHelp)
	f.StringVar(&beside, "beside", "", "another model: leave out what it was trained on, too, so that the figures compare")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	runFlags(f, &run, &lib)
	require(cmd, "model", "data")
	return cmd
}

// leaveOut takes the images that a model was trained on out of the test set, and
// returns how many there were.
func leaveOut(set *dataset.Set, m *detect.Model) int {
	seen := map[string]bool{}
	lists := [][]string{m.Images, m.HeldOut}
	if m.Classifier != nil {
		lists = append(lists, m.Classifier.Moved)
	}
	for _, names := range lists {
		for _, name := range names {
			seen[name] = true
		}
	}
	before := len(set.Test)
	set.Test = slices.DeleteFunc(set.Test, func(i dataset.Item) bool { return seen[i.Name] })
	return before - len(set.Test)
}

const splitHelp = `JSON file that divides the normal pictures anew: {"train_good": ["a.png"], "test_good": ["b.png"]}`

// openSplit opens a data set and divides it anew where split names a file.
func openSplit(dir, split string, warn io.Writer) (*dataset.Set, error) {
	set, err := dataset.Open(dir)
	if err != nil || split == "" {
		return set, err
	}
	left, err := set.Split(split)
	if err == nil && left > 0 {
		fmt.Fprintf(warn, "%d normal pictures are in neither part of %s and are left out\n", left, split)
	}
	return set, err
}

// kindScores collects a kind's pixels and image scores.
type kindScores struct {
	pixels metric.Group
	images []float32 // calibrated
}

// evaluate measures a model on test images; progress may be nil.
func evaluate(ctx context.Context, m *detect.Model, test []dataset.Item, run ort.Options, progress func(done, total int)) (figures, error) {
	scorer, err := detect.NewScorer(m, run)
	if err != nil {
		return figures{}, err
	}
	defer scorer.Close()
	var kinds []string
	of := make(map[string]*kindScores)
	mappers := make(map[prep.Size]*heat.Mapper)
	start := time.Now()
	for i, item := range test {
		if progress != nil {
			progress(i, len(test))
		}
		if err := ctx.Err(); err != nil {
			return figures{}, err
		}
		k := of[item.Kind]
		if k == nil {
			k = new(kindScores)
			of[item.Kind] = k
			kinds = append(kinds, item.Kind)
		}
		if err := k.add(ctx, m, scorer, item, mappers); err != nil {
			return figures{}, fmt.Errorf("%s: %w", item.Name, err)
		}
	}
	if progress != nil {
		progress(len(test), len(test))
	}
	e := figures{Images: len(test), SecondsPerImage: time.Since(start).Seconds() / float64(len(test))}
	return e, e.summarize(kinds, of)
}

// add scores one image and takes its pixels in.
func (k *kindScores) add(ctx context.Context, m *detect.Model, scorer *detect.Scorer, item dataset.Item, mappers map[prep.Size]*heat.Mapper) error {
	rgb, err := picture.DecodeFile(item.Path, prep.DefaultLimits)
	if err != nil {
		return err
	}
	mask := make([]byte, rgb.W*rgb.H)
	if item.Defective() {
		if item.Mask == "" {
			return errors.New("no mask of this defective image: put one at ground_truth/KIND/NAME_mask.png")
		}
		size, marked, err := picture.Mask(item.Mask, prep.DefaultLimits)
		if err != nil {
			return err
		}
		if size != rgb.Size {
			return fmt.Errorf("its mask %s has %v pixels, the image %v: they must be of one size", item.Mask, size, rgb.Size)
		}
		mask = marked
	}
	scores, err := scorer.Picture(ctx, rgb.Pix, rgb.Size)
	if err != nil {
		return err
	}
	scores.Calibrate(m.Threshold.Value)
	mapper := mappers[rgb.Size]
	if mapper == nil {
		mapper = heat.New(scores.Rows, scores.Cols, rgb.W, rgb.H)
		mappers[rgb.Size] = mapper
	}
	top, _, _ := scores.Max()
	k.images = append(k.images, top)
	return k.pixels.Add(mapper.Map(nil, scores.Values), mask, rgb.W, rgb.H)
}

// summarize computes the measures over all kinds, and of each with the normal images.
func (e *figures) summarize(kinds []string, of map[string]*kindScores) error {
	normal := of[dataset.Good]
	if normal == nil {
		normal = new(kindScores)
	}
	groups := []*metric.Group{&normal.pixels}
	var defective []float32
	for _, name := range kinds {
		if name == dataset.Good {
			continue
		}
		k := of[name]
		image, err := metric.AUROC(normal.images, k.images)
		if err != nil {
			return err
		}
		row := kindRow{Kind: name, measures: measuresOf(metric.Measure(&normal.pixels, &k.pixels), image), Images: len(k.images)}
		for _, s := range k.images {
			if s < 1 {
				row.Misses++
			}
		}
		e.Misses += row.Misses
		e.Kinds = append(e.Kinds, row)
		groups = append(groups, &k.pixels)
		defective = append(defective, k.images...)
	}
	for _, s := range normal.images {
		if s >= 1 {
			e.FalseAlarms++
		}
	}
	image, err := metric.AUROC(normal.images, defective)
	e.measures = measuresOf(metric.Measure(groups...), image)
	return err
}

// print writes the figures as a table, in per cent.
func (e *figures) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "kind\timages\tpixel AP\tPRO\tpixel AUROC\timage AUROC\tmisses\t")
	row := func(name string, images int, m measures, misses int) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t\n", name, images, m.PixelAP, m.PRO, m.PixelAUROC, m.ImageAUROC, misses)
	}
	for _, k := range e.Kinds {
		row(k.Kind, k.Images, k.measures, k.Misses)
	}
	row("all", e.Images, e.measures, e.Misses)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d false alarms; %.3f s an image\n", e.FalseAlarms, e.SecondsPerImage)
	return nil
}
