// Package meter shows on a terminal how far long work has come.
package meter

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"semirest/server/detect"
	"semirest/server/train"
)

// Meter shows how far long work has come, stage by stage: bars with the time
// left on a terminal, a line a stage elsewhere. It is used by one goroutine.
type Meter struct {
	out   io.Writer
	bars  *mpb.Progress // nil when out is no terminal
	bar   *mpb.Bar
	stage string
	begun time.Time

	mu   sync.Mutex // the bars' goroutine reads text
	text string     // beside the bar
	left string     // of all stages

	forecast *train.Forecast
}

// New shows on out: as bars where it is a terminal.
func New(out io.Writer) *Meter {
	m := &Meter{out: out}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			m.bars = mpb.New(mpb.WithOutput(out), mpb.WithWidth(40))
		}
	}
	return m
}

// Expect has the time left counted over all stages of a training run, instead of over the present one.
func (m *Meter) Expect(f *train.Forecast) { m.forecast = f }

// Show tells that done of total of a stage's items are finished. Stages come
// one after another.
func (m *Meter) Show(stage string, done, total int) {
	if stage != m.stage {
		m.finish()
		m.stage, m.begun = stage, time.Now()
		if m.bars != nil {
			eta := decor.OnComplete(decor.AverageETA(decor.ET_STYLE_MMSS), "done")
			if m.forecast != nil {
				eta = decor.OnComplete(decor.Any(func(decor.Statistics) string { return m.whole() }), "done")
			}
			m.bar = m.bars.AddBar(int64(total),
				mpb.PrependDecorators(decor.Name(stage, decor.WC{W: 12, C: decor.DindentRight}), decor.CountersNoUnit("%d/%d", decor.WC{W: 13})),
				mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return m.beside() }), eta))
		}
	}
	if m.forecast != nil {
		left := m.forecast.Left(detect.Stage(stage), done, total)
		m.mu.Lock()
		if m.left = ""; left > 0 {
			m.left = Left(left)
		}
		m.mu.Unlock()
	}
	if m.bar != nil {
		m.bar.SetCurrent(int64(done))
	}
	if done >= total {
		m.finish()
	}
}

// Say puts a text beside the bar that is shown.
func (m *Meter) Say(text string) {
	m.mu.Lock()
	m.text = text
	m.mu.Unlock()
}

func (m *Meter) beside() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.text == "" {
		return ""
	}
	return m.text + " "
}

// whole is the time that is left of all stages.
func (m *Meter) whole() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left
}

// Left is a time in words, as coarse as a guess deserves: "20 s left", "4 min left", "1 h 20 min left".
func Left(d time.Duration) string {
	switch {
	case d < 55*time.Second:
		return fmt.Sprintf("%d s left", 5*max(1, int((d+5*time.Second/2)/(5*time.Second))))
	case d < time.Hour-30*time.Second:
		return fmt.Sprintf("%d min left", int((d+30*time.Second)/time.Minute))
	}
	d = d.Round(10 * time.Minute)
	return fmt.Sprintf("%d h %d min left", int(d/time.Hour), int(d%time.Hour/time.Minute))
}

// Note prints a line above the bars.
func (m *Meter) Note(line string) {
	if m.bars != nil {
		fmt.Fprintln(m.bars, line)
		return
	}
	fmt.Fprintln(m.out, line)
}

// finish ends the stage that is shown, whole or not.
func (m *Meter) finish() {
	if m.stage == "" {
		return
	}
	if m.bar != nil {
		m.bar.Abort(false) // does nothing to a bar that is full
		m.bar = nil
	} else if m.bars == nil {
		line := fmt.Sprintf("%s: %.1f s", m.stage, time.Since(m.begun).Seconds())
		if left := m.whole(); left != "" {
			line += "; about " + left
		}
		fmt.Fprintln(m.out, line)
	}
	m.stage = ""
	m.Say("")
}

// Close ends the display. Nothing is said of a stage that is not done: whoever broke it off says why.
func (m *Meter) Close() {
	if m.bars == nil {
		m.stage = ""
	}
	m.finish()
	if m.bars != nil {
		m.bars.Wait()
	}
}

// Training shows a training run's progress.
func (m *Meter) Training(p train.Progress) {
	if p.Held != nil {
		m.Note(fmt.Sprintf("held-out pixel AP at step %d: simulated %.3f, probes %.3f", p.Held.Step, p.Held.Simulated.AP, p.Held.Probes.AP))
	}
	if p.Point != nil {
		m.Say(fmt.Sprintf("loss %.5f", p.Point.Loss))
	}
	m.Show(string(p.Stage), p.Done, p.Total)
}
