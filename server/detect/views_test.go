package detect

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"semirest/models/weights"
	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// someViews has one view of each kind: a map alone on each grid, several together, half
// the picture.
func someViews(cfg *FitConfig) {
	cfg.Late = Late{Power: -1, Offset: 0.05}
	cfg.Views = []ViewPlan{
		{Name: "s4", Layers: []int{0}, Share: 0.4, Weight: 0.5},
		{Name: "s16", Layers: []int{2, 3}, Cell: 16, Decay: 2, Weight: 2},
		{Name: "s32", Layers: []int{4}, Cell: 32, Share: 0.3},
		{Name: "half", Layers: []int{1, 2}, Half: true, Smooth: true, Cell: 16},
	}
}

var (
	fitViews     = sync.OnceValues(func() (*Model, error) { return fitSmall(stripes, someViews) })
	fitViewTiles = sync.OnceValues(func() (*Model, error) {
		return fitSmall(lowWide, func(cfg *FitConfig) {
			someViews(cfg)
			cfg.Tile, cfg.TileSide = prep.Tile{Ref: 256, Overlap: 32}, 128
		})
	})
)

// pcfs makes a view's features of its bare hypercolumns: scales, and position codes from
// the picture's origin.
func pcfs(m *Model, v *View, columns []float32, c prep.Crop) []float32 {
	layers, d := sizes(m.net.Architecture, v.Feature.Layers)
	g, step := m.grid(v), v.Feature.Cell/8
	f := slices.Clone(columns)
	for i := range g.Len() {
		row, col := c.Row+i/g.Cols*step, c.Col+i%g.Cols*step
		at := i * d
		for l, n := range layers {
			for range n {
				f[at] /= float32(v.Feature.LayerScales[l])
				at++
			}
		}
		for j := range d {
			x, quarter := col, j/(d/4)
			if quarter >= 2 {
				x = row
			}
			angle := float64(x) / math.Pow(10000, float64(j%(d/4))/float64(d/4))
			code := math.Sin(angle)
			if quarter%2 == 1 {
				code = math.Cos(angle)
			}
			f[i*d+j] += float32(v.Feature.PositionWeight * code)
		}
	}
	return f
}

// viewDistances is each view's distance map of a crop, from its hypercolumns by brute
// force, on the view's own grid.
func viewDistances(m *Model, columns [][]float32, c prep.Crop, skip func(image int32) bool) [][]float64 {
	out := make([][]float64, len(m.Views))
	for i := range m.Views {
		v, bank := &m.Views[i], m.Banks[i]
		d := v.Feature.Dim
		f := pcfs(m, v, columns[i], c)
		for at := 0; at < len(f); at += d {
			_, squared := bruteForce(bank.Rows, d, f[at:at+d], 1, func(row int) bool { return skip != nil && skip(bank.Image[row]) })
			out[i] = append(out[i], math.Sqrt(squared[0]))
		}
	}
	return out
}

// at reads a map of another grid bilinearly at the centre of a cell of the finest.
func at(values []float64, own, fine block.Grid, row, col int) float64 {
	read := func(r, c int) float64 {
		return values[min(max(r, 0), own.Rows-1)*own.Cols+min(max(c, 0), own.Cols-1)]
	}
	y := (float64(row)+0.5)*float64(own.Rows)/float64(fine.Rows) - 0.5
	x := (float64(col)+0.5)*float64(own.Cols)/float64(fine.Cols) - 0.5
	r, c := int(math.Floor(y)), int(math.Floor(x))
	fy, fx := y-math.Floor(y), x-math.Floor(x)
	return (1-fy)*((1-fx)*read(r, c)+fx*read(r, c+1)) + fy*((1-fx)*read(r+1, c)+fx*read(r+1, c+1))
}

// harmonic is the fusion of someViews as it is written in FUSION: weights over (m + 0.05).
func harmonic(m *Model, maps [][]float64, row, col int) float64 {
	all, sum := 0.0, 0.0
	for i := range m.Views {
		v := &m.Views[i]
		sum += v.Weight / (at(maps[i], m.grid(v), m.cells(), row, col)/v.Level + 0.05)
		all += v.Weight
	}
	return all / sum
}

