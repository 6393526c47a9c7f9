package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

func TestLabels(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := newPicture(t, s, newProject(t, s, "a").ID, "a.png")
	_, err := s.Labels(ctx, p.ID)
	is(t, "none yet", err, project.ErrNotFound)
	first := save(t, s, p.ID, 0, boxes(1))
	second := save(t, s, p.ID, 1, boxes(2))
	if first.Revision != 1 || second.Revision != 2 || second.Base != 1 || second.Author != "anna" || second.Time.IsZero() {
		t.Errorf("saved %+v and %+v", first, second)
	}
	if got, err := s.Labels(ctx, p.ID); err != nil || got.Revision != 2 || !bytes.Equal(got.Data, boxes(2)) {
		t.Errorf("current %+v, %v", got, err)
	}
	if got, err := s.LabelsAt(ctx, p.ID, 1); err != nil || !bytes.Equal(got.Data, boxes(1)) {
		t.Errorf("first %+v, %v", got, err)
	}
	for _, n := range []uint64{0, 3, 1 << 63} {
		_, err := s.LabelsAt(ctx, p.ID, n)
		is(t, "no such revision", err, project.ErrNotFound)
	}
	h, err := s.History(ctx, p.ID)
	if err != nil || len(h) != 2 || h[0].Revision != 2 || h[1].Boxes != 1 || h[0].Data != nil {
		t.Errorf("history %+v, %v", h, err)
	}
}

