package metric

// Point is a point of a curve.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// PrecisionRecall returns the precision (Y) over the recall (X) of the union of
// groups, at every threshold where the recall has grown by 1/n since the last point,
// and at the last; nil without anomalous pixels. It is what AP is the area of.
func PrecisionRecall(n int, groups ...*Group) []Point {
	var points []Point
	var last Point
	next, tp, fp := 0.0, 0, 0
	_, anomalous, _ := total(groups)
	if anomalous == 0 {
		return nil
	}
	descend(groups, func(dfp, dtp int, _ float64) {
		tp, fp = tp+dtp, fp+dfp
		last = Point{float64(tp) / float64(anomalous), float64(tp) / float64(tp+fp)}
		if tp > 0 && last.X >= next {
			points = append(points, last)
			next = last.X + 1/float64(n)
		}
	})
	if points[len(points)-1] != last {
		points = append(points, last)
	}
	return points
}

// Overlap returns the per-region overlap (Y) over the false-positive rate (X) of the
// union of groups from (0, 0) up to FPRLimit, with a point wherever one of them has
// moved by 1/n of its range; nil where PRO is undefined. It is what PRO is the area
// of.
func Overlap(n int, groups ...*Group) []Point {
	normal, anomalous, regions := total(groups)
	if normal == 0 || anomalous == 0 {
		return nil
	}
	points := []Point{{}}
	var last Point
	fp, overlap := 0, 0.0
	ended := false
	descend(groups, func(dfp, _ int, doverlap float64) {
		if ended {
			return
		}
		fp, overlap = fp+dfp, overlap+doverlap
		at := Point{float64(fp) / float64(normal), min(1, overlap/float64(regions))}
		if at.X >= FPRLimit {
			if at.X > last.X {
				at.Y = last.Y + (at.Y-last.Y)*(FPRLimit-last.X)/(at.X-last.X)
			}
			at.X, ended = FPRLimit, true
		}
		kept := points[len(points)-1]
		if ended || at.X-kept.X >= FPRLimit/float64(n) || at.Y-kept.Y >= 1/float64(n) {
			points = append(points, at)
		}
		last = at
	})
	return points
}

// total sorts the groups and counts their normal and anomalous pixels and their
// regions.
func total(groups []*Group) (normal, anomalous, regions int) {
	for _, g := range groups {
		g.sort()
		normal += len(g.normal)
		anomalous += len(g.defect)
		regions += len(g.regionSize)
	}
	return normal, anomalous, regions
}
