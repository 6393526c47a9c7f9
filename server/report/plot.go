package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"semirest/server/evaluation"
	"semirest/server/metric"
)

// Colours that the colour-blind tell apart (Okabe and Ito), and shapes beside them,
// since colour alone should say nothing.
var (
	blue   = color.RGBA{0, 114, 178, 255}
	orange = color.RGBA{213, 94, 0, 255}
	green  = color.RGBA{0, 158, 115, 255}
	grey   = color.RGBA{110, 110, 110, 255}

	granuleLook = map[string]draw.GlyphStyle{
		none:             {Color: grey, Radius: vg.Points(4), Shape: draw.RingGlyph{}},
		evaluation.Box:   {Color: blue, Radius: vg.Points(4), Shape: draw.BoxGlyph{}},
		evaluation.Block: {Color: orange, Radius: vg.Points(4.5), Shape: draw.PyramidGlyph{}},
		evaluation.Pixel: {Color: green, Radius: vg.Points(4), Shape: draw.CircleGlyph{}},
	}
	granuleOrder = []string{none, evaluation.Box, evaluation.Block, evaluation.Pixel}
	granuleTitle = map[string]string{none: "no labels", evaluation.Box: "boxes", evaluation.Block: "blocks", evaluation.Pixel: "pixels"}
)

const (
	plotW = 15 * vg.Centimeter
	plotH = 9 * vg.Centimeter
)

// svg draws a plot. Texts in it are escaped by the canvas.
func svg(p *plot.Plot) (string, error) {
	c := vgsvg.New(plotW, plotH)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", fmt.Errorf("report: plot: %w", err)
	}
	text := b.String()
	at := strings.Index(text, "<svg") // an XML declaration has no place within a page
	if at < 0 {
		return "", fmt.Errorf("report: plot: the canvas gave no SVG")
	}
	return text[at:], nil
}

// labelName bounds a model's name in a plot, in characters.
const labelName = 20

func short(name string) string {
	r := []rune(name)
	if len(r) > labelName {
		return string(r[:labelName-1]) + "…"
	}
	return name
}

// measure is one of the figure's three panels.
type measure struct {
	name string
	of   func(Point) *float64
}

var panels = []measure{
	{"Pixel AP", func(p Point) *float64 { return p.AP }},
	{"PRO", func(p Point) *float64 { return p.PRO }},
	{"Pixel AUROC", func(p Point) *float64 { return p.AUROC }},
}

// plot draws one panel of the figure.
func (f Figure) plot(m measure) (string, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "label seconds", m.name+", %"
	p.Add(plotter.NewGrid())
	right, low := 1.0, 100.0
	at := map[string]plotter.XYs{}
	var labels plotter.XYLabels
	for _, x := range f.Points {
		v := m.of(x)
		if v == nil {
			continue
		}
		xy := plotter.XY{X: x.Seconds, Y: 100 * *v}
		at[x.Granule] = append(at[x.Granule], xy)
		labels.XYs, labels.Labels = append(labels.XYs, xy), append(labels.Labels, short(x.Name))
		right, low = max(right, x.Seconds), min(low, xy.Y)
	}
	if f.Baseline != nil && m.of(*f.Baseline) != nil {
		y := 100 * *m.of(*f.Baseline)
		low = min(low, y)
		line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: y}, {X: 1.25 * right, Y: y}})
		if err != nil {
			return "", fmt.Errorf("report: plot: %w", err)
		}
		line.Color, line.Dashes = grey, []vg.Length{vg.Points(4), vg.Points(3)}
		p.Add(line)
		p.Legend.Add("distance score", line)
	}
	for _, g := range granuleOrder {
		if len(at[g]) == 0 {
			continue
		}
		s, err := plotter.NewScatter(at[g])
		if err != nil {
			return "", fmt.Errorf("report: plot: %w", err)
		}
		s.GlyphStyle = granuleLook[g]
		p.Add(s)
		p.Legend.Add(granuleTitle[g], s)
	}
	if len(labels.XYs) > 0 {
		l, err := plotter.NewLabels(labels)
		if err != nil {
			return "", fmt.Errorf("report: plot: %w", err)
		}
		l.Offset = vg.Point{X: vg.Points(6), Y: vg.Points(4)}
		p.Add(l)
	}
	p.X.Min, p.X.Max = 0, 1.25*right
	p.Y.Min, p.Y.Max = max(0, math.Floor(low/10)*10-10), 100
	return svg(p)
}

// curvePlot draws curves of a model and of the distance score, in per cent.
func curvePlot(x, y string, right float64, model, distance []metric.Point) (string, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x+", %", y+", %"
	p.Add(plotter.NewGrid())
	for _, c := range []struct {
		name   string
		points []metric.Point
		look   color.Color
		dashes []vg.Length
	}{
		{"distance score", distance, grey, []vg.Length{vg.Points(4), vg.Points(3)}}, {"model", model, blue, nil},
	} {
		if len(c.points) == 0 {
			continue
		}
		xy := make(plotter.XYs, len(c.points))
		for i, q := range c.points {
			xy[i] = plotter.XY{X: 100 * q.X, Y: 100 * q.Y}
		}
		line, err := plotter.NewLine(xy)
		if err != nil {
			return "", fmt.Errorf("report: plot: %w", err)
		}
		line.Color, line.Dashes, line.Width = c.look, c.dashes, vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(c.name, line)
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 100*right, 0, 100
	p.Legend.Left = true
	return svg(p)
}

// thresholdPlot draws false alarms and misses over the threshold.
func thresholdPlot(c evaluation.Curve) (string, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "threshold (calibrated score)", "pictures"
	p.Add(plotter.NewGrid())
	top := 1.0
	for _, line := range []struct {
		name string
		of   func(evaluation.Count) int
		look color.Color
		dash []vg.Length
	}{
		{"false alarms", func(n evaluation.Count) int { return n.FalseAlarms }, orange, nil},
		{"misses", func(n evaluation.Count) int { return n.Misses }, blue, []vg.Length{vg.Points(6), vg.Points(2)}},
	} {
		var xy plotter.XYs
		for _, n := range c.Points {
			xy = append(xy, plotter.XY{X: n.Threshold, Y: float64(line.of(n))})
			top = max(top, float64(line.of(n)))
		}
		if len(xy) == 0 {
			continue
		}
		l, err := plotter.NewLine(xy)
		if err != nil {
			return "", fmt.Errorf("report: plot: %w", err)
		}
		l.StepStyle, l.Color, l.Dashes, l.Width = plotter.MidStep, line.look, line.dash, vg.Points(1.5)
		p.Add(l)
		p.Legend.Add(line.name, l)
	}
	now, err := plotter.NewLine(plotter.XYs{{X: c.Current, Y: 0}, {X: c.Current, Y: 1.05 * top}})
	if err != nil {
		return "", fmt.Errorf("report: plot: %w", err)
	}
	now.Color, now.Dashes = grey, []vg.Length{vg.Points(2), vg.Points(2)}
	p.Add(now)
	p.Legend.Add("present threshold", now)
	p.Y.Min, p.Y.Max, p.Legend.Top = 0, 1.05*top, true
	p.X.Min = 0
	p.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	return svg(p)
}

// wholeTicks marks whole numbers, about five of them.
func wholeTicks(_, top float64) []plot.Tick {
	step := max(1, int(math.Ceil(top/5)))
	var ticks []plot.Tick
	for v := 0; float64(v) <= top; v += step {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: strconv.Itoa(v)})
	}
	return ticks
}
