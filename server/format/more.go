package format

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// What COCO and labelme have no field for goes into a field of our own, called
// "semirest", which other programs pass over: in COCO at each image and
// annotation, in labelme at the file and each shape. What a standard field says
// always comes from that field, so that labels that were changed by another
// program are read as changed.

// pictureMore is the "semirest" field of a picture.
type pictureMore struct {
	ID     string      `json:"id,omitempty"`
	Name   string      `json:"name,omitempty"` // where the file's name is not the picture's
	Kind   string      `json:"kind,omitempty"`
	Role   string      `json:"role,omitempty"` // normal or defective
	Held   bool        `json:"held,omitempty"`
	Truth  string      `json:"truth,omitempty"`  // file of the ground truth
	Labels *labelsMore `json:"labels,omitempty"` // absent: nothing was ever said
}

// labelsMore is what annot.Labels holds beside accepted shapes and marked pixels.
type labelsMore struct {
	Normal    bool             `json:"normal,omitempty"`
	LastID    uint32           `json:"last_id,omitempty"`
	Spent     map[string]int64 `json:"milliseconds,omitempty"` // by tool
	Layers    []layerMore      `json:"blocks,omitempty"`
	Proposals []proposalMore   `json:"proposals,omitempty"`
}

// layerMore is the labels of one grid's blocks: pairs of a label (0 unknown,
// 1 normal, 2 anomalous) and how many blocks in reading order have it.
type layerMore struct {
	Rows int   `json:"rows"`
	Cols int   `json:"cols"`
	Size int   `json:"size"` // of a block in the detector's input, pixels
	Runs []int `json:"runs"`
}

// proposalMore is a shape that nobody accepted yet: no label, so that no other
// program may see it as one.
type proposalMore struct {
	At       int       `json:"at"` // its place among all shapes
	ID       uint32    `json:"id"`
	Name     string    `json:"name,omitempty"`
	Box      []float64 `json:"box,omitempty"` // x, y of the left upper corner before it is turned; width, height
	Rotation float64   `json:"rotation,omitempty"`
	Points   []float64 `json:"points,omitempty"` // x, y, x, y ...
}

// shapeMore is the "semirest" field of a shape.
type shapeMore struct {
	ID       uint32    `json:"id,omitempty"`
	Unnamed  bool      `json:"unnamed,omitempty"`  // nobody said its kind: the category is a stand-in
	Box      []float64 `json:"box,omitempty"`      // of a rotated box: as in proposalMore
	Rotation float64   `json:"rotation,omitempty"` // degrees, clockwise on the screen
	Mask     bool      `json:"mask,omitempty"`     // a region of the marked pixels
	Blocks   bool      `json:"blocks,omitempty"`   // made from labelled blocks, which the picture's field holds
}

func moreOf(it Item) *pictureMore {
	m := &pictureMore{ID: it.ID, Kind: it.Kind, Held: it.Held}
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
	m.Labels = &labelsMore{Normal: l.Normal, LastID: l.LastID()}
	for t, ms := range l.Spent {
		if ms > 0 {
			if m.Labels.Spent == nil {
				m.Labels.Spent = map[string]int64{}
			}
			m.Labels.Spent[annot.Tool(t).String()] = ms
		}
	}
	for _, y := range l.Layers {
		if runs := cellRuns(y.Cells); len(runs) > 2 || runs[0] != int(block.Unknown) {
			m.Labels.Layers = append(m.Labels.Layers, layerMore{y.Grid.Rows, y.Grid.Cols, y.Grid.Size, runs})
		}
	}
	for i, s := range l.Shapes {
		if !s.Proposed {
			continue
		}
		p := proposalMore{At: i, ID: s.ID, Name: s.Name}
		if s.Polygon() {
			p.Points = flatPoints(s.Points)
		} else {
			p.Box, p.Rotation = boxMore(s.Box)
		}
		m.Labels.Proposals = append(m.Labels.Proposals, p)
	}
	return m
}

