package format

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxClasses bounds the classes of a YOLO archive.
const maxClasses = 10_000

func readYOLO(task yoloTask) func(context.Context, *reader) error {
	return func(ctx context.Context, r *reader) error {
		names, err := r.yoloNames()
		if err != nil {
			return err
		}
		at := r.pictureIndex(nil)
		var files []*file
		for i := range r.files {
			if f := &r.files[i]; !f.used && yoloLabels(f) {
				files = append(files, f)
				r.label(placeOf(stem(f.full), true))
			}
		}
		for _, f := range files {
			f.used = true
			d := draft{name: stem(f.base()), stem: true, wants: []place{placeOf(stem(f.full), true)}, file: f.path, held: heldPath(f.path)}
			at.take(&d)
			d.labels = func(b *builder) error { return r.yoloFile(b, f, task, names) }
			if err := r.give(ctx, d); err != nil {
				return err
			}
		}
		if len(files) == 0 {
			return fmt.Errorf("%w: expected a text file for each picture, such as labels/train/NAME.txt", ErrNothing)
		}
		return at.rest(ctx, r)
	}
}

// yoloLabels says whether a text file is one of labels: one in a folder labels,
// or any that is not named for something else.
func yoloLabels(f *file) bool {
	if !strings.EqualFold(path.Ext(f.path), ".txt") {
		return false
	}
	base := strings.ToLower(stem(f.base()))
	if base == "classes" { // labelImg puts it among the labels
		return false
	}
	for _, part := range strings.Split(strings.ToLower(f.dir()), "/") {
		if part == "labels" {
			return true
		}
	}
	switch base {
	case "train", "val", "valid", "test", "trainval", "requirements", "license", "notes", "names", "labels":
		return false
	default:
		return !strings.HasPrefix(base, "readme")
	}
}

// yoloNames reads the classes' names, by their numbers; nil: the archive does
// not say.
func (r *reader) yoloNames() (names map[int]string, damaged error) {
	for i := range r.files {
		f := &r.files[i]
		ext := strings.ToLower(path.Ext(f.path))
		if ext != ".yaml" && ext != ".yml" {
			continue
		}
		text, err := r.text(f, 4<<20)
		if err != nil {
			return nil, err
		}
		said, err := yoloYAML(text)
		switch {
		case errors.Is(err, ErrLimit):
			return nil, fmt.Errorf("%s: %w", f.path, err)
		case err != nil:
			damaged = cmp.Or(damaged, fmt.Errorf("%s: %w", f.path, err))
		case said == nil: // settings of a training, and the like
			f.used = false
		case names == nil:
			names = said
		case !maps.Equal(names, said):
			return nil, fmt.Errorf("%s: %w: it has other names of classes than another YAML file beside it: leave one of them", f.path, ErrSyntax)
		}
	}
	switch {
	case names != nil:
		return names, nil
	case damaged != nil:
		return nil, damaged
	}
	for i := range r.files {
		f := &r.files[i]
		switch base := strings.ToLower(f.base()); {
		case base == "classes.txt" || base == "labels.txt" || strings.HasSuffix(base, ".names"):
			text, err := r.text(f, 4<<20)
			if err != nil {
				return nil, err
			}
			lines := strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
			if len(lines) > maxClasses {
				return nil, fmt.Errorf("%s: %w: more than %d classes", f.path, ErrLimit, maxClasses)
			}
			names := map[int]string{}
			for i, n := range lines {
				names[i] = strings.TrimSpace(n)
			}
			return names, nil
		}
	}
	r.notes.add("neither data.yaml nor classes.txt is in the archive: kinds are called by their numbers", "", 1)
	return nil, nil
}

// yoloYAML reads the names of data.yaml, a list or a map by number; nil: it has
// none. The library bounds depth and aliases; the text has been bounded before.
func yoloYAML(text []byte) (map[int]string, error) {
	var data struct {
		Names yaml.Node `yaml:"names"`
	}
	if err := yaml.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	names := map[int]string{}
	n := &data.Names
	if len(n.Content) > 2*maxClasses {
		return nil, fmt.Errorf("%w: more than %d classes", ErrLimit, maxClasses)
	}
	switch n.Kind {
	case 0:
		return nil, nil
	case yaml.ScalarNode:
		if n.Tag == "!!null" || n.Value == "" {
			return nil, nil
		}
		return nil, fmt.Errorf("%w: names is neither a list nor a map", ErrSyntax)
	case yaml.SequenceNode:
		for i, c := range n.Content {
			names[i] = c.Value
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			id, err := strconv.Atoi(n.Content[i].Value)
			if err != nil {
				return nil, fmt.Errorf("%w: names has the key %.40q, which is no number", ErrSyntax, n.Content[i].Value)
			}
			names[id] = n.Content[i+1].Value
		}
	default:
		return nil, fmt.Errorf("%w: names is neither a list nor a map", ErrSyntax)
	}
	return names, nil
}

// yoloFile builds the labels of one text file.
func (r *reader) yoloFile(b *builder, f *file, task yoloTask, names map[int]string) error {
	text, err := r.text(f, r.limits.Text)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		b.normal = true
		r.notes.add("a label file is empty: the picture is taken for normal", b.name, 1)
		return nil
	}
	n := 0
	for row := range bytes.Lines(text) {
		n++
		fields := strings.Fields(string(row))
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if err := yoloLine(b, fields, task, names); err != nil {
			if err := b.object(fmt.Errorf("line %d: %w", n, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

func yoloLine(b *builder, fields []string, task yoloTask, names map[int]string) error {
	class, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || class != math.Trunc(class) || class < 0 || class >= maxClasses {
		return fmt.Errorf("%w: it begins with %.40q, not with the number of a class", ErrSyntax, fields[0])
	}
	name, ok := names[int(class)]
	if !ok {
		name = strconv.Itoa(int(class))
		if names != nil {
			b.r.notes.add("a class has no name in data.yaml or classes.txt: the kind is called by its number", b.name, 1)
		}
	}
	v := make([]float64, len(fields)-1)
	for i, s := range fields[1:] {
		if v[i], err = strconv.ParseFloat(s, 64); err != nil || math.IsNaN(v[i]) || math.Abs(v[i]) > 1e6 {
			return fmt.Errorf("%w: %.40q is no number", ErrSyntax, s)
		}
		if i < 4 && v[i] > 2 {
			return fmt.Errorf("%w: %s: YOLO's numbers are fractions of the picture, not pixels", ErrSyntax, s)
		}
		if i%2 == 0 {
			v[i] *= b.w
		} else {
			v[i] *= b.h
		}
	}
	switch {
	case len(v) == 4 || len(v) == 5:
		if len(v) == 5 {
			b.r.notes.add("a line has a fifth number, a score, which was left out", b.name, 1)
		}
		return b.box(v[0]-v[2]/2, v[1]-v[3]/2, v[0]+v[2]/2, v[1]+v[3]/2, name)
	case len(v) < 6 || len(v)%2 != 0:
		return fmt.Errorf("%w: it has %d numbers after the class: 4 make a box, 8 a rotated box, an even number from 6 on a polygon", ErrSyntax, len(v))
	}
	points, _ := pointsOf(v)
	if task == yoloSegment || len(points) != 4 {
		return b.polygon(points, name)
	}
	box, ok := rectangleOf(points, 1)
	if !ok && task == yoloDetect {
		return b.polygon(points, name)
	}
	if !ok {
		box = around(points)
		b.r.notes.add("four corners that are no rectangle became the smallest rotated box around them", b.name, 1)
	}
	return b.rotated(box, name)
}
