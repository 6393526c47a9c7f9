package nets

import (
	"slices"
	"testing"
)

// The number of attention windows a block computes: those of RUNTIME ("Exact shared
// bagging") for 64x64 cells.
func TestSharedWindows(t *testing.T) {
	for _, c := range []struct {
		rows, cols, step int
		want             []int // distinct attention windows a block
		alone            int   // without sharing
	}{
		{64, 64, 8, []int{64, 144, 256, 400}, 400},
		{32, 32, 8, []int{16, 16, 16, 16}, 16},
		{64, 64, 16, []int{64, 100, 144, 144}, 144},
	} {
		swin := Swin{In: 8, Width: 8, Heads: 1, Depth: 4, Window: 8, Map: 32}
		tokens := Sliding{Rows: c.rows, Cols: c.cols, Map: 32, Step: c.step}.tokens()
		if got := len(tokens) * 16; got != c.alone {
			t.Errorf("%dx%d: %d attention windows in all, want %d", c.rows, c.cols, got, c.alone)
		}
		var got []int
		for i := range swin.Depth {
			var groups *table
			groups, tokens = swin.plan(i, tokens)
			got = append(got, groups.len())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%dx%d step %d: %v attention windows, want %v", c.rows, c.cols, c.step, got, c.want)
		}
	}
}

// Every order of cells is a permutation, and the shifted one goes round the edges.
func TestWindowOrder(t *testing.T) {
	for _, shift := range []int{0, 4} {
		order := windowOrder(16, 8, shift)
		if !slices.Equal(slices.Sorted(slices.Values(order)), identity(256)) {
			t.Errorf("shift %d: no permutation", shift)
		}
	}
	if got := windowOrder(16, 8, 4)[255]; got != 3*16+3 {
		t.Errorf("the last cell of the last shifted window is %d, want row 3, column 3", got)
	}
}

func BenchmarkPlan(b *testing.B) {
	swin := Swin{In: 8, Width: 8, Heads: 1, Depth: 4, Window: 8, Map: 32}
	for b.Loop() {
		tokens := Sliding{Rows: 64, Cols: 64, Map: 32, Step: 8}.tokens()
		for i := range swin.Depth {
			_, tokens = swin.plan(i, tokens)
		}
	}
}
