// Package csv is CSV, for spreadsheets and scripts: labels.csv, and the pictures in
// images. The first row names the columns; each further row is one shape:
//
//	picture   name of the picture's file
//	picture_id, picture_width, picture_height   the size upright, pixels
//	kind, role, held   of the picture: free text; normal or defective; yes
//	file, truth        in the archive: the picture, its ground truth
//	shape     picture    about the picture as a whole: name is normal, labelled or
//	                     empty (nothing said), id the last id given, data the
//	                     milliseconds worked: box:1200 polygon:300
//	          box        x, y of the left upper corner before it is turned, w, h,
//	                     angle in degrees, clockwise on the screen
//	          polygon    data: x y x y ...
//	          pixels     data: marked pixels row by row, y:first-last,first-last ...
//	          blocks     data: rows x cols x size, then label x count ..., labels 0
//	                     unknown, 1 normal, 2 defect
//	id        of the shape in its picture
//	name      its kind of defect
//	proposed  yes: suggested by a detector, not accepted
//
// Read needs picture and shape only, and x, y, w, h for boxes; columns may stand
// in any order. Rows of one picture may be scattered.
//
// A spreadsheet takes a cell that begins with = + - @ (also in full width), a
// tab or a line break for a formula, which can send the sheet elsewhere. Such a
// cell gets an apostrophe in front, and so does one that begins with an
// apostrophe, so that Read can take exactly one away. Line breaks within a
// cell are written \n and \r, a backslash \\. Spreadsheets cut cells at 32,767
// characters: edit the labels of large masks elsewhere.
package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"semirest/server/format"
	"semirest/server/format/extra"
	"semirest/server/format/outline"
	"semirest/server/format/place"
	"semirest/shared/annot"
	"semirest/shared/block"
)

const fileName = "labels.csv"

var columnNames = []string{
	"picture", "picture_id", "picture_width", "picture_height", "kind", "role", "held", "file", "truth",
	"shape", "id", "name", "proposed", "x", "y", "w", "h", "angle", "data",
}

type encoder struct {
	w    *format.Writer
	text bytes.Buffer
	csv  *csv.Writer
}

// Codec is CSV, which has a column for everything.
func Codec() *format.Codec {
	return &format.Codec{
		Format: format.Format{
			Name: "csv", Title: "CSV (a row for each shape)", Extension: ".zip",
			Holds: format.Holds{Boxes: true, Rotated: true, Polygons: true, Pixels: true, Blocks: true, Names: true, Normal: true, Times: true, Truth: true, Identical: true},
			Note:  "For spreadsheets and scripts; read back here, the labels are the same.",
		},
		Write: newEncoder,
		Read:  read,
	}
}

func newEncoder(w *format.Writer) format.Encoder {
	e := &encoder{w: w}
	e.csv = csv.NewWriter(&e.text)
	_ = e.csv.Write(columnNames) // end says what failed
	return e
}

func (e *encoder) Add(ctx context.Context, it format.Item) error {
	name, err := e.w.Name("images", it)
	if err != nil {
		return err
	}
	row := map[string]string{
		"picture": it.Name, "picture_id": it.ID, "picture_width": strconv.Itoa(it.Width), "picture_height": strconv.Itoa(it.Height),
		"kind": it.Kind,
	}
	switch {
	case it.Normal:
		row["role"] = "normal"
	case it.Defective:
		row["role"] = "defective"
	}
	if it.Held {
		row["held"] = "yes"
	}
	if it.Open != nil {
		row["file"] = "images/" + name
		if err := e.w.Picture(ctx, it, row["file"]); err != nil {
			return err
		}
	}
	if it.Truth != nil {
		row["truth"] = format.TruthFolder + place.Stem(name) + ".png"
		if err := e.w.Truth(ctx, it, row["truth"]); err != nil {
			return err
		}
	}
	put := func(shape string, cells ...string) {
		r := make([]string, len(columnNames))
		for i, c := range columnNames {
			r[i] = row[c]
			for j := 0; j < len(cells); j += 2 {
				if cells[j] == c {
					r[i] = cells[j+1]
				}
			}
			if c == "shape" {
				r[i] = shape
			}
			r[i] = defuse(r[i])
		}
		if e := e.csv.Write(r); err == nil {
			err = e
		}
	}
	l := it.Labels
	if l == nil {
		put("picture")
		return err
	}
	said := "labelled"
	if l.Normal {
		said = "normal"
	}
	put("picture", "name", said, "id", strconv.FormatUint(uint64(l.LastID()), 10), "data", times(l.Spent))
	for _, s := range l.Shapes {
		cells := []string{"id", strconv.FormatUint(uint64(s.ID), 10), "name", s.Name, "proposed", ""}
		if s.Proposed {
			cells[5] = "yes"
		}
		if s.Polygon() {
			put("polygon", append(cells, "data", joinNumbers(outline.Flat(s.Points)))...)
			continue
		}
		v, angle := outline.Numbers(s.Box)
		put("box", append(cells, "x", number(v[0]), "y", number(v[1]), "w", number(v[2]), "h", number(v[3]), "angle", number(angle))...)
	}
	if !l.Mask.Empty() {
		put("pixels", "data", pixels(&l.Mask, l.H))
	}
	for _, y := range l.Layers {
		if runs := extra.Runs(y.Cells); len(runs) > 2 || runs[0] != int(block.Unknown) {
			put("blocks", "data", blocks(y.Grid, runs))
		}
	}
	return err
}

func (e *encoder) End() error {
	e.csv.Flush()
	if err := e.csv.Error(); err != nil {
		return err
	}
	return e.w.Text(fileName, e.text.Bytes())
}

// formula is what begins a cell that a spreadsheet runs, and the apostrophe
// itself.
const formula = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'"

var (
	escape   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
	unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r")
)

// defuse makes a cell that no spreadsheet runs; arm is its inverse.
func defuse(s string) string {
	s = escape.Replace(s)
	if s != "" && strings.ContainsRune(formula, []rune(s)[0]) {
		return "'" + s
	}
	return s
}

func arm(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && rest != "" && strings.ContainsRune(formula, []rune(rest)[0]) {
		s = rest
	}
	return unescape.Replace(s)
}

// number is a number in as few digits as give it back.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func joinNumbers(v []float64) string {
	out := make([]string, len(v))
	for i, x := range v {
		out[i] = number(x)
	}
	return strings.Join(out, " ")
}

func times(s annot.Spent) string {
	var out []string
	for t, ms := range s {
		if ms > 0 {
			out = append(out, fmt.Sprintf("%s:%d", toolWord(annot.Tool(t)), ms))
		}
	}
	return strings.Join(out, " ")
}

// toolWord is a tool's name in one word.
func toolWord(t annot.Tool) string { return strings.ReplaceAll(t.String(), " ", "-") }

func pixels(m *annot.Mask, h int) string {
	var b strings.Builder
	for y := range h {
		for i, s := range m.Row(y) {
			switch {
			case i > 0:
				b.WriteByte(',')
			case b.Len() > 0:
				fmt.Fprintf(&b, " %d:", y)
			default:
				fmt.Fprintf(&b, "%d:", y)
			}
			fmt.Fprintf(&b, "%d-%d", s.X0, s.X1-1)
		}
	}
	return b.String()
}

func blocks(g block.Grid, runs []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%dx%dx%d", g.Rows, g.Cols, g.Size)
	for i := 0; i < len(runs); i += 2 {
		fmt.Fprintf(&b, " %dx%d", runs[i], runs[i+1])
	}
	return b.String()
}
