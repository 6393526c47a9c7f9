package train

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"semirest/shared/durable"
)

// Colours that the colour-blind tell apart (Okabe and Ito).
var (
	blue   = color.RGBA{0, 114, 178, 255}
	orange = color.RGBA{230, 159, 0, 255}
	green  = color.RGBA{0, 158, 115, 255}
	grey   = color.RGBA{150, 150, 150, 255}
)

// plot draws the loss over the steps, and below it the AP on held-out pictures, and
// writes it to the folder.
func (j *journal) plot() error {
	if j.dir == "" || len(j.entries) == 0 {
		return nil
	}
	loss, held := plot.New(), plot.New()
	loss.Title.Text, loss.Y.Label.Text = "Training", "loss"
	loss.Y.Scale, loss.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	held.X.Label.Text, held.Y.Label.Text = "step", "held-out pixel AP"
	each, smooth, simulated, probes := j.curves()
	for _, c := range []struct {
		to   *plot.Plot
		name string
		xy   plotter.XYs
		look color.Color
	}{
		{loss, "a step", each, grey}, {loss, "running mean", smooth, blue},
		{held, "simulated", simulated, orange}, {held, "probes", probes, green},
	} {
		if len(c.xy) == 0 {
			continue
		}
		line, err := plotter.NewLine(c.xy)
		if err != nil {
			return fmt.Errorf("train: plot: %w", err)
		}
		line.Color = c.look
		c.to.Add(line)
		c.to.Legend.Add(c.name, line)
	}
	loss.Legend.Top, held.Legend.Left = true, false
	if len(each) < 2 {
		return nil
	}
	last := each[len(each)-1].X
	loss.X.Min, loss.X.Max, held.X.Min, held.X.Max = 0, last, 0, last
	held.Y.Min, held.Y.Max = 0, 1
	canvas := vgimg.New(16*vg.Centimeter, 16*vg.Centimeter)
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadY: 4 * vg.Millimeter}
	parts := plot.Align([][]*plot.Plot{{loss}, {held}}, tiles, draw.New(canvas))
	loss.Draw(parts[0][0])
	held.Draw(parts[1][0])
	err := durable.Replace(filepath.Join(j.dir, PlotFile), func(w io.Writer) error {
		_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
		return err
	})
	if err != nil {
		return fmt.Errorf("train: plot: %w", err)
	}
	return nil
}

// curves are the loss of every step, its running mean, and the two held-out APs. The
// steps of phases follow each other.
func (j *journal) curves() (each, smooth, simulated, probes plotter.XYs) {
	before, last, phase := 0, 0, 0
	mean := 0.0
	for _, e := range j.entries {
		if e.Phase != phase {
			before, phase = before+last, e.Phase
		}
		x := float64(before + e.step())
		switch {
		case e.Held != nil:
			simulated = append(simulated, plotter.XY{X: x, Y: e.Held.Simulated.AP})
			probes = append(probes, plotter.XY{X: x, Y: e.Held.Probes.AP})
		case e.Point != nil:
			last = e.Point.Step
			v := math.Max(e.Loss, 1e-9) // the axis is logarithmic
			each = append(each, plotter.XY{X: x, Y: v})
			if mean == 0 {
				mean = v
			}
			mean += 0.1 * (v - mean)
			smooth = append(smooth, plotter.XY{X: x, Y: mean})
		}
	}
	return each, smooth, simulated, probes
}

// Bars draws a bar a value, the first on top, as a PNG. The axis ends at 100.
func Bars(w io.Writer, axis string, names []string, values []float64) error {
	names, values = slices.Clone(names), slices.Clone(values)
	slices.Reverse(names)
	slices.Reverse(values)
	p := plot.New()
	p.X.Label.Text = axis
	bars, err := plotter.NewBarChart(plotter.Values(values), 4*vg.Millimeter)
	if err != nil {
		return fmt.Errorf("train: plot: %w", err)
	}
	bars.Horizontal, bars.LineStyle.Width, bars.Color = true, 0, blue
	p.Add(bars, plotter.NewGrid())
	p.NominalY(names...)
	p.X.Min, p.X.Max = math.Floor(slices.Min(values)/5)*5-5, 100
	to, err := p.WriterTo(18*vg.Centimeter, vg.Length(len(values)+3)*7*vg.Millimeter, "png")
	if err != nil {
		return fmt.Errorf("train: plot: %w", err)
	}
	_, err = to.WriteTo(w)
	return err
}
