package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"semirest/server/dataset"
	"semirest/server/picture"
	"semirest/server/synth"
	"semirest/shared/prep"
)

// simulateOptions are the flags of semirest simulate.
type simulateOptions struct {
	data, out            string
	count, paste         int
	size                 int
	seed                 uint64
	foreground, textures string
	json                 bool
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
	o := simulateOptions{}
	cmd := &cobra.Command{
		Use:   "simulate --data DIR --out DIR",
		Short: "Make simulated defects and a contact sheet to judge them by",
		Long: `Makes the simulated defects that training would make, so that they can be
looked at: sheet.png (source, foreground, sample, mask's outline), and every
sample with its mask. Where the data has defective test images with masks,
--paste shows some of them pasted onto normal images, as supervised training
does.`,
		Example: "  semirest simulate --data ../shared/data/mvtec_bottle --out simulated --count 16",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := simulate(&o)
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
	f.IntVar(&o.count, "count", 16, "number of simulated defects")
	f.IntVar(&o.paste, "paste", 0, "number of real test defects to paste besides")
	f.IntVar(&o.size, "size", synth.Ref, "longer side of the detector's input, in pixels")
	f.Uint64Var(&o.seed, "seed", 0, "seed of everything random")
	f.StringVar(&o.foreground, "foreground", string(synth.ForegroundAuto), "where defects may lie: auto, object or all")
	f.StringVar(&o.textures, "textures", "", "folder of textures to fill from (DTD or any pictures); default: a built-in set")
	f.BoolVar(&o.json, "json", false, "print what was made as JSON")
	require(cmd, "data", "out")
	return cmd
}

func simulate(o *simulateOptions) ([]simulated, error) {
	mode, err := synth.ParseForeground(o.foreground)
	if err != nil {
		return nil, err
	}
	if o.count < 0 || o.paste < 0 || o.count+o.paste == 0 {
		return nil, fmt.Errorf("nothing to make: --count is %d and --paste %d", o.count, o.paste)
	}
	set, err := dataset.Open(o.data)
	if err != nil {
		return nil, err
	}
	if len(set.Train) == 0 {
		return nil, fmt.Errorf("%s has no normal training images: put some in train/good", o.data)
	}
	textures, err := loadTextures(o.textures)
	if err != nil {
		return nil, err
	}
	sim, err := synth.New(textures)
	if err != nil {
		return nil, err
	}
	first, err := picture.FileSize(set.Train[0].Path, prep.DefaultLimits)
	if err != nil {
		return nil, err
	}
	input := prep.InputSize(first, o.size)
	normal := spread(set.Train, max(o.count, o.paste, 8))
	pictures := make([]synth.Picture, len(normal))
	for i, item := range normal {
		if pictures[i], err = readPicture(item.Path, input); err != nil {
			return nil, err
		}
	}
	mode = synth.DecideForeground(mode, pictures)
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(o.seed, 0x73696d756c617465))
	var made []simulated
	var rows []synth.Row
	add := func(item dataset.Item, p synth.Picture, fg []byte, s synth.Sample, defect string) error {
		name := fmt.Sprintf("%04d", len(made))
		m := simulated{Image: name + ".png", Mask: name + "_mask.png", Source: item.Name, Defect: defect,
			Fill: string(s.Fill), Opacity: s.Opacity, Foreground: 1}
		for _, v := range s.Mask {
			m.Pixels += int(v)
		}
		if fg != nil {
			n := 0
			for _, v := range fg {
				n += int(v)
			}
			m.Foreground = float64(n) / float64(len(fg))
		}
		made = append(made, m)
		rows = append(rows, synth.Row{Source: p, Foreground: fg, Sample: s})
		return errors.Join(writePNG(filepath.Join(o.out, m.Image), rgbImage(s.Picture)),
			writePNG(filepath.Join(o.out, m.Mask), maskImage(s.Mask, s.W, s.H)))
	}
	for i := range o.count {
		k := i % len(pictures)
		fg := synth.Foreground(mode, pictures[k])
		s, err := sim.Simulate(rng, pictures[k], fg, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", normal[k].Name, err)
		}
		if err := add(normal[k], pictures[k], fg, s, ""); err != nil {
			return nil, err
		}
	}
	defects := spread(defective(set.Test), o.paste)
	if o.paste > 0 && len(defects) == 0 {
		return nil, fmt.Errorf("%s has no defective test images with masks to paste from: leave --paste out", o.data)
	}
	for i := range o.paste {
		item := defects[i%len(defects)]
		p, err := readPicture(item.Path, input)
		if err != nil {
			return nil, err
		}
		mask, err := readMask(item.Mask, input)
		if err != nil {
			return nil, err
		}
		k := i % len(pictures)
		s, err := synth.Paste(rng, p, mask, pictures[k])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
		if err := add(normal[k], pictures[k], nil, s, item.Name); err != nil {
			return nil, err
		}
	}
	sheet := synth.Sheet(rows, 192, 2)
	return made, writePNG(filepath.Join(o.out, "sheet.png"), rgbImage(sheet))
}

// defective keeps the items that have a mask.
func defective(items []dataset.Item) []dataset.Item {
	var out []dataset.Item
	for _, item := range items {
		if item.Mask != "" {
			out = append(out, item)
		}
	}
	return out
}

// spread takes at most n items evenly over the list.
func spread(items []dataset.Item, n int) []dataset.Item {
	if n >= len(items) {
		return items
	}
	out := make([]dataset.Item, n)
	for i := range out {
		out[i] = items[i*len(items)/n]
	}
	return out
}

func readPicture(path string, input prep.Size) (synth.Picture, error) {
	p, err := picture.DecodeFile(path, prep.DefaultLimits)
	if err != nil {
		return synth.Picture{}, err
	}
	pix, err := prep.Resize(p.Pix, p.Size, input)
	if err != nil {
		return synth.Picture{}, fmt.Errorf("%s: %w", path, err)
	}
	return synth.Picture{W: input.W, H: input.H, Pix: pix}, nil
}

// readMask brings a mask to the input's size, each pixel from the nearest.
func readMask(path string, input prep.Size) ([]byte, error) {
	size, mask, err := picture.Mask(path, prep.DefaultLimits)
	if err != nil {
		return nil, err
	}
	out := make([]byte, input.W*input.H)
	for y := range input.H {
		for x := range input.W {
			out[y*input.W+x] = mask[(2*y+1)*size.H/(2*input.H)*size.W+(2*x+1)*size.W/(2*input.W)]
		}
	}
	return out, nil
}

// loadTextures reads a folder of textures; "" is the built-in set.
func loadTextures(dir string) ([]synth.Picture, error) {
	if dir == "" {
		return nil, nil
	}
	textures, _, err := synth.LoadTextures(dir, func(path string) (synth.Picture, error) {
		p, err := picture.DecodeFile(path, prep.DefaultLimits)
		return synth.Picture{W: p.W, H: p.H, Pix: p.Pix}, err
	})
	return textures, err
}

func rgbImage(p synth.Picture) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		copy(img.Pix[4*i:4*i+3], p.Pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

func maskImage(mask []byte, w, h int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i, m := range mask {
		img.Pix[i] = 255 * m
	}
	return img
}
