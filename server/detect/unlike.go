package detect

import (
	"context"
	"fmt"
	"math"
	"slices"

	"semirest/models/graph"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Likeness says how near to the memory bank normal pictures lie as a whole, by which a picture of something else is told:
// a detector of bottles says nothing of leather, whatever its scores.
//
// A crop's distance as a whole is the lower quartile of its cells' distances. Of a picture of the part that the detector
// learnt, a quarter of the cells is normal, however large the defect; of a picture of something else hardly any is.
// It is measured on the normal pictures that the threshold comes from.
type Likeness struct {
	Typical float64 `json:"typical"` // the geometric mean over normal pictures
	Limit   float64 `json:"limit"`   // from here on a picture is unlike them
	Images  int     `json:"images"`  // normal pictures it was measured on
}

const (
	// quartile is the share of a crop's cells whose distances its distance as a whole is not below.
	quartile = 0.25
	// farSpreads is how many standard deviations of the logarithm above the typical distance the limit lies, and
	// farLeast the least factor: of few or very even pictures the deviation says little.
	farSpreads = 6
	farLeast   = 1.5
)

// newLikeness measures the distances as a whole of normal pictures, at least two and above 0; nil where they tell nothing.
func newLikeness(distances []float64) *Likeness {
	n := float64(len(distances))
	var mean, square float64
	for _, v := range distances {
		mean += math.Log(v) / n
	}
	for _, v := range distances {
		square += (math.Log(v) - mean) * (math.Log(v) - mean) / (n - 1)
	}
	l := &Likeness{Typical: math.Exp(mean), Images: len(distances)}
	l.Limit = l.Typical * max(farLeast, math.Exp(farSpreads*math.Sqrt(square)))
	if l.check() != nil { // blank pictures lie at no distance at all
		return nil
	}
	return l
}

func (l *Likeness) check() error {
	if l != nil && !(positive(l.Typical) && positive(l.Limit)) {
		return fmt.Errorf("pictures are unlike from a distance of %v on, where normal ones lie at %v", l.Limit, l.Typical)
	}
	return nil
}

// lowest is how many of n distances are not above the quartile.
func lowest(n int) int { return int(quartile*float64(n-1)) + 1 }

// wholeDistance is a crop's distance as a whole, of its cells' distances.
func wholeDistance(distances []float32) float64 {
	sorted := slices.Clone(distances)
	slices.Sort(sorted)
	return float64(sorted[lowest(len(sorted))-1])
}

// unlike adds how unlike crops are, in parts of the limit: [n], of their cells' distances [n, ...].
func (m *Model) unlike(b *graph.Builder, distances *graph.Value) *graph.Value {
	cells := m.cells().Len()
	low, _ := b.TopK(b.Reshape(distances, -1, cells), lowest(cells), 1, false)
	last := b.Slice(low, 1, lowest(cells)-1, lowest(cells))
	return b.Mul(b.Squeeze(last, 1), b.Scalar(1/m.Likeness.Limit))
}

// whole is a picture's distance as a whole, the mean of its crops', by the distance head.
func (s *Scorer) whole(ctx context.Context, plan prep.Plan, crops [][]byte) (block.Scores, float64, error) {
	sum := 0.0
	merger := block.NewMerger(plan.Grid(s.spec.Block))
	for i, c := range plan.Crops {
		part, err := s.Score(ctx, crops[i], []block.Cell{origin(c)})
		if err != nil {
			return block.Scores{}, 0, err
		}
		sum += wholeDistance(part[0].Values)
		merger.Add(placed(part[0], c, s.spec.Block))
	}
	return merger.Scores(), sum / float64(len(plan.Crops)), nil
}

func placed(s block.Scores, c prep.Crop, size int) block.Placed {
	return block.Placed{Scores: s, Row: c.Row * stride / size, Col: c.Col * stride / size}
}
