package format

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"semirest/shared/annot"
)

// csvLabels builds a picture's labels from its rows.
func csvLabels(b *builder, rows []csvRow) error {
	ids := &shapeIDs{}
	for _, c := range rows {
		before := b.made()
		if err := csvShape(b, c); err != nil {
			if err := b.object(fmt.Errorf("line %d: %w", c.line, err)); err != nil {
				return err
			}
		}
		if b.made() == before {
			continue
		}
		b.shape().Proposed = c.yes("proposed")
		id, err := strconv.ParseUint(strings.TrimSpace(c.at("id")), 10, 32)
		if err != nil {
			id = 0 // none, or none of ours: it gets a new one
		}
		ids.want = append(ids.want, uint32(id))
	}
	ids.settle(b)
	return nil
}

// csvShape adds what one row says.
func csvShape(b *builder, c csvRow) error {
	name, data := c.at("name"), c.at("data")
	switch shape := strings.ToLower(strings.TrimSpace(c.at("shape"))); shape {
	case "picture":
		b.normal = name == "normal"
		if id, err := strconv.ParseUint(c.at("id"), 10, 32); err == nil {
			b.last = uint32(id)
		}
		return csvSpent(b, data)
	case "normal":
		b.normal = true
		return nil
	case "box":
		var v [5]float64
		for i, column := range []string{"x", "y", "w", "h", "angle"} {
			var err error
			if v[i], err = c.number(column, column == "angle"); err != nil {
				return err
			}
		}
		box, _ := boxOf(v[:4], v[4])
		return b.rotated(box, name)
	case "polygon":
		var v []float64
		for s := range strings.FieldsSeq(data) {
			x, ok := parseNumber(c.point(s))
			if !ok {
				return fmt.Errorf("%w: %.40q is no number", ErrSyntax, s)
			}
			v = append(v, x)
		}
		points, ok := pointsOf(v)
		if !ok {
			return fmt.Errorf("%w: a polygon of %d numbers", ErrSyntax, len(v))
		}
		return b.polygon(points, name)
	case "pixels":
		return csvMark(b, data)
	case "blocks":
		return csvLayer(b, data)
	default:
		return fmt.Errorf("%w: shape %.40q: it is picture, box, polygon, pixels, blocks or normal", ErrSyntax, shape)
	}
}

func csvSpent(b *builder, data string) error {
	for s := range strings.FieldsSeq(data) {
		tool, ms, _ := strings.Cut(s, ":")
		v, err := strconv.ParseInt(ms, 10, 64)
		if err != nil || v < 0 {
			return fmt.Errorf("%w: %.40q is no time", ErrSyntax, s)
		}
		for t := range annot.Tools {
			if csvTool(t) == tool {
				b.spent[t] = v
			}
		}
	}
	return nil
}

func csvMark(b *builder, data string) error {
	w, h := int(b.w), int(b.h)
	for row := range strings.FieldsSeq(data) {
		head, runs, _ := strings.Cut(row, ":")
		y, err := strconv.Atoi(head)
		if err != nil || y < 0 || y >= h {
			return fmt.Errorf("%w: %.40q is no row of a picture of %d", ErrSyntax, head, h)
		}
		for s := range strings.SplitSeq(runs, ",") {
			first, last, _ := strings.Cut(s, "-")
			x0, err0 := strconv.Atoi(first)
			x1, err1 := strconv.Atoi(last)
			if errors.Join(err0, err1) != nil || x0 < 0 || x1 < x0 || x1 >= w {
				return fmt.Errorf("%w: %.40q are no pixels of a row of %d", ErrSyntax, s, w)
			}
			if err := b.paint(int64(x1 - x0 + 1)); err != nil {
				return err
			}
			line := b.bitmap()[y*w : (y+1)*w]
			for x := x0; x <= x1; x++ {
				line[x] = 1
			}
		}
	}
	return nil
}

func csvLayer(b *builder, data string) error {
	fields := strings.Fields(data)
	bad := fmt.Errorf("%w: blocks are written rows x cols x size, then label x count: 2x3x8 0x4 2x2", ErrSyntax)
	if len(fields) == 0 {
		return bad
	}
	var y layerMore
	for i, s := range strings.Split(fields[0], "x") {
		v, err := strconv.Atoi(s)
		if err != nil || i > 2 {
			return bad
		}
		*[]*int{&y.Rows, &y.Cols, &y.Size}[i] = v
	}
	for _, s := range fields[1:] {
		label, count, _ := strings.Cut(s, "x")
		v, err0 := strconv.Atoi(label)
		n, err1 := strconv.Atoi(count)
		if errors.Join(err0, err1) != nil {
			return bad
		}
		y.Runs = append(y.Runs, v, n)
	}
	return y.layer(b)
}
