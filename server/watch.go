package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"semirest/server/detect"
	"semirest/server/detector"
	"semirest/server/keep"
	"semirest/server/line"
	"semirest/server/ort"
	"semirest/server/verdict"
)

func newWatchCmd() *cobra.Command {
	var c line.Command
	var model, lib, data string
	var run ort.Options
	cmd := &cobra.Command{
		Use:   "watch --model MODEL --to WHERE (FOLDER|VIDEO|ADDRESS)...",
		Short: "Score what a folder, a video or a camera gives, and tell others",
		Long:  line.Help, Example: line.Example,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Sources = args
			if _, _, err := c.Check(); err != nil {
				return usageError{err}
			}
			name, model := detector.Name(model)
			m, err := detect.Load(model)
			if err != nil {
				return err
			}
			warnOf(cmd.ErrOrStderr(), m)
			if err := startRuntime(lib); err != nil {
				return err
			}
			s, err := verdict.NewScorer(name, m, run)
			if err != nil {
				return err
			}
			defer s.Close()
			if s.Version, err = detector.FileID(model); err != nil {
				return err
			}
			if c.Dir == "" {
				if data, err = (keep.Folders{DataDir: data}).Data(); err != nil {
					return err
				}
				c.Dir = filepath.Join(data, "watch")
			}
			return line.Watch(cmd.Context(), c, line.One{Scorer: s}, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "model file, as FILE or NAME=FILE")
	f.StringVar(&data, "data-dir", "", "folder for what is kept (default $XDG_DATA_HOME/semirest or ~/.local/share/semirest)")
	c.Flags(f)
	runFlags(f, &run, &lib)
	require(cmd, "model", "to")
	return cmd
}
