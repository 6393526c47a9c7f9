package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"semirest/models/weights"
	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/meter"
	"semirest/server/ort"
	"semirest/server/train"
	"semirest/shared/prep"
)

// trainOptions are the flags of semirest train.
type trainOptions struct {
	data, out, supervision, preset string
	split                          string
	backbone, backboneWeights      string
	size, tile, overlap            int
	bankRows, poolRows             int
	bankFraction                   float64
	holdOut, falseAlarms           float64
	seed                           uint64
	noPCF, json, force             bool
	profile                        string
	classifier                     superviseOptions
	run                            ort.Options
	ortLib                         string
}

func newTrainCmd() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:   "train --data DIR --out MODEL",
		Short: "Make a detector from a folder of pictures",
		Long: `Makes a detector from normal pictures: DIR/train/good of the MVTec layout, or
every picture of a plain folder.

A memory bank of features is fitted on nine tenths of the pictures, and by
--supervision a classifier is trained on the features' residuals to it:

  un    on simulated defects: nothing is labelled
  sup   also on the masks of a few real defects
  semi  also on boxes around the same defects
  none  no classifier: a block's score is its feature's distance to the bank

What is held out decides which checkpoint is kept, whether the distance is
fused in, and the threshold for the stated rate of false alarms.`,
		Example: `  semirest train --data demo/woven-cloth --supervision un --out cloth.safetensors
  semirest train --data demo/woven-cloth --supervision semi --defects 10 --init cloth.safetensors --out semi.safetensors
  semirest train --data parts/ --supervision none --out parts.safetensors`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := makeModel(cmd.Context(), cmd, &o)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), m.Spec)
			}
			if err := train.Explain(cmd.OutOrStdout(), m); err != nil {
				return err
			}
			warnOf(cmd.ErrOrStderr(), m)
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d bank rows from %d pictures, threshold %.4g, in %.1f s\n",
				o.out, m.BankSize().Rows, len(m.Images), m.Threshold.Value, m.Provenance.Seconds)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "folder of pictures")
	f.StringVar(&o.split, "split", "", splitHelp)
	f.StringVar(&o.out, "out", "", "model file to write")
	f.StringVar(&o.supervision, "supervision", "un", "un, sup, semi or none")
	f.StringVar(&o.preset, "preset", "lite", "lite (EfficientNet-Lite2, a narrow Swin), fast (an MLP) or paper (Wide-ResNet-50-2, every value of the paper)")
	f.StringVar(&o.backbone, "backbone", "", "another backbone than the preset's: efficientnet_lite0, efficientnet_lite2 or wide_resnet50_2")
	f.StringVar(&o.backboneWeights, "backbone-weights", "", "safetensors file with the backbone's weights, names as in its source; EfficientNet-Lite2's are built in")
	f.StringVar(&o.profile, "profile", train.AutoProfile, "how much each map of the backbone counts: fine, flat, coarse or views (a bank a map, fused late); auto: fine where normal pictures repeat each other closely, else views, or flat below a classifier; with preset paper as the paper has it")
	f.IntVar(&o.size, "size", 512, "longer side that pictures are resized to, pixels, a multiple of 64")
	f.IntVar(&o.tile, "tile", 0, "cut the resized picture into overlapping crops of this many pixels a side; 0: one crop a picture")
	f.IntVar(&o.overlap, "tile-overlap", 64, "least overlap of neighbouring crops, pixels, a multiple of 16")
	f.IntVar(&o.bankRows, "bank-rows", 0, "rows of the memory bank, of several views each its share of them (default: the preset's)")
	f.Float64Var(&o.bankFraction, "bank-fraction", 0, "the memory bank as a fraction of all rows, instead of --bank-rows")
	f.IntVar(&o.poolRows, "pool-rows", 0, "rows that the bank is chosen from (default: the preset's; with --bank-fraction all)")
	f.Float64Var(&o.holdOut, "hold-out", 0.1, "share of the normal pictures kept from the bank for the threshold")
	f.Float64Var(&o.falseAlarms, "false-alarm-rate", 0.01, "share of normal pictures that may score above the threshold")
	f.BoolVar(&o.noPCF, "no-pcf", false, "leave the position code out")
	f.Uint64Var(&o.seed, "seed", 0, "seed of every random choice")
	f.BoolVar(&o.json, "json", false, "print the model's metadata as JSON")
	forceFlag(f, &o.force)
	o.classifier.flags(f)
	runFlags(f, &o.run, &o.ortLib)
	cmd.MarkFlagsMutuallyExclusive("bank-rows", "bank-fraction")
	require(cmd, "data", "out")
	return cmd
}

