package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"semirest/server/loop"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/report"
	"semirest/server/store"
)

// reportOptions are the flags of semirest report.
type reportOptions struct {
	project, out string
	store        storeOptions
	dataDir      string
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
	f.StringVar(&o.dataDir, "data-dir", "", "folder that the server keeps its data in (default $XDG_DATA_HOME/semirest or ~/.local/share/semirest)")
	storeFlags(f, &o.store)
	runFlags(f, &o.run, &o.ortLib)
	return cmd
}

// open opens the store that the flags name, which must be there: a misspelt folder would become an empty one.
func (o *reportOptions) open(ctx context.Context) (*store.Store, string, error) {
	if o.store.projects != "" {
		if _, err := os.Stat(o.store.projects); err != nil {
			return nil, "", usagef("--projects: %v", err)
		}
	}
	return openStore(ctx, o.store, o.dataDir)
}

// listProjects lists what a report can be made of.
func listProjects(cmd *cobra.Command, o *reportOptions) (err error) {
	s, dir, err := o.open(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	all, err := s.Projects(cmd.Context())
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "there is no project in %s: make one on the page\n", dir)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, p := range all {
		state := "no model yet"
		if p.Deployed != "" {
			state = "a model is in use"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name, p.ID, p.Created.Format(time.DateOnly), state)
	}
	return w.Flush()
}

// makeReport gathers the report that the flags ask for.
func makeReport(ctx context.Context, o *reportOptions) (r *report.Report, err error) {
	if err := startRuntime(o.ortLib); err != nil {
		return nil, err
	}
	s, dir, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := findProject(ctx, s, o.project)
	if err != nil {
		return nil, err
	}
	l := loop.New(s, loop.Options{Dir: filepath.Join(dir, "jobs"), Run: o.run, Version: version})
	defer l.Wait()
	return report.Make(ctx, s, l, p.ID)
}

// findProject looks a project up by its ID or its name.
func findProject(ctx context.Context, s *store.Store, name string) (project.Project, error) {
	all, err := s.Projects(ctx)
	if err != nil {
		return project.Project{}, err
	}
	var found []project.Project
	for _, p := range all {
		if string(p.ID) == name {
			return p, nil
		}
		if p.Name == name {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		var names []string
		for _, p := range all {
			names = append(names, fmt.Sprintf("%s (%s)", p.Name, p.ID))
		}
		return project.Project{}, usagef("no project is called %q; there are %d: %.10q", name, len(all), names)
	}
	return project.Project{}, usagef("%d projects are called %q: give the ID of one: %s, %s", len(found), name, found[0].ID, found[1].ID)
}
