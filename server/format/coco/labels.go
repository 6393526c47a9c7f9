package coco

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/outline"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// labels builds a picture's labels from its annotations and our own field.
func labels(b *format.Builder, in *document, marks []markIn, more *extra.Labels) error {
	ours := more != nil
	if !ours {
		more = &extra.Labels{}
	}
	if err := more.Apply(b); err != nil {
		return err
	}
	ids := &extra.IDs{}
	for i := range marks {
		if err := more.Propose(b, ids, b.Made()); err != nil {
			return err
		}
		m := &marks[i]
		var s extra.Shape
		if err := b.Object(extra.Read(m.More, &s)); err != nil {
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
				b.Note("an annotation's category_id is not listed: the kind is called by its number", 1)
			}
		}
		before := b.Made()
		if err := b.Object(addMark(b, m, &s, name)); err != nil {
			return err
		}
		for n := before; n < b.Made(); n++ {
			ids.List = append(ids.List, s.ID)
		}
	}
	if err := more.Propose(b, ids, math.MaxInt); err != nil {
		return err
	}
	b.Number(ids.List)
	return nil
}

// addMark adds one annotation: a segmentation says more than a box.
func addMark(b *format.Builder, m *markIn, s *extra.Shape, name string) error {
	segmentation := bytes.TrimSpace(m.Segmentation)
	if len(segmentation) > 0 && segmentation[0] == '{' {
		var runs rle
		if err := json.Unmarshal(segmentation, &runs); err != nil {
			return fmt.Errorf("%w: segmentation: %s", format.ErrSyntax, tolerant.Words(err))
		}
		if runs.Size != [2]int{int(b.H), int(b.W)} {
			return fmt.Errorf("%w: a mask has %d x %d pixels, the picture %g x %g", format.ErrSize, runs.Size[1], runs.Size[0], b.W, b.H)
		}
		counts, err := runs.runs()
		if err != nil {
			return err
		}
		if !s.Mask && name != "" {
			b.Note("marked pixels have no kind of their own: the category of a mask was left out", 1)
		}
		if err := b.Count(1); err != nil {
			return err
		}
		marked := int64(0)
		for i := 1; i < len(counts); i += 2 {
			marked += int64(min(max(counts[i], 0), 1<<31)) // mark refuses what is beyond
		}
		if err := b.Paint(marked); err != nil {
			return err
		}
		return mark(b.Bitmap(), int(b.W), int(b.H), counts)
	}
	if box, ok := exact(m, s); ok {
		return b.Rotated(box, name)
	}
	if len(segmentation) > extra.MaxBytes {
		return fmt.Errorf("%w: a segmentation has %d bytes", format.ErrLimit, len(segmentation))
	}
	polygons, left := polygons(segmentation)
	if len(polygons) > 1 {
		b.Note("an object of several polygons became several shapes", 1)
	}
	if left > 0 && (len(polygons) > 0 || len(m.BBox) != 4) {
		b.Note("a polygon of fewer than three points was left out", left)
	}
	for _, points := range polygons {
		if err := b.Polygon(points, name); err != nil {
			return err
		}
	}
	switch {
	case len(polygons) > 0:
		return nil
	case len(m.BBox) != 4 && left > 0:
		return nil
	case len(m.BBox) != 4:
		return fmt.Errorf("%w: an annotation has neither bbox nor segmentation", format.ErrSyntax)
	}
	rotation := m.rotation()
	box, _ := outline.Box(m.BBox, rotation)
	if math.Mod(rotation, 360) == 0 {
		box.Angle = 0
	}
	return b.Rotated(box, name)
}

// polygons reads a segmentation as COCO has it, [[x, y, ...], ...]; as people's
// scripts write it, [x, y, ...]; and with points in brackets of their own. left
// counts polygons of fewer than three points.
func polygons(segmentation []byte) (polygons [][]annot.Point, left int) {
	var flat tolerant.Numbers
	var lists []json.RawMessage
	if json.Unmarshal(segmentation, &lists) != nil || len(lists) == 0 {
		return nil, 0 // null, [], or no list: the bbox counts
	}
	add := func(v []float64) {
		if points, ok := outline.Points(v); ok {
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
		var points []tolerant.Numbers
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

// exact is the rotated box of our own field, unless another program has
// changed the bbox since: then the bbox and segmentation count.
func exact(m *markIn, s *extra.Shape) (block.Box, bool) {
	box, ok := outline.Box(s.Box, s.Rotation)
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
