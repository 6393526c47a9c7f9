package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/supervision"
	"semirest/server/train"
	"semirest/shared/durable"
)

// ablation is a row of the table: what is changed about a supervision's settings.
type ablation struct {
	supervision string
	name        string
	change      func(*train.Settings)
	noPCF       bool // features without the position code: a bank of its own
}

// ablations are the rows of the paper's Table 7.
var ablations = []ablation{
	{supervision: "none", name: "distance"},
	{supervision: "un", name: "full"},
	{supervision: "un", name: "no PCF", noPCF: true},
	{supervision: "un", name: "no bagging", change: func(s *train.Settings) { s.Bagging = 0 }},
	{supervision: "un", name: "no K-NN augmentation", change: func(s *train.Settings) { s.KNN = false }},
	{supervision: "un", name: "no dropout", change: func(s *train.Settings) { s.Dropout = 0 }},
	{supervision: "un", name: "abs", change: func(s *train.Settings) { s.Residual = train.Abs }},
	{supervision: "un", name: "ViT", change: func(s *train.Settings) { s.Classifier = train.ViT }},
	{supervision: "un", name: "U-Net", change: func(s *train.Settings) { s.Classifier = train.UNet }},
	{supervision: "un", name: "MLP", change: func(s *train.Settings) { s.Classifier = train.MLP }},
	{supervision: "un", name: "16-pixel blocks", change: func(s *train.Settings) { s.Block = 16 }},
	{supervision: "sup", name: "square", change: func(s *train.Settings) { s.Residual = train.Square }},
	{supervision: "sup", name: "abs", change: func(s *train.Settings) { s.Residual = train.Abs }},
	{supervision: "sup", name: "no K-NN augmentation", change: func(s *train.Settings) { s.KNN = false }},
	{supervision: "sup", name: "no dropout", change: func(s *train.Settings) { s.Dropout = 0 }},
	{supervision: "semi", name: "full"},
	{supervision: "semi", name: "no MixMatch", change: func(s *train.Settings) { s.MixMatch = false }},
	{supervision: "semi", name: "no K-NN augmentation", change: func(s *train.Settings) { s.KNN = false }},
	{supervision: "semi", name: "no dropout", change: func(s *train.Settings) { s.Dropout = 0 }},
	{supervision: "semi", name: "abs", change: func(s *train.Settings) { s.Residual = train.Abs }},
}

// ablationRow is what one trained detector measured.
type ablationRow struct {
	Supervision string  `json:"supervision"`
	Name        string  `json:"change"`
	Seed        uint64  `json:"seed"`
	Images      int     `json:"images"`
	AP          float64 `json:"pixel_ap"`
	PRO         float64 `json:"pro"`
	AUROC       float64 `json:"pixel_auroc"`
	Image       float64 `json:"image_auroc"`
	Held        float64 `json:"held_out_ap"` // mean of simulated defects and probes
	Seconds     float64 `json:"training_seconds"`
}

