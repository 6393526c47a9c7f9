package evaluation

import (
	"fmt"
	"slices"

	"semirest/server/project"
)

// Curve counts false alarms and misses at every threshold, on pictures that the model
// has not learnt from.
type Curve struct {
	Model     project.ID `json:"model"`
	Points    []Count    `json:"points"`    // by rising threshold
	Normal    int        `json:"normal"`    // pictures
	Defective int        `json:"defective"` // pictures
	Current   float64    `json:"current"`   // the model's threshold
	Now       Count      `json:"now"`       // what it does
	Suggested float64    `json:"suggested"` // where the fewest pictures are judged wrongly
	Verdict   string     `json:"verdict"`
}

// Count is what a threshold does.
type Count struct {
	Threshold   float64 `json:"threshold"` // calibrated
	FalseAlarms int     `json:"false_alarms"`
	Misses      int     `json:"misses"`
}

// NewCurve counts from image scores, calibrated. Between two neighbouring scores the
// counts are the same: a point stands for the thresholds from the one before it.
func NewCurve(normal, defective []float64, current float64) Curve {
	c := Curve{Normal: len(normal), Defective: len(defective), Current: current}
	normal, defective = slices.Sorted(slices.Values(normal)), slices.Sorted(slices.Values(defective))
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(normal, defective))))
	c.Now = c.at(current, normal, defective)
	if len(all) == 0 {
		c.Suggested = current
		c.Verdict = "No picture that the model has not learnt from is known to be normal or defective: label some, then the threshold can be judged."
		return c
	}
	// Half way between neighbouring scores, and outside the outermost.
	c.Points = append(c.Points, c.at(all[0]/2, normal, defective))
	for i := 1; i < len(all); i++ {
		c.Points = append(c.Points, c.at((all[i-1]+all[i])/2, normal, defective))
	}
	c.Points = append(c.Points, c.at(1.1*all[len(all)-1]+1e-6, normal, defective))
	best := c.Now
	for _, p := range c.Points {
		if wrong, least := p.FalseAlarms+p.Misses, best.FalseAlarms+best.Misses; wrong < least {
			best = p
		} else if wrong == least && best.Threshold != current && distance(p.Threshold, current) < distance(best.Threshold, current) {
			best = p
		}
	}
	c.Suggested = best.Threshold
	c.Verdict = c.verdict(best)
	return c
}

func distance(a, b float64) float64 { return max(a-b, b-a) }

func (c *Curve) at(threshold float64, normal, defective []float64) Count {
	first, _ := slices.BinarySearch(normal, threshold)
	missed, _ := slices.BinarySearch(defective, threshold)
	return Count{Threshold: threshold, FalseAlarms: len(normal) - first, Misses: missed}
}

func (c *Curve) verdict(best Count) string {
	now := c.Now
	text := fmt.Sprintf("At the threshold %.3g: %s, and %s.", now.Threshold,
		share(now.FalseAlarms, c.Normal, "normal picture", "would be called defective"),
		share(now.Misses, c.Defective, "defective picture", "would pass as normal"))
	switch {
	case c.Defective == 0:
		return text + " Label defective pictures to count what would be missed."
	case c.Normal == 0:
		return text + " Keep some normal pictures from training to count false alarms."
	case best.Threshold == now.Threshold && now.FalseAlarms+now.Misses == 0:
		return text + " Every picture is judged rightly."
	case best.Threshold == now.Threshold:
		return text + " No other threshold judges fewer pictures wrongly."
	}
	return text + fmt.Sprintf(" At %.3g there would be %s and %s.", best.Threshold,
		plural(best.FalseAlarms, "false alarm"), plural(best.Misses, "miss"))
}

func share(n, of int, what, would string) string {
	if of == 0 {
		return "no " + what + " is there to tell which " + would
	}
	if of == 1 {
		return fmt.Sprintf("%d of 1 %s %s", n, what, would)
	}
	return fmt.Sprintf("%d of %d %ss (%.0f\u00a0%%) %s", n, of, what, 100*float64(n)/float64(of), would)
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case what == "miss":
		return fmt.Sprintf("%d misses", n)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
