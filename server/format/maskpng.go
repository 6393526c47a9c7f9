package format

import (
	"context"
	"fmt"
	"path"
	"strings"

	"semirest/server/dataset"
	"semirest/server/picture"
)

// A mask for each picture, as segmentation programs take them:
//
//	images/NAME         the pictures
//	masks/STEM.png      grey, 0 normal and 255 defect; black throughout: normal
//
// Read takes masks as package picture does: what is neither black nor transparent
// is a defect. A mask may also stand beside its picture as STEM_mask.png or
// STEM_GT.png.
type maskEncoder struct{ w *writer }

func newMask(w *writer) (encoder, error) {
	const filled = "are filled in the mask"
	w.becomes = becomes{
		boxes: filled, rotated: filled, polygons: filled, blocks: filled, normalBlocks: notKept,
		proposals: leftOut, times: notKept, names: notKept, held: "is not written", kind: "is not kept", truth: "is not kept",
	}
	return maskEncoder{w}, nil
}

func (e maskEncoder) add(ctx context.Context, it Item) error {
	name, err := e.w.name("images", it)
	if err != nil {
		return err
	}
	if err := e.w.picture(ctx, it, "images/"+name); err != nil {
		return err
	}
	if it.verdict() == unsaid {
		e.w.notes.add("a picture without labels has no mask", it.Name, 1)
		return nil
	}
	return e.w.mask("masks/"+stem(name)+".png", flat(it), it.Width, it.Height)
}

func (maskEncoder) end() error { return nil }

// isMask says whether a picture file is a mask, by its folder or its name.
func isMask(p string) bool {
	for _, folder := range strings.Split(path.Dir(p), "/") {
		switch strings.ToLower(folder) {
		case "masks", "mask", "ground_truth", "groundtruth", "gt", "labels", "annotations", "segmentationclass", "segmentationobject":
			return true
		}
	}
	_, ok := dataset.OfMask(path.Base(p))
	return ok
}

// ofMask is the place of the picture that a mask is for.
func ofMask(f *file) place { return placeOf(f.beside(bareOf(f)), true) }

func readMask(ctx context.Context, r *reader) error {
	at := r.pictureIndex(func(f *file) bool { return !isMask(f.path) })
	var files []*file
	for i := range r.files {
		if f := &r.files[i]; dataset.IsImage(f.path) && isMask(f.path) {
			files = append(files, f)
			r.label(ofMask(f))
		}
	}
	for _, f := range files {
		f.used = true
		d := draft{name: bareOf(f), stem: true, wants: []place{ofMask(f)}, file: f.path, held: heldPath(f.path)}
		at.take(&d)
		if d.picture != nil {
			d.held = d.held || heldPath(d.picture.path)
		}
		data, err := r.read(*f, r.limits.Entry)
		if err == nil {
			d.size, err = picture.SizeOf(data, r.limits.Picture)
		}
		if err != nil {
			err = r.fail(d.name, f.path, err)
		} else {
			d.labels = func(b *builder) error {
				if err := r.maskLabels(f)(b); err != nil {
					return err
				}
				b.normal = true // unless it marks something
				for _, v := range b.bits {
					if v != 0 {
						b.normal = false
						return nil
					}
				}
				r.notes.add("a mask is black throughout: the picture is taken for normal", b.name, 1)
				return nil
			}
			err = r.give(ctx, d)
		}
		if err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%w: expected masks/STEM.png, or STEM_mask.png or STEM_GT.png beside the pictures", ErrNothing)
	}
	return at.rest(ctx, r)
}

// bareOf is the name, without its ending, of the picture that a mask is for.
func bareOf(f *file) string {
	name, _ := dataset.OfMask(f.base())
	return name
}