func TestLabelsAreSummedUp(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := newPicture(t, s, newProject(t, s, "a").ID, "a.png")
	e := annot.New(64, 48)
	for range 2 {
		_, err := e.AddBox(block.Box{X: 9, Y: 9, HalfW: 4, HalfH: 4}, "")
		is(t, "box", err, nil)
	}
	_, err := e.AddPolygon([]annot.Point{{X: 1, Y: 1}, {X: 9, Y: 1}, {X: 9, Y: 9}}, "crack")
	is(t, "polygon", err, nil)
	grid := block.Grid{Rows: 6, Cols: 8, Size: 8}
	cells := make([]block.Label, grid.Len())
	cells[0], cells[1], cells[2] = block.Anomalous, block.Normal, block.Anomalous
	is(t, "blocks", e.PutBlocks(grid, cells), nil)
	e.Brush(annot.Point{X: 20.5, Y: 20.5}, annot.Point{X: 20.5, Y: 20.5}, 0.5, false)
	e.Labels().Spent[annot.ToolBox] = 4200
	e.Labels().Spent[annot.ToolBrush] = 1
	r := save(t, s, p.ID, 0, e.Labels().Append(nil))
	want := project.State{Revision: 1, Author: "anna", Time: r.Time, Boxes: 2, Polygons: 1, Pixels: 1, Blocks: 3}
	check := func(what string, got project.State) {
		t.Helper()
		if !maps.Equal(got.Millis, map[string]int64{"box": 4200, "brush": 1}) {
			t.Errorf("%s: times %v", what, got.Millis)
		}
		if got.Millis = nil; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	check("saved", r.State)
	got, err := s.Labels(ctx, p.ID)
	is(t, "read", err, nil)
	check("read", got.State)
	pic, err := s.Picture(ctx, p.ID)
	is(t, "picture", err, nil)
	check("of the picture", *pic.Labels)
}

func TestConflictAndRepeat(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := newPicture(t, s, newProject(t, s, "a").ID, "a.png")
	attempt := func(base uint64, id string, data []byte) (project.Revision, error) {
		return s.SaveLabels(ctx, project.Revision{
			Picture: p.ID, Base: base, SaveID: id, Data: data, State: project.State{Author: "bert"},
		})
	}
	var conflict *project.ConflictError
	if _, err := attempt(4, "early", boxes(1)); !errors.As(err, &conflict) || conflict.Current.Revision != 0 || conflict.Current.Picture != p.ID {
		t.Errorf("on a revision that is not there yet: %v", err)
	}
	save(t, s, p.ID, 0, boxes(1))
	save(t, s, p.ID, 1, boxes(2))
	_, err := attempt(1, "late", boxes(9))
	if !errors.As(err, &conflict) || conflict.Current.Revision != 2 || conflict.Current.Author != "anna" || !bytes.Equal(conflict.Current.Data, boxes(2)) {
		t.Errorf("on an old revision: %v, %+v", err, conflict)
	}
	for range 2 {
		r, err := attempt(0, "save-0", boxes(1))
		if err != nil || r.Revision != 1 || r.Author != "anna" {
			t.Errorf("repeated: %+v, %v", r, err)
		}
	}
	_, err = attempt(2, "save-0", boxes(5))
	is(t, "another save under the same name", err, project.ErrInvalid)
	a, err := attempt(2, "", boxes(5))
	is(t, "without a name", err, nil)
	b, err := attempt(3, "", boxes(5))
	is(t, "without a name", err, nil)
	if a.SaveID == b.SaveID || b.Revision != 4 {
		t.Errorf("saved %+v and %+v", a, b)
	}
}

func TestLabelsThatAreRefused(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := newPicture(t, s, newProject(t, s, "a").ID, "a.png")
	good := project.Revision{Picture: p.ID, SaveID: "1", Data: boxes(1), State: project.State{Author: "anna"}}
	for _, c := range []struct {
		what   string
		change func(*project.Revision)
		want   error
	}{
		{"no picture", func(r *project.Revision) { r.Picture = "none" }, project.ErrNotFound},
		{"no data", func(r *project.Revision) { r.Data = nil }, project.ErrInvalid},
		{"cut data", func(r *project.Revision) { r.Data = r.Data[:len(r.Data)-1] }, project.ErrInvalid},
		{"another picture's", func(r *project.Revision) { r.Data = annot.New(48, 64).Labels().Append(nil) }, project.ErrInvalid},
		{"no author", func(r *project.Revision) { r.Author = "" }, project.ErrInvalid},
		{"odd save id", func(r *project.Revision) { r.SaveID = "\n" }, project.ErrInvalid},
		{"too large", func(r *project.Revision) { r.Data = make([]byte, MaxData+1) }, project.ErrInvalid},
	} {
		r := good
		c.change(&r)
		_, err := s.SaveLabels(ctx, r)
		is(t, c.what, err, c.want)
	}
	if h, err := s.History(ctx, p.ID); err != nil || len(h) != 0 {
		t.Errorf("history %v, %v", h, err)
	}
}

func TestLargeLabels(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := newPicture(t, s, newProject(t, s, "a").ID, "a.png")
	l := annot.New(64, 48).Labels()
	for size := 1; size <= 2; size++ {
		grid := block.Grid{Rows: 1024, Cols: 1024, Size: size}
		cells := make([]block.Label, grid.Len())
		for i := range cells {
			cells[i] = block.Label(uint8(block.Normal) + uint8(i%2)) // no two alike beside each other
		}
		l.Layers = append(l.Layers, annot.Layer{Grid: grid, Cells: cells})
	}
	data := l.Append(nil)
	r := save(t, s, p.ID, 0, data)
	got, err := s.Labels(ctx, p.ID)
	if err != nil || !bytes.Equal(got.Data, data) || r.Blocks != 2<<20 {
		t.Errorf("of %d bytes %d came back, %d blocks, %v", len(data), len(got.Data), r.Blocks, err)
	}
	if len(data) < 4<<20 {
		t.Errorf("only %d bytes", len(data))
	}
}

// Writers of two stores on one database, as two processes would be: every save
// is either acknowledged, and then in the history, or a conflict.
func TestTwoWriters(t *testing.T) {
	dir := folder(t)
	stores := []*Store{openStore(t, dir), openStore(t, dir)}
	ctx := t.Context()
	p := newPicture(t, stores[0], newProject(t, stores[0], "a").ID, "a.png")
	var mu sync.Mutex
	acked := map[string]uint64{}
	conflicts := 0
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			s := stores[w%2]
			base := uint64(0)
			for n := 0; n < 12; {
				id := fmt.Sprintf("writer-%d-save-%d", w, n)
				r, err := s.SaveLabels(ctx, project.Revision{
					Picture: p.ID, Base: base, SaveID: id, Data: boxes(w + 1), State: project.State{Author: "anna"},
				})
				var conflict *project.ConflictError
				mu.Lock()
				switch {
				case errors.As(err, &conflict):
					conflicts++
					base = conflict.Current.Revision
				case err != nil:
					t.Error(err)
					n = 99
				default:
					acked[id] = r.Revision
					base = r.Revision
					n++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	h, err := stores[1].History(ctx, p.ID)
	is(t, "history", err, nil)
	if len(acked) != 48 || len(h) != 48 {
		t.Fatalf("%d saves were acknowledged, %d are kept", len(acked), len(h))
	}
	for _, r := range h {
		if acked[r.SaveID] != r.Revision {
			t.Errorf("%s was acknowledged as revision %d, kept as %d", r.SaveID, acked[r.SaveID], r.Revision)
		}
	}
	if conflicts == 0 {
		t.Error("no save met another: the test tests nothing")
	}
}
