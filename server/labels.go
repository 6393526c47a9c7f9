package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"semirest/server/dataset"
	"semirest/server/picture"
	"semirest/server/synth"
	"semirest/server/train"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// trainingPictures are files as package train wants them.
type trainingPictures struct {
	dataset.Pictures
	defects []dataset.Item
	boxes   bool                    // only boxes are shown to the trainer
	given   map[string]train.Defect // labels, by the picture's name
}

func (p *trainingPictures) Defects() int { return len(p.defects) }

// Defect reads picture i and its labels: the mask, or, for semi, the bounding boxes
// of its regions.
func (p *trainingPictures) Defect(i int) (train.Defect, error) {
	item := p.defects[i]
	rgb, err := picture.DecodeFile(item.Path, prep.DefaultLimits)
	if err != nil {
		return train.Defect{}, err
	}
	d := train.Defect{Name: item.Name, Pix: rgb.Pix, Size: rgb.Size}
	if labels, ok := p.given[item.Name]; ok {
		d.Mask, d.Boxes = labels.Mask, labels.Boxes
		return d, nil
	}
	mask, err := item.Truth(rgb.Size)
	if err != nil {
		return train.Defect{}, fmt.Errorf("%s: %w", item.Name, err)
	}
	if !p.boxes {
		d.Mask = mask
		return d, nil
	}
	for _, r := range synth.Regions(mask, rgb.W, rgb.H) {
		d.Boxes = append(d.Boxes, block.Box{
			X: float64(r.X0+r.X1) / 2, Y: float64(r.Y0+r.Y1) / 2,
			HalfW: float64(r.X1-r.X0) / 2, HalfH: float64(r.Y1-r.Y0) / 2,
		})
	}
	return d, nil
}

// choose finds the labelled defective pictures: those of --labels, or --defects of
// the test set's.
func (p *trainingPictures) choose(ctx context.Context, set *dataset.Set, o *superviseOptions, warn io.Writer) error {
	if o.labelsFormat != "" && o.labels == "" {
		return usagef("--labels-format %s: say with --labels where they are", o.labelsFormat)
	}
	if o.labelsFormat != "" {
		return p.readFormat(ctx, set, o.labels, o.labelsFormat, warn)
	}
	if o.labels != "" {
		return p.read(set, o.labels)
	}
	if o.defects < 1 {
		return usagef("--defects %d: supervision needs at least one defective picture", o.defects)
	}
	p.defects = draw(set, o.defects, o.defectSeed)
	if len(p.defects) < o.defects {
		return fmt.Errorf("%s has %d defective test pictures with masks, --defects asks for %d", set.Root, len(p.defects), o.defects)
	}
	return nil
}

// draw takes n defective pictures, as many of each kind as can be: the kinds in
// random order, one picture of each in turn.
func draw(set *dataset.Set, n int, seed uint64) []dataset.Item {
	rng := rand.New(rand.NewPCG(seed, 0x646566656374))
	kinds := make([][]dataset.Item, len(set.Kinds))
	for i, kind := range set.Kinds {
		for _, item := range set.Test {
			if item.Kind == kind && item.Mask != "" {
				kinds[i] = append(kinds[i], item)
			}
		}
		rng.Shuffle(len(kinds[i]), func(a, b int) { kinds[i][a], kinds[i][b] = kinds[i][b], kinds[i][a] })
	}
	rng.Shuffle(len(kinds), func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
	var out []dataset.Item
	for turn := 0; len(out) < n; turn++ {
		before := len(out)
		for _, k := range kinds {
			if turn < len(k) && len(out) < n {
				out = append(out, k[turn])
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
}

// boxFile is the JSON form of --labels: boxes a picture, in pixels of the upright
// picture, angles in degrees, clockwise on the screen.
type boxFile struct {
	Images []struct {
		Image string `json:"image"` // as below --data, or a path
		Boxes []struct {
			X     float64 `json:"x"` // of the left upper corner, before it is turned
			Y     float64 `json:"y"`
			W     float64 `json:"w"`
			H     float64 `json:"h"`
			Angle float64 `json:"angle"` // about the centre
		} `json:"boxes"`
	} `json:"images"`
}

// read takes the labels that a user made.
func (p *trainingPictures) read(set *dataset.Set, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("--labels: %w", err)
	}
	if info.IsDir() {
		return p.readMasks(set, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--labels: %w", err)
	}
	var f boxFile
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return fmt.Errorf(`--labels %s: %w: it is {"images": [{"image": "test/KIND/NAME.png", "boxes": [{"x": 1, "y": 2, "w": 30, "h": 40}]}]}`, path, err)
	}
	if !p.boxes {
		return usagef("--labels %s holds boxes, which are labels for --supervision semi", path)
	}
	p.given = map[string]train.Defect{}
	for _, i := range f.Images {
		item, err := find(set, i.Image, filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("--labels %s: %w", path, err)
		}
		var boxes []block.Box
		for _, b := range i.Boxes {
			boxes = append(boxes, block.Box{X: b.X + b.W/2, Y: b.Y + b.H/2, HalfW: b.W / 2, HalfH: b.H / 2, Angle: radians(b.Angle)})
		}
		if _, twice := p.given[item.Name]; twice {
			return fmt.Errorf("--labels %s: %s is there twice", path, i.Image)
		}
		p.given[item.Name] = train.Defect{Boxes: boxes}
		p.defects = append(p.defects, item)
	}
	if len(p.defects) == 0 {
		return fmt.Errorf("--labels %s: no image is in it", path)
	}
	return nil
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// find looks a picture up: by its name in the data set, or as a file.
func find(set *dataset.Set, name, dir string) (dataset.Item, error) {
	for _, item := range set.Test {
		if item.Name == name || item.Path == name {
			return item, nil
		}
	}
	for _, path := range []string{name, filepath.Join(dir, name)} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return dataset.Item{Path: path, Name: name, Kind: "labelled"}, nil
		}
	}
	return dataset.Item{}, fmt.Errorf("no picture %s in the data set or beside the labels", name)
}

// readMasks takes a folder of masks NAME_mask.png (or NAME.png) of test pictures.
func (p *trainingPictures) readMasks(set *dataset.Set, dir string) error {
	masks := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && dataset.IsImage(d.Name()) {
			rel, _ := filepath.Rel(dir, path)
			masks[strings.TrimSuffix(filepath.ToSlash(rel), filepath.Ext(rel))] = path
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("--labels: %w", err)
	}
	for _, item := range set.Test {
		stem := strings.TrimSuffix(filepath.Base(item.Name), filepath.Ext(item.Name))
		for _, key := range []string{item.Kind + "/" + stem + "_mask", item.Kind + "/" + stem, stem + "_mask", stem} {
			if mask, ok := masks[key]; ok {
				item.Mask = mask
				p.defects = append(p.defects, item)
				delete(masks, key)
				break
			}
		}
	}
	if len(masks) > 0 {
		var left []string
		for _, path := range masks {
			left = append(left, path)
		}
		slices.Sort(left)
		return fmt.Errorf("--labels %s: %d masks have no test picture of their name, the first is %s", dir, len(left), left[0])
	}
	if len(p.defects) == 0 {
		return fmt.Errorf("--labels %s: no mask in it", dir)
	}
	return nil
}
