package format

import (
	"fmt"
	"math"
	"path"
	"slices"

	"semirest/server/picture"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// Bitmap is the picture's pixels to mark, [H, W]; any byte but 0 marks one.
func (b *Builder) Bitmap() []byte {
	if b.bits == nil {
		b.bits = make([]byte, int(b.W)*int(b.H)) // the size has been checked
	}
	return b.bits
}

// overlap is how often over a picture's pixels may be marked, all its masks
// together: few bytes can mark many pixels, again and again.
const overlap = 64

// Paint counts n pixels that are about to be touched.
func (b *Builder) Paint(n int64) error {
	if b.work += n; n < 0 || b.work > overlap*(int64(b.W)*int64(b.H)+1<<16) {
		return fmt.Errorf("%w: the masks of one picture mark it more than %d times over", ErrLimit, overlap)
	}
	return nil
}

// MaskFile marks what a mask of the picture's size marks.
func (b *Builder) MaskFile(f *File) error {
	data, err := b.r.Read(f, b.r.Limits.Entry)
	if err != nil {
		return err
	}
	want := prep.Size{W: int(b.W), H: int(b.H)}
	size, err := picture.SizeOf(data, b.r.Limits.Picture)
	if err == nil && size != want {
		err = fmt.Errorf("%w: the mask %s has %d x %d pixels, the picture %d x %d", ErrSize, path.Base(f.Path), size.W, size.H, want.W, want.H)
	}
	if err != nil {
		return err
	}
	_, mask, err := picture.DecodeMask(data, b.r.Limits.Picture)
	if err != nil {
		return err
	}
	b.bits = mask
	return nil
}

// Patch marks what a small mask marks whose left upper pixel is at p.
func (b *Builder) Patch(file []byte, p annot.Point) error {
	if err := finite(p); err != nil {
		return err
	}
	x0, y0 := int(math.Round(p.X)), int(math.Round(p.Y))
	// Its size is held against the picture before a pixel is unpacked.
	size, err := picture.SizeOf(file, b.r.Limits.Picture)
	if err != nil {
		return fmt.Errorf("its mask: %w", err)
	}
	w, h := int(b.W), int(b.H)
	if _, err := b.reach(p.X, p.Y, p.X+float64(size.W), p.Y+float64(size.H)); err != nil {
		return err
	}
	if err := b.Paint(int64(size.W) * int64(size.H)); err != nil {
		return err
	}
	_, mask, err := picture.DecodeMask(file, b.r.Limits.Picture)
	if err != nil {
		return err
	}
	if err := b.Count(1); err != nil {
		return err
	}
	pix := b.Bitmap()
	for y := max(0, -y0); y < min(size.H, h-y0); y++ {
		for x := max(0, -x0); x < min(size.W, w-x0); x++ {
			if mask[y*size.W+x] != 0 {
				pix[(y0+y)*w+x0+x] = 1
			}
		}
	}
	return nil
}

// AnyMarked says whether a pixel is marked so far.
func (b *Builder) AnyMarked() bool {
	return slices.ContainsFunc(b.bits, func(v byte) bool { return v != 0 })
}
