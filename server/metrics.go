package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"semirest/server/evaluation"
	"semirest/server/npy"
)

func newMetricsCmd() *cobra.Command {
	var scores, masks string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "metrics --scores S.npy --masks M.npy",
		Short: "Measure score maps against masks",
		Long: `Prints pixel AP, PRO (to a false-positive rate of 0.3), pixel AUROC and image
AUROC of float32 score maps [n, h, w] against uint8 or bool masks of the same
shape. An image's score is the largest of its map; an image with any anomalous
pixel is defective. A measure that is undefined is null.`,
		Example: "  semirest metrics --scores scores.npy --masks masks.npy --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := measureFiles(scores, masks)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), m)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "pixel AP     %s %%\nPRO          %s %%\npixel AUROC  %s %%\nimage AUROC  %s %%\n",
				percent(m.AP), percent(m.PRO), percent(m.AUROC), percent(m.ImageAUROC))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&scores, "scores", "", "float32 .npy file [n, h, w]")
	f.StringVar(&masks, "masks", "", "uint8 or bool .npy file [n, h, w]")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	require(cmd, "scores", "masks")
	return cmd
}

func measureFiles(scores, masks string) (m evaluation.Measures, err error) {
	s, err := npy.ReadFile(scores)
	if err != nil {
		return m, err
	}
	k, err := npy.ReadFile(masks)
	if err != nil {
		return m, err
	}
	switch {
	case s.DType != npy.Float32 || len(s.Shape) != 3:
		return m, fmt.Errorf("%s holds %s %v: want float32 [n, h, w]", scores, s.DType, s.Shape)
	case k.DType == npy.Float32 || !slices.Equal(k.Shape, s.Shape):
		return m, fmt.Errorf("%s holds %s %v: want uint8 %v, as the scores", masks, k.DType, k.Shape, s.Shape)
	}
	n, h, w := s.Shape[0], s.Shape[1], s.Shape[2]
	var t evaluation.Tally
	for i := range n {
		v, mask := s.F32[i*h*w:(i+1)*h*w], k.U8[i*h*w:(i+1)*h*w]
		if len(v) == 0 {
			continue
		}
		kind := ""
		if slices.Max(mask) > 0 {
			kind = "defective"
		}
		if err := t.Add(kind, slices.Max(v), v, mask, w, h); err != nil {
			return m, fmt.Errorf("%s, image %d: %w", scores, i, err)
		}
	}
	return t.Measure(t.Kinds()...)
}
