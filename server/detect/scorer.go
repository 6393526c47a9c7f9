package detect

import (
	"context"
	"fmt"

	"semirest/models/onnx"
	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// runner is a session of one of a model's graphs that takes crops. It is safe
// for concurrent use.
type runner struct {
	spec    *Spec
	session *ort.Session
}

func newRunner(m *Model, until Until, o ort.Options) (runner, error) {
	g, err := m.Graph(until)
	if err != nil {
		return runner{}, fmt.Errorf("detect: %w", err)
	}
	session, err := open(g, o)
	return runner{&m.Spec, session}, err
}

func open(g *onnx.Model, o ort.Options) (*ort.Session, error) {
	session, err := ort.Open(g.Marshal(), o)
	if err != nil {
		return nil, fmt.Errorf("detect: %w", err)
	}
	return session, nil
}

// run feeds n = len(origins) crops, pixels [n, Input.H, Input.W, 3], and returns the
// graph's outputs by name.
func (r runner) run(ctx context.Context, pixels []byte, origins []block.Cell) (map[string]ort.Tensor, error) {
	in, n := r.spec.Input, len(origins)
	if n == 0 || len(pixels) != n*in.W*in.H*3 {
		return nil, fmt.Errorf("detect: %d bytes for %d crops of %v pixels", len(pixels), n, in)
	}
	feeds := ort.Feeds{InputPixels: ort.Of(pixels, n, in.H, in.W, 3)}
	if r.wantsOrigin() {
		at := make([]int64, 0, 2*n)
		cells := r.spec.cells()
		for _, c := range origins {
			if c.Row < 0 || c.Col < 0 || c.Row+cells.Rows > r.spec.reach() || c.Col+cells.Cols > r.spec.reach() {
				return nil, fmt.Errorf("detect: a crop at cell (%d, %d) lies outside every picture of %d pixels", c.Row, c.Col, r.spec.Tile.Ref)
			}
			at = append(at, int64(c.Row), int64(c.Col))
		}
		feeds[InputOrigin] = ort.Of(at, n, 2)
	}
	out, err := r.session.Run(ctx, feeds)
	if err != nil {
		return nil, fmt.Errorf("detect: %w", err)
	}
	return out, nil
}

// features runs a graph that ends at features: a view's [n, cells, d] each.
func (r runner) features(ctx context.Context, pixels []byte, origins []block.Cell) ([][]float32, error) {
	out, err := r.run(ctx, pixels, origins)
	if err != nil {
		return nil, err
	}
	fs := make([][]float32, len(r.spec.Views))
	for i := range fs {
		fs[i] = out[r.spec.featureOutput(i)].F32()
	}
	return fs, nil
}

func (r runner) wantsOrigin() bool {
	for _, in := range r.session.Inputs() {
		if in.Name == InputOrigin {
			return true
		}
	}
	return false
}

// Device returns where the session runs: "cpu" or "cuda".
func (r runner) Device() string { return r.session.Device() }

// Close frees the session.
func (r runner) Close() error { return r.session.Close() }

// Scorer runs a detector. It is safe for concurrent use and must be closed.
type Scorer struct{ runner }

// NewScorer makes the model's one graph ready to run.
func NewScorer(m *Model, o ort.Options) (*Scorer, error) {
	r, err := newRunner(m, Verdicts, o)
	if err != nil {
		return nil, err
	}
	return &Scorer{r}, nil
}

// Score returns the raw block scores of len(origins) crops, whose pixels
// [n, Input.H, Input.W, 3] are RGB. origins are the crops' first cells in their
// pictures; without tiles all are zero.
func (s *Scorer) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	all, err := s.run(ctx, pixels, origins)
	if err != nil {
		return nil, err
	}
	values := all[OutputScores].F32()
	g := s.spec.Grid()
	out := make([]block.Scores, len(origins))
	for i := range out {
		out[i] = block.Scores{Grid: g, Values: values[i*g.Len() : (i+1)*g.Len()]}
	}
	if unlike, ok := all[OutputUnlike]; ok {
		for i, v := range unlike.F32() {
			out[i].Unlike = v
		}
	}
	return out, nil
}

// Picture returns the raw block scores of a whole upright RGB picture; tiles are
// scored one by one and merged.
func (s *Scorer) Picture(ctx context.Context, rgb []byte, size prep.Size) (block.Scores, error) {
	plan, crops, err := s.spec.Crops(rgb, size)
	if err != nil {
		return block.Scores{}, err
	}
	return s.Planned(ctx, plan, crops)
}

// Planned is Picture on crops that Spec.Crops has prepared.
func (s *Scorer) Planned(ctx context.Context, plan prep.Plan, crops [][]byte) (block.Scores, error) {
	merger := block.NewMerger(plan.Grid(s.spec.Block))
	for i, c := range plan.Crops {
		part, err := s.Score(ctx, crops[i], []block.Cell{origin(c)})
		if err != nil {
			return block.Scores{}, err
		}
		if len(plan.Crops) == 1 {
			return part[0], nil
		}
		merger.Add(placed(part[0], c, s.spec.Block))
	}
	return merger.Scores(), nil
}
