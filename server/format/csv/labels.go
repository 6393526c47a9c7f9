package csv

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/outline"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
)

// labels builds a picture's labels from its rows.
func labels(b *format.Builder, rows []tableRow) error {
	var ids []uint32
	for _, c := range rows {
		before := b.Made()
		if err := shape(b, c); err != nil {
			if err := b.Object(fmt.Errorf("line %d: %w", c.line, err)); err != nil {
				return err
			}
		}
		if b.Made() == before {
			continue
		}
		b.Shape().Proposed = c.yes("proposed")
		id, err := strconv.ParseUint(strings.TrimSpace(c.at("id")), 10, 32)
		if err != nil {
			id = 0 // none, or none of ours: it gets a new one
		}
		ids = append(ids, uint32(id))
	}
	b.Number(ids)
	return nil
}

// shape adds what one row says.
func shape(b *format.Builder, c tableRow) error {
	name, data := c.at("name"), c.at("data")
	switch shape := strings.ToLower(strings.TrimSpace(c.at("shape"))); shape {
	case "picture":
		b.Normal = name == "normal"
		if id, err := strconv.ParseUint(c.at("id"), 10, 32); err == nil {
			b.LastID = uint32(id)
		}
		return spent(b, data)
	case "normal":
		b.Normal = true
		return nil
	case "box":
		var v [5]float64
		for i, column := range []string{"x", "y", "w", "h", "angle"} {
			var err error
			if v[i], err = c.number(column, column == "angle"); err != nil {
				return err
			}
		}
		box, _ := outline.Box(v[:4], v[4])
		return b.Rotated(box, name)
	case "polygon":
		var v []float64
		for s := range strings.FieldsSeq(data) {
			x, ok := tolerant.ParseNumber(c.point(s))
			if !ok {
				return fmt.Errorf("%w: %.40q is no number", format.ErrSyntax, s)
			}
			v = append(v, x)
		}
		points, ok := outline.Points(v)
		if !ok {
			return fmt.Errorf("%w: a polygon of %d numbers", format.ErrSyntax, len(v))
		}
		return b.Polygon(points, name)
	case "pixels":
		return mark(b, data)
	case "blocks":
		return layer(b, data)
	default:
		return fmt.Errorf("%w: shape %.40q: it is picture, box, polygon, pixels, blocks or normal", format.ErrSyntax, shape)
	}
}

func spent(b *format.Builder, data string) error {
	for s := range strings.FieldsSeq(data) {
		tool, ms, _ := strings.Cut(s, ":")
		v, err := strconv.ParseInt(ms, 10, 64)
		if err != nil || v < 0 {
			return fmt.Errorf("%w: %.40q is no time", format.ErrSyntax, s)
		}
		for t := range annot.Tools {
			if toolWord(t) == tool {
				b.Spent[t] = v
			}
		}
	}
	return nil
}

func mark(b *format.Builder, data string) error {
	w, h := int(b.W), int(b.H)
	for row := range strings.FieldsSeq(data) {
		head, runs, _ := strings.Cut(row, ":")
		y, err := strconv.Atoi(head)
		if err != nil || y < 0 || y >= h {
			return fmt.Errorf("%w: %.40q is no row of a picture of %d", format.ErrSyntax, head, h)
		}
		for s := range strings.SplitSeq(runs, ",") {
			first, last, _ := strings.Cut(s, "-")
			x0, err0 := strconv.Atoi(first)
			x1, err1 := strconv.Atoi(last)
			if errors.Join(err0, err1) != nil || x0 < 0 || x1 < x0 || x1 >= w {
				return fmt.Errorf("%w: %.40q are no pixels of a row of %d", format.ErrSyntax, s, w)
			}
			if err := b.Paint(int64(x1 - x0 + 1)); err != nil {
				return err
			}
			line := b.Bitmap()[y*w : (y+1)*w]
			for x := x0; x <= x1; x++ {
				line[x] = 1
			}
		}
	}
	return nil
}

func layer(b *format.Builder, data string) error {
	fields := strings.Fields(data)
	bad := fmt.Errorf("%w: blocks are written rows x cols x size, then label x count: 2x3x8 0x4 2x2", format.ErrSyntax)
	if len(fields) == 0 {
		return bad
	}
	var y extra.Layer
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
	return y.Put(b)
}
