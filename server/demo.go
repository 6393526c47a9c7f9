package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/demo"
)

func newDemoCmd() *cobra.Command {
	var out, only string
	var normal, each int
	var force bool
	cmd := &cobra.Command{
		Use:   "demo --out DIR",
		Short: "Write pictures to try the other commands on",
		Long: `Draws the demonstration's surfaces, brushed metal and woven cloth, in the layout
of MVTec AD: normal pictures to train on, and normal and defective ones to test
on, with the masks of their defects. All pictures are synthetic and say so.`,
		Example: "  semirest demo --out demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if normal < 2 || each < 1 {
				return usagef("--normal %d and --each %d: a detector takes at least 2 normal pictures, a test 1 of each kind", normal, each)
			}
			surfaces := demo.Surfaces()
			if only != "" {
				s, ok := demo.Find(only)
				if !ok {
					return usagef("--surface %s: give %s or %s", only, surfaces[0].Name, surfaces[1].Name)
				}
				surfaces = []demo.Surface{s}
			}
			for _, s := range surfaces {
				if err := fresh(filepath.Join(out, s.Name), force); err != nil {
					return err
				}
			}
			for _, s := range surfaces {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				dir := filepath.Join(out, s.Name)
				if err := s.Folder(dir, normal, each); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d normal pictures to train on; to test on, %d each of good, %s\n",
					dir, normal, each, strings.Join(s.Kinds, ", "))
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "folder to write to; a folder a surface is made in it")
	f.StringVar(&only, "surface", "", "brushed-metal or woven-cloth (default: both)")
	f.IntVar(&normal, "normal", 40, "normal pictures to train on")
	f.IntVar(&each, "each", 4, "pictures of every kind to test on")
	forceFlag(f, &force)
	require(cmd, "out")
	return cmd
}
