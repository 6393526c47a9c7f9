package format

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"semirest/shared/prep"
)

// cocoID is an id of COCO: a number, or a string as some programs write it.
type cocoID string

func (id *cocoID) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" || strings.ContainsAny(s, "[{") || len(s) > 100 {
		return fmt.Errorf("%.40q is no id", s)
	}
	*id = cocoID(s)
	return nil
}

type cocoIn struct {
	images     []cocoImageIn
	marks      map[cocoID][]cocoMarkIn // by image
	n          int                     // of marks
	categories map[cocoID]string
}

type cocoImageIn struct {
	ID       cocoID          `json:"id"`
	FileName string          `json:"file_name"`
	Width    int             `json:"width"`
	Height   int             `json:"height"`
	More     json.RawMessage `json:"semirest"`
}

type cocoMarkIn struct {
	ImageID      cocoID          `json:"image_id"`
	CategoryID   *cocoID         `json:"category_id"`
	BBox         []float64       `json:"bbox"`
	Segmentation json.RawMessage `json:"segmentation"`
	More         json.RawMessage `json:"semirest"`
	Attributes   struct {
		Rotation float64 `json:"rotation"` // CVAT: of the bbox about its centre, degrees
	} `json:"attributes"`
}

// readCOCO reads every JSON file of the archive that has COCO's lists.
func readCOCO(ctx context.Context, r *reader) error {
	at := r.pictureIndex(func(f *file) bool { return !strings.HasPrefix(f.path, "truth/") })
	found := false
	for _, f := range r.files {
		if !strings.EqualFold(path.Ext(f.path), ".json") {
			continue
		}
		in, err := r.parseCOCO(ctx, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if in == nil {
			continue
		}
		found = true
		for i := range in.images {
			if err := r.cocoImage(ctx, f, in, &in.images[i], at); err != nil {
				return err
			}
		}
		if left := slices.Sorted(maps.Keys(in.marks)); len(left) > 0 {
			return fmt.Errorf("%s: %w: annotations are for image_id %s, which the file does not list", f.path, ErrSyntax, left[0])
		}
	}
	if !found {
		return fmt.Errorf("%w: expected a JSON file with images, annotations and categories, such as %s", ErrNothing, cocoFile)
	}
	return at.rest(ctx, r)
}

// parseCOCO reads a file list by list, so that the whole is never in memory as
// JSON; nil when it is no COCO file.
func (r *reader) parseCOCO(ctx context.Context, f file) (*cocoIn, error) {
	body, err := r.open(f, r.limits.Text)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	d := json.NewDecoder(&shallow{r: body})
	in := &cocoIn{marks: map[cocoID][]cocoMarkIn{}, categories: map[cocoID]string{}}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, syntax(err, "it is no JSON object")
	}
	lists := 0
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, syntax(err, "")
		}
		switch key {
		case "images", "annotations", "categories":
			lists++
			err = in.list(ctx, d, key.(string), r.limits)
		default:
			err = skip(d)
		}
		if err != nil {
			return nil, syntax(err, fmt.Sprint(key))
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, syntax(err, "it ends too early")
	}
	if err := ended(d); err != nil {
		return nil, err
	}
	if lists == 0 || in.images == nil {
		return nil, nil
	}
	return in, nil
}

// syntax makes a damage of a JSON error and leaves limits and the archive's own
// errors what they are.
func syntax(err error, where string) error {
	if err == nil {
		return fmt.Errorf("%w: %s", ErrSyntax, where)
	}
	if errors.Is(err, ErrLimit) || errors.Is(err, ErrArchive) || errors.Is(err, ErrSyntax) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %s: %w", ErrSyntax, where, err)
}

// ended reads to the end of a file, where its checksum is compared, and refuses
// what follows the JSON value.
func ended(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return syntax(err, "something follows the end")
	}
	return nil
}

// skip passes over one value.
func skip(d *json.Decoder) error {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (in *cocoIn) list(ctx context.Context, d *json.Decoder, key string, l Limits) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		if t == nil && err == nil {
			return nil // null
		}
		return syntax(err, "it is no list")
	}
	for n := 0; d.More(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch key {
		case "images":
			if n >= l.Entries {
				return fmt.Errorf("%w: more than %d images", ErrLimit, l.Entries)
			}
			var v cocoImageIn
			if err := d.Decode(&v); err != nil {
				return err
			}
			in.images = append(in.images, v)
		case "annotations":
			if in.n++; in.n > l.Marks {
				return fmt.Errorf("%w: more than %d annotations", ErrLimit, l.Marks)
			}
			var v cocoMarkIn
			if err := d.Decode(&v); err != nil {
				return err
			}
			in.marks[v.ImageID] = append(in.marks[v.ImageID], v)
		default:
			var v struct {
				ID   cocoID `json:"id"`
				Name string `json:"name"`
			}
			if n >= 100_000 {
				return fmt.Errorf("%w: more than 100000 categories", ErrLimit)
			}
			if err := d.Decode(&v); err != nil {
				return err
			}
			in.categories[v.ID] = v.Name
		}
	}
	_, err := d.Token()
	return err
}

// cocoImage hands one picture on.
func (r *reader) cocoImage(ctx context.Context, f file, in *cocoIn, img *cocoImageIn, at *pictureIndex) error {
	marks := in.marks[img.ID]
	delete(in.marks, img.ID)
	var more pictureMore
	full := strings.TrimPrefix(path.Clean(strings.ReplaceAll(img.FileName, `\`, "/")), "./")
	name := baseName(full)
	if img.FileName == "" {
		return r.fail("image "+string(img.ID), f.path, fmt.Errorf("%w: it has no file_name", ErrSyntax))
	}
	if err := readMore(img.More, &more); err != nil {
		return r.fail(name, f.path, err)
	}
	d := draft{
		id: more.ID, name: name, kind: more.Kind, held: more.Held, file: f.path, path: full,
		normal: more.Role == "normal", defective: more.Role == "defective",
		size: prep.Size{W: img.Width, H: img.Height},
	}
	// A name with folders counts from the archive's root, from the JSON file, or
	// from a folder images beside either.
	d.picture = at.named(name, "images/"+full, full, path.Join(f.dir(), "images", full), path.Join(f.dir(), full), path.Join(f.dir(), "..", "images", full))
	if more.Truth != "" {
		d.truth = r.file(more.Truth)
	}
	if more.Name != "" {
		d.name = baseName(more.Name)
	}
	if img.Width < 1 || img.Height < 1 {
		return r.fail(name, f.path, fmt.Errorf("%w: width and height are missing", ErrSyntax))
	}
	if len(marks) > 0 || more.Labels != nil {
		d.labels = func(b *builder) error { return cocoLabels(b, in, marks, more.Labels) }
	}
	return r.give(ctx, d)
}
