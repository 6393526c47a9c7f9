package detect

import (
	"encoding/json"
	"fmt"
	"slices"

	"semirest/models/graph"
	"semirest/models/onnx"
)

// Names of the graph's inputs and outputs.
const (
	InputPixels  = "pixels" // uint8 [n, height, width, 3], RGB
	InputOrigin  = "origin" // int64 [n, 2], tiled detectors: row and column of the crop's first cell in the picture
	OutputScores = "scores" // float32 [n, rows, cols], raw
	OutputUnlike = "unlike" // float32 [n], from 1 on the crop is of another kind of picture; see Likeness

	InputResidual = "residual" // see ClassifierGraph
	OutputPCF     = "feature"  // float32 [n, rows*cols, d]; of several views "feature.NAME" each
)

// Until says how far a graph goes. The partial ones serve the trainer, which
// wants features, and benchmarks, which time the stages.
type Until int

const (
	Scores   Until = iota // block scores: the detector, as it is exported
	Verdicts              // block scores, and OutputUnlike where the model can tell: what a Scorer runs
	Features              // PCFs
	Columns               // hypercolumns: unscaled, no position code
)

// Graph writes the detector as one ONNX graph, from bytes of pixels to the
// output that until names.
func (m *Model) Graph(until Until) (*onnx.Model, error) {
	return graph.Build("semirest", func(b *graph.Builder) {
		s := &m.Spec
		pixels := b.Input(InputPixels, graph.Uint8, -1, s.Input.H, s.Input.W, 3)
		fs := make([]*graph.Value, len(s.Views)) // a view: [n, cells of its grid, d]
		b.Scope("features", func() {
			columns := newColumns(b, m.net, normalise(b, m.net.Architecture, pixels))
			for i := range s.Views {
				fs[i] = columns.of(&s.Views[i].Feature)
			}
		})
		if until != Columns {
			m.position(b, fs)
		}
		if until != Scores && until != Verdicts {
			for i, f := range fs {
				b.Output(s.featureOutput(i), f)
			}
			return
		}
		head := m.distanceHead
		if m.Classifier != nil {
			head = m.classifierHead
		}
		scores, distances := head(b, fs)
		b.Output(OutputScores, scores)
		if until == Verdicts && m.Likeness != nil {
			b.Output(OutputUnlike, m.unlike(b, distances))
		}
		m.describe(b)
	})
}

// featureOutput is the name of the output that holds a view's features.
func (s *Spec) featureOutput(view int) string {
	if len(s.Views) == 1 {
		return OutputPCF
	}
	return OutputPCF + "." + s.Views[view].Name
}

// named is the name of a constant that each view has its own of.
func (s *Spec) named(view int, name string) string {
	if len(s.Views) == 1 {
		return name
	}
	return s.Views[view].Name + "." + name
}

// position scales the layers of each view's hypercolumns and adds the position code, in
// place.
func (m *Model) position(b *graph.Builder, fs []*graph.Value) {
	var origin *graph.Value
	if m.wantsOrigin() {
		origin = b.Input(InputOrigin, graph.Int64, -1, 2)
	}
	b.Scope("position", func() {
		for i := range fs {
			fs[i] = m.positioned(b, i, fs[i], origin)
		}
	})
}

// wantsOrigin reports whether features depend on where in the picture a crop lies.
func (s *Spec) wantsOrigin() bool {
	return s.Tiled() && slices.ContainsFunc(s.Views, func(v View) bool { return v.Feature.PositionWeight != 0 })
}

// positioned scales a view's layers and adds the position code: [n, rows*cols, d]. The
// code counts in cells of the finest grid, whatever the view's.
func (m *Model) positioned(b *graph.Builder, view int, f, origin *graph.Value) *graph.Value {
	s, v := &m.Spec, &m.Views[view]
	g, step := m.grid(v), v.Feature.Cell/stride
	d, weight := v.Feature.Dim, v.Feature.PositionWeight
	f = b.Mul(f, b.F32(s.named(view, "factor"), m.layerFactors(&v.Feature), d))
	if weight == 0 {
		return f
	}
	if !s.Tiled() {
		code := make([]float32, g.Len()*d)
		p := newPositions(s.reach(), d, weight)
		for i := range g.Len() {
			p.add(code[i*d:(i+1)*d], i/g.Cols*step, i%g.Cols*step)
		}
		return b.Add(f, b.F32(s.named(view, "code"), code, g.Len(), d))
	}
	// Cells count from the picture's origin: look the crop's rows and columns up.
	table := b.F32(s.named(view, "table"), positionTable(s.reach(), d, weight), s.reach(), d/2)
	along := func(axis, cells int) *graph.Value { // [n, cells, d/2]
		return b.Gather(table, b.Add(b.Slice(origin, 1, axis, axis+1), b.I64("", ramp(cells, step), 1, cells)), 0)
	}
	rowCode := b.Unsqueeze(along(0, g.Rows), 2) // [n, rows, 1, d/2]
	colCode := b.Unsqueeze(along(1, g.Cols), 1) // [n, 1, cols, d/2]
	halves := b.Split(b.Reshape(f, -1, g.Rows, g.Cols, d), 3, d/2, d/2)
	sum := b.Concat(3, b.Add(halves[0], colCode), b.Add(halves[1], rowCode))
	return b.Reshape(sum, -1, g.Len(), d)
}

// layerFactors is what each of the d numbers is multiplied by: the inverse of its
// layer's scale.
func (m *Model) layerFactors(f *Feature) []float32 {
	layers, d := sizes(m.net.Architecture, f.Layers)
	factors := make([]float32, 0, d)
	for i, n := range layers {
		factors = append(factors, slices.Repeat([]float32{float32(1 / f.LayerScales[i])}, n)...)
	}
	return factors
}

func ramp(n, step int) []int64 {
	r := make([]int64, n)
	for i := range r {
		r[i] = int64(i * step)
	}
	return r
}

// describe puts what a user of the exported file needs into its metadata.
func (m *Model) describe(b *graph.Builder) {
	s := &m.Spec
	g := s.Grid()
	spec, err := json.Marshal(s)
	if err != nil {
		b.Fail(fmt.Errorf("detect: metadata: %w", err))
	}
	for _, kv := range [][2]string{
		{"semirest", string(spec)},
		{"preprocessing", "RGB, upright (EXIF orientation applied), alpha over white, resized to the input with an antialiasing bilinear filter " +
			"(as Pillow's Image.BILINEAR), uint8; the ImageNet normalisation is inside the graph"},
		{"input_width", fmt.Sprint(s.Input.W)}, {"input_height", fmt.Sprint(s.Input.H)},
		{"block_size", fmt.Sprint(s.Block)}, {"rows", fmt.Sprint(g.Rows)}, {"cols", fmt.Sprint(g.Cols)},
		{"threshold", fmt.Sprint(s.Threshold.Value)},
		{"score", "raw: divide by the threshold; 1.0 and more is a defect. The image score is the largest block score"},
	} {
		b.Metadata(kv[0], kv[1])
	}
	if s.Tiled() {
		b.Metadata("tile_reference", fmt.Sprint(s.Tile.Ref))
		b.Metadata("tile_overlap", fmt.Sprint(s.Tile.Overlap))
	}
}
