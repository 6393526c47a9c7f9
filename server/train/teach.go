package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	"semirest/shared/block"
)

// Under GuessStart the weights that a semi-supervised training starts from guess the
// blocks in boxes, once, bagged. Trained by a focal loss, their probabilities are far
// from frequencies (a normal block has 0.1, and of blocks at 0.35 in real boxes most
// are anomalous), and sharpening about 0.5 would call most of a defect normal, which
// is what makes a semi-supervised training worse than its start. So the guesses are
// aligned, box by box, by what a box says: it is drawn around a defect, so that each
// of its rows and columns meets the defect (the tightness prior of box supervision,
// Hsu et al., NeurIPS 2019).

// guess makes the guesses of a phase's unknown blocks, where the settings ask for it.
func (r *run) guess(ctx context.Context, phase int, l *learner) error {
	r.teacher = nil
	if !l.mixing() || l.Guess != GuessStart {
		return nil
	}
	r.teacher = slices.Clone(l.trainer.State().Params)
	if r.start != nil && r.start.Phase == phase {
		if len(r.start.Teacher) != len(r.teacher) {
			return fmt.Errorf("train: the checkpoint lacks the weights that guess: train anew")
		}
		r.teacher = r.start.Teacher
	}
	if err := r.model.SetClassifier(*l.classifier(r.scale), l.Block, named(l.layout, r.teacher)); err != nil {
		return err
	}
	var all []*Map
	for i := range r.maps.Real {
		all = append(all, &r.maps.Real[i])
	}
	found, err := classify(ctx, r.model, r.maps, all, r.cfg.Run)
	if err != nil {
		return err
	}
	for m, p := range found {
		m.guess = p
	}
	for i := range r.maps.Real {
		tighten(&r.maps.Real[i], r.maps.Cols/r.maps.Block)
	}
	return nil
}

// untouched is the share of a box's rows and columns that need not meet the defect: a
// box is seldom drawn without any room.
const untouched = 0.02

// tighten aligns the guesses of a map's unknown blocks. They are smoothed, and in each
// box, a connected set of unknown blocks, the logits are shifted by one number: so far
// that what is above 0.5 meets nearly every row and column of the box. cols is the
// number of blocks in a row of the map.
func tighten(m *Map, cols int) {
	logits := smooth(m.guess, cols)
	for _, box := range boxes(m.Labels, cols) {
		var tops []float64
		for _, lines := range rowsAndColumns(box, cols) {
			for _, line := range lines {
				top := math.Inf(-1)
				for _, at := range line {
					top = max(top, logits[at])
				}
				tops = append(tops, top)
			}
		}
		slices.Sort(tops)
		zero := tops[int(untouched*float64(len(tops)))]
		const above = 1e-3 // the block that meets the last line is anomalous itself
		for _, at := range box {
			m.guess[at] = float32(1 / (1 + math.Exp(zero-above-logits[at])))
		}
	}
}

// smooth returns the logits of p, smoothed by 1-2-1 along rows and columns, less at
// the borders.
func smooth(p []float32, cols int) []float64 {
	out := make([]float64, len(p))
	rows := len(p) / cols
	for at := range p {
		row, col := at/cols, at%cols
		sum, weight := 0.0, 0.0
		for r := max(row-1, 0); r <= min(row+1, rows-1); r++ {
			for c := max(col-1, 0); c <= min(col+1, cols-1); c++ {
				w := float64(int(4) >> ((r - row) & 1) >> ((c - col) & 1))
				sum += w * logit(p[r*cols+c])
				weight += w
			}
		}
		out[at] = sum / weight
	}
	return out
}

func logit(p float32) float64 {
	v := min(max(float64(p), 1e-6), 1-1e-6)
	return math.Log(v / (1 - v))
}

// boxes are the sets of unknown blocks that are joined by their sides.
func boxes(labels []block.Label, cols int) [][]int {
	var out [][]int
	seen := make([]bool, len(labels))
	for at, l := range labels {
		if l != block.Unknown || seen[at] {
			continue
		}
		seen[at] = true
		box := []int{at}
		for k := 0; k < len(box); k++ {
			at := box[k]
			for _, next := range []struct {
				at   int
				have bool
			}{
				{at - cols, at >= cols}, {at + cols, at+cols < len(labels)},
				{at - 1, at%cols > 0}, {at + 1, at%cols < cols-1},
			} {
				if next.have && labels[next.at] == block.Unknown && !seen[next.at] {
					seen[next.at] = true
					box = append(box, next.at)
				}
			}
		}
		out = append(out, box)
	}
	return out
}

// rowsAndColumns divides a box's blocks into rows, and again into columns, along the
// box's own sides: those of the smallest rectangle around it, or the map's unless
// another is clearly smaller. The tips of a turned box, lines of less than half as
// many blocks as the median one, are left out.
func rowsAndColumns(box []int, cols int) [2][][]int {
	const (
		turn    = math.Pi / 18
		smaller = 0.85
	)
	var best [2][]float64
	least := math.Inf(1)
	for k := range 9 {
		sin, cos := math.Sincos(float64(k) * turn)
		along := [2][]float64{make([]float64, len(box)), make([]float64, len(box))}
		for i, at := range box {
			x, y := float64(at%cols), float64(at/cols)
			along[0][i], along[1][i] = y*cos-x*sin, x*cos+y*sin
		}
		area := 1.0
		for _, a := range along {
			area *= slices.Max(a) - slices.Min(a) + 1
		}
		if area < smaller*least {
			best, least = along, area
		}
	}
	var out [2][][]int
	for k, along := range best {
		lines := map[int][]int{}
		first := slices.Min(along)
		for i, at := range box {
			n := int(along[i] - first + 1e-9)
			lines[n] = append(lines[n], at)
		}
		var sizes []int
		for _, line := range lines {
			sizes = append(sizes, len(line))
		}
		slices.Sort(sizes)
		for _, line := range lines {
			if 2*len(line) >= sizes[len(sizes)/2] {
				out[k] = append(out[k], line)
			}
		}
	}
	return out
}
