package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"semirest/server/demo"
	"semirest/server/demo/fit"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/web"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// benchOptions are the flags of semirest bench.
type benchOptions struct {
	model   string
	run     ort.Options
	ortLib  string
	runs    int
	clients int
	rate    float64
	seconds float64
	json    bool
}

// benchResult is what bench found. Milliseconds, but where a name says otherwise.
type benchResult struct {
	Version string          `json:"version"`
	CPU     string          `json:"cpu"`
	Cores   int             `json:"cores"`
	Device  string          `json:"device"`
	Model   string          `json:"model"`
	Input   prep.Size       `json:"input"`
	Bank    int             `json:"bank_rows"`
	Runs    int             `json:"runs"`
	Stages  []benchStage    `json:"stages"`
	Batches []benchBatch    `json:"batches"`
	Stream  *web.LoadResult `json:"stream,omitempty"`
}

// benchStage is the time of one stage of one crop.
type benchStage struct {
	Name string `json:"name"`
	timing
}

// benchBatch is the time a crop takes in a run of several.
type benchBatch struct {
	Crops int `json:"crops"`
	timing
}

// timing is the middle and the tails of some times.
type timing struct {
	Median float64 `json:"median_ms"`
	P10    float64 `json:"p10_ms"`
	P90    float64 `json:"p90_ms"`
}

func newBenchCmd() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Time the stages of scoring, and the server under many clients, on this machine",
		Long: `Times one crop of 512 x 512 pixels from bytes to block scores, by stage, with
a detector of the lite preset that is fitted for the purpose (or with --model),
and what a crop costs in runs of several. Then it lets --clients clients send
--rate crops a second each to a server in this process over loopback, with a
detector that answers at once, so that what is timed is the transport.`,
		Example: "  semirest bench\n  semirest bench --model bottle.safetensors --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := bench(cmd.Context(), &o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			r.print(cmd.OutOrStdout())
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.model, "model", "", "model to time (default: one of the lite preset, 512 pixels, 5,000 bank rows, made for the purpose)")
	runFlags(f, &o.run, &o.ortLib)
	f.IntVar(&o.runs, "runs", 20, "runs a stage")
	f.IntVar(&o.clients, "clients", 50, "clients of the server; 0 leaves that part out")
	f.Float64Var(&o.rate, "rate", 2, "crops a second of each client")
	f.Float64Var(&o.seconds, "seconds", 10, "how long the clients send")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

