package format

import (
	"context"
	"path"
	"strings"

	"semirest/server/dataset"
)

// pictureIndex finds an archive's pictures for label files that name none: by
// the same path without extension, with the folder of labels exchanged for that
// of pictures; else, by the only picture of that stem.
type pictureIndex struct {
	archive *archive
	files   []*file
	byPath  map[string]*file   // without extension and folders such as images
	byStem  map[string][]*file // base name without extension
	taken   map[*file]bool
}

// pictureIndex lists the pictures among the files that want admits.
func (r *reader) pictureIndex(want func(*file) bool) *pictureIndex {
	x := &pictureIndex{archive: r.archive, byPath: map[string]*file{}, byStem: map[string][]*file{}, taken: map[*file]bool{}}
	for i := range r.files {
		f := &r.files[i]
		if !dataset.IsImage(f.path) || want != nil && !want(f) {
			continue
		}
		x.files = append(x.files, f)
		if key := neutral(stemPath(f.path)); x.byPath[key] == nil {
			x.byPath[key] = f
		}
		x.byStem[stem(f.base())] = append(x.byStem[stem(f.base())], f)
	}
	return x
}

// neutral takes the folders out of a path that tell pictures from labels.
func neutral(p string) string {
	var out []string
	for _, part := range strings.Split(p, "/") {
		switch strings.ToLower(part) {
		case "images", "labels", "masks", "mask", "jpegimages", "annotations", "ground_truth":
		default:
			out = append(out, part)
		}
	}
	return strings.Join(out, "/")
}

// take finds the picture of a label file, by its path without extension; nil:
// there is none, or several.
func (x *pictureIndex) take(p string) *file {
	f := x.byPath[neutral(p)]
	if same := x.byStem[path.Base(p)]; f == nil && len(same) == 1 {
		f = same[0]
	}
	if f != nil {
		x.taken[f] = true
	}
	return f
}

// named finds a picture by the paths where it may be, else the only one of its
// file name anywhere; nil: there is none, or several.
func (x *pictureIndex) named(name string, paths ...string) *file {
	var found *file
	for _, p := range paths {
		if f := x.archive.file(p); f != nil {
			x.taken[f] = true
			return f
		}
	}
	for _, f := range x.byStem[stem(name)] {
		if f.base() == name && found != nil {
			return nil
		} else if f.base() == name {
			found = f
		}
	}
	if found != nil {
		x.taken[found] = true
	}
	return found
}

// rest gives the pictures that no label file was for.
func (x *pictureIndex) rest(ctx context.Context, r *reader) error {
	for _, f := range x.files {
		if x.taken[f] {
			continue
		}
		if err := r.give(ctx, draft{name: f.base(), file: f.path, picture: f, held: heldPath(f.path)}); err != nil {
			return err
		}
	}
	return nil
}

// heldPath says whether a path has the folder of pictures for evaluation.
func heldPath(p string) bool {
	for _, part := range strings.Split(path.Dir(p), "/") {
		switch strings.ToLower(part) {
		case "val", "valid", "validation", "test":
			return true
		}
	}
	return false
}
