package coco

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/prep"
)

// read reads every JSON file of the archive that has COCO's lists.
func read(ctx context.Context, r *format.Reader) error {
	at := r.Pictures(format.IsTruth)
	files := r.Files(".json")
	var damaged error
	each := func(do func(f *format.File, in *document) error) error {
		for _, f := range files {
			in, err := parse(ctx, r, f)
			switch {
			case err != nil && errors.Is(err, format.ErrSyntax):
				err = fmt.Errorf("%s: %w", f.Path, err)
				damaged = cmp.Or(damaged, err)
				err = nil
			case err != nil:
				return fmt.Errorf("%s: %w", f.Path, err)
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
		err := r.Quietly(func() error {
			return each(func(f *format.File, in *document) error {
				for i := range in.images {
					r.Label(in.images[i].place(f))
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	found := false
	if err := each(func(f *format.File, in *document) error {
		found = true
		return giveFile(ctx, r, f, in, at)
	}); err != nil {
		return err
	}
	switch {
	case !found && damaged != nil:
		return damaged
	case !found:
		return fmt.Errorf("%w: expected a JSON file with images, annotations and categories, such as %s", format.ErrNothing, fileName)
	case damaged != nil:
		r.Note("a JSON file is damaged and was passed over: "+tolerant.Words(damaged), "", 1)
	}
	return at.Rest(ctx)
}

// giveFile gives the pictures of one file.
func giveFile(ctx context.Context, r *format.Reader, f *format.File, in *document, at *format.Pictures) error {
	for i := range in.images {
		r.Label(in.images[i].place(f))
	}
	for i := range in.images {
		if err := giveImage(ctx, r, f, in, &in.images[i], at); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.marks)) {
		if in.times[id] == 0 {
			r.Note("an annotation is for an image_id that the file does not list and was left out", f.Path+", image_id "+string(id), len(in.marks[id]))
		}
	}
	return nil
}

// parse reads a file list by list, so that the whole is never in memory as
// JSON; nil when it is no COCO file.
func parse(ctx context.Context, r *format.Reader, f *format.File) (*document, error) {
	d, closing, err := r.OpenJSON(f)
	if err != nil {
		return nil, err
	}
	defer closing()
	in := &document{marks: map[ident][]markIn{}, categories: map[ident]string{}, times: map[ident]int{}}
	none := func() (*document, error) {
		f.Used = false
		return nil, nil
	}
	switch t, err := d.Token(); {
	case err != nil:
		return nil, format.Damaged(err, "it is no JSON")
	case t != json.Delim('{'): // a list of results, or of names
		return none()
	}
	lists := 0
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, format.Damaged(err, "")
		}
		switch key {
		case "images", "annotations", "categories":
			var list bool
			if list, err = in.list(ctx, r, f, d, key.(string)); list {
				lists++
			}
		default:
			err = format.Skip(d)
		}
		if err != nil {
			return nil, format.Damaged(err, fmt.Sprint(key))
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, format.Damaged(err, "it ends too early")
	}
	if err := format.End(d); err != nil {
		return nil, err
	}
	if lists == 0 || in.images == nil {
		return none()
	}
	return in, nil
}

// list reads one of COCO's lists; false: it is none. An element that is no object
// is left out.
func (in *document) list(ctx context.Context, r *format.Reader, f *format.File, d *json.Decoder, key string) (bool, error) {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		if err == nil && t == json.Delim('{') {
			return false, format.Rest(d)
		}
		return false, err // null, or some other value
	}
	if key == "images" {
		in.images = []imageIn{}
	}
	for n := 0; d.More(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return true, ctx.Err()
		}
		var err error
		switch key {
		case "images":
			if n >= r.Limits.Entries {
				return true, fmt.Errorf("%w: more than %d images", format.ErrLimit, r.Limits.Entries)
			}
			var v imageIn
			if err = d.Decode(&v); err == nil {
				in.images = append(in.images, v)
				in.times[v.ID]++
			}
		case "annotations":
			if in.n++; in.n > r.Limits.Marks {
				return true, fmt.Errorf("%w: more than %d annotations", format.ErrLimit, r.Limits.Marks)
			}
			var v markIn
			if err = d.Decode(&v); err == nil {
				in.marks[v.ImageID] = append(in.marks[v.ImageID], v)
			}
		default:
			var v struct {
				ID   ident         `json:"id"`
				Name tolerant.Text `json:"name"`
			}
			if n >= 100_000 {
				return true, fmt.Errorf("%w: more than 100000 categories", format.ErrLimit)
			}
			if err = d.Decode(&v); err == nil {
				if old, twice := in.categories[v.ID]; twice && old != string(v.Name) {
					r.Note("two categories have one id: the first counts", fmt.Sprintf("%s, id %s", f.Path, v.ID), 1)
				} else {
					in.categories[v.ID] = string(v.Name)
				}
			}
		}
		if tolerant.OtherKind(err) {
			r.Note("an entry of a list is no object and was left out", f.Path+", "+key, 1)
		} else if err != nil {
			return true, err
		}
	}
	_, err := d.Token()
	return true, err
}

// place is where an image lies: as it says, counted from the JSON file.
func (img *imageIn) place(f *format.File) place.Place {
	full := strings.ReplaceAll(string(img.FileName), `\`, "/")
	return place.Of(f.Beside(full), false)
}

// giveImage hands one picture on.
func giveImage(ctx context.Context, r *format.Reader, f *format.File, in *document, img *imageIn, at *format.Pictures) error {
	marks := in.marks[img.ID]
	var more extra.Picture
	full := strings.TrimPrefix(path.Clean(strings.ReplaceAll(string(img.FileName), `\`, "/")), "./")
	name := place.Base(full)
	switch {
	case img.FileName == "":
		return r.Fail("image "+string(img.ID), f.Path, fmt.Errorf("%w: it has no file_name", format.ErrSyntax))
	case img.ID == "":
		return r.Fail(name, f.Path, fmt.Errorf("%w: it has no id", format.ErrSyntax))
	case in.times[img.ID] > 1 && len(marks) > 0:
		return r.Fail(name, f.Path, fmt.Errorf("%w: %d images have the id %s, so that its annotations may be another one's", format.ErrAmbiguous, in.times[img.ID], img.ID))
	}
	if err := extra.Read(img.More, &more); err != nil {
		return r.Fail(name, f.Path, err)
	}
	d := format.Draft{
		ID: more.ID, Name: name, Wants: []place.Place{img.place(f)}, Kind: more.Kind, File: f.Path, Path: full,
		Held:   more.Held || place.Held(full) || place.Held(f.Path) || heldFile(f.Base()),
		Normal: more.Role == "normal", Defective: more.Role == "defective",
		Size: prep.Size{W: img.Width.Whole(), H: img.Height.Whole()},
	}
	// A name with folders counts from the archive's root, from the JSON file, or
	// from a folder images beside either.
	at.Take(&d, "images/"+full, full, path.Join(f.Dir(), "images", full), path.Join(f.Dir(), full), path.Join(f.Dir(), "..", "images", full))
	if more.Truth != "" {
		d.Truth = r.File(more.Truth)
	}
	if more.Name != "" {
		d.Name = place.Base(more.Name)
		d.Wants = []place.Place{place.Of(d.Name, false)}
	}
	if len(marks) > 0 || more.Labels != nil {
		d.Labels = func(b *format.Builder) error { return labels(b, in, marks, more.Labels) }
	}
	return r.Give(ctx, d)
}

// heldFile says whether the name of a file of labels is that of a set kept for
// evaluation: instances_val2017.json, test.json.
func heldFile(name string) bool {
	words := strings.FieldsFunc(place.Stem(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(words, place.HeldFolder)
}
