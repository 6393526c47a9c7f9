package format

import (
	"context"
	"fmt"
	"path"
	"strings"

	"semirest/server/dataset"
	"semirest/server/picture"
	"semirest/shared/prep"
)

// MVTec AD's folders (mvtec.com, "MVTec AD"), which package dataset reads:
//
//	train/good/NAME                       normal, to learn from
//	test/good/NAME                        normal, kept for evaluation
//	test/KIND/NAME                        defective
//	ground_truth/KIND/STEM_mask.png       where: 0 and 255
//	unlabelled/NAME                       of our own: nothing was said yet
//
// The mask is the ground truth where there is one, else everything that the
// labels mark. Read gives a mask both as Truth and as labels: the caller knows
// which of them it came for.
type mvtecEncoder struct{ w *writer }

func newMVTec(w *writer) (encoder, error) {
	const filled = "are filled in the mask"
	w.becomes = becomes{
		boxes: filled, rotated: filled, polygons: filled, blocks: filled, normalBlocks: notKept, proposals: leftOut, times: notKept,
		names: "are not kept: the folder says that of the picture",
	}
	return mvtecEncoder{w}, nil
}

const (
	notKept = "are not kept"
	leftOut = "are left out"
)

func (e mvtecEncoder) add(ctx context.Context, it Item) error {
	v := it.verdict()
	defective := v == marked || it.Defective && v != normal || it.Truth != nil
	folder := "unlabelled"
	switch {
	case defective:
		folder = "test/" + kindFolder(it.Kind)
		if !it.Held {
			e.w.notes.add("a defective picture to learn from stands in test, where MVTec keeps those", it.Name, 1)
		}
	case v == normal && it.Held:
		folder = "test/" + dataset.Good
	case v == normal:
		folder = "train/" + dataset.Good
	default:
		e.w.notes.add("a picture without labels stands in the folder unlabelled, which other programs pass over", it.Name, 1)
	}
	name, err := e.w.name(folder, it)
	if err != nil {
		return err
	}
	if it.Open == nil {
		e.w.notes.add("a picture's file is not here, and MVTec says with it alone that a picture is normal, or of which kind", it.Name, 1)
	}
	if err := e.w.picture(ctx, it, folder+"/"+name); err != nil || !defective {
		return err
	}
	mask := "ground_truth/" + kindFolder(it.Kind) + "/" + stem(name) + "_mask.png"
	switch {
	case it.Truth != nil:
		if v == marked {
			e.w.notes.add("a picture has ground truth, which is written in place of its labels", it.Name, 1)
		}
		return e.w.truth(ctx, it, mask)
	case v == marked:
		return e.w.mask(mask, flat(it), it.Width, it.Height)
	}
	e.w.notes.add("a defective picture has no labels yet and is written without a mask", it.Name, 1)
	return nil
}

func (mvtecEncoder) end() error { return nil }

// kindFolder is the folder of a kind of defect: never that of normal pictures.
func kindFolder(kind string) string {
	if kind == "" || strings.EqualFold(strings.TrimSpace(kind), dataset.Good) {
		return anyDefect
	}
	return fileName(kind)
}

