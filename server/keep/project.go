package keep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"text/tabwriter"
	"time"

	"semirest/server/archive"
	"semirest/server/loop"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/workshop"
	"semirest/shared/durable"
)

// List lists projects for people. dir is named where there are none.
func List(ctx context.Context, s *store.Store, dir string, out io.Writer) error {
	all, err := s.Projects(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintf(out, "there is no project in %s: make one on the page\n", dir)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range all {
		state := "no model yet"
		if p.Deployed != "" {
			state = "a model is in use"
		}
		n, err := s.CountPictures(ctx, p.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d pictures\t%s\n", p.Name, p.ID, p.Created.Format(time.DateOnly), n.Pictures, state)
	}
	return w.Flush()
}

// errNone: there is no project of the name.
var errNone = errors.New("no project is called")

// Find looks a project up by its ID or its name; what it cannot find is ErrUsage.
func Find(ctx context.Context, s *store.Store, name string) (project.Project, error) {
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
		return project.Project{}, usagef("%w %q; there are %d: %.10q", errNone, name, len(all), names)
	}
	return project.Project{}, usagef("%d projects are called %q: give the ID of one: %s, %s", len(found), name, found[0].ID, found[1].ID)
}

// exportTo writes a project as a zip.
func exportTo(ctx context.Context, s *store.Store, p project.Project, format, out string) error {
	return durable.Replace(out, func(w io.Writer) error { return workshop.Export(ctx, s, p.ID, format, w) })
}

// importFrom reads a zip: a whole project becomes one of its own; labels and pictures of
// another format go into the project that into names, which is made where none is called so.
func importFrom(ctx context.Context, s *store.Store, file, format, into string, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if format == project.WholeFormat {
		p, err := archive.Read(ctx, f, info.Size(), s, archive.Limits{})
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Fprintf(out, "%s is project %s (%s)\n", file, p.Name, p.ID)
		if p.Deployed != "" {
			fmt.Fprintln(out, "a server that runs shows its detector after the next start")
		}
		return nil
	}
	if into == "" {
		return usagef("say with --into which project the pictures and labels go into")
	}
	p, err := Find(ctx, s, into)
	made := errors.Is(err, errNone)
	if made {
		p, err = s.CreateProject(ctx, project.Project{Name: into})
	}
	if err != nil {
		return err
	}
	n, err := workshop.Import(ctx, s, p.ID, format, f, info.Size(), author())
	if err != nil {
		if made {
			err = errors.Join(err, s.DeleteProject(context.WithoutCancel(ctx), p.ID))
		}
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, text := range append(n.Warnings, n.Skipped...) {
		fmt.Fprintln(out, text)
	}
	fmt.Fprintf(out, "project %s (%s): %d pictures added, labels of %d set, %d had them already, %d masks of ground truth set, %d left out\n",
		p.Name, p.ID, n.Pictures, n.Labels, n.Unchanged, n.Truths, len(n.Skipped))
	return nil
}

// author is who imports.
func author() string {
	if who, err := user.Current(); err == nil {
		return who.Username
	}
	return ""
}

// remove deletes a project with its pictures, labels and models. No server may be at work in
// dir: it would go on with what is no longer there.
func remove(ctx context.Context, s *store.Store, dir string, p project.Project) error {
	lock, err := workshop.Lock(dir)
	if err != nil {
		return fmt.Errorf("%w; or delete the project on the page", err)
	}
	defer lock.Close()
	l := loop.New(s, loop.Options{Dir: filepath.Join(dir, "training"), Log: slog.New(slog.DiscardHandler)})
	defer l.Wait()
	jobs, err := l.Jobs(ctx, p.ID)
	if err != nil {
		return err
	}
	models, err := s.Models(ctx, p.ID)
	if err != nil {
		return err
	}
	if err := s.DeleteProject(ctx, p.ID); err != nil {
		return err
	}
	return l.Forget(jobs, models)
}