func newAblateCmd() *cobra.Command {
	o := trainOptions{supervision: "un"}
	var seeds int
	var only string
	cmd := &cobra.Command{
		Use:   "ablate --data DIR --out DIR",
		Short: "Measure what each part of the method is worth",
		Long: `Trains detectors with parts of the method left out or exchanged, as Table 7 of
the paper does, and measures them on the test set: ablation.csv, ablation.md and
ablation.png. Features and neighbours are computed once for all rows that share
them; classifiers stand alone, unfused. sup and semi move --defects images to
training; their rows, and the un row "full, without moved images", are measured on
the images left.`,
		Example: "  semirest ablate --data ../shared/data/mvtec_bottle --out ablation --seeds 3",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := ablate(cmd.Context(), cmd, &o, seeds, only)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return printAblation(cmd.OutOrStdout(), rows)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "folder in the MVTec layout")
	f.StringVar(&o.out, "out", "", "folder to write to; it is made where it does not exist")
	f.StringVar(&o.preset, "preset", "lite", "lite, fast or paper")
	f.StringVar(&o.backboneWeights, "backbone-weights", "", "safetensors file with the backbone's weights")
	f.StringVar(&o.profile, "profile", train.AutoProfile, "fine, flat, coarse or auto")
	f.IntVar(&o.size, "size", 512, "longer side that pictures are resized to, pixels")
	f.IntVar(&o.bankRows, "bank-rows", 0, "rows of the memory bank (default: the preset's)")
	f.IntVar(&seeds, "seeds", 1, "seeds, from --seed on")
	f.Uint64Var(&o.seed, "seed", 0, "first seed")
	f.StringVar(&only, "only", "", "rows to make, by supervision/change, separated by commas; a part of a name will do")
	f.BoolVar(&o.json, "json", false, "print the rows as JSON")
	o.holdOut, o.falseAlarms = 0.1, 0.01
	f.IntVar(&o.classifier.defects, "defects", 10, "sup and semi: defective pictures that are moved to training")
	f.Uint64Var(&o.classifier.defectSeed, "defect-seed", 0, "seed of which they are")
	f.IntVar(&o.classifier.steps, "steps", 0, "training steps (default: the preset's)")
	f.IntVar(&o.classifier.simulated, "simulated", 0, "simulated defective pictures (default: the preset's)")
	f.IntVar(&o.classifier.heldN, "held-out-simulated", 0, "held-out simulated pictures (default: the preset's)")
	f.StringVar(&o.classifier.foreground, "foreground", "auto", "where defects are simulated: auto, object or all")
	f.StringVar(&o.classifier.textures, "textures", "", "folder of textures to fill simulated defects from")
	o.classifier.block, o.classifier.noFusion = 8, true
	runFlags(f, &o.run, &o.ortLib)
	require(cmd, "data", "out")
	return cmd
}

// ablator makes the rows of one seed.
type ablator struct {
	*trainOptions
	set      *dataset.Set
	meter    *meter
	prepared map[string]*train.Prepared // by what they share
	start    *detect.Model              // the full unsupervised model, from which semi goes on
	moved    []dataset.Item
}

func ablate(ctx context.Context, cmd *cobra.Command, o *trainOptions, seeds int, only string) ([]ablationRow, error) {
	if seeds < 1 {
		return nil, usagef("--seeds %d: at least one is needed", seeds)
	}
	set, err := dataset.Open(o.data)
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
	var chosen []ablation
	for _, a := range ablations {
		if wanted(a, only) {
			chosen = append(chosen, a)
		}
	}
	if len(chosen) == 0 {
		return nil, usagef("--only %s: no row is called so", only)
	}
	var rows []ablationRow
	first := o.seed
	for k := range seeds {
		o.seed = first + uint64(k)
		a := ablator{trainOptions: o, set: set, meter: newMeter(cmd.ErrOrStderr()), prepared: map[string]*train.Prepared{}}
		a.moved = supervision.Draw(set, o.classifier.defects, o.classifier.defectSeed)
		for _, row := range chosen {
			a.meter.note(fmt.Sprintf("== %s, %s, seed %d", row.supervision, row.name, o.seed))
			made, err := a.row(ctx, row)
			if err != nil {
				a.meter.close()
				return nil, fmt.Errorf("%s, %s: %w", row.supervision, row.name, err)
			}
			rows = append(rows, made...)
			// What is done is kept, whatever happens to the rest.
			if err := writeAblation(o, rows); err != nil {
				a.meter.close()
				return nil, err
			}
		}
		a.meter.close()
	}
	return rows, nil
}

func wanted(a ablation, only string) bool {
	if only == "" {
		return true
	}
	for part := range strings.SplitSeq(only, ",") {
		if strings.Contains(a.supervision+"/"+a.name, strings.TrimSpace(part)) {
			return true
		}
	}
	return false
}

