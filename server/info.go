package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"semirest/server/detect"
	"semirest/server/train"
)

func newInfoCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "info MODEL",
		Short:   "Print what a model file says of itself",
		Long:    "Prints a model's settings: input, bank, threshold, and where it came from.",
		Example: "  semirest info cloth.safetensors --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := detect.Load(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), m.Spec)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			g, bank := m.Grid(), m.BankSize()
			trained, err := train.Describe(m)
			if err != nil {
				return err
			}
			for _, row := range append([][2]string{
				{"preset", m.Preset},
				{"supervision", m.Supervision},
				{"backbone", m.Backbone},
				{"input", fmt.Sprintf("%d x %d pixels, %d x %d blocks of %d", m.Input.W, m.Input.H, g.Rows, g.Cols, m.Block)},
				{"tiles", tiles(&m.Spec)},
				{"features", fmt.Sprintf("%d numbers a block, position weight %g", m.Dim(), m.Views[0].Feature.PositionWeight)},
				{"views", viewsRow(&m.Spec)},
				{"profile", m.Profile},
				{"chosen by", m.Why},
				{"memory bank", fmt.Sprintf("%d rows, chosen from %d of the %d of %d pictures", bank.Rows, bank.Pool, bank.Of, len(m.Images))},
				{"threshold", fmt.Sprintf("%.4g raw, for %g %% false alarms: %s of %d normal pictures", m.Threshold.Value, 100*m.Threshold.FalseAlarmRate, m.Threshold.Method, m.Threshold.Images)},
				{"in doubt", strings.Join(m.Doubts(), "; ")},
				{"command", m.Provenance.Command},
				{"seed", fmt.Sprint(m.Provenance.Seed)},
				{"data", m.Provenance.Data},
				{"version", m.Provenance.Version},
				{"created", m.Provenance.Created.Format(time.RFC3339)},
				{"made in", fmt.Sprintf("%.1f s", m.Provenance.Seconds)},
			}, trained...) {
				fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the whole metadata as JSON")
	return cmd
}

func tiles(s *detect.Spec) string {
	if !s.Tiled() {
		return "none: a picture is one crop"
	}
	return fmt.Sprintf("cut from a picture of %d pixels, overlapping by %d", s.Tile.Ref, s.Tile.Overlap)
}

// viewsRow lists a detector's views; empty where there is but one.
func viewsRow(s *detect.Spec) string {
	if len(s.Views) == 1 {
		return ""
	}
	var list []string
	for _, v := range s.Views {
		list = append(list, fmt.Sprintf("%s (%d numbers, %d rows, weight %g)", v.Name, v.Feature.Dim, v.Bank.Rows, v.Weight))
	}
	return fmt.Sprintf("%s; fused by the power %g with offset %g", strings.Join(list, ", "), s.Late.Power, s.Late.Offset)
}