func columnsOf(t *testing.T, m *Model, crop []byte) [][]float32 {
	t.Helper()
	r, err := newRunner(m, Columns, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fs, err := r.features(t.Context(), crop, []block.Cell{{}})
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// The one graph of several views is, cell by cell, what brute force over each view's bank
// and the formula of the fusion give; overlapping tiles are averaged.
func TestViewsEqualBruteForce(t *testing.T) {
	for _, c := range []struct {
		name string
		m    *Model
		src  textures
	}{{"whole", shared(t, fitViews), stripes}, {"tiles", shared(t, fitViewTiles), lowWide}} {
		rgb := c.src.scratched(70)
		plan, crops, err := c.m.Crops(rgb, c.src.size)
		if err != nil {
			t.Fatal(err)
		}
		g, grid := c.m.cells(), plan.Grid(8)
		sum, n := make([]float64, grid.Len()), make([]float64, grid.Len())
		for k, crop := range plan.Crops {
			maps := viewDistances(c.m, columnsOf(t, c.m, crops[k]), crop, nil)
			for i := range g.Len() {
				to := (crop.Row+i/g.Cols)*grid.Cols + crop.Col + i%g.Cols
				sum[to] += harmonic(c.m, maps, i/g.Cols, i%g.Cols)
				n[to]++
			}
		}
		got := scoresOf(t, c.m, rgb, c.src.size)
		for i, v := range got.Values {
			if want := sum[i] / n[i]; !near(float64(v), want, 1e-3) {
				t.Fatalf("%s: block %d: %v, by brute force %v", c.name, i, v, want)
			}
		}
		if top, row, col := got.Max(); c.name == "whole" && (float64(top) < c.m.Threshold.Value || row < 14 || row > 19 || col < 6 || col > 17) {
			t.Errorf("%s: hottest block (%d, %d) of %v is not the scratch, or not above %v", c.name, row, col, top, c.m.Threshold.Value)
		}
	}
}

// A level is the mean distance of pictures that the bank has not seen: held-out ones, or,
// of few, the training pictures, each without the rows of its own in any view.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name string
		m    *Model
		src  textures
	}{{"held out", shared(t, fitViews), stripes}, {"few", shared(t, fitViewTiles), lowWide}} {
		names, own := c.m.HeldOut, false
		if len(names) == 0 {
			names, own = c.m.Images, true
		}
		sums, n := make([]float64, len(c.m.Views)), make([]float64, len(c.m.Views))
		for id, name := range names {
			number := -1
			for i := range c.src.n {
				if c.src.Name(i) == name {
					number = i
				}
			}
			rgb, size, _ := c.src.Picture(number)
			plan, crops, err := c.m.Crops(rgb, size)
			if err != nil {
				t.Fatal(err)
			}
			for k, crop := range plan.Crops {
				maps := viewDistances(c.m, columnsOf(t, c.m, crops[k]), crop, func(image int32) bool { return own && image == int32(id) })
				for v := range maps {
					for _, d := range maps[v] {
						sums[v] += d
						n[v]++
					}
				}
			}
		}
		for v := range c.m.Views {
			if got, want := c.m.Views[v].Level, sums[v]/n[v]; !near(got, want, 1e-4) {
				t.Errorf("%s: view %s has level %v, want %v", c.name, c.m.Views[v].Name, got, want)
			}
		}
	}
}

