package evaluation

import (
	"bytes"
	"slices"
	"testing"

	"semirest/server/detect"
	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

func edited(do func(*annot.Editor)) *annot.Labels {
	e := annot.New(40, 20)
	do(e)
	return e.Labels()
}

var grid = block.Grid{Rows: 2, Cols: 4, Size: 8} // blocks of 10x10 pixels in a picture of 40x20

func box(e *annot.Editor) { _, _ = e.AddBox(block.Box{X: 10, Y: 10, HalfW: 5, HalfH: 5}, "dent") }
func brush(e *annot.Editor) {
	e.Brush(annot.Point{X: 3.5, Y: 3.5}, annot.Point{X: 3.5, Y: 3.5}, 0.5, false)
}
func paint(row, col int, v block.Label) func(*annot.Editor) {
	return func(e *annot.Editor) {
		p := annot.Point{X: float64(10*col + 5), Y: float64(10*row + 5)}
		_ = e.PaintBlocks(grid, p, p, v)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name    string
		picture project.Picture
		do      func(*annot.Editor)
		want    Verdict
		located bool
		kind    string
	}{
		{"nothing said", project.Picture{}, nil, Unsaid, false, ""},
		{"brought in as normal", project.Picture{Role: project.Normal}, nil, Normal, true, ""},
		{"brought in as defective", project.Picture{Role: project.Defective, Kind: "scratch"}, nil, Defective, false, "scratch"},
		{"ground truth", project.Picture{Truth: "ab"}, nil, Defective, true, "defect"},
		{"a box", project.Picture{}, box, Defective, true, "dent"},
		{"a box in a normal one", project.Picture{Role: project.Normal}, box, Defective, true, "dent"},
		{"marked normal", project.Picture{Role: project.Defective, Truth: "ab"}, func(e *annot.Editor) { e.SetNormal(true) }, Normal, true, ""},
		{"emptied labels", project.Picture{Role: project.Defective}, func(e *annot.Editor) {}, Defective, false, "defect"},
		{"a proposal only", project.Picture{}, func(e *annot.Editor) { e.Propose([]block.Box{{X: 9, Y: 9, HalfW: 5, HalfH: 5}}) }, Unsaid, false, ""},
		{"blocks painted normal", project.Picture{}, paint(0, 0, block.Normal), Normal, true, ""},
		{"a block", project.Picture{}, paint(1, 2, block.Anomalous), Defective, true, "defect"},
	} {
		x := Case{Picture: c.picture}
		if c.do != nil {
			x.Labels = edited(c.do)
		}
		if got := x.Verdict(); got != c.want || x.Located() != c.located {
			t.Errorf("%s: verdict %d, located %v", c.name, got, x.Located())
		}
		if c.want == Defective && x.Kind() != c.kind {
			t.Errorf("%s: kind %q", c.name, x.Kind())
		}
	}
}

func TestMarks(t *testing.T) {
	l := edited(func(e *annot.Editor) {
		brush(e)
		box(e)
		paint(0, 3, block.Anomalous)(e)
	})
	if got := Marks(l); !slices.Equal(got, []string{Box, Block, Pixel}) {
		t.Errorf("%v", got)
	}
	polygon := edited(func(e *annot.Editor) {
		_, _ = e.AddPolygon([]annot.Point{{X: 1, Y: 1}, {X: 9, Y: 1}, {X: 5, Y: 9}}, "")
	})
	if got := Marks(polygon); !slices.Equal(got, []string{Pixel}) {
		t.Errorf("%v", got)
	}
}

func TestMaskOf(t *testing.T) {
	l := edited(func(e *annot.Editor) {
		brush(e)                        // pixel (3, 3)
		box(e)                          // 5..15 each way
		paint(1, 1, block.Anomalous)(e) // 10..20
		paint(0, 0, block.Normal)(e)    // over the brush, and a quarter of the box
		paint(1, 3, block.Anomalous)(e) // 30..40, 10..20
	})
	for _, c := range []struct {
		boxes bool
		x, y  int
		want  byte
	}{
		{true, 3, 3, 0}, {true, 7, 7, 0}, {true, 12, 7, 1}, {false, 12, 7, 0},
		{true, 12, 12, 1}, {false, 12, 12, 1}, {false, 19, 19, 1}, {false, 20, 19, 0},
		{false, 30, 10, 1}, {false, 39, 19, 1}, {false, 29, 10, 0}, {false, 30, 9, 0},
	} {
		if got := MaskOf(l, c.boxes)[c.y*40+c.x]; got != c.want {
			t.Errorf("pixel (%d, %d), boxes %v: %d", c.x, c.y, c.boxes, got)
		}
	}
	if n := bytes.Count(MaskOf(l, true), []byte{1}); n != 100+100+50+25-25 {
		t.Errorf("%d pixels", n)
	}
}

func TestLearntFrom(t *testing.T) {
	pictures := []project.Picture{{ID: "a", Name: "1.png"}, {ID: "b", Name: "2.png"}, {ID: "c", Name: "3.png"}}
	s := detect.Spec{Images: []string{"1.png"}, HeldOut: []string{"2.png"}, Classifier: &detect.Classifier{Moved: []string{"3.png", "4.png"}}}
	if got := LearntFrom(s, pictures); !slices.Equal(got, []project.ID{"a", "c"}) {
		t.Errorf("%v", got)
	}
}
