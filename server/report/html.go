package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"semirest/server/evaluation"
	"semirest/server/metric"
)

//go:embed report.html
var pageText string

// page is parsed once. Names that people gave pass through the template's escaping.
var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": percent,
	"seconds": func(s float64) string { return fmt.Sprintf("%.1f", s) },
	"millis":  func(ms int64) string { return fmt.Sprintf("%.1f", float64(ms)/1000) },
	"mib":     func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) },
	"number":  func(v float64) string { return fmt.Sprintf("%.3g", v) },
	"latency": func(ms float64) string { return fmt.Sprintf("%.0f", ms) },
	"day":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
	"granule": func(g string) string { return granuleTitle[g] },
	"title":   func(s string) string { return supervisionTitle[s] },
	"image":   func(s string) template.URL { return template.URL(s) }, // made by overlay.go
}).Parse(pageText))

var supervisionTitle = map[string]string{
	"none": "distance only", "un": "unsupervised", "semi": "boxes (semi)", "sup": "blocks or pixels (sup)",
}

// drawn is a plot on the page.
type drawn struct {
	Title, Text string
	SVG         template.HTML
}

// HTML writes the report as one page that needs nothing else: no script, no font, no
// picture from elsewhere.
func (r *Report) HTML(w io.Writer) error {
	data := struct {
		*Report
		Conclusion     string
		Panels, Curves []drawn
		Threshold      *drawn
		Counts         []evaluation.Count
		Granules       string
	}{Report: r, Conclusion: r.Figure.Conclusion(), Granules: truthTitle[r.Figure.Granule]}
	for _, m := range panels {
		if len(r.Figure.Points) == 0 {
			break
		}
		text, err := r.Figure.plot(m)
		if err != nil {
			return err
		}
		data.Panels = append(data.Panels, drawn{m.name + " against label seconds", m.name, template.HTML(text)}) // drawn by plot.go, which escapes texts
	}
	if s := r.Subject; s != nil {
		for _, c := range []struct {
			title, x, y     string
			right           float64
			model, distance []metric.Point
		}{
			{"Precision over recall", "recall", "precision", 1, s.Result.PrecisionRecall, s.Result.DistancePrecisionRecall},
			{"Per-region overlap over the false-positive rate", "false-positive rate", "overlap", metric.FPRLimit, s.Result.Overlap, s.Result.DistanceOverlap},
		} {
			if len(c.model) == 0 {
				continue
			}
			text, err := curvePlot(c.x, c.y, c.right, c.model, c.distance)
			if err != nil {
				return err
			}
			data.Curves = append(data.Curves, drawn{c.title, c.title, template.HTML(text)})
		}
		if len(s.Curve.Points) > 0 {
			text, err := thresholdPlot(s.Curve)
			if err != nil {
				return err
			}
			data.Threshold = &drawn{"False alarms and misses by threshold", "False alarms and misses", template.HTML(text)}
			data.Counts = few(s.Curve)
		}
	}
	var b bytes.Buffer // so that an error leaves nothing half-written
	if err := page.Execute(&b, data); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

var truthTitle = map[string]string{
	evaluation.Pixel: "pixels", evaluation.Block: "block labels", evaluation.Box: "boxes, which hold normal pixels too: figures are lower than on pixels",
}

// fewRows bounds the threshold's table.
const fewRows = 25

// few are the rows of the threshold's table: those where a count changes for the
// better or worse, thinned, with the present and the suggested one.
func few(c evaluation.Curve) []evaluation.Count {
	step := max(1, (len(c.Points)+fewRows-1)/fewRows)
	var rows []evaluation.Count
	for i, p := range c.Points {
		if i%step == 0 || i == len(c.Points)-1 || p.Threshold == c.Suggested {
			rows = append(rows, p)
		}
	}
	i, found := slices.BinarySearchFunc(rows, c.Current, func(p evaluation.Count, t float64) int {
		switch {
		case p.Threshold < t:
			return -1
		case p.Threshold > t:
			return 1
		}
		return 0
	})
	if !found {
		rows = slices.Insert(rows, i, c.Now)
	}
	return rows
}
