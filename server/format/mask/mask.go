// Package mask has the formats that say with pictures where a defect is. One has a mask
// for each picture, as segmentation programs take them:
//
//	images/NAME         the pictures
//	masks/STEM.png      grey, 0 normal and 255 defect; black throughout: normal
//
// Read takes masks as package picture does: what is neither black nor transparent
// is a defect. A mask may also stand beside its picture as STEM_mask.png or
// STEM_GT.png.
package mask

import (
	"context"
	"fmt"
	"strings"

	"semirest/server/dataset"
	"semirest/server/format"
	"semirest/server/format/place"
	"semirest/server/picture"
)

type encoder struct{ w *format.Writer }

const inFilled = "are filled in the mask"

// Codec is a mask for each picture.
func Codec() *format.Codec {
	return &format.Codec{
		Format: format.Format{
			Name: "mask", Title: "Masks (PNG)", Extension: ".zip",
			Holds: format.Holds{Pixels: true, Normal: true},
			Note:  "A black and white picture for each picture; boxes and blocks are filled.",
		},
		Becomes: format.Becomes{
			Boxes: inFilled, Rotated: inFilled, Polygons: inFilled, Blocks: inFilled, NormalBlocks: format.NotKept,
			Proposals: format.LeftOut, Times: format.NotKept, Names: format.NotKept, Held: "is not written", Kind: "is not kept", Truth: "is not kept",
		},
		Write: func(w *format.Writer) format.Encoder { return encoder{w} },
		Read:  read,
	}
}

func (e encoder) Add(ctx context.Context, it format.Item) error {
	name, err := e.w.Name("images", it)
	if err != nil {
		return err
	}
	if err := e.w.Picture(ctx, it, "images/"+name); err != nil {
		return err
	}
	if it.Verdict() == format.Unsaid {
		e.w.Note("a picture without labels has no mask", it.Name, 1)
		return nil
	}
	return e.w.Mask("masks/"+place.Stem(name)+".png", format.Flat(it), it.Width, it.Height)
}

func (encoder) End() error { return nil }

// isMask says whether a picture file is a mask, by its folder or its name.
func isMask(f *format.File) bool {
	for _, folder := range strings.Split(f.Dir(), "/") {
		switch strings.ToLower(folder) {
		case "masks", "mask", "ground_truth", "groundtruth", "gt", "labels", "annotations", "segmentationclass", "segmentationobject":
			return true
		}
	}
	_, ok := dataset.OfMask(f.Base())
	return ok
}

// ofMask is the place of the picture that a mask is for.
func ofMask(f *format.File) place.Place { return place.Of(f.Beside(bareOf(f)), true) }

func read(ctx context.Context, r *format.Reader) error {
	at := r.Pictures(isMask)
	var files []*format.File
	for _, f := range r.Files() {
		if dataset.IsImage(f.Path) && isMask(f) {
			files = append(files, f)
			r.Label(ofMask(f))
		}
	}
	for _, f := range files {
		f.Used = true
		d := format.Draft{Name: bareOf(f), Stem: true, Wants: []place.Place{ofMask(f)}, File: f.Path, Held: place.Held(f.Path)}
		at.Take(&d)
		if d.Picture != nil {
			d.Held = d.Held || place.Held(d.Picture.Path)
		}
		data, err := r.Read(f, r.Limits.Entry)
		if err == nil {
			d.Size, err = picture.SizeOf(data, r.Limits.Picture)
		}
		if err != nil {
			err = r.Fail(d.Name, f.Path, err)
		} else {
			d.Labels = func(b *format.Builder) error {
				err := b.MaskFile(f)
				if b.Normal = err == nil && !b.AnyMarked(); b.Normal {
					b.Note("a mask is black throughout: the picture is taken for normal", 1)
				}
				return err
			}
			err = r.Give(ctx, d)
		}
		if err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%w: expected masks/STEM.png, or STEM_mask.png or STEM_GT.png beside the pictures", format.ErrNothing)
	}
	return at.Rest(ctx)
}

// bareOf is the name, without its ending, of the picture that a mask is for.
func bareOf(f *format.File) string {
	name, _ := dataset.OfMask(f.Base())
	return name
}