// prepare computes what rows of one supervision share. un shares with sup: neither
// hides masks, and un draws no real pictures.
func (a *ablator) prepare(ctx context.Context, row ablation) (*train.Prepared, error) {
	key := "masks"
	if row.supervision == "semi" {
		key = "boxes"
	}
	if row.noPCF {
		key = "no PCF"
	}
	if p := a.prepared[key]; p != nil {
		return p, nil
	}
	o := *a.trainOptions
	o.noPCF, o.supervision = row.noPCF, row.supervision
	if row.supervision == "none" || row.supervision == "un" {
		o.supervision = "sup"
	}
	fit, err := o.config()
	if err != nil {
		return nil, err
	}
	s, err := o.classifier.settings(o.preset, o.supervision, o.seed)
	if err != nil {
		return nil, err
	}
	cfg := train.Config{Settings: s, Fit: fit, Profile: o.profile, Run: o.run}
	if cfg.Textures, err = loadTextures(o.classifier.textures); err != nil {
		return nil, err
	}
	if key == "boxes" && a.start != nil {
		cfg.Init = a.start // the same bank: it need not be fitted again
	}
	src := supervision.New(a.set.Train, a.moved, key == "boxes")
	p, err := train.Prepare(ctx, cfg, src, a.meter.training)
	a.prepared[key] = p
	return p, err
}

// row makes one row, and for the full unsupervised model a second on the images that
// sup and semi leave.
func (a *ablator) row(ctx context.Context, row ablation) ([]ablationRow, error) {
	p, err := a.prepare(ctx, row)
	if err != nil {
		return nil, err
	}
	out := ablationRow{Supervision: row.supervision, Name: row.name, Seed: a.seed}
	if row.supervision == "none" {
		return a.measured(ctx, out, p.Detector(), a.set.Test)
	}
	s, err := a.classifier.settings(a.preset, row.supervision, a.seed)
	if err != nil {
		return nil, err
	}
	if s.Start != nil && a.classifier.steps > 0 { // as the full unsupervised row was trained
		s.Start.Steps, s.Start.ManySteps = a.classifier.steps, 0
	}
	var init *detect.Model
	for _, to := range []*train.Settings{&s, s.Start} {
		if to != nil && row.change != nil {
			row.change(to)
		}
	}
	if row.supervision != "un" && a.start != nil && s.Residual == train.Square {
		init = a.start
	}
	begun := time.Now()
	m, err := p.Train(ctx, s, init, a.meter.training)
	if err != nil {
		return nil, err
	}
	out.Seconds = time.Since(begun).Seconds()
	if row.supervision != "un" {
		return a.measured(ctx, out, m, a.left())
	}
	rows, err := a.measured(ctx, out, m, a.set.Test)
	if err != nil || row.name != "full" {
		return rows, err
	}
	a.start = m
	out.Name = "full, without moved images"
	more, err := a.measured(ctx, out, m, a.left())
	return append(rows, more...), err
}

// left are the test images that sup and semi leave.
func (a *ablator) left() []dataset.Item {
	return slices.DeleteFunc(slices.Clone(a.set.Test), func(i dataset.Item) bool {
		return slices.ContainsFunc(a.moved, func(m dataset.Item) bool { return m.Name == i.Name })
	})
}

func (a *ablator) measured(ctx context.Context, row ablationRow, m *detect.Model, test []dataset.Item) ([]ablationRow, error) {
	e, err := evaluation.Folder(ctx, m, test, a.run, func(done, total int) { a.meter.show("eval", done, total) })
	if err != nil {
		return nil, err
	}
	row.Images = e.Images
	row.AP, row.PRO, row.AUROC, row.Image = number(e.AP), number(e.PRO), number(e.AUROC), number(e.ImageAUROC)
	r, err := train.ReadRecord(m)
	if r != nil {
		for _, c := range r.Choices {
			if c.Chosen {
				row.Held = c.Score()
			}
		}
	}
	return []ablationRow{row}, err
}

