package yolo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
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
	names, err := classNames(r)
	if err != nil {
		return err
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

// classNames reads the classes' names, by their numbers; nil: the archive does
// not say.
func classNames(r *format.Reader) (names map[int]string, damaged error) {
	for _, f := range r.Files(".yaml", ".yml") {
		text, err := r.Text(f, 4<<20)
		if err != nil {
			return nil, err
		}
		said, err := namesOf(text)
		switch {
		case errors.Is(err, format.ErrLimit):
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		case err != nil:
			damaged = cmp.Or(damaged, fmt.Errorf("%s: %w", f.Path, err))
		case said == nil: // settings of a training, and the like
			f.Used = false
		case names == nil:
			names = said
		case !maps.Equal(names, said):
			return nil, fmt.Errorf("%s: %w: it has other names of classes than another YAML file beside it: leave one of them", f.Path, format.ErrSyntax)
		}
	}
	switch {
	case names != nil:
		return names, nil
	case damaged != nil:
		return nil, damaged
	}
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

// namesOf reads the names of data.yaml, a list or a map by number; nil: it has
// none. The library bounds depth and aliases; the text has been bounded before.
func namesOf(text []byte) (map[int]string, error) {
	var data struct {
		Names yaml.Node `yaml:"names"`
	}
	if err := yaml.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("%w: %w", format.ErrSyntax, err)
	}
	names := map[int]string{}
	n := &data.Names
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
	switch {
	case len(v) == 4 || len(v) == 5:
		if len(v) == 5 {
			b.Note("a line has a fifth number, a score, which was left out", 1)
		}
		return b.Box(v[0]-v[2]/2, v[1]-v[3]/2, v[0]+v[2]/2, v[1]+v[3]/2, name)
	case len(v) < 6 || len(v)%2 != 0:
		return fmt.Errorf("%w: it has %d numbers after the class: 4 make a box, 8 a rotated box, an even number from 6 on a polygon", format.ErrSyntax, len(v))
	}
	points, _ := outline.Points(v)
	if task == segment || len(points) != 4 {
		return b.Polygon(points, name)
	}
	box, ok := outline.Rectangle(points, 1)
	if !ok && task == detect {
		return b.Polygon(points, name)
	}
	if !ok {
		box = outline.Around(points)
		b.Note("four corners that are no rectangle became the smallest rotated box around them", 1)
	}
	return b.Rotated(box, name)
}
