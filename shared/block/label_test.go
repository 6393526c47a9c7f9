package block

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The oracle takes the overlap of every mask pixel with every block.
func slowFractions(g Grid, mask []byte, w, h int) []float64 {
	out := make([]float64, g.Len())
	for i := range out {
		c := g.Cell(i)
		x0, y0, x1, y1 := g.Area(c.Row, c.Col, w, h)
		for y := range h {
			for x := range w {
				if mask[y*w+x] != 0 {
					dx := min(x1, float64(x+1)) - max(x0, float64(x))
					dy := min(y1, float64(y+1)) - max(y0, float64(y))
					out[i] += max(dx, 0) * max(dy, 0)
				}
			}
		}
		out[i] /= (x1 - x0) * (y1 - y0)
	}
	return out
}

func TestFractions(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		g := Grid{Rows: 1 + rng.IntN(9), Cols: 1 + rng.IntN(9), Size: 8}
		w, h := 1+rng.IntN(40), 1+rng.IntN(40)
		mask := make([]byte, w*h)
		total := 0
		for i := range mask {
			if rng.IntN(3) == 0 {
				mask[i] = byte(1 + rng.IntN(255))
				total++
			}
		}
		got, want := Fractions(g, mask, w, h), slowFractions(g, mask, w, h)
		sum := 0.0
		for i := range got {
			sum += got[i]
			if math.Abs(got[i]-want[i]) > 1e-12*float64(w*h) {
				t.Fatalf("%+v over %dx%d, block %d: %v, want %v", g, w, h, i, got[i], want[i])
			}
		}
		// No area is lost or counted twice.
		if math.Abs(sum/float64(g.Len())-float64(total)/float64(w*h)) > 1e-9 {
			t.Fatalf("%v of the picture, %v of the blocks", float64(total)/float64(w*h), sum/float64(g.Len()))
		}
	}
}

func TestFractionsAreExactAtBounds(t *testing.T) {
	// A mask of the input's own size: 5 of 64 pixels and 6 of 64 lie on either
	// side of 8 %.
	g := Grid{Rows: 1, Cols: 2, Size: 8}
	mask := make([]byte, 16*8)
	for i := range 5 {
		mask[i] = 1
	}
	for i := range 6 {
		mask[8+i] = 1
	}
	if q := Fractions(g, mask, 16, 8); q[0] != 5.0/64 || q[1] != 6.0/64 {
		t.Fatal(q)
	}
	if l := FromMask(g, mask, 16, 8, 0.25, 0.08); !slices.Equal(l, []Label{Normal, Ignored}) {
		t.Error(l)
	}
	if l := FromMask(g, mask, 16, 8, 6.0/64, 5.0/64); !slices.Equal(l, []Label{Normal, Anomalous}) {
		t.Error(l)
	}
	if l := FromMask(g, make([]byte, 16*8), 16, 8, 0.8, 0); !slices.Equal(l, []Label{Normal, Normal}) {
		t.Error(l)
	}
	for _, eps := range [][2]float64{{0.1, 0.1}, {0.1, 0.2}, {1.1, 0}, {0.5, -0.1}, {math.NaN(), 0}} {
		mustPanic(t, func() { FromMask(g, mask, 16, 8, eps[0], eps[1]) })
	}
	mustPanic(t, func() { Fractions(g, mask, 16, 9) })
}

func TestFromBlocks(t *testing.T) {
	fine, coarse := Grid{4, 4, 8}, Grid{2, 2, 16}
	labels := []Label{
		Normal, Normal, Normal, Unknown,
		Normal, Anomalous, Normal, Normal,
		Normal, Normal, Normal, Normal,
		Normal, Normal, Ignored, Normal,
	}
	up := FromBlocks(coarse, fine, labels)
	if !slices.Equal(up, []Label{Anomalous, Unknown, Normal, Ignored}) {
		t.Errorf("8 to 16: %v", up)
	}
	down := FromBlocks(fine, coarse, []Label{Anomalous, Unknown, Normal, Ignored})
	want := []Label{
		Anomalous, Anomalous, Unknown, Unknown,
		Anomalous, Anomalous, Unknown, Unknown,
		Normal, Normal, Ignored, Ignored,
		Normal, Normal, Ignored, Ignored,
	}
	if !slices.Equal(down, want) {
		t.Errorf("16 to 8: %v", down)
	}
	if same := FromBlocks(fine, fine, labels); !slices.Equal(same, labels) {
		t.Errorf("8 to 8: %v", same)
	}
	// 3 cells over 4: the first of four shares all of itself with the first of three.
	row := FromBlocks(Grid{1, 4, 8}, Grid{1, 3, 8}, []Label{Anomalous, Normal, Normal})
	if !slices.Equal(row, []Label{Anomalous, Anomalous, Normal, Normal}) {
		t.Errorf("3 to 4: %v", row)
	}
	// 10 over 11: slivers of less than a tenth do not carry a label over.
	line := make([]Label, 11)
	for i := range line {
		line[i] = Normal
	}
	line[0] = Anomalous
	if got := FromBlocks(Grid{1, 10, 8}, Grid{1, 11, 8}, line); got[0] != Anomalous || got[1] != Normal {
		t.Errorf("11 to 10: %v", got)
	}
	mustPanic(t, func() { FromBlocks(fine, coarse, labels) })
	mustPanic(t, func() { FromBlocks(fine, coarse, []Label{9, 0, 0, 0}) })
}

// There and back keeps labels for every pair of grids in which one divides the
// other.
func TestFromBlocksThereAndBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		from := Grid{Rows: 1 + rng.IntN(10), Cols: 1 + rng.IntN(10), Size: 16}
		fine := Grid{Rows: from.Rows * 2, Cols: from.Cols * 2, Size: 8}
		labels := make([]Label, from.Len())
		for i := range labels {
			labels[i] = Label(rng.IntN(4))
		}
		if back := FromBlocks(from, fine, FromBlocks(fine, from, labels)); !slices.Equal(back, labels) {
			t.Fatalf("%v became %v", labels, back)
		}
	}
}

func TestLabelNames(t *testing.T) {
	if Unknown.String() != "unknown" || Normal.String() != "normal" || Anomalous.String() != "anomalous" ||
		Ignored.String() != "ignored" || Label(7).String() != "invalid" {
		t.Error("a label has a wrong name")
	}
}
