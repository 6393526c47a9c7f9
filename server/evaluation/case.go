package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"semirest/server/picture"
	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Files opens stored files by the SHA-256 of their bytes.
type Files interface {
	OpenBlob(ctx context.Context, sha256 string) (io.ReadSeekCloser, error)
}

// Revisions reads labels.
type Revisions interface {
	LabelsAt(ctx context.Context, picture project.ID, revision uint64) (project.Revision, error)
}

// Case is a picture with what was said of it.
type Case struct {
	Picture project.Picture
	Labels  *annot.Labels // nil: never labelled
}

// Read adds their labels to pictures.
func Read(ctx context.Context, from Revisions, pictures []project.Picture) ([]Case, error) {
	cases := make([]Case, len(pictures))
	for i, p := range pictures {
		cases[i].Picture = p
		if p.Labels == nil {
			continue
		}
		r, err := from.LabelsAt(ctx, p.ID, p.Labels.Revision)
		if err != nil {
			return nil, fmt.Errorf("evaluation: the labels of %s: %w", p.Name, err)
		}
		if cases[i].Labels, err = annot.Parse(r.Data); err != nil {
			return nil, fmt.Errorf("evaluation: revision %d of the labels of %s: %w", r.Revision, p.Name, err)
		}
	}
	return cases, nil
}

// Verdict is what a picture as a whole is.
type Verdict uint8

// Verdicts.
const (
	Unsaid Verdict = iota
	Normal
	Defective
)

// Verdict returns what is known of the picture as a whole: by its labels, else by its
// ground truth, else by what was said when it was brought in.
func (c Case) Verdict() Verdict {
	switch l := c.Labels; {
	case l != nil && l.Normal:
		return Normal
	case l != nil && len(Marks(l)) > 0:
		return Defective
	case c.Picture.Role == project.Normal:
		return Normal
	case c.Picture.Truth != "" || c.Picture.Role == project.Defective:
		return Defective
	case l != nil && l.Marked(): // blocks that were painted normal, and nothing else
		return Normal
	}
	return Unsaid
}

// Located reports whether the picture's anomalous pixels are known: it is normal, or
// has a ground truth or marks.
func (c Case) Located() bool {
	switch c.Verdict() {
	case Normal:
		return true
	case Defective:
		return c.Picture.Truth != "" || c.Labels != nil && len(Marks(c.Labels)) > 0
	}
	return false
}

// Kind is the kind of the picture's defect, for tables.
func (c Case) Kind() string {
	if c.Picture.Kind != "" {
		return c.Picture.Kind
	}
	if c.Labels != nil {
		for _, s := range c.Labels.Shapes {
			if s.Name != "" && !s.Proposed {
				return s.Name
			}
		}
	}
	return "defect"
}

// Granules, from coarse to fine.
const (
	Box   = "box"
	Block = "block"
	Pixel = "pixel"
)

// Granules lists them, from coarse to fine.
var Granules = []string{Box, Block, Pixel}

// Marks returns what kinds of marks say that something is anomalous, from coarse to
// fine.
func Marks(l *annot.Labels) []string {
	var kinds []string
	if len(l.Boxes()) > 0 {
		kinds = append(kinds, Box)
	}
	for _, y := range l.Layers {
		if slices.Contains(y.Cells, block.Anomalous) {
			kinds = append(kinds, Block)
			break
		}
	}
	polygon := slices.ContainsFunc(l.Shapes, func(s annot.Shape) bool { return s.Polygon() && !s.Proposed })
	if polygon || !l.Mask.Empty() {
		kinds = append(kinds, Pixel)
	}
	return kinds
}

// Taught is what labels teach a classifier: boxes, whose content is unknown, and, where
// anything is marked more finely, the mask [H, W] of MaskOf; else nil.
func Taught(l *annot.Labels) (mask []byte, boxes []block.Box) {
	if marks := Marks(l); len(marks) > 0 && marks[len(marks)-1] != Box {
		mask = MaskOf(l, false)
	}
	return mask, l.Boxes()
}

