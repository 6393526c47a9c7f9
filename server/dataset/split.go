package dataset

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// splitFile is the JSON form of another division of the normal images: names of
// files, without folders.
type splitFile struct {
	Note  string   `json:"note"`
	Train []string `json:"train_good"`
	Test  []string `json:"test_good"`
}

// Split divides the normal images anew, as a JSON file says, wherever they lie:
//
//	{"train_good": ["a.png", ...], "test_good": ["b.png", ...]}
//
// Images that it does not name are left out; their number is returned. Defective
// images stay test images.
func (s *Set) Split(file string) (left int, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("dataset: split: %w", err)
	}
	var f splitFile
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return 0, fmt.Errorf(`dataset: split %s: %w: it is {"train_good": ["a.png"], "test_good": ["b.png"]}`, file, err)
	}
	normal := map[string]Item{}
	var defective []Item
	for _, item := range append(s.Train, s.Test...) {
		if item.Defective() {
			defective = append(defective, item)
			continue
		}
		name := path.Base(item.Name)
		if old, ok := normal[name]; ok {
			return 0, fmt.Errorf("dataset: split %s: both %s and %s are called %s", file, old.Name, item.Name, name)
		}
		normal[name] = item
	}
	take := func(names []string) ([]Item, error) {
		var out []Item
		for _, name := range names {
			item, ok := normal[name]
			if !ok {
				return nil, fmt.Errorf("dataset: split %s: %s is named twice, or no normal image of %s", file, name, s.Root)
			}
			delete(normal, name)
			out = append(out, item)
		}
		return out, nil
	}
	train, err := take(f.Train)
	if err != nil {
		return 0, err
	}
	if len(train) == 0 {
		return 0, fmt.Errorf("dataset: split %s: train_good names no image", file)
	}
	test, err := take(f.Test)
	if err != nil {
		return 0, err
	}
	s.Train, s.Test = train, slices.Concat(test, defective)
	return len(normal), nil
}
