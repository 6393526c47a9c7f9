package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"semirest/shared/annot"
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
		if err := b.object(readMore(m.More, &s)); err != nil {
			return err
		}
		if s.Blocks && ours {
			continue // the picture's field holds them as blocks
		}
		name := ""
		if m.CategoryID != nil && !s.Unnamed {
			var ok bool
			if name, ok = in.categories[*m.CategoryID]; !ok {
				name = string(*m.CategoryID)
				b.r.notes.add("an annotation's category_id is not listed: the kind is called by its number", b.name, 1)
			}
		}
		before := b.made()
		if err := b.object(cocoMark(b, m, &s, name)); err != nil {
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
			return fmt.Errorf("%w: segmentation: %s", ErrSyntax, plain(err))
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
	if len(segmentation) > maxMore {
		return fmt.Errorf("%w: a segmentation has %d bytes", ErrLimit, len(segmentation))
	}
	polygons, left := cocoPolygons(segmentation)
	if len(polygons) > 1 {
		b.r.notes.add("an object of several polygons became several shapes", b.name, 1)
	}
	if left > 0 && (len(polygons) > 0 || len(m.BBox) != 4) {
		b.r.notes.add("a polygon of fewer than three points was left out", b.name, left)
	}
	for _, points := range polygons {
		if err := b.polygon(points, name); err != nil {
			return err
		}
	}
	switch {
	case len(polygons) > 0:
		return nil
	case len(m.BBox) != 4 && left > 0:
		return nil
	case len(m.BBox) != 4:
		return fmt.Errorf("%w: an annotation has neither bbox nor segmentation", ErrSyntax)
	}
	rotation := m.rotation()
	box, _ := boxOf(m.BBox, rotation)
	if math.Mod(rotation, 360) == 0 {
		box.Angle = 0
	}
	return b.rotated(box, name)
}

// cocoPolygons reads a segmentation as COCO has it, [[x, y, ...], ...]; as people's
// scripts write it, [x, y, ...]; and with points in brackets of their own. left
// counts polygons of fewer than three points.
func cocoPolygons(segmentation []byte) (polygons [][]annot.Point, left int) {
	var flat looseNumbers
	var lists []json.RawMessage
	if json.Unmarshal(segmentation, &lists) != nil || len(lists) == 0 {
		return nil, 0 // null, [], or no list: the bbox counts
	}
	add := func(v []float64) {
		if points, ok := pointsOf(v); ok {
			polygons = append(polygons, points)
		} else {
			left++
		}
	}
	if lists[0] = bytes.TrimSpace(lists[0]); lists[0][0] != '[' {
		_ = flat.UnmarshalJSON(segmentation)
		add(flat)
		return polygons, left
	}
	var pairs []float64
	for _, list := range lists {
		var points []looseNumbers
		_ = flat.UnmarshalJSON(list)
		switch {
		case len(flat) == 2 && len(lists) > 2: // one polygon of points
			pairs = append(pairs, flat...)
		case json.Unmarshal(list, &points) == nil && len(points) > 0 && len(points[0]) == 2:
			var v []float64
			for _, p := range points {
				v = append(v, p...)
			}
			add(v)
		default:
			add(flat)
		}
	}
	if pairs != nil {
		add(pairs)
	}
	return polygons, left
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
