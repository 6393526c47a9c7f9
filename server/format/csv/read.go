package csv

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"semirest/server/format"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// tableRow is one row: cells by their columns' names.
type tableRow struct {
	line   int
	cells  map[string]int // column of each name; of the whole file
	row    []string
	commas bool // numbers may have a decimal comma
}

func (c tableRow) at(column string) string {
	if i, ok := c.cells[column]; ok && i < len(c.row) {
		return arm(c.row[i])
	}
	return ""
}

// number reads a cell of a number; an empty one is 0 where that is admitted.
func (c tableRow) number(column string, optional bool) (float64, error) {
	s := strings.TrimSpace(c.at(column))
	if s == "" && optional {
		return 0, nil
	}
	v, ok := tolerant.ParseNumber(c.point(s))
	if !ok {
		return 0, fmt.Errorf("%w: column %s has %.40q, which is no number", format.ErrSyntax, column, s)
	}
	return v, nil
}

// point makes a decimal comma a point, in a file whose cells no comma parts. Spreadsheets
// of many countries write such files.
func (c tableRow) point(s string) string {
	if c.commas && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		return strings.Replace(s, ",", ".", 1)
	}
	return s
}

func (c tableRow) yes(column string) bool {
	switch strings.ToLower(strings.TrimSpace(c.at(column))) {
	case "yes", "true", "1":
		return true
	}
	return false
}

// picture is the rows of one picture.
type picture struct {
	first tableRow
	rows  []tableRow
}

func read(ctx context.Context, r *format.Reader) error {
	found := false
	var damaged error
	var all []func() error // all files are read before a label looks for its picture
	at := r.Pictures(format.IsTruth)
	for _, f := range r.Files(".csv") {
		pictures, err := parse(ctx, r, f)
		if errors.Is(err, format.ErrSyntax) {
			damaged = cmp.Or(damaged, fmt.Errorf("%s: %w", f.Path, err))
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		if pictures == nil {
			f.Used = true // told of here
			r.Note("a CSV file has no columns picture and shape and was passed over", f.Path, 1)
			continue
		}
		found = true
		for _, p := range pictures {
			r.Label(p.place())
		}
		all = append(all, func() error {
			for _, p := range pictures {
				if err := give(ctx, r, f, p, at); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, give := range all {
		if err := give(); err != nil {
			return err
		}
	}
	switch {
	case found && damaged != nil:
		r.Note("a CSV file is damaged and was passed over: "+damaged.Error(), "", 1)
	case damaged != nil:
		return damaged
	case !found:
		return fmt.Errorf("%w: expected %s with columns picture, shape, name, x, y, w, h", format.ErrNothing, fileName)
	}
	return at.Rest(ctx)
}

// parse reads a file's rows, by picture; nil when it is no file of labels.
func parse(ctx context.Context, r *format.Reader, f *format.File) ([]*picture, error) {
	body, err := r.OpenText(f)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	in := bufio.NewReader(body)
	d := csv.NewReader(in)
	d.FieldsPerRecord = -1 // spreadsheets leave empty cells at the end of rows, or do not
	d.Comma = comma(in)
	wrap := func(err error) error {
		if errors.Is(err, format.ErrLimit) || errors.Is(err, format.ErrArchive) {
			return err
		}
		return fmt.Errorf("%w: %w", format.ErrSyntax, err)
	}
	head, err := d.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap(err)
	}
	columns := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := columns[name]; !twice {
			columns[name] = i
		}
		if !slices.Contains(columnNames, name) {
			r.Note(fmt.Sprintf("column %.40q is not known and was passed over", name), f.Path, 1)
		}
	}
	if _, ok := columns["picture"]; !ok {
		return nil, nil
	}
	if _, ok := columns["shape"]; !ok {
		return nil, nil
	}
	var out []*picture
	byKey := map[string]*picture{}
	for n := 0; ; n++ {
		row, err := d.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, wrap(err)
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if n >= r.Limits.Marks+r.Limits.Entries {
			return nil, fmt.Errorf("%w: more than %d rows", format.ErrLimit, n)
		}
		at, _ := d.FieldPos(0)
		c := tableRow{at, columns, row, d.Comma != ','}
		key := c.at("picture_id") + "\x00" + c.at("picture") + "\x00" + c.at("file")
		p := byKey[key]
		if p == nil {
			p = &picture{first: c}
			byKey[key], out = p, append(out, p)
		}
		p.rows = append(p.rows, c)
	}
}

// comma is what parts the cells, as the first row shows: a comma, or what
// spreadsheets write where a comma is in numbers. Excel may say it in a row before.
func comma(in *bufio.Reader) rune {
	head, _ := in.Peek(2000)
	row, _, _ := bytes.Cut(head, []byte("\n"))
	if said := bytes.TrimSpace(row); len(said) == 5 && bytes.HasPrefix(said, []byte("sep=")) {
		_, _ = in.Discard(len(row) + 1)
		return rune(said[4])
	}
	for _, c := range []byte(";\t|") {
		if bytes.IndexByte(row, c) >= 0 && bytes.IndexByte(row, ',') < 0 {
			return rune(c)
		}
	}
	return ','
}

// place is where the picture lies, as the rows say.
func (p *picture) place() place.Place {
	if file := p.first.at("file"); file != "" {
		return place.Of(file, false)
	}
	return place.Of(p.first.at("picture"), false)
}

func give(ctx context.Context, r *format.Reader, f *format.File, p *picture, at *format.Pictures) error {
	c := p.first
	name := place.Base(c.at("picture"))
	d := format.Draft{
		ID: c.at("picture_id"), Name: name, Wants: []place.Place{place.Of(c.at("picture"), false)}, Path: c.at("picture") + "\x00" + c.at("file"),
		Kind: c.at("kind"), Held: c.yes("held") || place.Held(c.at("picture")),
		Normal: c.at("role") == "normal", Defective: c.at("role") == "defective", File: f.Path,
	}
	w, errW := c.number("picture_width", true)
	h, errH := c.number("picture_height", true)
	if err := errors.Join(errW, errH); err != nil || w < 0 || h < 0 || w > annot.MaxSide || h > annot.MaxSide {
		return r.Fail(name, f.Path, fmt.Errorf("line %d: %w: a picture of %g x %g pixels", c.line, format.ErrSyntax, w, h))
	}
	d.Size = prep.Size{W: int(w), H: int(h)}
	full := strings.ReplaceAll(c.at("picture"), `\`, "/")
	if c.at("file") != "" {
		d.Wants = append(d.Wants, place.Of(c.at("file"), false))
	}
	at.Take(&d, c.at("file"), full, path.Join(f.Dir(), full), "images/"+full)
	if truth := c.at("truth"); truth != "" {
		d.Truth = r.File(truth)
	}
	said := len(p.rows) > 1 || c.at("shape") != "picture" || c.at("name") != ""
	if said {
		d.Labels = func(b *format.Builder) error { return labels(b, p.rows) }
	}
	return r.Give(ctx, d)
}
