package detect

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// nearestOf is the exact search as written: the k smallest squared distances of
// f to the bank's rows that use allows, ascending.
func nearestOf(m *Model, f []float32, k int, use func(row int) bool) []float64 {
	var all []float64
	for i := range m.BankSize().Rows {
		if use == nil || use(i) {
			all = append(all, squaredTo(m, f, i))
		}
	}
	slices.Sort(all)
	return all[:k]
}

func squaredTo(m *Model, f []float32, row int) float64 {
	sum, n := 0.0, m.Dim()
	for j := range m.Dim() {
		v := float64(f[j]) - float64(m.Banks[0].Rows[row*n+j])
		sum += v * v
	}
	return sum
}

func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*max(math.Abs(want), 1e-3)
}

func extract(t *testing.T, m *Model, pixels []byte, origins []block.Cell) []float32 {
	t.Helper()
	e, err := NewExtractor(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f, err := e.Features(t.Context(), pixels, origins)
	if err != nil {
		t.Fatal(err)
	}
	return f[0]
}

func TestScoresEqualBruteForce(t *testing.T) {
	m := stripesModel(t)
	rgb := stripes.scratched(50)
	f := extract(t, m, rgb, []block.Cell{{}})
	got := scoresOf(t, m, rgb, stripes.size)
	d := m.Dim()
	if len(f) != got.Len()*d {
		t.Fatalf("%d numbers of features for %d blocks", len(f), got.Len())
	}
	for i, v := range got.Values {
		if want := math.Sqrt(nearestOf(m, f[i*d:(i+1)*d], 1, nil)[0]); !near(float64(v), want, 1e-4) {
			t.Fatalf("block %d: %v, want %v", i, v, want)
		}
	}
}

// A normal picture's own rows are left out, and nothing else.
func TestSearchLeavesOut(t *testing.T) {
	m := stripesModel(t)
	s, err := NewSearcher(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const image = 2
	at, err := strconv.Atoi(strings.TrimPrefix(m.Images[image], "texture-"))
	if err != nil {
		t.Fatal(err)
	}
	rgb, _, _ := stripes.Picture(at)
	f := extract(t, m, rgb, []block.Cell{{}})
	d := m.Dim()
	for _, exclude := range [][]int32{nil, {image}, {image, 7, 0}} {
		all, err := s.Search(t.Context(), [][]float32{f}, exclude...)
		if err != nil {
			t.Fatal(err)
		}
		found := all[0]
		use := func(row int) bool { return !slices.Contains(exclude, m.Banks[0].Image[row]) }
		for i := range len(f) / d {
			q := f[i*d : (i+1)*d]
			for k, want := range nearestOf(m, q, Neighbours, use) {
				got, row := float64(found.Squared[i*found.K+k]), int(found.Rows[i*found.K+k])
				if !use(row) || !near(got, want, 1e-4) || !near(squaredTo(m, q, row), got, 1e-4) {
					t.Fatalf("without %v, feature %d, neighbour %d: row %d at %v, want %v", exclude, i, k, row, got, want)
				}
			}
		}
	}
}

// The exported bytes, run on two pictures at once, are the scorer.
func TestExportedGraph(t *testing.T) {
	m := stripesModel(t)
	g, err := m.Graph(Scores)
	if err != nil {
		t.Fatal(err)
	}
	session, err := ort.Open(g.Marshal(), ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	a, b := stripes.scratched(60), stripes.scratched(61)
	out, err := session.Run(t.Context(), ort.Feeds{InputPixels: ort.Of(slices.Concat(a, b), 2, 256, 256, 3)})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(scoresOf(t, m, a, stripes.size).Values, scoresOf(t, m, b, stripes.size).Values)
	got := out[OutputScores].F32()
	if len(got) != len(want) {
		t.Fatalf("%d scores, want %d", len(got), len(want))
	}
	for i := range got {
		if !near(float64(got[i]), float64(want[i]), 1e-5) {
			t.Fatalf("score %d: %v, the scorer's %v", i, got[i], want[i])
		}
	}
	for _, key := range []string{"semirest", "preprocessing", "threshold", "input_width", "block_size", "score"} {
		if session.Metadata()[key] == "" {
			t.Errorf("metadata lacks %s", key)
		}
	}
}

// directly scores a planned picture from the bare hypercolumns: scales, position
// codes from the picture's origin, nearest row, mean of overlapping tiles.
func directly(t *testing.T, m *Model, plan prep.Plan, crops [][]byte) []float64 {
	t.Helper()
	r, err := newRunner(m, Columns, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	layers, d := sizes(m.net.Architecture, m.Views[0].Feature.Layers)
	grid, g := plan.Grid(8), block.For(m.Input.W, m.Input.H, 8)
	sum, n := make([]float64, grid.Len()), make([]float64, grid.Len())
	for k, c := range plan.Crops {
		fs, err := r.features(t.Context(), crops[k], []block.Cell{{}})
		if err != nil {
			t.Fatal(err)
		}
		f := fs[0]
		for i := range g.Len() {
			row, col := c.Row+i/g.Cols, c.Col+i%g.Cols
			q := f[i*d : (i+1)*d]
			at := 0
			for l, size := range layers {
				for range size {
					q[at] /= float32(m.Views[0].Feature.LayerScales[l])
					at++
				}
			}
			for j := range d {
				x, quarter := col, j/(d/4)
				if quarter >= 2 {
					x = row
				}
				angle := float64(x) / math.Pow(10000, float64(j%(d/4))/float64(d/4))
				v := math.Sin(angle)
				if quarter%2 == 1 {
					v = math.Cos(angle)
				}
				q[j] += float32(m.Views[0].Feature.PositionWeight * v)
			}
			sum[row*grid.Cols+col] += math.Sqrt(nearestOf(m, q, 1, nil)[0])
			n[row*grid.Cols+col]++
		}
	}
	for i := range sum {
		sum[i] /= n[i]
	}
	return sum
}

func TestScoresCountFromThePicturesOrigin(t *testing.T) {
	for _, c := range []struct {
		name string
		m    *Model
		src  textures
	}{{"whole", stripesModel(t), stripes}, {"tiles", tilesModel(t), lowWide}, {"high tiles", tilesModel(t), textures{1, prep.Size{W: 90, H: 120}}}} {
		rgb := c.src.scratched(70)
		plan, crops, err := c.m.Crops(rgb, c.src.size)
		if err != nil {
			t.Fatal(err)
		}
		if c.m.Tiled() && len(crops) < 4 {
			t.Fatalf("%d tiles", len(crops))
		}
		want := directly(t, c.m, plan, crops)
		got := scoresOf(t, c.m, rgb, c.src.size)
		if got.Grid != plan.Grid(8) {
			t.Fatalf("%s: scores of %v, the picture is %v", c.name, got.Grid, plan.Grid(8))
		}
		for i, v := range got.Values {
			if !near(float64(v), want[i], 1e-4) {
				t.Fatalf("%s: block %d: %v, directly %v", c.name, i, v, want[i])
			}
		}
	}
}
