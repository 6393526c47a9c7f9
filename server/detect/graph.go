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

	InputResidual = "residual" // see ClassifierGraph
	OutputPCF     = "feature"  // float32 [n, rows*cols, d]
)

// Until says how far a graph goes. The partial ones serve the trainer, which
// wants features, and benchmarks, which time the stages.
type Until int

const (
	Scores   Until = iota // block scores: the detector
	Features              // PCFs
	Columns               // hypercolumns: unscaled, no position code
)

// Graph writes the detector as one ONNX graph, from bytes of pixels to the
// output that until names.
func (m *Model) Graph(until Until) (*onnx.Model, error) {
	return graph.Build("semirest", func(b *graph.Builder) {
		s, g := &m.Spec, m.Spec.cells()
		pixels := b.Input(InputPixels, graph.Uint8, -1, s.Input.H, s.Input.W, 3)
		var f *graph.Value
		b.Scope("features", func() {
			f = hypercolumns(b, m.net, normalise(b, m.net.Architecture, pixels), s.Feature.Fine, s.Feature.Smooth)
		})
		if until == Columns {
			b.Output(OutputPCF, f)
			return
		}
		b.Scope("position", func() { f = m.positioned(b, f) })
		if until == Features {
			b.Output(OutputPCF, f)
			return
		}
		var scores *graph.Value
		if m.Classifier != nil {
			scores = m.classifierHead(b, f)
		} else {
			b.Scope("nearest", func() { scores = m.distanceHead(b, f) })
			scores = b.Reshape(scores, -1, g.Rows, g.Cols)
		}
		b.Output(OutputScores, scores)
		m.describe(b)
	})
}

// positioned scales the layers and adds the position code: [n, rows*cols, d].
func (m *Model) positioned(b *graph.Builder, f *graph.Value) *graph.Value {
	s, g := &m.Spec, m.Spec.cells()
	d, factor := s.Feature.Dim, m.layerFactors()
	f = b.Mul(f, b.F32("factor", factor, d))
	if s.Feature.PositionWeight == 0 {
		return f
	}
	if !s.Tiled() {
		code := make([]float32, g.Len()*d)
		p := newPositions(max(g.Rows, g.Cols), d, s.Feature.PositionWeight)
		for i := range g.Len() {
			p.add(code[i*d:(i+1)*d], i/g.Cols, i%g.Cols)
		}
		return b.Add(f, b.F32("code", code, g.Len(), d))
	}
	// Cells count from the picture's origin: look the crop's rows and columns up.
	origin := b.Input(InputOrigin, graph.Int64, -1, 2)
	table := b.F32("table", positionTable(s.reach(), d, s.Feature.PositionWeight), s.reach(), d/2)
	along := func(axis, cells int) *graph.Value { // [n, cells, d/2]
		return b.Gather(table, b.Add(b.Slice(origin, 1, axis, axis+1), b.I64("", ramp(cells), 1, cells)), 0)
	}
	rowCode := b.Unsqueeze(along(0, g.Rows), 2) // [n, rows, 1, d/2]
	colCode := b.Unsqueeze(along(1, g.Cols), 1) // [n, 1, cols, d/2]
	halves := b.Split(b.Reshape(f, -1, g.Rows, g.Cols, d), 3, d/2, d/2)
	sum := b.Concat(3, b.Add(halves[0], colCode), b.Add(halves[1], rowCode))
	return b.Reshape(sum, -1, g.Len(), d)
}

// layerFactors is what each of the d numbers is multiplied by: the inverse of its
// layer's scale.
func (m *Model) layerFactors() []float32 {
	layers, d := Layers(m.net.Architecture, m.Feature.Fine)
	factors := make([]float32, 0, d)
	for i, n := range layers {
		factors = append(factors, slices.Repeat([]float32{float32(1 / m.Feature.LayerScales[i])}, n)...)
	}
	return factors
}

func ramp(n int) []int64 {
	r := make([]int64, n)
	for i := range r {
		r[i] = int64(i)
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
