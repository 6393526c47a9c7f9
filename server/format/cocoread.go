package format

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"unicode"

	"semirest/shared/prep"
)

// cocoID is an id of COCO: a number, or a string as some programs write it; ""
// where it is neither. 7, 7.0 and "7" are one.
type cocoID string

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (id *cocoID) UnmarshalJSON(b []byte) error {
	var s looseText
	_ = s.UnmarshalJSON(b)
	*id = cocoID(strings.TrimSuffix(cut(strings.TrimSpace(string(s)), 100), ".0"))
	return nil
}

type cocoIn struct {
	images     []cocoImageIn
	times      map[cocoID]int          // how often an id is an image's
	marks      map[cocoID][]cocoMarkIn // by image
	n          int                     // of marks
	categories map[cocoID]string
}

type cocoImageIn struct {
	ID       cocoID          `json:"id"`
	FileName looseText       `json:"file_name"`
	Width    looseNumber     `json:"width"`
	Height   looseNumber     `json:"height"`
	More     json.RawMessage `json:"semirest"`
}

type cocoMarkIn struct {
	ImageID      cocoID          `json:"image_id"`
	CategoryID   *cocoID         `json:"category_id"`
	BBox         looseNumbers    `json:"bbox"`
	Segmentation json.RawMessage `json:"segmentation"`
	More         json.RawMessage `json:"semirest"`
	Attributes   json.RawMessage `json:"attributes"`
}

// rotation is what CVAT writes: of the bbox about its centre, degrees.
func (m *cocoMarkIn) rotation() float64 {
	var a struct {
		Rotation looseNumber `json:"rotation"`
	}
	if json.Unmarshal(m.Attributes, &a) != nil || math.IsNaN(float64(a.Rotation)) {
		return 0 // none, or another program's list
	}
	return float64(a.Rotation)
}

