package format

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

	"semirest/shared/annot"
	"semirest/shared/prep"
)

// csvRow is one row: cells by their columns' names.
type csvRow struct {
	line   int
	cells  map[string]int // column of each name; of the whole file
	row    []string
	commas bool // numbers may have a decimal comma
}

func (c csvRow) at(column string) string {
	if i, ok := c.cells[column]; ok && i < len(c.row) {
		return arm(c.row[i])
	}
	return ""
}

// number reads a cell of a number; an empty one is 0 where that is admitted.
func (c csvRow) number(column string, optional bool) (float64, error) {
	s := strings.TrimSpace(c.at(column))
	if s == "" && optional {
		return 0, nil
	}
	v, ok := parseNumber(c.point(s))
	if !ok {
		return 0, fmt.Errorf("%w: column %s has %.40q, which is no number", ErrSyntax, column, s)
	}
	return v, nil
}

// point makes a decimal comma a point, in a file whose cells no comma parts. Spreadsheets
// of many countries write such files.
func (c csvRow) point(s string) string {
	if c.commas && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		return strings.Replace(s, ",", ".", 1)
	}
	return s
}

func (c csvRow) yes(column string) bool {
	switch strings.ToLower(strings.TrimSpace(c.at(column))) {
	case "yes", "true", "1":
		return true
	}
	return false
}

// csvPicture is the rows of one picture.
type csvPicture struct {
	first csvRow
	rows  []csvRow
}

func readCSV(ctx context.Context, r *reader) error {
	found := false
	var damaged error
	var all []func() error // all files are read before a label looks for its picture
	at := r.pictureIndex(func(f *file) bool { return !strings.HasPrefix(f.path, "truth/") })
	for i := range r.files {
		f := &r.files[i]
		if !strings.EqualFold(path.Ext(f.path), ".csv") {
			continue
		}
		pictures, err := r.parseCSV(ctx, f)
		if errors.Is(err, ErrSyntax) {
			damaged = cmp.Or(damaged, fmt.Errorf("%s: %w", f.path, err))
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if pictures == nil {
			f.used = true // told of here
			r.notes.add("a CSV file has no columns picture and shape and was passed over", f.path, 1)
			continue
		}
		found = true
		for _, p := range pictures {
			r.label(p.place())
		}
		all = append(all, func() error {
			for _, p := range pictures {
				if err := r.csvPicture(ctx, f, p, at); err != nil {
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
		r.notes.add("a CSV file is damaged and was passed over: "+damaged.Error(), "", 1)
	case damaged != nil:
		return damaged
	case !found:
		return fmt.Errorf("%w: expected %s with columns picture, shape, name, x, y, w, h", ErrNothing, csvFile)
	}
	return at.rest(ctx, r)
}

// parseCSV reads a file's rows, by picture; nil when it is no file of labels.
func (r *reader) parseCSV(ctx context.Context, f *file) ([]*csvPicture, error) {
	body, err := r.openText(f)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	in := bufio.NewReader(body)
	d := csv.NewReader(in)
	d.FieldsPerRecord = -1 // spreadsheets leave empty cells at the end of rows, or do not
	d.Comma = csvComma(in)
	wrap := func(err error) error {
		if errors.Is(err, ErrLimit) || errors.Is(err, ErrArchive) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrSyntax, err)
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
		if !slices.Contains(csvColumns, name) {
			r.notes.add(fmt.Sprintf("column %.40q is not known and was passed over", name), f.path, 1)
		}
	}
	if _, ok := columns["picture"]; !ok {
		return nil, nil
	}
	if _, ok := columns["shape"]; !ok {
		return nil, nil
	}
	var out []*csvPicture
	byKey := map[string]*csvPicture{}
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
		if n >= r.limits.Marks+r.limits.Entries {
			return nil, fmt.Errorf("%w: more than %d rows", ErrLimit, n)
		}
		at, _ := d.FieldPos(0)
		c := csvRow{at, columns, row, d.Comma != ','}
		key := c.at("picture_id") + "\x00" + c.at("picture") + "\x00" + c.at("file")
		p := byKey[key]
		if p == nil {
			p = &csvPicture{first: c}
			byKey[key], out = p, append(out, p)
		}
		p.rows = append(p.rows, c)
	}
}

// csvComma is what parts the cells, as the first row shows: a comma, or what
// spreadsheets write where a comma is in numbers. Excel may say it in a row before.
func csvComma(in *bufio.Reader) rune {
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
func (p *csvPicture) place() place {
	if file := p.first.at("file"); file != "" {
		return placeOf(file, false)
	}
	return placeOf(p.first.at("picture"), false)
}

func (r *reader) csvPicture(ctx context.Context, f *file, p *csvPicture, at *pictureIndex) error {
	c := p.first
	name := baseName(c.at("picture"))
	d := draft{
		id: c.at("picture_id"), name: name, wants: []place{placeOf(c.at("picture"), false)}, path: c.at("picture") + "\x00" + c.at("file"),
		kind: c.at("kind"), held: c.yes("held") || heldPath(c.at("picture")),
		normal: c.at("role") == "normal", defective: c.at("role") == "defective", file: f.path,
	}
	w, errW := c.number("picture_width", true)
	h, errH := c.number("picture_height", true)
	if err := errors.Join(errW, errH); err != nil || w < 0 || h < 0 || w > annot.MaxSide || h > annot.MaxSide {
		return r.fail(name, f.path, fmt.Errorf("line %d: %w: a picture of %g x %g pixels", c.line, ErrSyntax, w, h))
	}
	d.size = prep.Size{W: int(w), H: int(h)}
	if d.size.W == 0 || d.size.H == 0 {
		d.size = prep.Size{}
	}
	full := strings.ReplaceAll(c.at("picture"), `\`, "/")
	if c.at("file") != "" {
		d.wants = append(d.wants, placeOf(c.at("file"), false))
	}
	at.take(&d, c.at("file"), full, path.Join(f.dir(), full), "images/"+full)
	if truth := c.at("truth"); truth != "" {
		d.truth = r.file(truth)
	}
	said := len(p.rows) > 1 || c.at("shape") != "picture" || c.at("name") != ""
	if said {
		d.labels = func(b *builder) error { return csvLabels(b, p.rows) }
	}
	return r.give(ctx, d)
}
