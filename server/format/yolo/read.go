package yolo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"semirest/server/format"
	"semirest/server/format/outline"
	"semirest/server/format/place"
)

// maxClasses bounds the classes of a YOLO archive.
const maxClasses = 10_000

func read(ctx context.Context, r *format.Reader, task task) error {
	names, said, err := about(r)
	if err != nil {
		return err
	}
	if task == detect { // the person leaves it open
		task = said
	}
	at := r.Pictures(nil)
	var files []*format.File
	for _, f := range r.Files(".txt") {
		if !f.Used && isLabels(f) {
			files = append(files, f)
			r.Label(place.Of(place.Stem(f.Full), true))
		}
	}
	for _, f := range files {
		f.Used = true
		d := format.Draft{Name: place.Stem(f.Base()), Stem: true, Wants: []place.Place{place.Of(place.Stem(f.Full), true)}, File: f.Path, Held: place.Held(f.Path)}
		at.Take(&d)
		d.Labels = func(b *format.Builder) error { return labels(b, r, f, task, names) }
		if err := r.Give(ctx, d); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%w: expected a text file for each picture, such as labels/train/NAME.txt", format.ErrNothing)
	}
	return at.Rest(ctx)
}

// isLabels says whether a text file is one of labels: one in a folder labels,
// or any that is not named for something else.
func isLabels(f *format.File) bool {
	base := strings.ToLower(place.Stem(f.Base()))
	if base == "classes" { // labelImg puts it among the labels
		return false
	}
	for _, part := range strings.Split(strings.ToLower(f.Dir()), "/") {
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

// about reads the classes' names, by their numbers; nil: the archive does not say. It
// may also say the task; detect: it does not, or its files are at odds.
func about(r *format.Reader) (names map[int]string, said task, damaged error) {
	tasks := map[task]bool{}
	for _, f := range r.Files(".yaml", ".yml") {
		text, err := r.Text(f, 4<<20)
		if err != nil {
			return nil, detect, err
		}
		its, task, err := parseYAML(text)
		if err == nil && task != detect {
			tasks[task], said = true, task
		}
		switch {
		case errors.Is(err, format.ErrLimit):
			return nil, detect, fmt.Errorf("%s: %w", f.Path, err)
		case err != nil:
			damaged = cmp.Or(damaged, fmt.Errorf("%s: %w", f.Path, err))
		case its == nil: // settings of a training, and the like
			f.Used = task != detect
		case names == nil:
			names = its
		case !maps.Equal(names, its):
			return nil, detect, fmt.Errorf("%s: %w: it has other names of classes than another YAML file beside it: leave one of them", f.Path, format.ErrSyntax)
		}
	}
	if len(tasks) > 1 {
		said = detect
	}
	if names == nil && damaged == nil {
		names, damaged = listedNames(r)
	} else if names != nil {
		damaged = nil
	}
	return names, said, damaged
}

// listedNames reads the names where they stand one a line.
func listedNames(r *format.Reader) (map[int]string, error) {
	for _, f := range r.Files() {
		switch base := strings.ToLower(f.Base()); {
		case base == "classes.txt" || base == "labels.txt" || strings.HasSuffix(base, ".names"):
			text, err := r.Text(f, 4<<20)
			if err != nil {
				return nil, err
			}
			lines := strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
			if len(lines) > maxClasses {
				return nil, fmt.Errorf("%s: %w: more than %d classes", f.Path, format.ErrLimit, maxClasses)
			}
			names := map[int]string{}
			for i, n := range lines {
				names[i] = strings.TrimSpace(n)
			}
			return names, nil
		}
	}
	r.Note("neither data.yaml nor classes.txt is in the archive: kinds are called by their numbers", "", 1)
	return nil, nil
}

// parseYAML reads the names and the task of data.yaml, or of the settings of a training
// beside it. The library bounds depth and aliases; the text has been bounded before.
func parseYAML(text []byte) (map[int]string, task, error) {
	var data struct {
		Names yaml.Node `yaml:"names"`
		Task  yaml.Node `yaml:"task"`
	}
	if err := yaml.Unmarshal(text, &data); err != nil {
		return nil, detect, fmt.Errorf("%w: %w", format.ErrSyntax, err)
	}
	names, err := namesOf(&data.Names)
	return names, max(detect, task(slices.Index(taskNames, data.Task.Value))), err
}

// namesOf are names in a list, or in a map by number; nil: there are none.
func namesOf(n *yaml.Node) (map[int]string, error) {
	names := map[int]string{}
	if len(n.Content) > 2*maxClasses {
		return nil, fmt.Errorf("%w: more than %d classes", format.ErrLimit, maxClasses)
	}
	switch n.Kind {
	case 0:
		return nil, nil
	case yaml.ScalarNode:
		if n.Tag == "!!null" || n.Value == "" {
			return nil, nil
		}
		return nil, fmt.Errorf("%w: names is neither a list nor a map", format.ErrSyntax)
	case yaml.SequenceNode:
		for i, c := range n.Content {
			names[i] = c.Value
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			id, err := strconv.Atoi(n.Content[i].Value)
			if err != nil {
				return nil, fmt.Errorf("%w: names has the key %.40q, which is no number", format.ErrSyntax, n.Content[i].Value)
			}
			names[id] = n.Content[i+1].Value
		}
	default:
		return nil, fmt.Errorf("%w: names is neither a list nor a map", format.ErrSyntax)
	}
	return names, nil
}

// labels builds the labels of one text file.
func labels(b *format.Builder, r *format.Reader, f *format.File, task task, names map[int]string) error {
	text, err := r.Text(f, r.Limits.Text)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		b.Normal = true
		r.Note("a label file is empty: the picture is taken for normal", b.Name, 1)
		return nil
	}
	for row := range bytes.Lines(text) {
		if n := len(bytes.Fields(row)); task == detect && row[0] != '#' && (n == 7 || n > 10) {
			task = segment // where one object is a polygon, all are
		}
	}
	n := 0
	for row := range bytes.Lines(text) {
		n++
		fields := strings.Fields(string(row))
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if err := addLine(b, fields, task, names); err != nil {
			if err := b.Object(fmt.Errorf("line %d: %w", n, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

func addLine(b *format.Builder, fields []string, task task, names map[int]string) error {
	class, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || class != math.Trunc(class) || class < 0 || class >= maxClasses {
		return fmt.Errorf("%w: it begins with %.40q, not with the number of a class", format.ErrSyntax, fields[0])
	}
	name, ok := names[int(class)]
	if !ok {
		name = strconv.Itoa(int(class))
		if names != nil {
			b.Note("a class has no name in data.yaml or classes.txt: the kind is called by its number", 1)
		}
	}
	v := make([]float64, len(fields)-1)
	for i, s := range fields[1:] {
		if v[i], err = strconv.ParseFloat(s, 64); err != nil || math.IsNaN(v[i]) || math.Abs(v[i]) > 1e6 {
			return fmt.Errorf("%w: %.40q is no number", format.ErrSyntax, s)
		}
		if i < 4 && v[i] > 2 {
			return fmt.Errorf("%w: %s: YOLO's numbers are fractions of the picture, not pixels", format.ErrSyntax, s)
		}
		if i%2 == 0 {
			v[i] *= b.W
		} else {
			v[i] *= b.H
		}
	}
	if len(v) == 5 || len(v) == 9 && task == obb {
		v = v[:len(v)-1]
		b.Note("a line has one number more, a score, which was left out", 1)
	}
	switch {
	case len(v) == 4:
		return b.Box(v[0]-v[2]/2, v[1]-v[3]/2, v[0]+v[2]/2, v[1]+v[3]/2, name)
	case len(v) < 6 || len(v)%2 != 0:
		return fmt.Errorf("%w: it has %d numbers after the class: 4 make a box, 8 a rotated box, an even number from 6 on a polygon", format.ErrSyntax, len(v))
	}
	points, _ := outline.Points(v)
	if task == segment || len(points) != 4 {
		return b.Polygon(points, name)
	}
	box, ok := outline.Rectangle(points, 1)
	if task == detect {
		b.Note("lines of eight numbers may be rotated boxes or polygons: four corners of a rectangle were taken for a box; choose YOLO (rotated boxes) or YOLO (polygons) to say what they are", 1)
		if !ok {
			return b.Polygon(points, name)
		}
	}
	if !ok {
		box = outline.Around(points)
		b.Note("four corners that are no rectangle became the smallest rotated box around them", 1)
	}
	return b.Rotated(box, name)
}
