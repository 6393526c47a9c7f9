package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"semirest/server/keep"
	"semirest/server/loop"
	"semirest/server/ort"
	"semirest/server/report"
)

// reportOptions are the flags of semirest report.
type reportOptions struct {
	project, out string
	folders      keep.Folders
	json         bool
	run          ort.Options
	ortLib       string
}

func newReportCmd() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report [--project P --out DIR]",
		Short: "Write down what a project's detectors reach and what their labels cost",
		Long: `Measures every model of a project on the pictures that none of them has learnt
from, and writes DIR/report.html, which needs nothing else, and DIR/report.json:
pixel AP, PRO and pixel AUROC against the seconds that the labels took, tables
by model and by kind of defect, precision-recall and PRO curves, false alarms
and misses by threshold, and the best and worst pictures with their heat maps.

P is the project's name or its ID; without it the command lists what projects
there are. What a server has measured before is not
measured again; the server may be running.`,
		Example: "  semirest report --project bottles --out report/",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.project == "" {
				return listProjects(cmd, &o)
			}
			if o.out == "" {
				return usagef("say with --out which folder to write the report to")
			}
			r, err := makeReport(cmd.Context(), &o)
			if err != nil {
				return err
			}
			if err := r.Write(o.out); err != nil {
				return err
			}
			if o.json {
				return r.JSON(cmd.OutOrStdout())
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", r.Figure.Conclusion(), filepath.Join(o.out, "report.html"))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.project, "project", "", "name or ID of the project; without it the projects are listed")
	f.StringVar(&o.out, "out", "", "folder to write to")
	f.BoolVar(&o.json, "json", false, "print the report as JSON, too")
	o.folders.Flags(f)
	runFlags(f, &o.run, &o.ortLib)
	return cmd
}

// listProjects lists what a report can be made of.
func listProjects(cmd *cobra.Command, o *reportOptions) (err error) {
	s, dir, err := o.folders.OpenExisting(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return keep.List(cmd.Context(), s, dir, cmd.OutOrStdout())
}

// makeReport gathers the report that the flags ask for.
func makeReport(ctx context.Context, o *reportOptions) (r *report.Report, err error) {
	if err := startRuntime(o.ortLib); err != nil {
		return nil, err
	}
	s, dir, err := o.folders.OpenExisting(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := keep.Find(ctx, s, o.project)
	if err != nil {
		return nil, err
	}
	l := loop.New(s, loop.Options{Dir: filepath.Join(dir, "jobs"), Run: o.run, Version: version})
	defer l.Wait()
	return report.Make(ctx, s, l, p.ID)
}