// What a search of all views finds, fused in Go, is the graph's score; an excluded image's
// rows are found in no view.
func TestSearchOfViews(t *testing.T) {
	m := shared(t, fitViews)
	e, err := NewExtractor(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s, err := NewSearcher(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rgb := stripes.scratched(71)
	fs, err := e.Features(t.Context(), rgb, []block.Cell{{}})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Search(t.Context(), fs)
	if err != nil {
		t.Fatal(err)
	}
	scores := scoresOf(t, m, rgb, stripes.size)
	for i, got := range m.Distance(found) {
		if !near(float64(got), float64(scores.Values[i]), 1e-3) {
			t.Fatalf("cell %d: %v, the graph's %v", i, got, scores.Values[i])
		}
	}
	const image = 3
	without, err := s.Search(t.Context(), fs, image)
	if err != nil {
		t.Fatal(err)
	}
	for v := range without {
		if slices.Equal(without[v].Rows, found[v].Rows) {
			t.Errorf("view %s: nothing was left out", m.Views[v].Name)
		}
		for _, row := range without[v].Rows {
			if m.Banks[v].Image[row] == image {
				t.Fatalf("view %s found a row of the excluded image", m.Views[v].Name)
			}
		}
	}
}

// Any power from the maximum's side to the minimum's is one formula, in Go and in the graph.
func TestLateMean(t *testing.T) {
	m := *shared(t, fitViews)
	rgb := stripes.scratched(72)
	maps := viewDistances(&m, columnsOf(t, &m, rgb), prep.Crop{}, nil)
	for _, late := range []Late{{Power: 1}, {Power: 0, Offset: 0.1}, {Power: -2, Offset: 0.05}, {Power: 3}} {
		m.Late = late
		got := scoresOf(t, &m, rgb, stripes.size)
		for i, v := range got.Values {
			d, w := []float64{}, []float64{}
			for k := range m.Views {
				d = append(d, at(maps[k], m.grid(&m.Views[k]), m.cells(), i/got.Cols, i%got.Cols)/m.Views[k].Level)
				w = append(w, m.Views[k].Weight)
			}
			if want := late.Mean(d, w); !near(float64(v), want, 1e-3) {
				t.Fatalf("%+v: block %d: %v, want %v", late, i, v, want)
			}
		}
	}
	// Equal distances are their own mean, whatever the power: less the offset it adds.
	for _, p := range []float64{-3, -1, 0, 0.5, 1, 7} {
		if got := (Late{Power: p, Offset: 0.25}).Mean([]float64{2, 2, 2}, []float64{1, 5, 0.5}); math.Abs(got-2.25) > 1e-12 {
			t.Errorf("power %v of equal distances: %v", p, got)
		}
	}
}

// A file of several views says format 2, holds a bank a view and the deep trunk, and
// scores as the model that was saved.
func TestViewsFile(t *testing.T) {
	m := shared(t, fitViews)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if back.Format != FormatViews || m.Format != FormatViews {
		t.Errorf("formats %d and %d", m.Format, back.Format)
	}
	rgb := stripes.scratched(41)
	if a, b := scoresOf(t, m, rgb, stripes.size), scoresOf(t, back, rgb, stripes.size); !slices.Equal(a.Values, b.Values) {
		t.Error("the loaded model scores differently")
	}
	set, err := weights.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"view.s4.bank", "view.half.bank.image", "backbone._blocks.15._expand_conv.weight"} {
		if _, err := set.Get(name); err != nil {
			t.Error(err)
		}
	}
	g, err := m.Graph(Scores)
	if err != nil {
		t.Fatal(err)
	}
	if session, err := ort.Open(g.Marshal(), ort.Options{}); err != nil {
		t.Error(err)
	} else {
		session.Close()
	}
}

// A detector of the one joint feature is written as the program before views wrote it:
// the same keys, the same tensors, no deep trunk. What that program wrote is read.
func TestFormatOfBefore(t *testing.T) {
	m := stripesModel(t)
	set, err := m.pack()
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(set.Metadata[metadataKey]), &keys); err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(func(yield func(string) bool) {
		for k := range keys {
			if !yield(k) {
				return
			}
		}
	})
	want := "backbone bank block feature format held_out images input likeness preset provenance supervision threshold tile"
	if strings.Join(got, " ") != want || string(keys["format"]) != "1" {
		t.Errorf("keys %v of format %s, want %s", got, keys["format"], want)
	}
	for _, name := range set.Names() {
		if strings.HasPrefix(name, "view.") || strings.Contains(name, "_blocks.15.") {
			t.Errorf("the file holds %s", name)
		}
	}
	// As commit be77aae wrote it, with this model's numbers.
	f := m.Views[0].Feature
	scales, _ := json.Marshal(f.LayerScales)
	set.Metadata[metadataKey] = strings.NewReplacer("SCALES", string(scales), "IMAGES", string(keys["images"]), "HELD", string(keys["held_out"]),
		"THRESHOLD", string(keys["threshold"])).Replace(`{"format":1,"preset":"lite","supervision":"none","backbone":"efficientnet_lite2",
		"input":{"W":256,"H":256},"tile":{"Ref":0,"Overlap":0},"block":8,
		"feature":{"dim":256,"profile":"flat","why":"chosen by a test","fine":false,"smooth":false,"layer_scales":SCALES,"position_weight":0.1},
		"bank":{"rows":200,"pool":4000,"of":10240},"images":IMAGES,"held_out":HELD,"threshold":THRESHOLD,
		"provenance":{"command":"","seed":0,"data":"","version":"","created":"0001-01-01T00:00:00Z","seconds":0}}`)
	old, err := unpack(set)
	if err != nil {
		t.Fatal(err)
	}
	if old.Profile != "flat" || old.Why != "chosen by a test" || len(old.Views) != 1 || old.Views[0].Feature.Cell != 8 {
		t.Errorf("read as %+v", old.Spec)
	}
	rgb := stripes.scratched(42)
	if a, b := scoresOf(t, m, rgb, stripes.size), scoresOf(t, old, rgb, stripes.size); !slices.Equal(a.Values, b.Values) {
		t.Error("the model of before scores differently")
	}
}

