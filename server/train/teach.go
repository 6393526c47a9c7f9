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
// aligned: their logits are shifted so that the share of blocks above 0.5 is the
// share that simulated defects fill of their own bounding boxes. Nothing labelled
// is needed for it.

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
	align(r.maps.Real, boxShare(r.maps.Simulated, r.maps.Cols/r.maps.Block))
	return nil
}

// align shifts the logits of the maps' guesses by one number, so that the share of
// unknown blocks above 0.5 is share.
func align(maps []Map, share float64) {
	var logits []float64
	for i := range maps {
		for k, l := range maps[i].Labels {
			if l == block.Unknown {
				logits = append(logits, logit(maps[i].guess[k]))
			}
		}
	}
	if len(logits) == 0 {
		return
	}
	slices.Sort(logits)
	zero := logits[min(int((1-share)*float64(len(logits))), len(logits)-1)]
	for i := range maps {
		for k, v := range maps[i].guess {
			maps[i].guess[k] = float32(1 / (1 + math.Exp(zero-logit(v))))
		}
	}
}

func logit(p float32) float64 {
	v := min(max(float64(p), 1e-6), 1-1e-6)
	return math.Log(v / (1 - v))
}

// boxShare is the share of anomalous blocks in the bounding boxes of the maps'
// defects, each of which is a connected set of anomalous blocks; a third where there
// is none.
func boxShare(maps []Map, cols int) float64 {
	inside, anomalous := 0, 0
	for i := range maps {
		seen := make([]bool, len(maps[i].Labels))
		for at, l := range maps[i].Labels {
			if l != block.Anomalous || seen[at] {
				continue
			}
			n, box := region(maps[i].Labels, seen, at, cols)
			anomalous += n
			inside += box
		}
	}
	if inside == 0 {
		return 1.0 / 3
	}
	return float64(anomalous) / float64(inside)
}

// region counts the anomalous blocks connected with the one at, corners included, and
// the blocks of their bounding box.
func region(labels []block.Label, seen []bool, at, cols int) (n, box int) {
	rows := len(labels) / cols
	top, bottom, left, right := rows, 0, cols, 0
	stack := []int{at}
	seen[at] = true
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		row, col := at/cols, at%cols
		n++
		top, bottom, left, right = min(top, row), max(bottom, row), min(left, col), max(right, col)
		for r := max(row-1, 0); r <= min(row+1, rows-1); r++ {
			for c := max(col-1, 0); c <= min(col+1, cols-1); c++ {
				if k := r*cols + c; labels[k] == block.Anomalous && !seen[k] {
					seen[k] = true
					stack = append(stack, k)
				}
			}
		}
	}
	return n, (bottom - top + 1) * (right - left + 1)
}