// makeModel makes the detector that the flags describe and writes its file.
func makeModel(ctx context.Context, cmd *cobra.Command, o *trainOptions) (*detect.Model, error) {
	start := time.Now()
	cfg, err := o.config()
	if err != nil {
		return nil, err
	}
	set, err := openSplit(o.data, o.split, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	if len(set.Train) == 0 {
		return nil, fmt.Errorf("%s: %w in train/good: a detector needs normal pictures", o.data, dataset.ErrNoImages)
	}
	if err := writable(o.out, o.force); err != nil {
		return nil, err
	}
	if err := startRuntime(o.ortLib); err != nil { // before all pictures are read
		return nil, err
	}
	if cfg.Depth, err = setDepth(set, cmd.ErrOrStderr()); err != nil {
		return nil, err
	}
	fingerprint, err := dataset.Fingerprint(set.Train)
	if err != nil {
		return nil, err
	}
	cfg.Provenance = detect.Provenance{
		Command: commandLine(cmd), Data: fingerprint, Version: version, Created: start.UTC().Truncate(time.Second),
	}
	var m *detect.Model
	if o.supervision == "none" {
		m, err = o.fitBank(ctx, cmd, cfg, dataset.Pictures(set.Train))
	} else {
		m, err = trainClassifier(ctx, cmd, o, cfg, set)
	}
	if err != nil {
		return nil, err
	}
	m.Provenance = cfg.Provenance
	m.Provenance.Seed = o.seed
	m.Provenance.Seconds = time.Since(start).Seconds()
	if err := m.Save(o.out); err != nil || o.supervision == "none" {
		return m, err
	}
	return m, train.Finish(o.work())
}

// fitBank fits a detector without a classifier.
func (o *trainOptions) fitBank(ctx context.Context, cmd *cobra.Command, cfg detect.FitConfig, normal detect.Source) (*detect.Model, error) {
	run := train.Config{Fit: cfg, Profile: o.profile, Run: o.run}
	progress := meter.New(cmd.ErrOrStderr())
	defer progress.Close()
	progress.Expect(train.Expect(run, normal.Len(), 0))
	cfg, err := run.WithViews(ctx, normal, progress.Training)
	if err != nil {
		return nil, err
	}
	return detect.Fit(ctx, cfg, normal, func(p detect.Progress) { progress.Show(string(p.Stage), p.Done, p.Total) })
}

// config turns the flags into the settings of a fit.
func (o *trainOptions) config() (detect.FitConfig, error) {
	var cfg detect.FitConfig
	if o.supervision != "none" {
		if _, err := o.classifier.settings(o.preset, o.supervision, o.seed); err != nil {
			return cfg, err
		}
	}
	if o.profile != "" && o.profile != train.AutoProfile {
		if _, err := train.FindProfile(o.profile); err != nil {
			return cfg, usageError{err}
		}
	}
	switch o.preset {
	case "lite", "fast":
		cfg = detect.Lite()
	case "paper":
		cfg = detect.Paper()
	default:
		return cfg, usagef("--preset %s: give lite, fast or paper", o.preset)
	}
	if o.backbone != "" {
		cfg.Backbone = o.backbone
	}
	var err error
	if cfg.Weights, err = backboneWeights(cfg.Backbone, o.backboneWeights); err != nil {
		return cfg, err
	}
	cfg.Ref, cfg.Seed, cfg.Run = o.size, o.seed, o.run
	cfg.HoldOut, cfg.FalseAlarmRate = o.holdOut, o.falseAlarms
	if o.bankRows != 0 {
		cfg.BankRows, cfg.BankFraction = o.bankRows, 0
	}
	if o.bankFraction != 0 {
		cfg.BankRows, cfg.BankFraction, cfg.PoolRows = 0, o.bankFraction, 0
	}
	if o.poolRows != 0 {
		cfg.PoolRows = o.poolRows
	}
	if o.tile != 0 {
		cfg.Tile, cfg.TileSide = prep.Tile{Ref: o.size, Overlap: o.overlap}, o.tile
	}
	if o.noPCF {
		cfg.PositionWeight = 0
	}
	return cfg, nil
}

// backboneWeights reads a backbone's weights: of the file, or the embedded ones.
func backboneWeights(backbone, path string) (*weights.Set, error) {
	if path != "" {
		return weights.Load(path)
	}
	if backbone != weights.DefaultBackbone {
		return nil, usagef("the weights of %s are not built in: name a safetensors file with --backbone-weights", backbone)
	}
	return weights.Default()
}

// writable tells early whether the model's file can be written, not after
// minutes of work.
func writable(path string, force bool) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usagef("--out %s is a folder: name a file", path)
	}
	if err := fresh(path, force); err != nil {
		return err
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".semirest-*")
	if err != nil {
		if failed := (*os.PathError)(nil); errors.As(err, &failed) {
			err = failed.Err // of a file that nobody knows
		}
		return fmt.Errorf("--out %s: %w", path, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}
