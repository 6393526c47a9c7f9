package desk

import (
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/shared/annot"
	"semirest/shared/block"
)

func copied(t *testing.T, l *annot.Labels) *annot.Labels {
	t.Helper()
	c, err := annot.Parse(l.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func box(x, y float64) block.Box { return block.Box{X: x, Y: y, HalfW: 10, HalfH: 8} }

func TestMerge(t *testing.T) {
	e := annot.New(300, 200)
	kept, _ := e.AddBox(box(30, 30), "")
	gone, _ := e.AddBox(box(80, 30), "")
	moved, _ := e.AddBox(box(130, 30), "")
	fought, _ := e.AddBox(box(180, 30), "")
	saved, _ := e.AddBox(box(230, 30), "")
	e.Brush(annot.Point{X: 20, Y: 100}, annot.Point{X: 60, Y: 100}, 5, false)
	g := block.For(192, 128, 8)
	_ = e.PaintBlocks(g, annot.Point{X: 150, Y: 150}, annot.Point{X: 200, Y: 150}, block.Anomalous)
	base := e.Labels()
	base.Spent[annot.ToolBox] = 1000
	old := copied(t, base)

	mine := annot.Edit(copied(t, base))
	mine.Delete(gone, saved)
	_ = mine.Nudge(moved, 5, 0, 0)
	_ = mine.Nudge(fought, 0, 7, 0)
	newMine, _ := mine.AddBox(box(60, 160), "mine")
	mine.AddBox(box(100, 160), "both") //nolint:errcheck // it has room
	mine.Brush(annot.Point{X: 20, Y: 100}, annot.Point{X: 30, Y: 100}, 9, true)
	mine.Brush(annot.Point{X: 100, Y: 100}, annot.Point{X: 120, Y: 100}, 5, false)
	_ = mine.PaintBlocks(g, annot.Point{X: 150, Y: 150}, annot.Point{X: 160, Y: 150}, block.Unknown)
	mine.Labels().Spent[annot.ToolBox] += 400

	theirs := annot.Edit(copied(t, base))
	_ = theirs.Nudge(fought, 9, 0, 0)
	_ = theirs.Nudge(saved, 0, 3, 0)
	newTheirs, _ := theirs.AddBox(box(250, 160), "theirs")
	theirs.AddBox(box(100, 160), "both") //nolint:errcheck // it has room
	theirs.Brush(annot.Point{X: 200, Y: 100}, annot.Point{X: 220, Y: 100}, 5, false)
	theirs.Labels().Spent[annot.ToolBrush] += 300
	if newMine != newTheirs {
		t.Fatalf("ids %d and %d: the test wants one id for two shapes", newMine, newTheirs)
	}

	out := Merge(old, copied(t, mine.Labels()), copied(t, theirs.Labels()))
	if _, err := annot.Parse(out.Append(nil)); err != nil {
		t.Fatal(err)
	}
	at := func(x, y float64) bool {
		return slices.ContainsFunc(out.Shapes, func(s annot.Shape) bool { return s.Box.X == x && s.Box.Y == y })
	}
	for _, c := range []struct {
		x, y float64
		want bool
		what string
	}{
		{30, 30, true, "untouched"}, {80, 30, false, "deleted by me"}, {135, 30, true, "moved by me"}, {130, 30, false, "moved by me, at its old place"},
		{189, 30, true, "moved by both, theirs"}, {180, 37, true, "moved by both, mine"}, {230, 33, true, "deleted by me, moved by them"},
		{60, 160, true, "added by me"}, {250, 160, true, "added by them"}, {100, 160, true, "added by both"},
	} {
		if at(c.x, c.y) != c.want {
			t.Errorf("%s: %t", c.what, !c.want)
		}
	}
	if len(out.Shapes) != 8 || out.Index(kept) < 0 {
		t.Errorf("%d shapes: %+v", len(out.Shapes), out.Shapes)
	}
	for _, c := range []struct {
		x    int
		want bool
	}{{25, false}, {50, true}, {110, true}, {210, true}, {170, false}} {
		if out.Mask.Contains(c.x, 100) != c.want {
			t.Errorf("pixel (%d, 100): %t", c.x, !c.want)
		}
	}
	cell := func(x float64) block.Label {
		c, _ := g.At(x, 150, 300, 200)
		return cells(out, g)[g.Index(c.Row, c.Col)]
	}
	if cell(155) != block.Unknown || cell(190) != block.Anomalous {
		t.Errorf("blocks %d %d", cell(155), cell(190))
	}
	if out.Spent[annot.ToolBox] != 1400 || out.Spent[annot.ToolBrush] != 300 {
		t.Errorf("times %v", out.Spent)
	}
}

func TestMergeNormal(t *testing.T) {
	empty, marked, normal := annot.New(50, 50), annot.New(50, 50), annot.New(50, 50)
	_, _ = marked.AddBox(box(20, 20), "")
	normal.SetNormal(true)
	if out := Merge(nil, copied(t, normal.Labels()), copied(t, empty.Labels())); !out.Normal {
		t.Error("mine says normal, theirs nothing")
	}
	if out := Merge(nil, copied(t, normal.Labels()), copied(t, marked.Labels())); out.Normal || len(out.Shapes) != 1 {
		t.Errorf("a mark was lost: %+v", out)
	}
	if out := Merge(nil, copied(t, marked.Labels()), copied(t, normal.Labels())); out.Normal || len(out.Shapes) != 1 {
		t.Errorf("a mark was lost: %+v", out)
	}
}

// The mask of a merge is, pixel by pixel, what the rule says.
func TestMergeMaskAtRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		e := annot.New(60, 40)
		scribble := func(e *annot.Editor) {
			for range 4 {
				p := annot.Point{X: rnd.Float64() * 60, Y: rnd.Float64() * 40}
				q := annot.Point{X: rnd.Float64() * 60, Y: rnd.Float64() * 40}
				e.Brush(p, q, 1+3*rnd.Float64(), rnd.IntN(3) == 0)
			}
		}
		scribble(e)
		base := copied(t, e.Labels())
		mine, theirs := annot.Edit(copied(t, base)), annot.Edit(copied(t, base))
		scribble(mine)
		scribble(theirs)
		m, th := copied(t, mine.Labels()), copied(t, theirs.Labels())
		out := Merge(base, m, copied(t, th))
		for y := range 40 {
			for x := range 60 {
				want := th.Mask.Contains(x, y)
				if b := base.Mask.Contains(x, y); b != m.Mask.Contains(x, y) {
					want = !b
				}
				if out.Mask.Contains(x, y) != want {
					t.Fatalf("pixel (%d, %d) is %t", x, y, !want)
				}
			}
		}
	}
}
