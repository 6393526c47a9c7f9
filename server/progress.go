package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// meter shows how far long work has come, stage by stage: bars with the time
// left on a terminal, a line a stage elsewhere. It is used by one goroutine.
type meter struct {
	out   io.Writer
	bars  *mpb.Progress // nil when out is no terminal
	bar   *mpb.Bar
	stage string
	begun time.Time

	mu   sync.Mutex // the bars' goroutine reads text
	text string     // beside the bar
}

func newMeter(out io.Writer) *meter {
	m := &meter{out: out}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			m.bars = mpb.New(mpb.WithOutput(out), mpb.WithWidth(40))
		}
	}
	return m
}

// show tells that done of total of a stage's items are finished. Stages come
// one after another.
func (m *meter) show(stage string, done, total int) {
	if stage != m.stage {
		m.finish()
		m.stage, m.begun = stage, time.Now()
		if m.bars != nil {
			m.bar = m.bars.AddBar(int64(total),
				mpb.PrependDecorators(decor.Name(stage, decor.WC{W: 12, C: decor.DindentRight}), decor.CountersNoUnit("%d/%d", decor.WC{W: 13})),
				mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return m.beside() }), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_MMSS), "done")))
		}
	}
	if m.bar != nil {
		m.bar.SetCurrent(int64(done))
	}
	if done >= total {
		m.finish()
	}
}

// say puts a text beside the bar that is shown.
func (m *meter) say(text string) {
	m.mu.Lock()
	m.text = text
	m.mu.Unlock()
}

func (m *meter) beside() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.text == "" {
		return ""
	}
	return m.text + " "
}

// note prints a line above the bars.
func (m *meter) note(line string) {
	if m.bars != nil {
		fmt.Fprintln(m.bars, line)
		return
	}
	fmt.Fprintln(m.out, line)
}

// finish ends the stage that is shown, whole or not.
func (m *meter) finish() {
	if m.stage == "" {
		return
	}
	if m.bar != nil {
		m.bar.Abort(false) // does nothing to a bar that is full
		m.bar = nil
	} else if m.bars == nil {
		fmt.Fprintf(m.out, "%s: %.1f s\n", m.stage, time.Since(m.begun).Seconds())
	}
	m.stage = ""
	m.say("")
}

// close ends the display.
func (m *meter) close() {
	m.finish()
	if m.bars != nil {
		m.bars.Wait()
	}
}
