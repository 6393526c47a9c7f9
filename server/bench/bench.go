// Package bench measures what scoring costs on this machine: the stages of one crop,
// crops in runs of several, and the transport under many clients.
package bench

import (
	"bufio"
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"semirest/server/demo"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Result is what was found. Milliseconds, but where a name says otherwise.
type Result struct {
	Version string      `json:"version"`
	CPU     string      `json:"cpu"`
	Cores   int         `json:"cores"`
	Device  string      `json:"device"`
	Model   string      `json:"model"`
	Input   prep.Size   `json:"input"`
	Bank    int         `json:"bank_rows"`
	Runs    int         `json:"runs"`
	Stages  []Stage     `json:"stages"`
	Batches []Batch     `json:"batches"`
	Stream  *LoadResult `json:"stream,omitempty"`
}

// Stage is the time of one stage of one crop.
type Stage struct {
	Name string `json:"name"`
	Timing
}

// Batch is the time a crop takes in a run of several.
type Batch struct {
	Crops int `json:"crops"`
	Timing
}

// Timing is the middle and the tails of some times.
type Timing struct {
	Median float64 `json:"median_ms"`
	P10    float64 `json:"p10_ms"`
	P90    float64 `json:"p90_ms"`
}

// Scoring times one crop's way through a model, each stage runs times, and batches of crops. The search's time is that
// of the whole less that of the features, run by run in turn, since the detector is one graph.
func Scoring(ctx context.Context, m *detect.Model, run ort.Options, runs int) (*Result, error) {
	scorer, err := detect.NewScorer(m, run)
	if err != nil {
		return nil, err
	}
	defer scorer.Close()
	extractor, err := detect.NewExtractor(m, run)
	if err != nil {
		return nil, err
	}
	defer extractor.Close()
	r := &Result{CPU: cpuName(), Cores: runtime.GOMAXPROCS(0), Device: scorer.Device(), Input: m.Input, Bank: m.BankSize().Rows, Runs: runs}
	s, _ := demo.Find("brushed-metal")
	rgb := s.Draw("scratch", 1).RGB
	size := prep.Size{W: demo.Side, H: demo.Side}
	_, crops, err := m.Crops(rgb, size)
	if err != nil {
		return nil, err
	}
	one, origin := crops[0], make([]block.Cell, 1)

	var whole, features, search []float64
	for i := range runs + 2 { // the first two warm up
		start := time.Now()
		if _, err := extractor.Features(ctx, one, origin); err != nil {
			return nil, err
		}
		f := milliseconds(time.Since(start))
		start = time.Now()
		if _, err := scorer.Score(ctx, one, origin); err != nil {
			return nil, err
		}
		w := milliseconds(time.Since(start))
		if i >= 2 {
			whole, features, search = append(whole, w), append(features, f), append(search, max(0, w-f))
		}
	}
	r.Stages = []Stage{
		{"features (backbone, hypercolumns, position)", timingOf(features)},
		{"search and scores (whole less features)", timingOf(search)},
		{"pixels to block scores, whole", timingOf(whole)},
	}
	for _, n := range []int{1, 2, 4, 8} {
		pixels := slices.Repeat(one, n)
		var times []float64
		for i := range max(3, runs/n) + 1 {
			start := time.Now()
			if _, err := scorer.Score(ctx, pixels, make([]block.Cell, n)); err != nil {
				return nil, err
			}
			if i > 0 {
				times = append(times, milliseconds(time.Since(start))/float64(n))
			}
		}
		r.Batches = append(r.Batches, Batch{n, timingOf(times)})
	}
	return r, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// timingOf finds the quantiles of times, by the nearest rank.
func timingOf(times []float64) Timing {
	return Timing{quantile(times, 0.5), quantile(times, 0.1), quantile(times, 0.9)}
}

// quantile is the nearest-rank quantile; 0 of nothing.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// cpuName is the processor's name where the system tells.
func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
