package format

import (
	"context"
	"strings"

	"semirest/server/dataset"
	"semirest/server/format/place"
)

// Pictures finds an archive's pictures for label files.
type Pictures struct {
	r      *Reader
	files  []*File
	finder *place.Finder
}

// TruthFolder is where formats that hold ground truth have it.
const TruthFolder = "truth/"

// IsTruth says whether a file is ground truth, as this program writes it.
func IsTruth(f *File) bool { return strings.HasPrefix(f.Path, TruthFolder) }

// Pictures lists the pictures among the files, without those that skip names; nil:
// all of them.
func (r *Reader) Pictures(skip func(*File) bool) *Pictures {
	x := &Pictures{r: r, finder: place.NewFinder()}
	for _, f := range r.Files() {
		if !dataset.IsImage(f.Path) || skip != nil && skip(f) {
			continue
		}
		x.files = append(x.files, f)
		x.finder.Add(place.Of(f.Full, false))
	}
	return x
}

// Take sets a draft's picture: the file at one of the paths, else the one that its
// Wants find, if any. It cannot be taken again by Rest.
func (x *Pictures) Take(d *Draft, paths ...string) {
	for _, p := range paths {
		if f := x.r.File(p); f != nil && dataset.IsImage(p) {
			d.Picture, f.Used = f, true
			return
		}
	}
	i, err := x.r.locate(x.finder, d, nil)
	if err == nil {
		d.Picture = x.files[i]
		d.Picture.Used = true
	} else {
		d.lost = err
	}
}

// Rest gives the pictures that no label file was for.
func (x *Pictures) Rest(ctx context.Context) error {
	for _, f := range x.files {
		if f.Used {
			continue
		}
		d := Draft{Name: f.Base(), Wants: []place.Place{place.Of(f.Full, false)}, File: f.Path, Path: f.Path, Picture: f, Held: place.Held(f.Path)}
		if err := x.r.Give(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
