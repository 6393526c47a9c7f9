package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/server/web"
	"semirest/shared/durable"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// greyTop is the calibrated score that is white in the raw heat map.
const greyTop = 2

// verdict is the JSON that score writes for a picture. Scores are calibrated:
// 1.0 is the threshold.
type verdict struct {
	Image   string    `json:"image"`
	Model   string    `json:"model"`
	Width   int       `json:"width"`
	Height  int       `json:"height"`
	Score   float64   `json:"score"`   // the largest block score
	Defect  bool      `json:"defect"`  // score >= 1
	Hottest web.Area  `json:"hottest"` // the block of that score
	Rows    int       `json:"rows"`
	Cols    int       `json:"cols"`
	Blocks  []float32 `json:"blocks"`   // [rows, cols]
	GreyTop float64   `json:"grey_top"` // the score that 65535 in the raw map stands for; 0 is 0
	Overlay string    `json:"overlay"`
	Heat    string    `json:"heat"`
}

func newScoreCmd() *cobra.Command {
	var model, out, lib string
	var run ort.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score --model MODEL --out DIR IMAGE...",
		Short: "Score pictures and write their heat maps",
		Long: `Writes for every picture NAME_overlay.png, the heat map over the picture;
NAME_heat.png, the raw map in 16-bit grey, 65535 standing for twice the
threshold; and NAME.json with the verdict and the block scores. Scores are
calibrated: 1.0 is the threshold. A picture that can't be read is reported and
the others are scored all the same; the exit code is 1 then.`,
		Example: "  semirest score --model bottle.safetensors --out scored part1.png part2.jpg",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := outputNames(args)
			if err != nil {
				return err
			}
			m, err := detect.Load(model)
			if err != nil {
				return err
			}
			if err := startRuntime(lib); err != nil {
				return err
			}
			scorer, err := detect.NewScorer(m, run)
			if err != nil {
				return err
			}
			defer scorer.Close()
			if err := os.MkdirAll(out, 0o755); err != nil {
				return err
			}
			var failed int
			verdicts := []verdict{} // [] in JSON, not null
			for i, path := range args {
				v, err := scoreFile(cmd.Context(), m, scorer, path, filepath.Join(out, names[i]))
				if errors.Is(err, context.Canceled) {
					return err
				}
				if err != nil {
					failed++
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", path, err)
					continue
				}
				v.Model = model
				if asJSON {
					verdicts = append(verdicts, v)
				} else {
					fmt.Fprintf(cmd.OutOrStdout(), "%s\t%.3f\t%s\n", path, v.Score, map[bool]string{false: "normal", true: "DEFECT"}[v.Defect])
				}
			}
			if asJSON {
				if err := printJSON(cmd.OutOrStdout(), verdicts); err != nil {
					return err
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %d pictures could not be scored", failed, len(args))
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "model file")
	f.StringVar(&out, "out", "", "folder to write to; it is made where it does not exist")
	f.BoolVar(&asJSON, "json", false, "print the verdicts as JSON too")
	runFlags(f, &run, &lib)
	require(cmd, "model", "out")
	return cmd
}

// outputNames gives each picture the name of its outputs: the file's without
// its extension. Two of one name would overwrite each other.
func outputNames(paths []string) ([]string, error) {
	names := make([]string, len(paths))
	taken := make(map[string]string)
	for i, path := range paths {
		base := filepath.Base(path)
		name := strings.TrimSuffix(base, filepath.Ext(base))
		if other, ok := taken[name]; ok {
			return nil, usagef("%s and %s would both be written as %s.json: score them into two folders", other, path, name)
		}
		taken[name] = path
		names[i] = name
	}
	return names, nil
}

// scoreFile scores one picture and writes its three files beside stem.
func scoreFile(ctx context.Context, m *detect.Model, scorer *detect.Scorer, path, stem string) (verdict, error) {
	rgb, err := picture.DecodeFile(path, prep.DefaultLimits)
	if err != nil {
		return verdict{}, err
	}
	plan, crops, err := m.Crops(rgb.Pix, rgb.Size)
	if err != nil {
		return verdict{}, err
	}
	scores, err := scorer.Planned(ctx, plan, crops)
	if err != nil {
		return verdict{}, err
	}
	scores.Calibrate(m.Threshold.Value)
	top, row, col := scores.Max()
	x0, y0, x1, y1 := scores.Area(row, col, plan.Picture.W, plan.Picture.H)
	v := verdict{
		Image: path, Width: rgb.W, Height: rgb.H, Score: float64(top), Defect: top >= 1,
		Hottest: web.Area{Row: row, Col: col, X0: x0, Y0: y0, X1: x1, Y1: y1},
		Rows:    scores.Rows, Cols: scores.Cols, Blocks: scores.Values, GreyTop: greyTop,
		Overlay: filepath.Base(stem) + "_overlay.png", Heat: filepath.Base(stem) + "_heat.png",
	}
	values := heat.New(scores.Rows, scores.Cols, rgb.W, rgb.H).Map(nil, scores.Values)
	if err := writePNG(stem+"_overlay.png", overlay(rgb, values)); err != nil {
		return v, err
	}
	grey := &image.Gray16{Pix: heat.Grey16(nil, values, 0, greyTop), Stride: 2 * rgb.W, Rect: image.Rect(0, 0, rgb.W, rgb.H)}
	if err := writePNG(stem+"_heat.png", grey); err != nil {
		return v, err
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return v, err
	}
	return v, durable.Write(stem+".json", append(text, '\n'))
}

// overlay lays a map of calibrated scores over its picture, as the page does.
func overlay(rgb picture.RGB, values []float32) image.Image {
	out := rgb.Image()
	var table heat.Table
	table.Fill(heat.Look{Palette: heat.Inferno, Opacity: 0.7, Threshold: heat.Level(1, 0, greyTop), Below: 0.5})
	table.Over(out.Pix, heat.Quantize(nil, values, 0, greyTop))
	return out
}
