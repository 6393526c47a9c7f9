package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/format/codecs"
	"semirest/server/meter"
	"semirest/server/supervision"
	"semirest/server/synth"
	"semirest/server/train"
)

// superviseOptions are the flags of semirest train that concern the classifier.
type superviseOptions struct {
	defects              int
	defectSeed           uint64
	labels, labelsFormat string
	init, work           string
	resume               bool
	classifier, residual string
	bagging              string
	block, steps, heldN  int
	simulated            int
	rate                 float64
	noKNN, noMixMatch    bool
	noDropout, noFusion  bool
	foreground, textures string
	recipe               string
}

func (o *superviseOptions) flags(f *pflag.FlagSet) {
	f.IntVar(&o.defects, "defects", 10, "sup and semi: defective test pictures that are moved to the training set, spread over the kinds")
	f.Uint64Var(&o.defectSeed, "defect-seed", 0, "seed of which they are")
	f.StringVar(&o.labels, "labels", "", "sup and semi: labels of defective pictures instead: a folder of masks NAME_mask.png, or a JSON file of boxes")
	f.StringVar(&o.labelsFormat, "labels-format", "", "--labels is a folder, a zip or a file in this format: "+formatNames())
	f.StringVar(&o.init, "init", "", "trained model to go on from: its bank and weights (default: semi trains an unsupervised start first)")
	f.StringVar(&o.work, "work", "", "folder of checkpoints, log and loss plot (default: the model's name with .train)")
	f.BoolVar(&o.resume, "resume", false, "go on from the checkpoint in the work folder, bit for bit")
	f.StringVar(&o.classifier, "classifier", "", "swin, mlp, vit or unet (default: the preset's)")
	f.StringVar(&o.residual, "residual", "", "square or abs (default: the preset's)")
	f.StringVar(&o.bagging, "bagging", "", "off: a single pass; on, or the number of cells between windows (default: the preset's)")
	f.IntVar(&o.block, "block", 8, "side of a block, pixels: 8 or 16")
	f.IntVar(&o.steps, "steps", 0, "training steps (default: the preset's)")
	f.Float64Var(&o.rate, "learning-rate", 0, "highest learning rate (default: the preset's)")
	f.IntVar(&o.simulated, "simulated", 0, "simulated defective pictures to train on (default: the preset's)")
	f.IntVar(&o.heldN, "held-out-simulated", 0, "simulated defective pictures, of each recipe, that are held out to choose by (default: the preset's)")
	f.BoolVar(&o.noKNN, "no-knn-augmentation", false, "take every residual to the nearest row")
	f.BoolVar(&o.noMixMatch, "no-mixmatch", false, "semi: leave unknown blocks out instead of guessing them")
	f.BoolVar(&o.noDropout, "no-dropout", false, "drop no blocks in training")
	f.BoolVar(&o.noFusion, "no-fusion", false, "let the classifier stand alone, whatever held-out pictures say of the distance")
	f.StringVar(&o.recipe, "recipe", "", "of simulated defects: "+recipeNames()+" (default: the preset's; semirest simulate shows each)")
	f.StringVar(&o.foreground, "foreground", "auto", "where defects are simulated: auto, object or all")
	f.StringVar(&o.textures, "textures", "", texturesHelp)
}

const texturesHelp = "folder of textures to fill simulated defects from (DTD or any); default: a built-in set"

// readTextures reads the folder that --textures names, and says what of it cannot be read.
func readTextures(dir string, warn io.Writer) ([]synth.Picture, error) {
	return supervision.Textures(dir, func(err error) { fmt.Fprintf(warn, "--textures: left out: %v\n", err) })
}

