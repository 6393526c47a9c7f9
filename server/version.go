package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"semirest/server/ort"
)

// version is set by the linker (see the Makefile).
var version = "unknown"

func newVersionCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  semirest version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := struct {
				Version string `json:"version"`
				Go      string `json:"go"`
				ORT     string `json:"onnxruntime"` // the release this build expects
			}{version, runtime.Version(), ort.Version}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), v)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "semirest %s (%s, ONNX Runtime %s)\n", v.Version, v.Go, v.ORT)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