// number is NaN for a measure that is undefined, which the table shows.
func number(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// summary is a row over all seeds.
type summary struct {
	ablationRow
	spread float64 // standard deviation of AP
	seeds  int
}

func summarizeAblation(rows []ablationRow) []summary {
	var out []summary
	values := map[string][]float64{}
	for _, r := range rows {
		key := r.Supervision + "/" + r.Name
		i := slices.IndexFunc(out, func(s summary) bool { return s.Supervision == r.Supervision && s.Name == r.Name })
		values[key] = append(values[key], r.AP)
		if i < 0 {
			out = append(out, summary{ablationRow: r, seeds: 1})
			continue
		}
		s := &out[i]
		n := float64(s.seeds)
		s.seeds++
		for _, f := range []struct{ to, from *float64 }{
			{&s.AP, &r.AP}, {&s.PRO, &r.PRO}, {&s.AUROC, &r.AUROC}, {&s.Image, &r.Image}, {&s.Held, &r.Held}, {&s.Seconds, &r.Seconds},
		} {
			*f.to = (*f.to*n + *f.from) / (n + 1)
		}
	}
	for i := range out {
		v := values[out[i].Supervision+"/"+out[i].Name]
		for _, x := range v {
			out[i].spread += (x - out[i].AP) * (x - out[i].AP)
		}
		out[i].spread = math.Sqrt(out[i].spread / float64(max(len(v)-1, 1)))
	}
	return out
}

// printAblation writes the table as Markdown, in per cent.
func printAblation(w io.Writer, rows []ablationRow) error {
	fmt.Fprintln(w, "| supervision | change | images | pixel AP | ± | PRO | pixel AUROC | image AUROC | held-out AP | training s | seeds |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, s := range summarizeAblation(rows) {
		_, err := fmt.Fprintf(w, "| %s | %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f | %d |\n", s.Supervision, s.Name, s.Images,
			100*s.AP, 100*s.spread, 100*s.PRO, 100*s.AUROC, 100*s.Image, 100*s.Held, s.Seconds, s.seeds)
		if err != nil {
			return err
		}
	}
	return nil
}

// writeAblation writes the three files.
func writeAblation(o *trainOptions, rows []ablationRow) error {
	write := func(name string, f func(w io.Writer) error) error {
		return durable.Replace(filepath.Join(o.out, name), f)
	}
	err := write("ablation.csv", func(w io.Writer) error {
		c := csv.NewWriter(w)
		c.Write([]string{"supervision", "change", "seed", "images", "pixel_ap", "pro", "pixel_auroc", "image_auroc", "held_out_ap", "training_seconds"})
		for _, r := range rows {
			f := func(v float64) string { return strconv.FormatFloat(v, 'f', 5, 64) }
			c.Write([]string{r.Supervision, r.Name, strconv.FormatUint(r.Seed, 10), strconv.Itoa(r.Images),
				f(r.AP), f(r.PRO), f(r.AUROC), f(r.Image), f(r.Held), f(r.Seconds)})
		}
		c.Flush()
		return c.Error()
	})
	if err != nil {
		return err
	}
	err = write("ablation.md", func(w io.Writer) error {
		fmt.Fprintf(w, "# Ablation\n\nMade by `%s`.\n\n", commandLine())
		return printAblation(w, rows)
	})
	if err != nil {
		return err
	}
	return write("ablation.png", func(w io.Writer) error { return plotAblation(w, rows) })
}

// plotAblation draws a bar a row.
func plotAblation(w io.Writer, rows []ablationRow) error {
	var names []string
	var values []float64
	for _, s := range summarizeAblation(rows) {
		names = append(names, s.Supervision+", "+s.Name)
		values = append(values, 100*s.AP)
	}
	return train.Bars(w, "pixel AP, %", names, values)
}
