// Package metric measures anomaly maps against ground truth (METHOD section 8):
// pixel average precision, per-region overlap, pixel and image AUROC. All are
// exact: every distinct score is a threshold, and equal scores are one.
//
//   - A region is an 8-connected set of anomalous pixels of one image.
//   - A group holds the pixels of images that are measured together, a kind of
//     defect or the normal images. Measures are taken over any union of groups,
//     so a row a kind and the total need one pass over the images.
//
// A normal pixel costs 4 bytes and an anomalous one 8, twice that while a group
// is being sorted; maps and masks are not kept.
//
// Sources: average precision and AUROC as scikit-learn's average_precision_score
// and roc_auc_score; PRO as MVTec's evaluation code for MVTec AD (Bergmann et
// al., IJCV 2021).
package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// FPRLimit is where the integration of the per-region overlap ends.
const FPRLimit = 0.3

// ErrNotFinite says that a score is NaN; no order of thresholds holds it.
var ErrNotFinite = errors.New("metric: a score is not a number")

// Group collects pixels.
type Group struct {
	normalParts [][]uint32 // keys of normal pixels, one slice an image, until sorted
	defectParts [][]uint64 // key<<32 | region of anomalous pixels
	normal      []uint32   // the same, ascending, one slice
	defect      []uint64
	regionSize  []int // pixels of each region
}

// Add takes in one image: scores and mask are [h, w], any byte but 0 marks an
// anomalous pixel. It panics when they do not hold w*h values.
func (g *Group) Add(scores []float32, mask []byte, w, h int) error {
	if len(scores) != w*h || len(mask) != w*h {
		panic(fmt.Sprintf("metric: %d scores and %d mask pixels for %d x %d", len(scores), len(mask), w, h))
	}
	g.unsort()
	labels, sizes := regions(mask, w, h)
	anomalous := 0
	for _, s := range sizes {
		anomalous += s
	}
	normal := make([]uint32, 0, w*h-anomalous)
	defect := make([]uint64, 0, anomalous)
	first := len(g.regionSize)
	for i, v := range scores {
		if v != v {
			return ErrNotFinite
		}
		if k := key(v); labels[i] == 0 {
			normal = append(normal, k)
		} else {
			defect = append(defect, uint64(k)<<32|uint64(first+int(labels[i])-1))
		}
	}
	g.regionSize = append(g.regionSize, sizes...)
	g.normalParts = append(g.normalParts, normal)
	g.defectParts = append(g.defectParts, defect)
	return nil
}

// key maps floats to integers of the same order; both zeros are one.
func key(v float32) uint32 {
	if v == 0 {
		v = 0 // -0 becomes 0
	}
	b := math.Float32bits(v)
	if b>>31 == 1 {
		return ^b
	}
	return b | 1<<31
}

func (g *Group) sort() {
	if g.normalParts != nil || g.defectParts != nil {
		g.normal, g.normalParts = slices.Concat(g.normalParts...), nil
		g.defect, g.defectParts = slices.Concat(g.defectParts...), nil
		radixSort(g.normal, 0)
		radixSort(g.defect, 32)
	}
}

// unsort makes a sorted group ready for more.
func (g *Group) unsort() {
	if g.normal != nil {
		g.normalParts, g.normal = append(g.normalParts, g.normal), nil
	}
	if g.defect != nil {
		g.defectParts, g.defect = append(g.defectParts, g.defect), nil
	}
}

// Pixels holds the three pixel measures, fractions of 1. A measure is NaN where
// it is undefined: without anomalous pixels all are, without normal ones PRO and
// AUROC.
type Pixels struct {
	AP, PRO, AUROC float64
}

// Measure computes the measures over the union of groups.
func Measure(groups ...*Group) Pixels {
	var normal, anomalous, regionCount int
	for _, g := range groups {
		g.sort()
		normal += len(g.normal)
		anomalous += len(g.defect)
		regionCount += len(g.regionSize)
	}
	nan := math.NaN()
	if anomalous == 0 {
		return Pixels{nan, nan, nan}
	}
	var (
		fp, tp       int     // pixels at or above the threshold
		overlap      float64 // sum over regions of the share found
		ap, auc, pro float64
		lastFPR      float64
		lastPRO      float64
	)
	descend(groups, func(dfp, dtp int, doverlap float64) {
		fp += dfp
		ap += float64(dtp) * float64(tp+dtp) / float64(tp+dtp+fp)
		auc += float64(dfp) * (float64(tp) + float64(dtp)/2)
		tp += dtp
		overlap += doverlap
		if normal == 0 {
			return
		}
		fpr, p := float64(fp)/float64(normal), min(1, overlap/float64(regionCount))
		pro += area(lastFPR, fpr, lastPRO, p)
		lastFPR, lastPRO = fpr, p
	})
	m := Pixels{AP: ap / float64(anomalous), PRO: pro / FPRLimit, AUROC: auc / float64(normal) / float64(anomalous)}
	if normal == 0 {
		m.PRO, m.AUROC = nan, nan
	}
	return m
}

// area is the trapezoid under the line from (x0, y0) to (x1, y1), cut off at
// FPRLimit with an interpolated end.
func area(x0, x1, y0, y1 float64) float64 {
	if x0 >= FPRLimit || x0 == x1 {
		return 0
	}
	if x1 > FPRLimit {
		y1 = y0 + (y1-y0)*(FPRLimit-x0)/(x1-x0)
		x1 = FPRLimit
	}
	return (x1 - x0) * (y0 + y1) / 2
}

// AUROC is the probability that a defective image scores above a normal one,
// ties counting half; NaN when either is missing.
func AUROC(normal, defective []float32) (float64, error) {
	g := &Group{}
	if err := g.Add(normal, make([]byte, len(normal)), len(normal), 1); err != nil {
		return 0, err
	}
	if err := g.Add(defective, slices.Repeat([]byte{1}, len(defective)), len(defective), 1); err != nil {
		return 0, err
	}
	return Measure(g).AUROC, nil
}
