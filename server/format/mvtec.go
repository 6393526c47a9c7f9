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
	masks := map[string]*file{} // by KIND/STEM
	for i := range r.files {
		f := &r.files[i]
		if kind, ok := strings.CutPrefix(f.dir(), "ground_truth/"); ok && dataset.IsImage(f.path) {
			masks[kind+"/"+strings.TrimSuffix(stem(f.base()), "_mask")] = f
		}
	}
	for i := range r.files {
		f := &r.files[i]
		set, kind, _ := strings.Cut(f.dir(), "/")
		known := (set == "train" || set == "test") && kind != "" && !strings.Contains(kind, "/") || f.dir() == "unlabelled"
		switch {
		case set == "ground_truth":
			continue
		case !known || !dataset.IsImage(f.path):
			r.notes.add("a file has no place in MVTec's folders and was passed over", f.path, 1)
			continue
		}
		d := draft{name: f.base(), file: f.path, picture: f}
		if set != "unlabelled" {
			d.kind, d.held = kind, set == "test"
			d.normal, d.defective = kind == dataset.Good, kind != dataset.Good
		}
		if d.normal {
			d.kind = ""
			d.labels = func(b *builder) error { b.normal = true; return nil }
		} else if m := masks[kind+"/"+stem(f.base())]; m != nil {
			d.truth, d.labels = m, r.maskLabels(m)
			delete(masks, kind+"/"+stem(f.base()))
		}
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	for i := range r.files { // masks whose picture is known but not in the archive
		f := &r.files[i]
		kind, name := strings.TrimPrefix(f.dir(), "ground_truth/"), strings.TrimSuffix(stem(f.base()), "_mask")
		if masks[kind+"/"+name] != f {
			continue
		}
		d := draft{name: name, stem: true, kind: kind, defective: true, held: true, file: f.path, truth: f, labels: r.maskLabels(f)}
		if err := r.give(ctx, d); err != nil {
			return err
		}
	}
	if r.items == 0 {
		return fmt.Errorf("%w: expected train/good/NAME, test/KIND/NAME and ground_truth/KIND/NAME_mask.png", ErrNothing)
	}
	return nil
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
