package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/picture"
	"semirest/server/synth"
	"semirest/server/train"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// superviseOptions are the flags of semirest train that concern the classifier.
type superviseOptions struct {
	defects              int
	defectSeed           uint64
	labels, init, work   string
	resume               bool
	classifier, residual string
	bagging              string
	block, steps, heldN  int
	simulated            int
	rate                 float64
	noKNN, noMixMatch    bool
	noDropout            bool
	foreground, textures string
}

func (o *superviseOptions) flags(f *pflag.FlagSet) {
	f.IntVar(&o.defects, "defects", 10, "sup and semi: defective test pictures that are moved to the training set, spread over the kinds")
	f.Uint64Var(&o.defectSeed, "defect-seed", 0, "seed of which they are")
	f.StringVar(&o.labels, "labels", "", "sup and semi: labels of defective pictures instead: a folder of masks NAME_mask.png, or a JSON file of boxes")
	f.StringVar(&o.init, "init", "", "trained model to go on from: its bank and weights (default: semi trains an unsupervised start first)")
	f.StringVar(&o.work, "work", "", "folder of checkpoints, log and loss plot (default: the model's name with .train)")
	f.BoolVar(&o.resume, "resume", false, "go on from the checkpoint in the work folder, bit for bit")
	f.StringVar(&o.classifier, "classifier", "", "swin, mlp, vit or unet (default: the preset's)")
	f.StringVar(&o.residual, "residual", "", "square or abs (default: the preset's)")
	f.StringVar(&o.bagging, "bagging", "", "off: a single pass; on, or the number of cells between windows (default: the preset's)")
	f.IntVar(&o.block, "block", 8, "side of a block, pixels: 8 or 16")
	f.IntVar(&o.steps, "steps", 0, "training steps (default: the preset's)")
	f.Float64Var(&o.rate, "learning-rate", 0, "highest learning rate (default: the preset's)")
	f.IntVar(&o.simulated, "simulated", 0, "simulated defective pictures to train on (default: the preset's)")
	f.IntVar(&o.heldN, "held-out-simulated", 0, "simulated defective pictures, of each recipe, that are held out to choose by (default: the preset's)")
	f.BoolVar(&o.noKNN, "no-knn-augmentation", false, "take every residual to the nearest row")
	f.BoolVar(&o.noMixMatch, "no-mixmatch", false, "semi: leave unknown blocks out instead of guessing them")
	f.BoolVar(&o.noDropout, "no-dropout", false, "drop no blocks in training")
	f.StringVar(&o.foreground, "foreground", "auto", "where defects are simulated: auto, object or all")
	f.StringVar(&o.textures, "textures", "", "folder of textures to fill simulated defects from (DTD or any); default: a built-in set")
}

// settings turns the flags into those of a training run.
func (o *superviseOptions) settings(preset, supervision string, seed uint64) (train.Settings, error) {
	s, err := train.Preset(preset, train.Supervision(supervision))
	if err != nil {
		return s, usageError{err}
	}
	s.Seed = seed
	for _, p := range []*train.Settings{&s, s.Start} {
		if p == nil {
			continue
		}
		if o.classifier != "" {
			p.Classifier = o.classifier
		}
		if o.residual != "" {
			p.Residual = o.residual
		}
		p.Block, p.Foreground = o.block, o.foreground
		p.KNN = p.KNN && !o.noKNN
		if o.noDropout {
			p.Dropout = 0
		}
		switch o.bagging {
		case "", "on":
		case "off":
			p.Bagging = 0
		default:
			if p.Bagging, err = strconv.Atoi(o.bagging); err != nil || p.Bagging < 1 {
				return s, usagef("--bagging %s: give on, off, or a number of cells", o.bagging)
			}
		}
		if o.simulated > 0 {
			p.MaxSim, p.PerNormal = o.simulated, max(p.PerNormal, 1e6)
		}
		if o.heldN > 0 {
			p.HeldOut = o.heldN
		}
	}
	s.MixMatch = s.MixMatch && !o.noMixMatch
	if o.steps > 0 {
		s.Steps = o.steps
	}
	if o.rate > 0 {
		s.LearningRate = o.rate
	}
	if err := s.Check(); err != nil {
		return s, usageError{err}
	}
	return s, nil
}

