package format

import (
	"context"

	"semirest/server/dataset"
)

// pictureIndex finds an archive's pictures for label files.
type pictureIndex struct {
	r     *reader
	files []*file
	*finder
}

// pictureIndex lists the pictures among the files that want admits.
func (r *reader) pictureIndex(want func(*file) bool) *pictureIndex {
	x := &pictureIndex{r: r, finder: newFinder()}
	for i := range r.files {
		f := &r.files[i]
		if !dataset.IsImage(f.path) || want != nil && !want(f) {
			continue
		}
		x.files = append(x.files, f)
		x.add(placeOf(f.full, false))
	}
	return x
}

// take sets a draft's picture: the file at one of the paths, else the one that its
// wants find, if any.
func (x *pictureIndex) take(d *draft, paths ...string) {
	for _, p := range paths {
		if f := x.r.file(p); f != nil && dataset.IsImage(p) {
			d.picture, f.used = f, true
			return
		}
	}
	i, err := x.r.locate(x.finder, d, nil)
	if err == nil {
		d.picture = x.files[i]
		d.picture.used = true
	} else {
		d.lost = err
	}
}

// rest gives the pictures that no label file was for.
func (x *pictureIndex) rest(ctx context.Context, r *reader) error {
	for _, f := range x.files {
		if f.used {
			continue
		}
		d := draft{name: f.base(), wants: []place{placeOf(f.full, false)}, file: f.path, path: f.path, picture: f, held: heldPath(f.path)}
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
