package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/detect"
	"semirest/shared/durable"
)

func newExportCmd() *cobra.Command {
	var model, out, triton string
	var force bool
	cmd := &cobra.Command{
		Use:   "export --model MODEL (--out FILE.onnx | --triton DIR)",
		Short: "Write a detector as one ONNX file, or as a Triton model repository",
		Long: `Writes the detector's one graph: uint8 RGB [n, h, w, 3] in, raw block scores
[n, rows, cols] out. Preprocessing, block size and threshold are in the file's
metadata; a score divided by the threshold is 1.0 at the threshold. A detector
of tiles has a second input, origin: int64 [n, 2], the row and column of each
crop's first cell in its picture.`,
		Example: "  semirest export --model cloth.safetensors --out cloth.onnx\n  semirest export --model cloth.safetensors --triton repository",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" && triton == "" {
				return usagef("say where to: --out FILE.onnx, or --triton DIR")
			}
			name := strings.TrimSuffix(filepath.Base(model), filepath.Ext(model))
			repository := filepath.Join(triton, name)
			if out != "" {
				if err := fresh(out, force); err != nil {
					return err
				}
			}
			if triton != "" {
				if err := fresh(repository, force); err != nil {
					return err
				}
			}
			m, err := detect.Load(model)
			if err != nil {
				return err
			}
			g, err := m.Graph(detect.Scores)
			if err != nil {
				return err
			}
			bytes := g.Marshal()
			if out != "" {
				if err := durable.Write(out, bytes); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), sized(out))
			}
			if triton != "" {
				if err := writeTriton(repository, name, &m.Spec, bytes); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), repository)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "model file")
	f.StringVar(&out, "out", "", "ONNX file to write")
	f.StringVar(&triton, "triton", "", "folder of a Triton model repository; the model's folder is made in it")
	forceFlag(f, &force)
	require(cmd, "model")
	return cmd
}

// writeTriton writes DIR/config.pbtxt and DIR/1/model.onnx. Triton adds the
// batch dimension to the shapes that the file states.
func writeTriton(dir, name string, s *detect.Spec, graph []byte) error {
	if err := os.MkdirAll(filepath.Join(dir, "1"), 0o755); err != nil {
		return err
	}
	if err := durable.Write(filepath.Join(dir, "1", "model.onnx"), graph); err != nil {
		return err
	}
	g := s.Grid()
	var b strings.Builder
	fmt.Fprintf(&b, "name: %q\nplatform: \"onnxruntime_onnx\"\nmax_batch_size: 8\n", name)
	fmt.Fprintf(&b, "input [\n  { name: %q data_type: TYPE_UINT8 dims: [ %d, %d, 3 ] }", detect.InputPixels, s.Input.H, s.Input.W)
	if s.Tiled() {
		fmt.Fprintf(&b, ",\n  { name: %q data_type: TYPE_INT64 dims: [ 2 ] }", detect.InputOrigin)
	}
	fmt.Fprintf(&b, "\n]\noutput [\n  { name: %q data_type: TYPE_FP32 dims: [ %d, %d ] }\n]\n", detect.OutputScores, g.Rows, g.Cols)
	fmt.Fprintf(&b, "dynamic_batching { }\nparameters { key: \"threshold\" value { string_value: \"%v\" } }\n", s.Threshold.Value)
	return durable.Write(filepath.Join(dir, "config.pbtxt"), []byte(b.String()))
}
