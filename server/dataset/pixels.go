package dataset

import (
	"errors"
	"fmt"

	"semirest/server/picture"
	"semirest/shared/prep"
)

// Truth reads the image's ground truth: [h, w], 1 where it is anomalous. size is the image's, upright; a mask of another
// size is an error, as is a missing one.
func (i Item) Truth(size prep.Size) ([]byte, error) {
	if i.Mask == "" {
		return nil, errors.New("no mask of this defective image: put one at ground_truth/KIND/NAME_mask.png")
	}
	of, mask, err := picture.Mask(i.Mask, prep.DefaultLimits)
	if err != nil {
		return nil, err
	}
	if of != size {
		return nil, fmt.Errorf("its mask %s has %v pixels, the image %v: they must be of one size", i.Mask, of, size)
	}
	return mask, nil
}

// Pictures are images as those who fit detectors want them.
type Pictures []Item

// Len is how many there are.
func (p Pictures) Len() int { return len(p) }

// Name is that of image i, as in Item.
func (p Pictures) Name(i int) string { return p[i].Name }

// Picture decodes image i, upright: RGB [h, w, 3].
func (p Pictures) Picture(i int) ([]byte, prep.Size, error) {
	rgb, err := picture.DecodeFile(p[i].Path, prep.DefaultLimits, p[i].Depth)
	return rgb.Pix, rgb.Size, err
}

// Depth is how many bits the images' 16-bit files use; has is false where there are
// none. It decodes those files once.
func Depth(items []Item) (depth prep.Depth, has bool, err error) {
	for _, item := range items {
		d, deep, err := picture.FileDepth(item.Path, prep.DefaultLimits)
		if err != nil {
			return 0, false, fmt.Errorf("%s: %w", item.Name, err)
		}
		switch {
		case deep && has:
			depth = depth.Wider(d)
		case deep:
			depth, has = d, true
		}
	}
	return depth, has, nil
}

// SetDepth makes all images decode with a detector's depth.
func (s *Set) SetDepth(d prep.Depth) {
	for _, items := range [][]Item{s.Train, s.Labelled, s.Test} {
		for i := range items {
			items[i].Depth = d
		}
	}
}
