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
	rgb, err := picture.DecodeFile(p[i].Path, prep.DefaultLimits)
	return rgb.Pix, rgb.Size, err
}