// trainClassifier trains a detector with a classifier.
func trainClassifier(ctx context.Context, cmd *cobra.Command, o *trainOptions, fit detect.FitConfig, set *dataset.Set) (*detect.Model, error) {
	s, err := o.classifier.settings(o.preset, o.supervision, o.seed)
	if err != nil {
		return nil, err
	}
	src := &trainingPictures{normalPictures: set.Train, boxes: s.Supervision == train.Semi}
	if s.Supervision != train.Un {
		if err := src.choose(set, &o.classifier); err != nil {
			return nil, err
		}
	}
	cfg := train.Config{Settings: s, Fit: fit, Dir: o.classifier.work, Resume: o.classifier.resume, Run: o.run}
	if cfg.Dir == "" {
		cfg.Dir = strings.TrimSuffix(o.out, filepath.Ext(o.out)) + ".train"
	}
	if cfg.Textures, err = loadTextures(o.classifier.textures); err != nil {
		return nil, err
	}
	if o.classifier.init != "" {
		if cfg.Init, err = detect.Load(o.classifier.init); err != nil {
			return nil, err
		}
	}
	meter := newMeter(cmd.ErrOrStderr())
	m, err := train.Run(ctx, cfg, src, func(p train.Progress) { meter.training(p) })
	meter.close()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(cmd.ErrOrStderr(), "stopped; %s keeps the checkpoint: go on with --resume\n", cfg.Dir)
	}
	return m, err
}

// training shows a training run's progress.
func (m *meter) training(p train.Progress) {
	if p.Held != nil {
		m.note(fmt.Sprintf("held-out pixel AP at step %d: simulated %.3f, probes %.3f", p.Held.Step, p.Held.Simulated.AP, p.Held.Probes.AP))
	}
	if p.Point != nil {
		m.say(fmt.Sprintf("loss %.5f", p.Point.Loss))
	}
	m.show(p.Stage, p.Done, p.Total)
}

// printTraining says what was decided and why.
func printTraining(w io.Writer, m *detect.Model) error {
	r, err := train.ReadRecord(m)
	if err != nil || r == nil {
		return err
	}
	fmt.Fprintf(w, "%d normal, %d simulated and %d real pictures; held out %d normal, %d simulated and as many probes\n",
		r.Pictures.Normal, r.Pictures.Simulated, r.Pictures.Real, r.Pictures.HeldNormal, r.Pictures.HeldOut)
	for _, c := range r.Choices {
		mark := " "
		if c.Chosen {
			mark = "*"
		}
		fmt.Fprintf(w, "%s distance weight %.2f: held-out pixel AP %.4f simulated, %.4f probes\n", mark, c.Weight, c.Simulated.AP, c.Probes.AP)
	}
	fmt.Fprintln(w, r.Why)
	for _, name := range m.Classifier.Moved {
		fmt.Fprintf(w, "moved to training: %s\n", name)
	}
	return nil
}

// trainingPictures are files as package train wants them.
type trainingPictures struct {
	normalPictures
	defects []dataset.Item
	boxes   bool // only boxes are shown to the trainer
	given   map[string][]block.Box
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
	if boxes, ok := p.given[item.Name]; ok {
		d.Boxes = boxes
		return d, nil
	}
	size, mask, err := picture.Mask(item.Mask, prep.DefaultLimits)
	if err != nil {
		return train.Defect{}, fmt.Errorf("%s: %w", item.Name, err)
	}
	if size != rgb.Size {
		return train.Defect{}, fmt.Errorf("%s: its mask %s has %v pixels, the picture %v: they must be of one size", item.Name, item.Mask, size, rgb.Size)
	}
	if !p.boxes {
		d.Mask = mask
		return d, nil
	}
	for _, r := range synth.Regions(mask, size.W, size.H) {
		d.Boxes = append(d.Boxes, block.Box{
			X: float64(r.X0+r.X1) / 2, Y: float64(r.Y0+r.Y1) / 2,
			HalfW: float64(r.X1-r.X0) / 2, HalfH: float64(r.Y1-r.Y0) / 2,
		})
	}
	return d, nil
}

// choose finds the labelled defective pictures: those of --labels, or --defects of
// the test set's.
func (p *trainingPictures) choose(set *dataset.Set, o *superviseOptions) error {
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
	p.given = map[string][]block.Box{}
	for _, i := range f.Images {
		item, err := find(set, i.Image, filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("--labels %s: %w", path, err)
		}
		boxes := []block.Box{}
		for _, b := range i.Boxes {
			boxes = append(boxes, block.Box{X: b.X + b.W/2, Y: b.Y + b.H/2, HalfW: b.W / 2, HalfH: b.H / 2, Angle: radians(b.Angle)})
		}
		if _, twice := p.given[item.Name]; twice {
			return fmt.Errorf("--labels %s: %s is there twice", path, i.Image)
		}
		p.given[item.Name] = boxes
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
