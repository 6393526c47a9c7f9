package train

import (
	"math"
	"testing"

	"semirest/shared/block"
)

func TestAlignMovesTheShareAboveHalf(t *testing.T) {
	const n = 100
	p := make([]float32, n)
	m := Map{Labels: make([]block.Label, n), guess: p}
	for i := range p {
		m.Labels[i] = block.Unknown
		p[i] = 0.1 + 0.3*float32(i)/n // all below a half, as a focal loss leaves them
	}
	m.Labels[0] = block.Normal // does not count
	before := append([]float32(nil), p...)
	align([]Map{m}, 0.4)
	above := 0
	for i := range p {
		if p[i] > 0.5 && m.Labels[i] == block.Unknown {
			above++
		}
		if i > 0 && p[i] <= p[i-1] {
			t.Fatalf("block %d: the order changed", i)
		}
	}
	if above < 38 || above > 41 {
		t.Errorf("%d of 99 unknown blocks are above a half, want about 40", above)
	}
	// One shift of all logits.
	shift := logit(p[10]) - logit(before[10])
	if got := logit(p[90]) - logit(before[90]); math.Abs(got-shift) > 1e-3 {
		t.Errorf("logits were shifted by %v and by %v", shift, got)
	}
	align([]Map{{Labels: make([]block.Label, n), guess: p}}, 0.4) // nothing unknown: no panic
}

func TestBoxShare(t *testing.T) {
	const rows, cols = 6, 8
	m := Map{Labels: make([]block.Label, rows*cols)}
	for i := range m.Labels {
		m.Labels[i] = block.Normal
	}
	// A diagonal of 3 in a box of 9, joined at its corners, and one block alone.
	for _, at := range []int{0, cols + 1, 2*cols + 2, 5*cols + 7} {
		m.Labels[at] = block.Anomalous
	}
	if got, want := boxShare([]Map{m}, cols), 4.0/10; got != want {
		t.Errorf("share %v, want %v", got, want)
	}
	if got := boxShare(nil, cols); got != 1.0/3 {
		t.Errorf("share %v without defects, want a third", got)
	}
}
