package report

import (
	"cmp"
	"fmt"
	"slices"

	"semirest/server/project"
)

// Figure is the paper's Figure 3 for a project: what labels buy.
type Figure struct {
	Points   []Point `json:"points"`   // one a model that was measured, by rising seconds
	Baseline *Point  `json:"baseline"` // the distance score: no label at all; nil: nothing was measured
	Paper    []Cost  `json:"paper"`    // what labels of one picture took in the paper
	Pictures int     `json:"pictures"` // that all were measured on
	Granule  string  `json:"granule"`  // of the truth: pixel, block or box
}

// Point is a model's place in the figure. A measure is nil where it is undefined.
type Point struct {
	Model       project.ID `json:"model,omitempty"`
	Name        string     `json:"name"`
	Supervision string     `json:"supervision"`
	Granule     string     `json:"granule"`     // of the labels it learnt from: none, box, block or pixel
	Pictures    int        `json:"pictures"`    // labelled defective ones that it learnt from
	Seconds     float64    `json:"seconds"`     // spent on all labels that it learnt from
	PerPicture  float64    `json:"per_picture"` // of that; 0: none
	AP          *float64   `json:"pixel_ap"`
	PRO         *float64   `json:"pro"`
	AUROC       *float64   `json:"pixel_auroc"`
}

// Cost is the time that a picture's labels take.
type Cost struct {
	Granule string  `json:"granule"`
	Seconds float64 `json:"seconds"`
}

// paper holds the mean times of section 4.5: four people, ten defective pictures of
// each kind of MVTec AD.
var paper = []Cost{{"box", 5}, {"block", 17}, {"pixel", 32}}

const none = "none"

// figure places the models.
func figure(models []Model) Figure {
	f := Figure{Points: []Point{}, Paper: paper}
	for _, m := range models {
		x := m.Metrics
		if x == nil {
			continue
		}
		p := Point{Model: m.ID, Name: m.Name, Supervision: m.Supervision, Granule: none, Pictures: x.Labelled,
			Seconds: float64(m.LabelMillis) / 1000, AP: x.AP, PRO: x.PRO, AUROC: x.AUROC}
		if x.Labelled > 0 {
			p.PerPicture = p.Seconds / float64(x.Labelled)
			p.Granule = cmp.Or(x.Learnt, none)
		}
		f.Points = append(f.Points, p)
		f.Pictures, f.Granule = x.Pictures, x.Granule
		if f.Baseline == nil || m.Deployed {
			f.Baseline = &Point{Name: "distance score", Supervision: none, Granule: none, AP: x.Distance, PRO: x.DistancePRO, AUROC: x.DistanceAUROC}
		}
	}
	slices.SortStableFunc(f.Points, func(a, b Point) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return f
}

// Conclusion says in a sentence what the labels bought.
func (f Figure) Conclusion() string {
	var best *Point
	for i, p := range f.Points {
		if p.AP != nil && (best == nil || *p.AP > *best.AP) {
			best = &f.Points[i]
		}
	}
	switch {
	case best == nil:
		return "Nothing was measured yet: label some defective pictures, or keep labelled ones from training."
	case f.Baseline == nil || f.Baseline.AP == nil:
		return fmt.Sprintf("The best model, %s, reaches a pixel AP of %s.", best.Name, percent(best.AP))
	}
	gain := 100 * (*best.AP - *f.Baseline.AP)
	switch {
	case best.Seconds == 0 && gain > 0:
		return fmt.Sprintf("The best model, %s, learnt from no label and reaches a pixel AP of %s, %.1f points above the distance score.", best.Name, percent(best.AP), gain)
	case gain > 0:
		return fmt.Sprintf("%.0f seconds of labelling bought %.1f points of pixel AP: %s reaches %s, the distance score alone %s.", best.Seconds, gain, best.Name, percent(best.AP), percent(f.Baseline.AP))
	}
	return fmt.Sprintf("No model is better than the distance score's pixel AP of %s yet.", percent(f.Baseline.AP))
}

// percent writes a fraction in per cent, a dash for what could not be measured.
func percent(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f\u00a0%%", 100**v)
}