// readCOCO reads every JSON file of the archive that has COCO's lists.
func readCOCO(ctx context.Context, r *reader) error {
	at := r.pictureIndex(func(f *file) bool { return !strings.HasPrefix(f.path, "truth/") })
	var files []*file
	for i := range r.files {
		if f := &r.files[i]; strings.EqualFold(path.Ext(f.path), ".json") {
			files = append(files, f)
		}
	}
	var damaged error
	each := func(do func(f *file, in *cocoIn) error) error {
		for _, f := range files {
			in, err := r.parseCOCO(ctx, f)
			switch {
			case err != nil && errors.Is(err, ErrSyntax):
				err = fmt.Errorf("%s: %w", f.path, err)
				damaged = cmp.Or(damaged, err)
				err = nil
			case err != nil:
				return fmt.Errorf("%s: %w", f.path, err)
			case in != nil:
				err = do(f, in)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	if len(files) > 1 { // what one file says of a name counts for all
		said := r.notes
		r.notes = notes{}
		if err := each(func(f *file, in *cocoIn) error {
			for i := range in.images {
				r.label(in.images[i].place(f))
			}
			return nil
		}); err != nil {
			return err
		}
		r.notes = said
	}
	found := false
	if err := each(func(f *file, in *cocoIn) error {
		found = true
		return r.cocoFile(ctx, f, in, at)
	}); err != nil {
		return err
	}
	switch {
	case !found && damaged != nil:
		return damaged
	case !found:
		return fmt.Errorf("%w: expected a JSON file with images, annotations and categories, such as %s", ErrNothing, cocoFile)
	case damaged != nil:
		r.notes.add("a JSON file is damaged and was passed over: "+plain(damaged), "", 1)
	}
	return at.rest(ctx, r)
}

// cocoFile gives the pictures of one file.
func (r *reader) cocoFile(ctx context.Context, f *file, in *cocoIn, at *pictureIndex) error {
	for i := range in.images {
		r.label(in.images[i].place(f))
	}
	for i := range in.images {
		if err := r.cocoImage(ctx, f, in, &in.images[i], at); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.marks)) {
		if in.times[id] == 0 {
			r.notes.add("an annotation is for an image_id that the file does not list and was left out", f.path+", image_id "+string(id), len(in.marks[id]))
		}
	}
	return nil
}

// parseCOCO reads a file list by list, so that the whole is never in memory as
// JSON; nil when it is no COCO file.
func (r *reader) parseCOCO(ctx context.Context, f *file) (*cocoIn, error) {
	body, err := r.openText(f)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	d := json.NewDecoder(&shallow{r: bufio.NewReader(body)})
	in := &cocoIn{marks: map[cocoID][]cocoMarkIn{}, categories: map[cocoID]string{}, times: map[cocoID]int{}}
	none := func() (*cocoIn, error) {
		f.used = false
		return nil, nil
	}
	switch t, err := d.Token(); {
	case err != nil:
		return nil, syntax(err, "it is no JSON")
	case t != json.Delim('{'): // a list of results, or of names
		return none()
	}
	lists := 0
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, syntax(err, "")
		}
		switch key {
		case "images", "annotations", "categories":
			var list bool
			if list, err = in.list(ctx, r, f, d, key.(string)); list {
				lists++
			}
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
		return none()
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
	return fmt.Errorf("%w: %s: %s", ErrSyntax, where, plain(err))
}

// ended reads to the end of a file, where its checksum is compared, and refuses
// what follows the JSON value.
func ended(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return syntax(err, "something follows the end")
	}
	return nil
}

// skip passes over one value, rest over what is left of one that has begun.
func skip(d *json.Decoder) error { return pass(d, 0) }

func rest(d *json.Decoder) error { return pass(d, 1) }

func pass(d *json.Decoder, depth int) error {
	for {
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

// list reads one of COCO's lists; false: it is none. An element that is no object
// is left out.
func (in *cocoIn) list(ctx context.Context, r *reader, f *file, d *json.Decoder, key string) (bool, error) {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		if err == nil && t == json.Delim('{') {
			return false, rest(d)
		}
		return false, err // null, or some other value
	}
	if key == "images" {
		in.images = []cocoImageIn{}
	}
	for n := 0; d.More(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return true, ctx.Err()
		}
		var err error
		switch key {
		case "images":
			if n >= r.limits.Entries {
				return true, fmt.Errorf("%w: more than %d images", ErrLimit, r.limits.Entries)
			}
			var v cocoImageIn
			if err = d.Decode(&v); err == nil {
				in.images = append(in.images, v)
				in.times[v.ID]++
			}
		case "annotations":
			if in.n++; in.n > r.limits.Marks {
				return true, fmt.Errorf("%w: more than %d annotations", ErrLimit, r.limits.Marks)
			}
			var v cocoMarkIn
			if err = d.Decode(&v); err == nil {
				in.marks[v.ImageID] = append(in.marks[v.ImageID], v)
			}
		default:
			var v struct {
				ID   cocoID    `json:"id"`
				Name looseText `json:"name"`
			}
			if n >= 100_000 {
				return true, fmt.Errorf("%w: more than 100000 categories", ErrLimit)
			}
			if err = d.Decode(&v); err == nil {
				if old, twice := in.categories[v.ID]; twice && old != string(v.Name) {
					r.notes.add("two categories have one id: the first counts", fmt.Sprintf("%s, id %s", f.path, v.ID), 1)
				} else {
					in.categories[v.ID] = string(v.Name)
				}
			}
		}
		if another(err) {
			r.notes.add("an entry of a list is no object and was left out", f.path+", "+key, 1)
		} else if err != nil {
			return true, err
		}
	}
	_, err := d.Token()
	return true, err
}

// place is where an image lies: as it says, counted from the JSON file.
func (img *cocoImageIn) place(f *file) place {
	full := strings.ReplaceAll(string(img.FileName), `\`, "/")
	return placeOf(f.beside(full), false)
}

// cocoImage hands one picture on.
func (r *reader) cocoImage(ctx context.Context, f *file, in *cocoIn, img *cocoImageIn, at *pictureIndex) error {
	marks := in.marks[img.ID]
	var more pictureMore
	full := strings.TrimPrefix(path.Clean(strings.ReplaceAll(string(img.FileName), `\`, "/")), "./")
	name := baseName(full)
	switch {
	case img.FileName == "":
		return r.fail("image "+string(img.ID), f.path, fmt.Errorf("%w: it has no file_name", ErrSyntax))
	case img.ID == "":
		return r.fail(name, f.path, fmt.Errorf("%w: it has no id", ErrSyntax))
	case in.times[img.ID] > 1 && len(marks) > 0:
		return r.fail(name, f.path, fmt.Errorf("%w: %d images have the id %s, so that its annotations may be another one's", ErrAmbiguous, in.times[img.ID], img.ID))
	}
	if err := readMore(img.More, &more); err != nil {
		return r.fail(name, f.path, err)
	}
	d := draft{
		id: more.ID, name: name, wants: []place{img.place(f)}, kind: more.Kind, file: f.path, path: full,
		held:   more.Held || heldPath(full) || heldPath(f.path) || heldFile(f.base()),
		normal: more.Role == "normal", defective: more.Role == "defective",
		size: prep.Size{W: img.Width.whole(), H: img.Height.whole()},
	}
	if d.size.W == 0 || d.size.H == 0 { // the picture tells it
		d.size = prep.Size{}
	}
	// A name with folders counts from the archive's root, from the JSON file, or
	// from a folder images beside either.
	at.take(&d, "images/"+full, full, path.Join(f.dir(), "images", full), path.Join(f.dir(), full), path.Join(f.dir(), "..", "images", full))
	if more.Truth != "" {
		d.truth = r.file(more.Truth)
	}
	if more.Name != "" {
		d.name = baseName(more.Name)
		d.wants = []place{placeOf(d.name, false)}
	}
	if len(marks) > 0 || more.Labels != nil {
		d.labels = func(b *builder) error { return cocoLabels(b, in, marks, more.Labels) }
	}
	return r.give(ctx, d)
}

// heldFile says whether the name of a file of labels is that of a set kept for
// evaluation: instances_val2017.json, test.json.
func heldFile(name string) bool {
	words := strings.FieldsFunc(stem(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(words, heldFolder)
}
