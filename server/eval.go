package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/meter"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/shared/prep"
)

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
		Example: "  semirest eval --model cloth.safetensors --data demo/woven-cloth --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := detect.Load(model)
			if err != nil {
				return err
			}
			warnOf(cmd.ErrOrStderr(), m)
			set, err := openSplit(data, split, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if len(set.Test) == 0 {
				return fmt.Errorf("%s: %w in test/*: eval needs test pictures, in the MVTec layout", data, dataset.ErrNoImages)
			}
			test := evaluation.Unseen(set.Test, m.Spec)
			if beside != "" {
				other, err := detect.Load(beside)
				if err != nil {
					return err
				}
				test = evaluation.Unseen(test, other.Spec)
			}
			leftOut := len(set.Test) - len(test)
			if leftOut > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d images that were trained on are left out\n", leftOut)
			}
			if own, deep, err := dataset.Depth(test); err != nil {
				return err
			} else if note := picture.DepthNote(m.Depth, own); deep && note != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", data, note)
			}
			if err := startRuntime(lib); err != nil {
				return err
			}
			progress := meter.New(cmd.ErrOrStderr())
			e, err := evaluation.Folder(cmd.Context(), m, test, run, func(done, total int) { progress.Show("eval", done, total) })
			progress.Close()
			if err != nil {
				return err
			}
			e.LeftOut = leftOut
			if asJSON {
				return printJSON(cmd.OutOrStdout(), e)
			}
			return printFigures(cmd.OutOrStdout(), e)
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

const splitHelp = `JSON file that divides the normal pictures anew: {"train_good": ["a.png"], "test_good": ["b.png"]}`

// openSplit opens a data set and divides it anew where split names a file.
func openSplit(dir, split string, warn io.Writer) (*dataset.Set, error) {
	set, err := dataset.Open(dir)
	if err != nil {
		return set, err
	}
	for _, note := range set.Notes {
		fmt.Fprintf(warn, "%s: %s\n", dir, note)
	}
	if split == "" {
		return set, nil
	}
	left, err := set.Split(split)
	if err == nil && left > 0 {
		fmt.Fprintf(warn, "%d normal pictures are in neither part of %s and are left out\n", left, split)
	}
	return set, err
}

// setDepth finds the depth of the normal pictures, makes the set decode with it, and
// says so where 16-bit files use fewer bits.
func setDepth(set *dataset.Set, warn io.Writer) (prep.Depth, error) {
	d, _, err := dataset.Depth(set.Train)
	if err != nil {
		return 0, err
	}
	if d != 0 {
		fmt.Fprintf(warn, "the 16-bit pictures use %d bits at most: they are read so, and the model keeps it\n", d)
	}
	set.SetDepth(d)
	return d, nil
}

// printFigures writes figures as a table, in per cent.
func printFigures(out io.Writer, e *evaluation.Figures) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "kind\timages\tpixel AP\tPRO\tpixel AUROC\timage AUROC\tmisses\t")
	row := func(name string, images int, m evaluation.Measures, misses int) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t\n", name, images, percent(m.AP), percent(m.PRO), percent(m.AUROC), percent(m.ImageAUROC), misses)
	}
	for _, k := range e.Kinds {
		row(k.Kind, k.Images, k.Measures, k.Misses)
	}
	row("all", e.Images, e.Measures, e.Misses)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d false alarms; %.3f s an image\n", e.FalseAlarms, e.SecondsPerImage)
	return nil
}

// percent is a measure for people; one that is undefined is a dash.
func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", 100**v)
}
