package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"semirest/server/keep"
	"semirest/server/ort"
	"semirest/server/settings"
)

// newRootCmd lists the commands. *begun becomes true when a command's own work
// starts: an error before that is about the command line.
func newRootCmd() (root *cobra.Command, begun *bool) {
	root = &cobra.Command{
		Use:     "semirest",
		Version: version,
		Short:   "Find surface defects on industrial parts",
		Long: `SemiREST finds and shows surface defects on industrial parts. It learns from
normal pictures, scores every 8x8-pixel block of a new one, and runs on a
laptop's processor. Without arguments it serves the page and opens the browser.
Flags may stand in a settings file and in the environment: see semirest config.

Exit codes: 0 done, 1 failed, 2 wrong usage.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cobra.MousetrapHelpText = "" // it would turn a double click on Windows away
	begun = new(bool)
	for _, cmd := range append(keep.Commands(version),
		newTrainCmd(), newEvalCmd(), newScoreCmd(), newServeCmd(), newWatchCmd(), newExportCmd(), newInfoCmd(),
		newFeaturesCmd(), newMetricsCmd(), newSimulateCmd(), newAblateCmd(), newUserCmd(), newReportCmd(), newBenchCmd(), newDemoCmd(), newDataCmd(), newHealthCmd(), newVersionCmd(),
	) {
		for _, cmd := range append(cmd.Commands(), cmd) {
			run := cmd.RunE
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				*begun = true
				return run(cmd, args)
			}
		}
		root.AddCommand(cmd)
	}
	settings.Bind(root)
	return root, begun
}

// runFlags adds the flags that say how ONNX Runtime runs.
func runFlags(f *pflag.FlagSet, run *ort.Options, lib *string) {
	f.StringVar(&run.Device, "device", ort.CPU, "what computes: cpu, cuda or auto")
	f.IntVar(&run.Threads, "threads", 0, "threads of a run; 0 for all cores")
	f.StringVar(lib, "ort-lib", "", "ONNX Runtime library (default $SEMIREST_ORT_LIB, else the one inside this program or what 'make ort' fetched)")
}

// startRuntime loads the ONNX Runtime library that the flags name.
func startRuntime(lib string) error {
	path, err := ort.Locate(lib)
	if err != nil {
		return err
	}
	return ort.Init(path)
}

// require marks flags without which a command has nothing to do.
func require(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic("semirest: " + err.Error()) // the flag's name is misspelt in this program
		}
	}
}

// printJSON writes v as one indented object.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