// formatNames lists the formats of --labels-format.
func formatNames() string {
	var names []string
	for _, f := range codecs.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// settings turns the flags into those of a training run.
func (o *superviseOptions) settings(preset, supervision string, seed uint64) (train.Settings, error) {
	s, err := train.Preset(preset, train.Supervision(supervision))
	if err != nil {
		return s, usageError{err}
	}
	s.Seed = seed
	for _, p := range []*train.Settings{&s, s.Start} {
		if p == nil {
			continue
		}
		if o.classifier != "" {
			p.Classifier = o.classifier
		}
		if o.residual != "" {
			p.Residual = o.residual
		}
		p.Block, p.Foreground = o.block, o.foreground
		if o.recipe != "" {
			p.UseRecipe(o.recipe)
		}
		p.KNN = p.KNN && !o.noKNN
		if o.noDropout {
			p.Dropout = 0
		}
		switch o.bagging {
		case "", "on":
		case "off":
			p.Bagging = 0
		default:
			if p.Bagging, err = strconv.Atoi(o.bagging); err != nil || p.Bagging < 1 {
				return s, usagef("--bagging %s: give on, off, or a number of cells", o.bagging)
			}
		}
		if o.simulated > 0 {
			p.MinSim, p.MaxSim, p.SimulateViews = o.simulated, o.simulated, true
		}
		if o.heldN > 0 {
			p.HeldOut = o.heldN
		}
	}
	s.MixMatch = s.MixMatch && !o.noMixMatch
	s.Alone = o.noFusion
	if o.steps > 0 {
		s.Steps, s.ManySteps = o.steps, 0
	}
	if o.rate > 0 {
		s.LearningRate = o.rate
	}
	if err := s.Check(); err != nil {
		return s, usageError{err}
	}
	return s, nil
}

// source finds the defective pictures to learn from: those of --labels, or --defects of the test set's.
func (o *superviseOptions) source(ctx context.Context, set *dataset.Set, s train.Supervision, warn io.Writer) (*supervision.Source, error) {
	boxes := s == train.Semi
	switch {
	case s == train.Un:
		return supervision.New(set.Train, nil, false), nil
	case o.labelsFormat != "" && o.labels == "":
		return nil, usagef("--labels-format %s: say with --labels where they are", o.labelsFormat)
	case o.labels != "":
		from := supervision.Labels{Path: o.labels, Format: o.labelsFormat, Note: func(text string) { fmt.Fprintln(warn, "labels:", text) }}
		src, err := supervision.Read(ctx, set, from, boxes)
		if err != nil {
			err = fmt.Errorf("--labels %s: %w", o.labels, err)
		}
		if errors.Is(err, supervision.ErrBoxes) {
			err = usageError{err}
		}
		return src, err
	case o.defects < 1:
		return nil, usagef("--defects %d: supervision needs at least one defective picture", o.defects)
	}
	drawn := supervision.Draw(set, o.defects, o.defectSeed)
	if len(drawn) < o.defects {
		return nil, fmt.Errorf("%s has %d defective test pictures with masks, --defects asks for %d", set.Root, len(drawn), o.defects)
	}
	return supervision.New(set.Train, drawn, boxes), nil
}

// trainClassifier trains a detector with a classifier.
func trainClassifier(ctx context.Context, cmd *cobra.Command, o *trainOptions, fit detect.FitConfig, set *dataset.Set) (*detect.Model, error) {
	s, err := o.classifier.settings(o.preset, o.supervision, o.seed)
	if err != nil {
		return nil, err
	}
	src, err := o.classifier.source(ctx, set, s.Supervision, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	cfg := train.Config{Settings: s, Fit: fit, Profile: o.profile, Dir: o.work(), Resume: o.classifier.resume, Run: o.run}
	if cfg.Textures, err = readTextures(o.classifier.textures, cmd.ErrOrStderr()); err != nil {
		return nil, err
	}
	if o.classifier.init != "" {
		if cfg.Init, err = detect.Load(o.classifier.init); err != nil {
			return nil, err
		}
	}
	progress := meter.New(cmd.ErrOrStderr())
	progress.Expect(train.Expect(cfg, src.Len(), src.Defects()))
	m, err := train.Run(ctx, cfg, src, func(p train.Progress) { progress.Training(p) })
	progress.Close()
	if errors.Is(err, context.Canceled) {
		if going, _ := train.Unfinished(cfg.Dir); going {
			return nil, stopped("go on with: " + strings.TrimSuffix(commandLine(cmd), " --resume") + " --resume")
		}
	}
	return m, err
}

// work is the folder of checkpoints.
func (o *trainOptions) work() string {
	if o.classifier.work != "" {
		return o.classifier.work
	}
	return strings.TrimSuffix(o.out, filepath.Ext(o.out)) + ".train"
}