func TestLoadRefusesViews(t *testing.T) {
	m := shared(t, fitViews)
	path := filepath.Join(t.TempDir(), "m")
	spec := func(change func(*Spec)) func(*weights.Set) {
		return func(set *weights.Set) {
			s := m.Spec
			s.Views = slices.Clone(s.Views)
			change(&s)
			text, _ := json.Marshal(&s)
			set.Metadata[metadataKey] = string(text)
		}
	}
	for name, change := range map[string]func(*weights.Set){
		"format 1":          spec(func(s *Spec) { s.Format = FormatJoint }),
		"format 3":          spec(func(s *Spec) { s.Format = 3 }),
		"no view":           spec(func(s *Spec) { s.Views = nil }),
		"two of one name":   spec(func(s *Spec) { s.Views[1].Name = s.Views[0].Name }),
		"no name":           spec(func(s *Spec) { s.Views[2].Name = "" }),
		"no level":          spec(func(s *Spec) { s.Views[3].Level = 0 }),
		"negative weight":   spec(func(s *Spec) { s.Views[3].Weight = -1 }),
		"no layers":         spec(func(s *Spec) { s.Views[0].Feature.Layers = nil }),
		"layers beyond":     spec(func(s *Spec) { s.Views[0].Feature.Layers = []int{9} }),
		"negative layer":    spec(func(s *Spec) { s.Views[0].Feature.Layers = []int{-1} }),
		"layers turned":     spec(func(s *Spec) { s.Views[1].Feature.Layers = []int{3, 2} }),
		"a cell of 12":      spec(func(s *Spec) { s.Views[0].Feature.Cell = 12 }),
		"no cell":           spec(func(s *Spec) { s.Views[0].Feature.Cell = 0 }),
		"no fusion":         spec(func(s *Spec) { s.Late = Late{} }),
		"a huge power":      spec(func(s *Spec) { s.Late.Power = 1e9 }),
		"negative offset":   spec(func(s *Spec) { s.Late.Offset = -1 }),
		"a bank missing":    func(s *weights.Set) { delete(s.Tensors, "view.s32.bank") },
		"ids missing":       func(s *weights.Set) { delete(s.Tensors, "view.half.bank.image") },
		"a deep weight out": func(s *weights.Set) { delete(s.Tensors, "backbone._blocks.15._expand_conv.weight") },
	} {
		set, err := m.pack()
		if err != nil {
			t.Fatal(err)
		}
		change(set)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(weights.Write(f, set), f.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, ErrModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFitRefusesViews(t *testing.T) {
	startORT(t)
	for name, c := range map[string]struct {
		change func(*FitConfig)
		says   string
	}{
		"a layer beyond": {func(c *FitConfig) { c.Views = []ViewPlan{{Name: "x", Layers: []int{7}}} }, "layer 7"},
		"no fusion":      {func(c *FitConfig) { someViews(c); c.Late = Late{} }, "power"},
		"two of one name": {func(c *FitConfig) {
			someViews(c)
			c.Views[1].Name = "s4"
		}, "s4"},
	} {
		if _, err := fitSmall(textures{3, stripes.size}, c.change); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