// MaskOf marks the anomalous pixels [H, W] of labels, 1 each: mask, polygons, with
// boxes also what lies in them, and, above those, what block labels say.
func MaskOf(l *annot.Labels, boxes bool) []byte {
	mask := l.Defects(boxes).Bytes(l.W, l.H)
	for i := range mask {
		mask[i] &= 1
	}
	for _, want := range [...]block.Label{block.Normal, block.Anomalous} { // the graver one last
		for _, y := range l.Layers {
			for i, c := range y.Cells {
				if c == want {
					fill(mask, l.W, l.H, y.Grid, i, byte(c-block.Normal))
				}
			}
		}
	}
	return mask
}

// fill sets the pixels whose centres lie in a block.
func fill(mask []byte, w, h int, g block.Grid, at int, value byte) {
	c := g.Cell(at)
	x0, y0, x1, y1 := g.Area(c.Row, c.Col, w, h)
	for y := int(y0 + 0.5); y < min(int(y1+0.5), h); y++ {
		for x := int(x0 + 0.5); x < min(int(x1+0.5), w); x++ {
			mask[y*w+x] = value
		}
	}
}

// truth returns the picture's anomalous pixels [H, W], nil for a normal picture, and
// the coarsest granule of what they were drawn with.
func (c Case) truth(ctx context.Context, files Files) (mask []byte, granule string, err error) {
	p := c.Picture
	if c.Verdict() != Defective {
		return nil, "", nil
	}
	if p.Truth != "" {
		data, err := ReadBlob(ctx, files, p.Truth)
		if err != nil {
			return nil, "", fmt.Errorf("the ground truth of %s: %w", p.Name, err)
		}
		share, err := picture.MaskRoom(ctx, data, prep.DefaultLimits)
		if err != nil {
			return nil, "", fmt.Errorf("the ground truth of %s: %w", p.Name, err)
		}
		size, mask, err := picture.DecodeMask(data, prep.DefaultLimits)
		share.Release()
		if err != nil {
			return nil, "", fmt.Errorf("the ground truth of %s: %w", p.Name, err)
		}
		if size.W != p.Width || size.H != p.Height {
			return nil, "", fmt.Errorf("the ground truth of %s has %v pixels, the picture %dx%d: they must be of one size", p.Name, size, p.Width, p.Height)
		}
		return mask, Pixel, nil
	}
	if c.Labels.W != p.Width || c.Labels.H != p.Height {
		return nil, "", fmt.Errorf("the labels of %s are of %dx%d pixels, the picture of %dx%d", p.Name, c.Labels.W, c.Labels.H, p.Width, p.Height)
	}
	return MaskOf(c.Labels, true), Marks(c.Labels)[0], nil
}

// ReadBlob reads a stored file whole; one beyond picture.MaxBytes is an error.
func ReadBlob(ctx context.Context, files Files, sha string) ([]byte, error) {
	f, err := files.OpenBlob(ctx, sha)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, picture.MaxBytes+1))
	if err == nil && len(data) > picture.MaxBytes {
		err = picture.ErrBytes
	}
	return data, errors.Join(err, f.Close())
}

// Decode reads a picture's pixels, upright, with a detector's depth, when there is memory for it. What it returns is not
// counted any more: whoever decodes for a job or an evaluation has one picture at a time.
func Decode(ctx context.Context, files Files, p project.Picture, depth prep.Depth) (picture.RGB, error) {
	data, err := ReadBlob(ctx, files, p.SHA256)
	if err != nil {
		return picture.RGB{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	share, err := picture.Room(ctx, data, prep.DefaultLimits, 0)
	if err != nil {
		return picture.RGB{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	defer share.Release()
	rgb, err := picture.DecodeDepth(data, prep.DefaultLimits, depth)
	if err != nil {
		return picture.RGB{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	return rgb, nil
}

// Depth is how many bits the pictures' 16-bit files use, 0 where there are none.
func Depth(ctx context.Context, files Files, list []project.Picture) (prep.Depth, error) {
	depth, has := prep.Depth(0), false
	for _, p := range list {
		data, err := ReadBlob(ctx, files, p.SHA256)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.Name, err)
		}
		share, err := picture.Room(ctx, data, prep.DefaultLimits, 0)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.Name, err)
		}
		d, deep, err := picture.DepthOf(data, prep.DefaultLimits)
		share.Release()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.Name, err)
		}
		switch {
		case deep && has:
			depth = depth.Wider(d)
		case deep:
			depth, has = d, true
		}
	}
	return depth, nil
}
