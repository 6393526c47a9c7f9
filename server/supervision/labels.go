package supervision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"

	"semirest/server/dataset"
	"semirest/server/train"
	"semirest/shared/block"
)

// Labels say where a person's labels of a data set's defective pictures lie.
type Labels struct {
	Path   string            // a folder of masks, a JSON file of boxes, or, with Format, a folder, a zip or a file
	Format string            // of package format
	Note   func(text string) // takes what the labels lose, in words; nil: nobody listens
}

// Read is a source of a set's normal pictures and of the pictures that a person labelled. With boxes, boxes are enough;
// else labels that hold nothing finer are ErrBoxes.
func Read(ctx context.Context, set *dataset.Set, from Labels, boxes bool) (*Source, error) {
	s := &Source{Pictures: set.Train, boxes: boxes}
	if from.Format != "" {
		return s, s.readFormat(ctx, set, from)
	}
	info, err := os.Stat(from.Path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return s, s.readMasks(set, from.Path)
	}
	return s, s.readBoxes(set, from.Path)
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

// readBoxes takes a JSON file of boxes.
func (s *Source) readBoxes(set *dataset.Set, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var f boxFile
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return fmt.Errorf(`%w: it is {"images": [{"image": "test/KIND/NAME.png", "boxes": [{"x": 1, "y": 2, "w": 30, "h": 40}]}]}`, err)
	}
	if !s.boxes {
		return ErrBoxes
	}
	s.given = map[string]train.Defect{}
	for _, i := range f.Images {
		item, err := find(set, i.Image, filepath.Dir(path))
		if err != nil {
			return err
		}
		var boxes []block.Box
		for _, b := range i.Boxes {
			boxes = append(boxes, block.Box{X: b.X + b.W/2, Y: b.Y + b.H/2, HalfW: b.W / 2, HalfH: b.H / 2, Angle: radians(b.Angle)})
		}
		if _, twice := s.given[item.Name]; twice {
			return fmt.Errorf("%s is there twice", i.Image)
		}
		s.given[item.Name] = train.Defect{Boxes: boxes}
		s.defects = append(s.defects, item)
	}
	if len(s.defects) == 0 {
		return errors.New("no image is in it")
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

// readMasks takes a folder of masks of test pictures: KIND/NAME_mask.png, or
// NAME_mask.png where only one test picture has the name. NAME.png and NAME_GT.png are
// read too.
func (s *Source) readMasks(set *dataset.Set, dir string) error {
	byKind, byName := map[string]int{}, map[string][]int{} // places in set.Test
	kinds := map[string]bool{}
	for i, item := range set.Test {
		if !item.Defective() { // which needs no mask
			continue
		}
		kinds[strings.ToLower(item.Kind)] = true
		stem := strings.ToLower(strings.TrimSuffix(path.Base(item.Name), path.Ext(item.Name)))
		byKind[strings.ToLower(item.Kind)+"/"+stem] = i
		byName[stem] = append(byName[stem], i)
	}
	masks := map[int]string{}
	var left []string
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !dataset.IsImage(d.Name()) {
			return err
		}
		bare, _ := dataset.OfMask(d.Name())
		bare = strings.ToLower(bare)
		folder := strings.ToLower(filepath.Base(filepath.Dir(file)))
		i, ok := byKind[folder+"/"+bare]
		list := byName[bare]
		switch {
		case ok || kinds[folder]: // a mask in a kind's folder is of that kind
		case len(list) > 1:
			return fmt.Errorf("%s may be the mask of %s or of %s: put it into a folder of its kind's name", file, set.Test[list[0]].Name, set.Test[list[1]].Name)
		case len(list) == 1:
			i, ok = list[0], true
		}
		switch {
		case !ok:
			left = append(left, file)
		case masks[i] != "":
			return fmt.Errorf("%s and %s are both masks of %s: leave one", masks[i], file, set.Test[i].Name)
		default:
			masks[i] = file
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("%d masks have no test picture of their name, the first is %s", len(left), left[0])
	}
	for i, item := range set.Test {
		if masks[i] != "" {
			item.Mask = masks[i]
			s.defects = append(s.defects, item)
		}
	}
	if len(s.defects) == 0 {
		return errors.New("no mask is in it")
	}
	return nil
}