// cellRuns is the labels of blocks as pairs of a label and a length.
func cellRuns(cells []block.Label) []int {
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

// layer puts the labels of a grid's blocks to a builder.
func (y layerMore) layer(b *builder) error {
	g := block.Grid{Rows: y.Rows, Cols: y.Cols, Size: y.Size}
	bad := fmt.Errorf("%w: labels of %d x %d blocks", ErrSyntax, y.Rows, y.Cols)
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
	return b.layer(g, cells)
}

// apply gives a builder what is beside shapes and pixels.
func (m *labelsMore) apply(b *builder) error {
	b.normal, b.last = m.Normal, m.LastID
	for t := range annot.Tools {
		if ms := m.Spent[t.String()]; ms > 0 {
			b.spent[t] = ms
		}
	}
	for _, y := range m.Layers {
		if err := y.layer(b); err != nil {
			return err
		}
	}
	return nil
}

// propose adds the proposals that stand before place at in the order of shapes.
func (m *labelsMore) propose(b *builder, ids *shapeIDs, at int) error {
	for ; ids.proposals < len(m.Proposals) && m.Proposals[ids.proposals].At <= at; ids.proposals++ {
		p := m.Proposals[ids.proposals]
		before := b.made()
		var err error
		if p.Points != nil {
			points, ok := pointsOf(p.Points)
			if !ok || len(points) > annot.MaxPoints {
				return fmt.Errorf("%w: points of a proposal", ErrSyntax)
			}
			err = b.polygon(points, p.Name)
		} else {
			box, ok := boxOf(p.Box, p.Rotation)
			if !ok {
				return fmt.Errorf("%w: box of a proposal", ErrSyntax)
			}
			err = b.rotated(box, p.Name)
		}
		if err != nil {
			return err
		}
		if b.made() > before {
			b.shape().Proposed = true
			ids.want = append(ids.want, p.ID)
		}
		at = max(at, b.made())
	}
	return nil
}

// shapeIDs are the ids that shapes had, in their order; 0 where none is said.
type shapeIDs struct {
	want      []uint32
	proposals int // done so far
}

// settle gives the shapes their ids. One that is missing or there twice, as when
// another program added or copied a shape, becomes a new one.
func (s *shapeIDs) settle(b *builder) {
	next := b.last
	used := map[uint32]bool{}
	for _, id := range s.want {
		next = max(next, id)
	}
	for i := range b.e.Labels().Shapes {
		id := s.want[i]
		if id == 0 || used[id] {
			next++ // beyond 32 bits it is 0, which annot refuses
			id = next
		}
		used[id] = true
		b.e.Labels().Shapes[i].ID = id
	}
	b.last = next
	b.e.Labels().SetLastID(0)
}

// boxMore is a box before it is turned, and the turn in degrees. All are exact
// in decimal: coordinates are 1/256 pixel, angles 1/65536 turn.
func boxMore(b block.Box) ([]float64, float64) {
	turns := math.Round(b.Angle / (2 * math.Pi) * 65536)
	return []float64{b.X - b.HalfW, b.Y - b.HalfH, 2 * b.HalfW, 2 * b.HalfH}, turns * 360 / 65536
}

func boxOf(v []float64, degrees float64) (block.Box, bool) {
	if len(v) != 4 {
		return block.Box{}, false
	}
	return block.Box{X: v[0] + v[2]/2, Y: v[1] + v[3]/2, HalfW: v[2] / 2, HalfH: v[3] / 2, Angle: degrees * math.Pi / 180}, true
}

func flatPoints(points []annot.Point) []float64 {
	out := make([]float64, 0, 2*len(points))
	for _, p := range points {
		out = append(out, p.X, p.Y)
	}
	return out
}

// pointsOf is the inverse; false for fewer than three points or half of one.
func pointsOf(v []float64) ([]annot.Point, bool) {
	if len(v) < 6 || len(v)%2 != 0 {
		return nil, false
	}
	out := make([]annot.Point, len(v)/2)
	for i := range out {
		out[i] = annot.Point{X: v[2*i], Y: v[2*i+1]}
	}
	return out, true
}

// maxMore bounds one "semirest" field, bytes.
const maxMore = 32 << 20

// readMore reads a "semirest" field; one that is absent leaves v alone.
func readMore(raw json.RawMessage, v any) error {
	if len(raw) == 0 {
		return nil
	}
	if len(raw) > maxMore {
		return fmt.Errorf("%w: a field has %d bytes", ErrLimit, len(raw))
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: field semirest: %s", ErrSyntax, plain(err))
	}
	return nil
}

// whole writes a picture into a folder of the archive, and its ground truth, and
// returns its name there and what the format itself has no place for.
func (w *writer) whole(ctx context.Context, folder string, it Item) (name string, more *pictureMore, err error) {
	if name, err = w.name(folder, it); err != nil {
		return "", nil, err
	}
	if err := w.picture(ctx, it, path.Join(folder, name)); err != nil {
		return "", nil, err
	}
	more = moreOf(it)
	if name != it.Name {
		more.Name = it.Name
	}
	if it.Truth != nil {
		more.Truth = "truth/" + stem(name) + ".png"
		err = w.truth(ctx, it, more.Truth)
	}
	return name, more, err
}