func bench(ctx context.Context, o *benchOptions, log io.Writer) (*benchResult, error) {
	if o.runs < 1 || o.clients < 0 || o.clients > 10_000 || !(o.rate > 0 && o.rate <= 1000) || !(o.seconds > 0) {
		return nil, fmt.Errorf("--runs %d, --clients %d, --rate %v, --seconds %v: a number is out of range", o.runs, o.clients, o.rate, o.seconds)
	}
	if err := startRuntime(o.ortLib); err != nil {
		return nil, err
	}
	m, name, err := benchModel(ctx, o.model, o.run, log)
	if err != nil {
		return nil, err
	}
	r := &benchResult{
		Version: version, CPU: cpuName(), Cores: runtime.GOMAXPROCS(0), Model: name, Input: m.Input, Bank: m.BankSize.Rows, Runs: o.runs,
	}
	if err := r.stages(ctx, m, o.run, o.runs); err != nil {
		return nil, err
	}
	if o.clients > 0 {
		fmt.Fprintf(log, "%d clients, %g crops a second each, for %g seconds\n", o.clients, o.rate, o.seconds)
		if r.Stream, err = (web.Load{Clients: o.clients, Rate: o.rate, Seconds: o.seconds, Input: m.Input}).Run(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// benchModel loads a model, or fits one of the lite preset on as few synthetic pictures as fill its bank.
func benchModel(ctx context.Context, path string, run ort.Options, log io.Writer) (*detect.Model, string, error) {
	if path != "" {
		m, err := detect.Load(path)
		return m, path, err
	}
	fmt.Fprintln(log, "fitting a detector of the lite preset on synthetic pictures")
	cfg, err := fit.Settings(version)
	if err != nil {
		return nil, "", err
	}
	lite := detect.Lite()
	cfg.Ref, cfg.BankRows, cfg.HoldOut, cfg.Run = lite.Ref, lite.BankRows, lite.HoldOut, run
	s, _ := demo.Find("brushed-metal")
	m, err := detect.Fit(ctx, cfg, fit.Pictures{Surface: s, Count: 12}, nil)
	return m, "lite, fitted on synthetic pictures", err
}

// stages times one crop's way and batches of crops. The search's time is that of the whole less that of the features,
// run by run in turn, since the detector is one graph.
func (r *benchResult) stages(ctx context.Context, m *detect.Model, run ort.Options, runs int) error {
	scorer, err := detect.NewScorer(m, run)
	if err != nil {
		return err
	}
	defer scorer.Close()
	extractor, err := detect.NewExtractor(m, run)
	if err != nil {
		return err
	}
	defer extractor.Close()
	r.Device = scorer.Device()
	s, _ := demo.Find("brushed-metal")
	rgb := s.Draw("scratch", 1).RGB
	size := prep.Size{W: demo.Side, H: demo.Side}
	_, crops, err := m.Crops(rgb, size)
	if err != nil {
		return err
	}
	one, origin := crops[0], make([]block.Cell, 1)

	var whole, features, search []float64
	for i := range runs + 2 { // the first two warm up
		start := time.Now()
		if _, err := extractor.Features(ctx, one, origin); err != nil {
			return err
		}
		f := milliseconds(start)
		start = time.Now()
		if _, err := scorer.Score(ctx, one, origin); err != nil {
			return err
		}
		w := milliseconds(start)
		if i >= 2 {
			whole, features, search = append(whole, w), append(features, f), append(search, max(0, w-f))
		}
	}
	r.Stages = []benchStage{
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
				return err
			}
			if i > 0 {
				times = append(times, milliseconds(start)/float64(n))
			}
		}
		r.Batches = append(r.Batches, benchBatch{n, timingOf(times)})
	}
	return nil
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// timingOf finds the quantiles of times, by the nearest rank.
func timingOf(times []float64) timing {
	return timing{quantile(times, 0.5), quantile(times, 0.1), quantile(times, 0.9)}
}

// quantile is the nearest-rank quantile; 0 of nothing.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (r *benchResult) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d cores, device %s\n", r.CPU, r.Cores, r.Device)
	fmt.Fprintf(w, "%s: input %v, %d bank rows, %d runs\n\n", r.Model, r.Input, r.Bank, r.Runs)
	fmt.Fprintf(w, "%-46s %9s %9s %9s\n", "one crop", "median ms", "p10", "p90")
	for _, s := range r.Stages {
		fmt.Fprintf(w, "%-46s %9.2f %9.2f %9.2f\n", s.Name, s.Median, s.P10, s.P90)
	}
	fmt.Fprintf(w, "\n%-46s %9s %9s %9s\n", "a crop in runs of several", "median ms", "p10", "p90")
	for _, b := range r.Batches {
		fmt.Fprintf(w, "%-46s %9.2f %9.2f %9.2f\n", fmt.Sprintf("%d at a time", b.Crops), b.Median, b.P10, b.P90)
	}
	if r.Stream != nil {
		printLoad(w, r.Stream)
	}
}

func printLoad(w io.Writer, r *web.LoadResult) {
	fmt.Fprintf(w, "\n%d clients x %g crops a second over loopback for %g s: %d crops (%.0f MB), %d errors\n",
		r.Clients, r.Rate, r.Seconds, r.Crops, r.MegabytesIn, r.Errors)
	if r.FirstError != "" {
		fmt.Fprintf(w, "first error: %s\n", r.FirstError)
	}
	fmt.Fprintf(w, "transport: p50 %.2f ms, p95 %.2f ms, p99 %.2f ms\n", r.P50, r.P95, r.P99)
	fmt.Fprintf(w, "resident memory, server and clients: %.0f MB connected, %.0f MB half way, %.0f MB at the end, %.0f MB at most\n",
		r.MemoryBefore, r.MemoryMiddle, r.MemoryAfter, r.MemoryHighest)
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
