package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"semirest/models/nets"
	"semirest/server/detect"
	"semirest/server/npy"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/shared/durable"
	"semirest/shared/prep"
)

// featuresOptions are the flags of semirest features.
type featuresOptions struct {
	backbone, weights string
	input, out        string
	size              int
	force             bool
	run               ort.Options
	ortLib            string
}

func newFeaturesCmd() *cobra.Command {
	var o featuresOptions
	cmd := &cobra.Command{
		Use:   "features (IMAGE | --input X.npy) --out Y.npy",
		Short: "Write a picture's hypercolumns as a NumPy file",
		Long: `Writes hypercolumns, float32 [rows, cols, d], one for each 8x8 block, without
the position code and without scaling. The picture is resized as a detector
of the same --size would; --input takes a normalised float32 tensor
[1, 3, height, width] in its place.`,
		Example: "  semirest features part.png --out columns.npy\n" +
			"  semirest features --backbone wide_resnet50_2 --backbone-weights wrn.safetensors --input x.npy --out columns.npy",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (o.input != "") {
				return usagef("give one picture, or --input X.npy")
			}
			if err := fresh(o.out, o.force); err != nil {
				return err
			}
			shape, err := features(cmd.Context(), &o, args)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: float32 %v\n", o.out, shape)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.backbone, "backbone", nets.EfficientNetLite2, "efficientnet_lite0, efficientnet_lite2 or wide_resnet50_2")
	f.StringVar(&o.weights, "backbone-weights", "", "safetensors file with the backbone's weights; EfficientNet-Lite2's are built in")
	f.StringVar(&o.input, "input", "", "normalised float32 tensor [1, 3, height, width] in the picture's place")
	f.StringVar(&o.out, "out", "", ".npy file to write")
	f.IntVar(&o.size, "size", 512, "longer side that the picture is resized to, pixels, a multiple of 64")
	forceFlag(f, &o.force)
	runFlags(f, &o.run, &o.ortLib)
	require(cmd, "out")
	return cmd
}

func features(ctx context.Context, o *featuresOptions, args []string) ([3]int, error) {
	set, err := backboneWeights(o.backbone, o.weights)
	if err != nil {
		return [3]int{}, err
	}
	arch, err := nets.Lookup(o.backbone)
	if err != nil {
		return [3]int{}, usageError{err}
	}
	net, err := arch.Load(set)
	if err != nil {
		return [3]int{}, err
	}
	size, input, err := o.tensor(args)
	if err != nil {
		return [3]int{}, err
	}
	if err := startRuntime(o.ortLib); err != nil {
		return [3]int{}, err
	}
	columns, shape, err := detect.HyperColumns(ctx, net, size, input, o.input != "", o.run)
	if err != nil {
		return shape, err
	}
	return shape, durable.Replace(o.out, func(w io.Writer) error {
		return npy.Write(w, npy.Array{DType: npy.Float32, Shape: shape[:], F32: columns})
	})
}

// tensor reads what the features are computed of.
func (o *featuresOptions) tensor(args []string) (prep.Size, ort.Tensor, error) {
	if o.input != "" {
		a, err := npy.ReadFile(o.input)
		if err != nil {
			return prep.Size{}, ort.Tensor{}, err
		}
		if a.DType != npy.Float32 || len(a.Shape) != 4 || a.Shape[0] != 1 || a.Shape[1] != 3 {
			return prep.Size{}, ort.Tensor{}, fmt.Errorf("%s holds %s %v: want float32 [1, 3, height, width]", o.input, a.DType, a.Shape)
		}
		size := prep.Size{W: a.Shape[3], H: a.Shape[2]}
		return size, ort.Of(a.F32, 1, 3, size.H, size.W), nil
	}
	if o.size < prep.InputMin || o.size%prep.InputStep != 0 {
		return prep.Size{}, ort.Tensor{}, usagef("--size %d: give a multiple of %d from %d on", o.size, prep.InputStep, prep.InputMin)
	}
	rgb, err := picture.DecodeFile(args[0], prep.DefaultLimits, 0)
	if err != nil {
		return prep.Size{}, ort.Tensor{}, err
	}
	size := prep.InputSize(rgb.Size, o.size)
	pixels, err := prep.Resize(rgb.Pix, rgb.Size, size)
	if err != nil {
		return prep.Size{}, ort.Tensor{}, err
	}
	return size, ort.Of(pixels, 1, size.H, size.W, 3), nil
}
