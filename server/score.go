package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/plain"
	"semirest/server/verdict"
)

// scoreOptions are the flags of semirest score.
type scoreOptions struct {
	model, out, table string
	noHeat, json      bool
	run               ort.Options
	ortLib            string
}

func newScoreCmd() *cobra.Command {
	var o scoreOptions
	cmd := &cobra.Command{
		Use:   "score --model MODEL --out DIR (PICTURE|FOLDER)...",
		Short: "Score pictures and folders of pictures, and write their heat maps and one table",
		Long: `Writes for every picture NAME_overlay.png, the heat map over the picture;
NAME_heat.png, the raw map in 16-bit grey, 65535 standing for twice the
threshold; and NAME.json with the verdict and the block scores. A folder is
scored with all folders in it, and its outputs lie as its pictures do.

DIR/scores.csv has a row a picture, as the page's results do; --table names
another file, of JSON lines where it ends in .jsonl. Scores are calibrated: 1.0
is the threshold. A picture that can't be read is reported and the others are
scored all the same; the exit code is 1 then.`,
		Example: "  semirest score --model cloth.safetensors --out scored part1.png part2.jpg\n" +
			"  semirest score --model cloth.safetensors --out scored --no-png --table scored/all.jsonl line3/",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.table == "" {
				o.table = filepath.Join(o.out, "scores.csv")
			}
			if err := verdict.CheckTable(o.table); err != nil {
				return usagef("--table %v", err)
			}
			inputs, passed, err := verdict.Find(args)
			if err != nil {
				return err
			}
			if len(passed) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "passed over as no pictures: %s\n", some(passed))
			}
			m, err := detect.Load(o.model)
			if err != nil {
				return err
			}
			warnOf(cmd.ErrOrStderr(), m)
			if err := startRuntime(o.ortLib); err != nil {
				return err
			}
			s, err := verdict.NewScorer(o.model, m, o.run)
			if err != nil {
				return err
			}
			defer s.Close()
			s.NoHeat = o.noHeat
			return score(cmd, &o, s, inputs)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.model, "model", "", "model file")
	f.StringVar(&o.out, "out", "", "folder to write to; it is made where it does not exist")
	f.StringVar(&o.table, "table", "", "file of all verdicts, .csv or .jsonl (default: scores.csv in --out)")
	f.BoolVar(&o.noHeat, "no-png", false, "write no heat maps")
	f.BoolVar(&o.json, "json", false, "print the verdicts as JSON too")
	runFlags(f, &o.run, &o.ortLib)
	require(cmd, "model", "out")
	return cmd
}

// score scores the pictures and writes the table of those that it came to.
func score(cmd *cobra.Command, o *scoreOptions, s *verdict.Scorer, inputs []verdict.Input) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	var table verdict.Table
	failed, defects := 0, 0
	verdicts := []verdict.Verdict{} // [] in JSON, not null
	for i, in := range inputs {
		v, err := s.File(cmd.Context(), in, o.out)
		if errors.Is(err, context.Canceled) {
			return errors.Join(stopped(fmt.Sprintf("%d of %d pictures are scored: see %s", i, len(inputs), o.table)), table.Write(o.table))
		}
		if err != nil {
			failed++
			table.Fail(in.Path, o.model, plain.Error(err, in.Path))
			fmt.Fprintln(cmd.ErrOrStderr(), plain.Error(fmt.Errorf("%s: %w", in.Path, err), in.Path))
			continue
		}
		table.Add(v)
		if v.Note != "" {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", in.Path, v.Note)
		}
		word := "normal"
		if v.Defect {
			word = "DEFECT"
			defects++
		}
		if o.json {
			verdicts = append(verdicts, v)
		} else {
			fmt.Fprintf(cmd.OutOrStdout(), "%s\t%.3f\t%s\n", in.Path, v.Score, word)
		}
	}
	if err := table.Write(o.table); err != nil {
		return err
	}
	if o.json {
		if err := printJSON(cmd.OutOrStdout(), verdicts); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d pictures could not be scored; %s says which", failed, len(inputs), o.table)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d pictures, %d with a defect: %s\n", len(inputs), defects, o.table)
	return nil
}
