package mask

import (
	"context"
	"fmt"
	"path"
	"strings"

	"semirest/server/dataset"
	"semirest/server/format"
	"semirest/server/format/place"
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
type mvtecEncoder struct{ w *format.Writer }

// MVTec is MVTec AD's folders.
func MVTec() *format.Codec {
	return &format.Codec{
		Format: format.Format{
			Name: "mvtec", Title: "MVTec AD (folders)", Extension: ".zip",
			Holds: format.Holds{Pixels: true, Normal: true, Truth: true},
			Note:  "Folders train, test and ground_truth, for programs that detect anomalies; boxes and blocks are filled in the masks.",
		},
		Becomes: format.Becomes{
			Boxes: inFilled, Rotated: inFilled, Polygons: inFilled, Blocks: inFilled, NormalBlocks: format.NotKept, Proposals: format.LeftOut, Times: format.NotKept,
			Names: "are not kept: the folder says that of the picture",
		},
		Write: func(w *format.Writer) format.Encoder { return mvtecEncoder{w} },
		Read:  readMVTec,
	}
}

func (e mvtecEncoder) Add(ctx context.Context, it format.Item) error {
	v := it.Verdict()
	defective := v == format.Marked || it.Defective && v != format.Normal || it.Truth != nil
	folder := "unlabelled"
	switch {
	case defective:
		folder = "test/" + kindFolder(it.Kind)
		if !it.Held {
			e.w.Note("a defective picture to learn from stands in test, where MVTec keeps those", it.Name, 1)
		}
	case v == format.Normal && it.Held:
		folder = "test/" + dataset.Good
	case v == format.Normal:
		folder = "train/" + dataset.Good
	default:
		e.w.Note("a picture without labels stands in the folder unlabelled, which other programs pass over", it.Name, 1)
	}
	name, err := e.w.Name(folder, it)
	if err != nil {
		return err
	}
	if it.Open == nil {
		e.w.Note("a picture's file is not here, and MVTec says with it alone that a picture is normal, or of which kind", it.Name, 1)
	}
	if err := e.w.Picture(ctx, it, folder+"/"+name); err != nil || !defective {
		return err
	}
	mask := "ground_truth/" + kindFolder(it.Kind) + "/" + place.Stem(name) + "_mask.png"
	switch {
	case it.Truth != nil:
		if v == format.Marked {
			e.w.Note("a picture has ground truth, which is written in place of its labels", it.Name, 1)
		}
		return e.w.Truth(ctx, it, mask)
	case v == format.Marked:
		return e.w.Mask(mask, format.Flat(it), it.Width, it.Height)
	}
	e.w.Note("a defective picture has no labels yet and is written without a mask", it.Name, 1)
	return nil
}

func (mvtecEncoder) End() error { return nil }

// kindFolder is the folder of a kind of defect: never that of normal pictures.
func kindFolder(kind string) string {
	if kind == "" || strings.EqualFold(strings.TrimSpace(kind), dataset.Good) {
		return format.AnyDefect
	}
	return place.FileName(kind)
}

func readMVTec(ctx context.Context, r *format.Reader) error {
	var masks []*format.File
	beside := besidePictures(r)
	x := place.NewFinder() // of masks, by the places of their pictures
	for _, f := range r.Files() {
		if dataset.IsImage(f.Path) && (place.Fold(top(f.Path)) == "ground_truth" || beside[f]) {
			masks = append(masks, f)
			x.Add(ofMask(f))
		}
	}
	for _, f := range r.Files() {
		set, rest := top(f.Path), strings.TrimPrefix(f.Dir(), top(f.Path)+"/")
		kind, _, deep := strings.Cut(rest, "/")
		set = place.Fold(set)
		known := (set == "train" || set == "test") && f.Dir() != top(f.Path) || set == "unlabelled"
		if !known || !dataset.IsImage(f.Path) || beside[f] {
			continue
		}
		if deep {
			r.Note("a picture lies in a folder within that of its kind and was taken for one of that kind", f.Path, 1)
		}
		d := format.Draft{Name: f.Base(), Wants: []place.Place{place.Of(f.Full, false)}, File: f.Path, Path: f.Path, Picture: f}
		if set != "unlabelled" {
			d.Kind, d.Held = kind, set == "test"
			d.Normal, d.Defective = dataset.IsGood(kind), !dataset.IsGood(kind)
		}
		if d.Normal {
			d.Kind = ""
			d.Labels = func(b *format.Builder) error { b.Normal = true; return nil }
		} else if d.Defective {
			switch m, err := maskFor(x, masks, f); {
			case err != nil:
				if err := r.Fail(d.Name, f.Path, err); err != nil {
					return err
				}
				f.Used = true
				continue
			case m != nil:
				m.Used = true
				d.Truth, d.Labels = m, func(b *format.Builder) error { return b.MaskFile(m) }
			}
		}
		if err := r.Give(ctx, d); err != nil {
			return err
		}
	}
	for _, f := range masks { // masks whose picture is known but not in the archive
		if !f.Used {
			r.Label(ofMask(f))
		}
	}
	for _, f := range masks {
		if f.Used {
			continue
		}
		kind := strings.TrimPrefix(f.Dir(), top(f.Path)+"/")
		d := format.Draft{
			Name: bareOf(f), Stem: true, Wants: []place.Place{place.Of("test/"+kind+"/"+bareOf(f), true)}, Kind: kind, Defective: true, Held: true,
			File: f.Path, Truth: f, Labels: func(b *format.Builder) error { return b.MaskFile(f) },
		}
		if err := r.Give(ctx, d); err != nil {
			return err
		}
	}
	if r.Given() == 0 {
		return fmt.Errorf("%w: expected train/good/NAME, test/KIND/NAME and ground_truth/KIND/NAME_mask.png", format.ErrNothing)
	}
	return nil
}

// besidePictures are the masks in folders of pictures: those that are called like a
// picture in the same folder.
func besidePictures(r *format.Reader) map[*format.File]bool {
	pictures := map[string]bool{}
	for _, f := range r.Files() {
		if dataset.IsImage(f.Path) {
			pictures[place.Fold(place.Stem(f.Path))] = true
		}
	}
	out := map[*format.File]bool{}
	for _, f := range r.Files() {
		if name, ok := dataset.OfMask(f.Base()); ok && dataset.IsImage(f.Path) && pictures[place.Fold(path.Join(f.Dir(), name))] {
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
func maskFor(x *place.Finder, masks []*format.File, f *format.File) (*format.File, error) {
	w := place.Of(place.Stem(f.Full), true)
	found, _ := x.Find(w)
	found = place.Only(found, func(i int) bool { return x.Places[i].Last(0) == w.Last(0) })
	if len(found) > 1 { // NAME_mask.png is meant rather than NAME.png
		if named := place.Only(found, func(i int) bool { return bareOf(masks[i]) != place.Stem(masks[i].Base()) }); len(named) > 0 {
			found = named
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return masks[found[0]], nil
	}
	return nil, fmt.Errorf("%w: it has %d masks, the first %s: leave one", format.ErrAmbiguous, len(found), masks[found[0]].Path)
}
