package detect

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"semirest/models/onnx"
	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

func largest(a, b []float32) (difference float64) {
	for i := range a {
		difference = max(difference, math.Abs(float64(a[i])-float64(b[i])))
	}
	return difference
}

// A batch gives what its crops give alone, to rounding; so do several
// goroutines at once.
func TestScoreBatchAndConcurrency(t *testing.T) {
	m := smallModel(t)
	s, err := NewScorer(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all []byte
	alone := make([][]float32, 3)
	for i := range alone {
		p := spoil(fabric(uint64(60+i), square), square, 40*i, 90)
		all = append(all, p...)
		got, err := s.Score(context.Background(), p, make([]block.Cell, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Grid != m.Grid() || got[0].Len() != len(got[0].Values) {
			t.Fatalf("grid %+v with %d values", got[0].Grid, len(got[0].Values))
		}
		alone[i] = got[0].Values
	}
	batch, err := s.Score(context.Background(), all, make([]block.Cell, 3))
	if err != nil {
		t.Fatal(err)
	}
	for i := range alone {
		if d := largest(alone[i], batch[i].Values); d > 1e-4 {
			t.Errorf("crop %d: in a batch its scores differ by %v", i, d)
		}
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			k := i % 3
			got, err := s.Score(context.Background(), all[k*len(all)/3:(k+1)*len(all)/3], make([]block.Cell, 1))
			if err != nil || !slices.Equal(got[0].Values, alone[k]) {
				t.Errorf("beside others, crop %d has other scores (%v)", k, err)
			}
		})
	}
	wg.Wait()
}

func TestScoreRefuses(t *testing.T) {
	m := smallModel(t)
	s, err := NewScorer(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	p := fabric(1, square)
	if _, err := s.Score(ctx, p[3:], make([]block.Cell, 1)); err == nil || !strings.Contains(err.Error(), "bytes for") {
		t.Errorf("a pixel short: %v", err)
	}
	if _, err := s.Score(ctx, p, make([]block.Cell, 2)); err == nil {
		t.Error("two origins for one crop are accepted")
	}
	if _, err := s.Score(ctx, nil, nil); err == nil {
		t.Error("no crop at all is accepted")
	}
	cancel()
	if _, err := s.Score(ctx, p, make([]block.Cell, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Picture(context.Background(), p, prep.Size{}); err == nil {
		t.Error("an empty picture is accepted")
	}
}

func TestTiles(t *testing.T) {
	m := tiledModel(t)
	s, err := NewScorer(m, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	scores, err := s.Picture(context.Background(), spoil(fabric(80, wide), wide, 304, 144), wide)
	if err != nil {
		t.Fatal(err)
	}
	if scores.Grid != (block.Grid{Rows: 32, Cols: 64, Size: 8}) {
		t.Fatalf("grid %+v, want the whole picture's", scores.Grid)
	}
	// The square covers rows 18..21 and columns 38..41.
	if _, row, col := scores.Max(); row < 17 || row > 22 || col < 37 || col > 42 {
		t.Errorf("hottest block (%d, %d) lies outside the defect", row, col)
	}
	for _, c := range []block.Cell{{Row: -1}, {Col: -1}, {Row: 64 - 15}, {Col: 1 << 40}} {
		if _, err := s.Score(context.Background(), make([]byte, 3*128*128), []block.Cell{c}); err == nil || !strings.Contains(err.Error(), "outside every picture") {
			t.Errorf("a crop at %+v: error %v", c, err)
		}
	}
}

// The graph states what a stranger needs to use it.
func TestGraphDescribesItself(t *testing.T) {
	m := tiledModel(t)
	g, err := m.Graph(Scores)
	if err != nil {
		t.Fatal(err)
	}
	read, err := onnx.Unmarshal(g.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	var io []string
	for _, v := range slices.Concat(read.Graph.Inputs, read.Graph.Outputs) {
		io = append(io, v.Name+" "+v.Type.String())
		if v.Dims[0].Param == "" {
			t.Errorf("%s has a fixed batch", v.Name)
		}
	}
	if got := strings.Join(io, ", "); got != "pixels uint8, origin int64, scores float32" {
		t.Errorf("inputs and outputs: %s", got)
	}
	for _, key := range []string{"preprocessing", "input_width", "input_height", "block_size", "threshold", "score", "tile_reference", "tile_overlap", "semirest"} {
		if read.Metadata[key] == "" {
			t.Errorf("metadata without %q", key)
		}
	}
	if read.Metadata["input_width"] != "128" || read.Metadata["tile_reference"] != "512" {
		t.Errorf("metadata %v", read.Metadata)
	}
}
