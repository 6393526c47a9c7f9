package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"semirest/shared/block"
)

// cocoLabels builds a picture's labels from its annotations and our own field.
func cocoLabels(b *builder, in *cocoIn, marks []cocoMarkIn, more *labelsMore) error {
	ours := more != nil
	if !ours {
		more = &labelsMore{}
	}
	if err := more.apply(b); err != nil {
		return err
	}
	ids := &shapeIDs{}
	for i := range marks {
		if err := more.propose(b, ids, b.made()); err != nil {
			return err
		}
		m := &marks[i]
		var s shapeMore
		if err := readMore(m.More, &s); err != nil {
			return err
		}
		if s.Blocks && ours {
			continue // the picture's field holds them as blocks
		}
		name := ""
		if m.CategoryID != nil && !s.Unnamed {
			var ok bool
			if name, ok = in.categories[*m.CategoryID]; !ok {
				return fmt.Errorf("%w: an annotation has category_id %s, which the file does not list", ErrSyntax, *m.CategoryID)
			}
		}
		before := b.made()
		if err := cocoMark(b, m, &s, name); err != nil {
			return err
		}
		for n := before; n < b.made(); n++ {
			ids.want = append(ids.want, s.ID)
		}
	}
	if err := more.propose(b, ids, math.MaxInt); err != nil {
		return err
	}
	ids.settle(b)
	return nil
}

// cocoMark adds one annotation: a segmentation says more than a box.
func cocoMark(b *builder, m *cocoMarkIn, s *shapeMore, name string) error {
	segmentation := bytes.TrimSpace(m.Segmentation)
	if len(segmentation) > 0 && segmentation[0] == '{' {
		var runs rle
		if err := json.Unmarshal(segmentation, &runs); err != nil {
			return fmt.Errorf("%w: segmentation: %w", ErrSyntax, err)
		}
		if runs.Size != [2]int{int(b.h), int(b.w)} {
			return fmt.Errorf("%w: a mask has %d x %d pixels, the picture %g x %g", ErrSize, runs.Size[1], runs.Size[0], b.w, b.h)
		}
		counts, err := runs.runs()
		if err != nil {
			return err
		}
		if !s.Mask && name != "" {
			b.r.notes.add("marked pixels have no kind of their own: the category of a mask was left out", b.name, 1)
		}
		if err := b.r.count(1); err != nil {
			return err
		}
		marked := int64(0)
		for i := 1; i < len(counts); i += 2 {
			marked += int64(min(max(counts[i], 0), 1<<31)) // mark refuses what is beyond
		}
		if err := b.paint(marked); err != nil {
			return err
		}
		return mark(b.bitmap(), int(b.w), int(b.h), counts)
	}
	if box, ok := rotatedMore(m, s); ok {
		return b.rotated(box, name)
	}
	var polygons [][]float64
	if len(segmentation) > 2 && !bytes.Equal(segmentation, []byte("null")) {
		if len(segmentation) > maxMore {
			return fmt.Errorf("%w: a segmentation has %d bytes", ErrLimit, len(segmentation))
		}
		if err := json.Unmarshal(segmentation, &polygons); err != nil {
			return fmt.Errorf("%w: segmentation: %w", ErrSyntax, err)
		}
	}
	if len(polygons) > 1 {
		b.r.notes.add("an object of several polygons became several shapes", b.name, 1)
	}
	for _, p := range polygons {
		points, ok := pointsOf(p)
		if !ok {
			b.r.notes.add("a polygon of fewer than three points was left out", b.name, 1)
			continue
		}
		if err := b.polygon(points, name); err != nil {
			return err
		}
	}
	if len(polygons) > 0 {
		return nil
	}
	if len(m.BBox) != 4 {
		return fmt.Errorf("%w: an annotation has neither bbox nor segmentation", ErrSyntax)
	}
	box, _ := boxOf(m.BBox, m.Attributes.Rotation)
	if math.Mod(m.Attributes.Rotation, 360) == 0 {
		box.Angle = 0
	}
	return b.rotated(box, name)
}

// rotatedMore is the rotated box of our own field, unless another program has
// changed the bbox since: then the bbox and segmentation count.
func rotatedMore(m *cocoMarkIn, s *shapeMore) (block.Box, bool) {
	box, ok := boxOf(s.Box, s.Rotation)
	if !ok || len(m.BBox) != 4 {
		return block.Box{}, false
	}
	x0, y0, x1, y1 := box.Bounds()
	for i, v := range [4]float64{x0, y0, x1 - x0, y1 - y0} {
		if !(math.Abs(v-m.BBox[i]) <= 0.5) {
			return block.Box{}, false
		}
	}
	return box, true
}
