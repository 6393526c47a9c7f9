package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/picture"
	"semirest/server/supervision"
	"semirest/server/synth"
	"semirest/shared/prep"
)

// simulateOptions are the flags of semirest simulate.
type simulateOptions struct {
	data, out            string
	foreground, textures string
	recipe               string
	json                 bool
	supervision.Specimens
}

// simulated is what simulate says of one sample, in its index and with --json.
type simulated struct {
	Image      string  `json:"image"`
	Mask       string  `json:"mask"`
	Source     string  `json:"source"`
	Defect     string  `json:"defect,omitempty"` // the real picture a pasted defect was cut from
	Fill       string  `json:"fill"`
	Opacity    float64 `json:"opacity"`
	Foreground float64 `json:"foreground"` // share of the picture that may be defective
	Pixels     int     `json:"pixels"`     // of the mask
}

func newSimulateCmd() *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate --data DIR --out DIR",
		Short: "Make simulated defects and a contact sheet to judge them by",
		Long: `Makes the simulated defects that training would make, so that they can be
looked at: sheet.png (source, foreground, sample, mask's outline), and every
sample with its mask. Where the data has defective test images with masks,
--paste shows some of them pasted onto normal images, as supervised training
does.`,
		Example: "  semirest simulate --data demo/woven-cloth --out simulated --count 16",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := simulate(cmd, &o)
			if err != nil {
				return err
			}
			if o.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(made)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d samples and sheet.png are in %s\n", len(made), o.out)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "folder of images (MVTec layout, or a plain folder of normal images)")
	f.StringVar(&o.out, "out", "", "folder to write to; it is made where it does not exist")
	f.IntVar(&o.Count, "count", 16, "number of simulated defects")
	f.IntVar(&o.Paste, "paste", 0, "number of real test defects to paste besides")
	f.IntVar(&o.Size, "size", synth.Ref, "longer side of the detector's input, in pixels")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of everything random")
	f.StringVar(&o.recipe, "recipe", synth.Gaps.Name, "of defects: "+recipeNames()+", or a single kind: texture, self, gap, stroke, spot, faint, displaced or missing")
	f.StringVar(&o.foreground, "foreground", string(synth.ForegroundAuto), "where defects may lie: auto, object or all")
	f.StringVar(&o.textures, "textures", "", texturesHelp)
	f.BoolVar(&o.json, "json", false, "print what was made as JSON")
	require(cmd, "data", "out")
	return cmd
}

func simulate(cmd *cobra.Command, o *simulateOptions) (list []simulated, err error) {
	if o.Count < 0 || o.Paste < 0 || o.Count+o.Paste == 0 {
		return nil, usagef("nothing to make: --count is %d and --paste %d", o.Count, o.Paste)
	}
	if o.Specimens.Foreground, err = synth.ParseForeground(o.foreground); err != nil {
		return nil, usageError{err}
	}
	if o.Recipe, err = synth.FindRecipe(o.recipe); err != nil {
		return nil, usageError{err}
	}
	set, err := openSplit(o.data, "", cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	if _, err := setDepth(set, cmd.ErrOrStderr()); err != nil {
		return nil, err
	}
	if o.Textures, err = readTextures(o.textures, cmd.ErrOrStderr()); err != nil {
		return nil, err
	}
	made, err := o.Make(cmd.Context(), set)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return nil, err
	}
	rows := make([]synth.Row, len(made))
	for i, m := range made {
		rows[i] = m.Row
		name, s := fmt.Sprintf("%04d", i), m.Sample
		v := simulated{Image: name + ".png", Mask: name + "_mask.png", Source: m.Source, Defect: m.Defect,
			Fill: string(s.Fill), Opacity: s.Opacity, Foreground: 1, Pixels: ones(s.Mask)}
		if m.Foreground != nil {
			v.Foreground = float64(ones(m.Foreground)) / float64(len(m.Foreground))
		}
		list = append(list, v)
		err := errors.Join(picture.SavePNG(filepath.Join(o.out, v.Image), drawn(s.Picture).Image()),
			picture.SavePNG(filepath.Join(o.out, v.Mask), picture.MaskImage(s.Mask, prep.Size{W: s.W, H: s.H})))
		if err != nil {
			return nil, err
		}
	}
	return list, picture.SavePNG(filepath.Join(o.out, "sheet.png"), drawn(synth.Sheet(rows, 192, 2)).Image())
}

// recipeNames lists the recipes of simulated defects for a flag's help.
func recipeNames() string {
	var names []string
	for _, r := range synth.Recipes {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

func drawn(p synth.Picture) picture.RGB {
	return picture.RGB{Size: prep.Size{W: p.W, H: p.H}, Pix: p.Pix}
}

func ones(mask []byte) (n int) {
	for _, v := range mask {
		n += int(v)
	}
	return n
}
