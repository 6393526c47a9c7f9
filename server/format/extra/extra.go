// Package extra is the field "semirest", of what COCO and labelme have no field for and
// CSV has columns for: ids, times, proposals, blocks, the picture's own kind and role.
// Other programs pass it over. In COCO it stands at each image and annotation, in
// labelme at the file and each shape. What a standard field says always comes from that
// field, so that labels that were changed by another program are read as changed.
package extra

import (
	"context"
	"encoding/json"
	"fmt"
	"path"

	"semirest/server/format"
	"semirest/server/format/outline"
	"semirest/server/format/place"
	"semirest/server/format/tolerant"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// Picture is the "semirest" field of a picture.
type Picture struct {
	ID     string  `json:"id,omitempty"`
	Name   string  `json:"name,omitempty"` // where the file's name is not the picture's
	Kind   string  `json:"kind,omitempty"`
	Role   string  `json:"role,omitempty"` // normal or defective
	Held   bool    `json:"held,omitempty"`
	Truth  string  `json:"truth,omitempty"`  // file of the ground truth
	Labels *Labels `json:"labels,omitempty"` // absent: nothing was ever said
}

// Labels is what annot.Labels holds beside accepted shapes and marked pixels.
type Labels struct {
	Normal    bool             `json:"normal,omitempty"`
	LastID    uint32           `json:"last_id,omitempty"`
	Spent     map[string]int64 `json:"milliseconds,omitempty"` // by tool
	Layers    []Layer          `json:"blocks,omitempty"`
	Proposals []proposal       `json:"proposals,omitempty"`
}

// Layer is the labels of one grid's blocks: pairs of a label (0 unknown,
// 1 normal, 2 anomalous) and how many blocks in reading order have it.
type Layer struct {
	Rows int   `json:"rows"`
	Cols int   `json:"cols"`
	Size int   `json:"size"` // of a block in the detector's input, pixels
	Runs []int `json:"runs"`
}

// proposal is a shape that nobody accepted yet: no label, so that no other
// program may see it as one.
type proposal struct {
	At       int       `json:"at"` // its place among all shapes
	ID       uint32    `json:"id"`
	Name     string    `json:"name,omitempty"`
	Box      []float64 `json:"box,omitempty"` // x, y of the left upper corner before it is turned; width, height
	Rotation float64   `json:"rotation,omitempty"`
	Points   []float64 `json:"points,omitempty"` // x, y, x, y ...
}

// Shape is the "semirest" field of a shape.
type Shape struct {
	ID       uint32    `json:"id,omitempty"`
	Unnamed  bool      `json:"unnamed,omitempty"`  // nobody said its kind: the category is a stand-in
	Box      []float64 `json:"box,omitempty"`      // of a rotated box: as in proposalMore
	Rotation float64   `json:"rotation,omitempty"` // degrees, clockwise on the screen
	Mask     bool      `json:"mask,omitempty"`     // a region of the marked pixels
	Blocks   bool      `json:"blocks,omitempty"`   // made from labelled blocks, which the picture's field holds
}

func of(it format.Item) *Picture {
	m := &Picture{ID: it.ID, Kind: it.Kind, Held: it.Held}
	switch {
	case it.Normal:
		m.Role = "normal"
	case it.Defective:
		m.Role = "defective"
	}
	l := it.Labels
	if l == nil {
		return m
	}
	m.Labels = &Labels{Normal: l.Normal, LastID: l.LastID()}
	for t, ms := range l.Spent {
		if ms > 0 {
			if m.Labels.Spent == nil {
				m.Labels.Spent = map[string]int64{}
			}
			m.Labels.Spent[annot.Tool(t).String()] = ms
		}
	}
	for _, y := range l.Layers {
		if runs := Runs(y.Cells); len(runs) > 2 || runs[0] != int(block.Unknown) {
			m.Labels.Layers = append(m.Labels.Layers, Layer{y.Grid.Rows, y.Grid.Cols, y.Grid.Size, runs})
		}
	}
	for i, s := range l.Shapes {
		if !s.Proposed {
			continue
		}
		p := proposal{At: i, ID: s.ID, Name: s.Name}
		if s.Polygon() {
			p.Points = outline.Flat(s.Points)
		} else {
			p.Box, p.Rotation = outline.Numbers(s.Box)
		}
		m.Labels.Proposals = append(m.Labels.Proposals, p)
	}
	return m
}

// Runs is the labels of blocks as pairs of a label and a length.
func Runs(cells []block.Label) []int {
	var out []int
	for i, c := range cells {
		if i > 0 && c == cells[i-1] {
			out[len(out)-1]++
		} else {
			out = append(out, int(c), 1)
		}
	}
	return out
}

// Put puts the labels of a grid's blocks to a builder.
func (y Layer) Put(b *format.Builder) error {
	g := block.Grid{Rows: y.Rows, Cols: y.Cols, Size: y.Size}
	bad := fmt.Errorf("%w: labels of %d x %d blocks", format.ErrSyntax, y.Rows, y.Cols)
	if g.Rows < 1 || g.Cols < 1 || g.Rows > annot.MaxCells || g.Cols > annot.MaxCells || g.Len() > annot.MaxCells || len(y.Runs)%2 != 0 {
		return bad
	}
	cells := make([]block.Label, 0, g.Len())
	for i := 0; i < len(y.Runs); i += 2 {
		v, n := y.Runs[i], y.Runs[i+1]
		if v < 0 || v > int(block.Anomalous) || n < 1 || n > g.Len()-len(cells) {
			return bad
		}
		for range n {
			cells = append(cells, block.Label(v))
		}
	}
	if len(cells) != g.Len() {
		return bad
	}
	return b.Layer(g, cells)
}

// Apply gives a builder what is beside shapes and pixels.
func (m *Labels) Apply(b *format.Builder) error {
	b.Normal, b.LastID = m.Normal, m.LastID
	for t := range annot.Tools {
		if ms := m.Spent[t.String()]; ms > 0 {
			b.Spent[t] = ms
		}
	}
	for _, y := range m.Layers {
		if err := y.Put(b); err != nil {
			return err
		}
	}
	return nil
}

// Propose adds the proposals that stand before place at in the order of shapes.
func (m *Labels) Propose(b *format.Builder, ids *IDs, at int) error {
	for ; ids.proposals < len(m.Proposals) && m.Proposals[ids.proposals].At <= at; ids.proposals++ {
		p := m.Proposals[ids.proposals]
		before := b.Made()
		var err error
		if p.Points != nil {
			points, ok := outline.Points(p.Points)
			if !ok || len(points) > annot.MaxPoints {
				return fmt.Errorf("%w: points of a proposal", format.ErrSyntax)
			}
			err = b.Polygon(points, p.Name)
		} else {
			box, ok := outline.Box(p.Box, p.Rotation)
			if !ok {
				return fmt.Errorf("%w: box of a proposal", format.ErrSyntax)
			}
			err = b.Rotated(box, p.Name)
		}
		if err != nil {
			return err
		}
		if b.Made() > before {
			b.Shape().Proposed = true
			ids.List = append(ids.List, p.ID)
		}
		at = max(at, b.Made())
	}
	return nil
}

// IDs are the ids that shapes had, in their order; 0 where none is said.
type IDs struct {
	List      []uint32
	proposals int // done so far
}

// MaxBytes bounds one "semirest" field, bytes.
const MaxBytes = 32 << 20

// Read reads a "semirest" field; one that is absent leaves v alone.
func Read(raw json.RawMessage, v any) error {
	if len(raw) == 0 {
		return nil
	}
	if len(raw) > MaxBytes {
		return fmt.Errorf("%w: a field has %d bytes", format.ErrLimit, len(raw))
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: field semirest: %s", format.ErrSyntax, tolerant.Words(err))
	}
	return nil
}

// Write writes a picture into a folder of the archive, and its ground truth, and
// returns its name there and what the format itself has no place for.
func Write(ctx context.Context, w *format.Writer, folder string, it format.Item) (name string, more *Picture, err error) {
	if name, err = w.Name(folder, it); err != nil {
		return "", nil, err
	}
	if err := w.Picture(ctx, it, path.Join(folder, name)); err != nil {
		return "", nil, err
	}
	more = of(it)
	if name != it.Name {
		more.Name = it.Name
	}
	if it.Truth != nil {
		more.Truth = format.TruthFolder + place.Stem(name) + ".png"
		err = w.Truth(ctx, it, more.Truth)
	}
	return name, more, err
}