func readMVTec(ctx context.Context, r *reader) error {
	var masks []*file
	beside := r.besidePictures()
	x := newFinder() // of masks, by the places of their pictures
	for i := range r.files {
		if f := &r.files[i]; dataset.IsImage(f.path) && (fold(top(f.path)) == "ground_truth" || beside[f]) {
			masks = append(masks, f)
			x.add(ofMask(f))
		}
	}
	for i := range r.files {
		f := &r.files[i]
		set, rest := top(f.path), strings.TrimPrefix(f.dir(), top(f.path)+"/")
		kind, _, deep := strings.Cut(rest, "/")
		set = fold(set)
		known := (set == "train" || set == "test") && f.dir() != top(f.path) || set == "unlabelled"
		if !known || !dataset.IsImage(f.path) || beside[f] {
			continue
		}
		if deep {
			r.notes.add("a picture lies in a folder within that of its kind and was taken for one of that kind", f.path, 1)
		}
		d := draft{name: f.base(), wants: []place{placeOf(f.full, false)}, file: f.path, path: f.path, picture: f}
		if set != "unlabelled" {
			d.kind, d.held = kind, set == "test"
			d.normal, d.defective = dataset.IsGood(kind), !dataset.IsGood(kind)
		}
		if d.normal {
			d.kind = ""
			d.labels = func(b *builder) error { b.normal = true; return nil }
		} else if d.defective {
			switch m, err := r.maskFor(x, masks, f); {
			case err != nil:
				if err := r.fail(d.name, f.path, err); err != nil {
					return err
				}
				f.used = true
				continue
			case m != nil:
				m.used = true
				d.truth, d.labels = m, r.maskLabels(m)
			}
		}
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	for _, f := range masks { // masks whose picture is known but not in the archive
		if !f.used {
			r.label(ofMask(f))
		}
	}
	for _, f := range masks {
		if f.used {
			continue
		}
		kind := strings.TrimPrefix(f.dir(), top(f.path)+"/")
		d := draft{
			name: bareOf(f), stem: true, wants: []place{placeOf("test/"+kind+"/"+bareOf(f), true)}, kind: kind, defective: true, held: true,
			file: f.path, truth: f, labels: r.maskLabels(f),
		}
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	if r.items == 0 {
		return fmt.Errorf("%w: expected train/good/NAME, test/KIND/NAME and ground_truth/KIND/NAME_mask.png", ErrNothing)
	}
	return nil
}

// besidePictures are the masks in folders of pictures: those that are called like a
// picture in the same folder.
func (r *reader) besidePictures() map[*file]bool {
	pictures := map[string]bool{}
	for _, f := range r.files {
		if dataset.IsImage(f.path) {
			pictures[fold(stem(f.path))] = true
		}
	}
	out := map[*file]bool{}
	for i := range r.files {
		f := &r.files[i]
		if name, ok := dataset.OfMask(f.base()); ok && dataset.IsImage(f.path) && pictures[fold(path.Join(f.dir(), name))] {
			out[f] = true
		}
	}
	return out
}

// top is the first folder of a path.
func top(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// maskFor finds the mask of a picture of a test folder: the one of its kind's
// folder, never one of another kind's.
func (r *reader) maskFor(x *finder, masks []*file, f *file) (*file, error) {
	w := placeOf(stem(f.full), true)
	found, _ := x.find(w)
	found = only(found, func(i int) bool { return x.places[i].last(0) == w.last(0) })
	if len(found) > 1 { // NAME_mask.png is meant rather than NAME.png
		if named := only(found, func(i int) bool { return bareOf(masks[i]) != stem(masks[i].base()) }); len(named) > 0 {
			found = named
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return masks[found[0]], nil
	}
	return nil, fmt.Errorf("%w: it has %d masks, the first %s: leave one", ErrAmbiguous, len(found), masks[found[0]].path)
}

// maskLabels marks what a mask file marks.
func (r *reader) maskLabels(f *file) func(*builder) error {
	return func(b *builder) error {
		data, err := r.read(*f, r.limits.Entry)
		if err != nil {
			return err
		}
		want := prep.Size{W: int(b.w), H: int(b.h)}
		size, err := picture.SizeOf(data, r.limits.Picture)
		if err == nil && size != want {
			err = fmt.Errorf("%w: the mask %s has %d x %d pixels, the picture %d x %d", ErrSize, path.Base(f.path), size.W, size.H, want.W, want.H)
		}
		if err != nil {
			return err
		}
		_, mask, err := picture.DecodeMask(data, r.limits.Picture)
		if err != nil {
			return err
		}
		b.bits = mask
		return nil
	}
}
