package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"semirest/server/bench"
	"semirest/server/demo"
	"semirest/server/demo/fit"
	"semirest/server/detect"
	"semirest/server/ort"
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
		Example: "  semirest bench\n  semirest bench --model cloth.safetensors --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := runBench(cmd.Context(), &o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			r.Print(cmd.OutOrStdout())
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

func runBench(ctx context.Context, o *benchOptions, log io.Writer) (*bench.Result, error) {
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
	r, err := bench.Scoring(ctx, m, o.run, o.runs)
	if err != nil {
		return nil, err
	}
	r.Version, r.Model = version, name
	if o.clients > 0 {
		fmt.Fprintf(log, "%d clients, %g crops a second each, for %g seconds\n", o.clients, o.rate, o.seconds)
		if r.Stream, err = (bench.Load{Clients: o.clients, Rate: o.rate, Seconds: o.seconds, Input: m.Input}).Run(ctx); err != nil {
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
