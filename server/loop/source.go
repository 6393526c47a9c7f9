package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"semirest/server/evaluation"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// source is a plan's pictures as package train wants them. A picture's name is that
// of its row; the store keeps names unique within a project.
type source struct {
	normal  []project.Picture
	defects []evaluation.Case
	depth   prep.Depth // of the normal ones
	decode  func(project.Picture) (picture.RGB, error)
}

// source reads the plan's labels; pictures are decoded as they are asked for.
func (l *Loop) source(ctx context.Context, p *plan) (*source, error) {
	depth, err := evaluation.Depth(ctx, l.store, p.Normal)
	if err != nil {
		return nil, err
	}
	s := &source{normal: p.Normal, depth: depth, decode: func(p project.Picture) (picture.RGB, error) {
		rgb, err := evaluation.Decode(ctx, l.store, p, depth)
		if errors.Is(err, project.ErrNotFound) {
			err = fmt.Errorf("%w: it was deleted after the training had begun: train again", err)
		}
		return rgb, err
	}}
	s.defects, err = evaluation.Read(ctx, l.store, p.Defective)
	return s, err
}

// Len, Name and Picture implement detect.Source.
func (s *source) Len() int          { return len(s.normal) }
func (s *source) Name(i int) string { return s.normal[i].Name }

func (s *source) Picture(i int) ([]byte, prep.Size, error) {
	rgb, err := s.decode(s.normal[i])
	return rgb.Pix, rgb.Size, err
}

// Defects and Defect implement train.Source.
func (s *source) Defects() int { return len(s.defects) }

// Defect gives what is labelled finely as a mask and boxes as boxes.
func (s *source) Defect(i int) (train.Defect, error) {
	c := s.defects[i]
	rgb, err := s.decode(c.Picture)
	if err != nil {
		return train.Defect{}, err
	}
	if rgb.W != c.Labels.W || rgb.H != c.Labels.H {
		return train.Defect{}, fmt.Errorf("%s has %v pixels, its labels are of %dx%d: label it again", c.Picture.Name, rgb.Size, c.Labels.W, c.Labels.H)
	}
	d := train.Defect{Name: c.Picture.Name, Pix: rgb.Pix, Size: rgb.Size}
	d.Mask, d.Boxes = evaluation.Taught(c.Labels)
	return d, nil
}

// spent is the time that a picture's labels took, in milliseconds: that of the tools
// whose kind of mark they still hold, and of the tools without a kind of their own.
// What was drawn as boxes first and then replaced by blocks does not count as boxes.
func spent(l *annot.Labels) int64 {
	boxes, blocks, polygons := len(l.Boxes()) > 0, len(l.Layers) > 0, false
	for _, s := range l.Shapes {
		polygons = polygons || s.Polygon() && !s.Proposed
	}
	sum := int64(0)
	for tool, ms := range l.Spent {
		var counts bool
		switch annot.Tool(tool) {
		case annot.ToolBox, annot.ToolRotated:
			counts = boxes
		case annot.ToolBlock8, annot.ToolBlock16:
			counts = blocks
		case annot.ToolBrush:
			counts = !l.Mask.Empty()
		case annot.ToolPolygon: // may have been filled into the mask
			counts = polygons || !l.Mask.Empty()
		default:
			counts = true
		}
		if counts {
			sum += ms
		}
	}
	return sum
}

// learnt sums the labels up that a plan's job learns from: their finest granule and
// the time they took.
func (l *Loop) learnt(ctx context.Context, p *plan) (granule string, millis int64, err error) {
	cases, err := evaluation.Read(ctx, l.store, slices.Concat(p.Normal, p.Defective))
	if err != nil {
		return "", 0, err
	}
	rank := -1
	for _, c := range cases {
		if c.Labels == nil {
			continue
		}
		millis += spent(c.Labels)
		if !teaches(c) {
			continue
		}
		marks := evaluation.Marks(c.Labels)
		for i, g := range evaluation.Granules {
			if g == marks[len(marks)-1] && i > rank {
				rank, granule = i, g
			}
		}
	}
	return granule, millis, nil
}
