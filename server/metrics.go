package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"semirest/server/metric"
	"semirest/server/npy"
)

// fraction is a measure; one that is undefined (NaN) is null in JSON.
type fraction float64

// MarshalJSON implements json.Marshaler.
func (f fraction) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// String is the measure in per cent.
func (f fraction) String() string {
	if math.IsNaN(float64(f)) {
		return "-"
	}
	return fmt.Sprintf("%.2f", 100*float64(f))
}

// measures are METHOD section 8's, fractions of 1.
type measures struct {
	PixelAP    fraction `json:"pixel_ap"`
	PRO        fraction `json:"pro"`
	PixelAUROC fraction `json:"pixel_auroc"`
	ImageAUROC fraction `json:"image_auroc"`
}

func measuresOf(p metric.Pixels, image float64) measures {
	return measures{fraction(p.AP), fraction(p.PRO), fraction(p.AUROC), fraction(image)}
}

func printMeasures(w io.Writer, m measures) {
	fmt.Fprintf(w, "pixel AP     %s %%\nPRO          %s %%\npixel AUROC  %s %%\nimage AUROC  %s %%\n", m.PixelAP, m.PRO, m.PixelAUROC, m.ImageAUROC)
}

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
			printMeasures(cmd.OutOrStdout(), m)
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

func measureFiles(scores, masks string) (measures, error) {
	s, err := npy.ReadFile(scores)
	if err != nil {
		return measures{}, err
	}
	m, err := npy.ReadFile(masks)
	if err != nil {
		return measures{}, err
	}
	switch {
	case s.DType != npy.Float32 || len(s.Shape) != 3:
		return measures{}, fmt.Errorf("%s holds %s %v: want float32 [n, h, w]", scores, s.DType, s.Shape)
	case m.DType == npy.Float32 || !slices.Equal(m.Shape, s.Shape):
		return measures{}, fmt.Errorf("%s holds %s %v: want uint8 %v, as the scores", masks, m.DType, m.Shape, s.Shape)
	}
	n, h, w := s.Shape[0], s.Shape[1], s.Shape[2]
	var pixels metric.Group
	var normal, defective []float32
	for i := range n {
		v, mask := s.F32[i*h*w:(i+1)*h*w], m.U8[i*h*w:(i+1)*h*w]
		if err := pixels.Add(v, mask, w, h); err != nil {
			return measures{}, fmt.Errorf("%s, image %d: %w", scores, i, err)
		}
		if len(v) == 0 {
			continue
		}
		if slices.Max(mask) > 0 {
			defective = append(defective, slices.Max(v))
		} else {
			normal = append(normal, slices.Max(v))
		}
	}
	image, err := metric.AUROC(normal, defective)
	if err != nil {
		return measures{}, err
	}
	return measuresOf(metric.Measure(&pixels), image), nil
}
