package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/dataset"
	"semirest/server/meter"
	"semirest/server/tables"
	"semirest/server/train"
)

func newAblateCmd() *cobra.Command {
	o := trainOptions{supervision: "un"}
	var seeds int
	var only []string
	cmd := &cobra.Command{
		Use:   "ablate --data DIR --out DIR",
		Short: "Measure what each part of the method is worth",
		Long: `Trains detectors with parts of the method left out or exchanged, as Table 7 of
the paper does, and measures them on the test set: ablation.csv, ablation.md and
ablation.png. Features and neighbours are computed once for all rows that share
them; classifiers stand alone, unfused. sup and semi move --defects images to
training; their rows, and the un row "full, without moved images", are measured on
the images left.`,
		Example: "  semirest ablate --data demo/woven-cloth --out ablation --seeds 3",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := ablate(cmd, &o, seeds, only)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			if err := tables.Markdown(cmd.OutOrStdout(), rows); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\nablation.csv, ablation.md and ablation.png are in %s\n", o.out)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "folder in the MVTec layout")
	f.StringVar(&o.out, "out", "", "folder to write to; it is made where it does not exist")
	f.StringVar(&o.preset, "preset", "lite", "lite, fast or paper")
	f.StringVar(&o.backboneWeights, "backbone-weights", "", "safetensors file with the backbone's weights")
	f.StringVar(&o.profile, "profile", train.AutoProfile, "fine, flat, coarse, views or auto")
	f.IntVar(&o.size, "size", 512, "longer side that pictures are resized to, pixels")
	f.IntVar(&o.bankRows, "bank-rows", 0, "rows of the memory bank (default: the preset's)")
	f.IntVar(&seeds, "seeds", 1, "seeds, from --seed on")
	f.Uint64Var(&o.seed, "seed", 0, "first seed")
	f.StringSliceVar(&only, "only", nil, "rows to make, by supervision/change, separated by commas; a part of a name will do")
	f.BoolVar(&o.json, "json", false, "print the rows as JSON")
	o.holdOut, o.falseAlarms = 0.1, 0.01
	f.IntVar(&o.classifier.defects, "defects", 10, "sup and semi: defective pictures that are moved to training")
	f.Uint64Var(&o.classifier.defectSeed, "defect-seed", 0, "seed of which they are")
	f.IntVar(&o.classifier.steps, "steps", 0, "training steps (default: the preset's)")
	f.IntVar(&o.classifier.simulated, "simulated", 0, "simulated defective pictures (default: the preset's)")
	f.IntVar(&o.classifier.heldN, "held-out-simulated", 0, "held-out simulated pictures (default: the preset's)")
	f.StringVar(&o.classifier.foreground, "foreground", "auto", "where defects are simulated: auto, object or all")
	f.StringVar(&o.classifier.textures, "textures", "", texturesHelp)
	o.classifier.block, o.classifier.noFusion = 8, true
	runFlags(f, &o.run, &o.ortLib)
	require(cmd, "data", "out")
	return cmd
}

func ablate(cmd *cobra.Command, o *trainOptions, seeds int, only []string) ([]tables.Row, error) {
	if seeds < 1 {
		return nil, usagef("--seeds %d: at least one is needed", seeds)
	}
	set, err := openSplit(o.data, "", cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	if len(set.Train) == 0 || len(set.Test) == 0 {
		return nil, fmt.Errorf("%s: %w in train/good or test: an ablation trains and tests", o.data, dataset.ErrNoImages)
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return nil, err
	}
	if err := startRuntime(o.ortLib); err != nil {
		return nil, err
	}
	progress := meter.New(cmd.ErrOrStderr())
	defer progress.Close()
	a := tables.Ablation{
		Set: set, Defects: o.classifier.defects, DefectSeed: o.classifier.defectSeed, Profile: o.profile, Run: o.run,
		Settings: o.ablated, Report: progress.Training,
		Begin: func(row string) { progress.Note("== " + row) },
		Keep:  func(rows []tables.Row) error { return tables.Write(o.out, commandLine(cmd), rows) },
	}
	if a.Fit, err = o.config(); err != nil {
		return nil, err
	}
	if a.Fit.Depth, err = setDepth(set, cmd.ErrOrStderr()); err != nil {
		return nil, err
	}
	if a.Textures, err = readTextures(o.classifier.textures, cmd.ErrOrStderr()); err != nil {
		return nil, err
	}
	list := make([]uint64, seeds)
	for i := range list {
		list[i] = o.seed + uint64(i)
	}
	for i := range only {
		only[i] = strings.TrimSpace(only[i])
	}
	rows, err := a.Rows(cmd.Context(), list, only)
	if errors.Is(err, context.Canceled) && len(rows) > 0 {
		return nil, stopped(fmt.Sprintf("the %d rows that were made are in %s", len(rows), o.out))
	}
	return rows, err
}

// ablated are a supervision's settings; --steps counts for its unsupervised start, too.
func (o *trainOptions) ablated(of train.Supervision, seed uint64) (train.Settings, error) {
	s, err := o.classifier.settings(o.preset, string(of), seed)
	if err == nil && s.Start != nil && o.classifier.steps > 0 {
		s.Start.Steps, s.Start.ManySteps = o.classifier.steps, 0
	}
	return s, err
}
