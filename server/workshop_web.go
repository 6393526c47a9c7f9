package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"semirest/server/job"
	"semirest/server/loop"
	"semirest/server/project"
	"semirest/server/report"
	"semirest/server/store"
	"semirest/server/web"
)

// What the server wants of a workshop (web.Workshop), made of the store and the loop.

// web is the workshop as the server wants it.
func (w *workshop) web() *web.Workshop {
	return &web.Workshop{
		Projects: workshopProjects{w.store, w}, Pictures: w.store, Labels: w.store, Files: w.store,
		Models: workshopModels{w.store, w}, Training: training{w.loop}, Exchange: exchange{w.store, w},
		Advice: advice{w.loop}, Reports: reports{w}, Spool: w.incoming(),
	}
}

// workshopProjects deletes a project's detector with it.
type workshopProjects struct {
	*store.Store
	w *workshop
}

// DeleteProject ends the project's jobs first: one that runs would go on for what is no longer there.
func (x workshopProjects) DeleteProject(ctx context.Context, id project.ID) error {
	jobs, err := x.w.loop.Jobs(ctx, id)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State.Ended() {
			continue
		}
		if err := x.w.loop.Cancel(ctx, j.ID); err != nil {
			return err
		}
	}
	models, err := x.Models(ctx, id)
	if err != nil {
		return err
	}
	if err := x.Store.DeleteProject(ctx, id); err != nil {
		return err
	}
	if err := x.w.loop.Forget(jobs, models); err != nil {
		x.w.log.Warn("files of a deleted project stay", "project", id, "error", err)
	}
	return x.w.serve(context.WithoutCancel(ctx), id)
}

// workshopModels serves what it deploys.
type workshopModels struct {
	*store.Store
	w *workshop
}

// Deploy implements web.Models. A model that cannot be loaded is refused before anything is changed.
func (x workshopModels) Deploy(ctx context.Context, p, model project.ID) (project.Project, error) {
	x.w.serving.Lock()
	defer x.w.serving.Unlock()
	of, err := x.Project(ctx, p)
	if err != nil {
		return of, err
	}
	m, err := x.Model(ctx, model)
	if err != nil {
		return of, err
	}
	d, err := x.w.detector(ctx, of, m)
	if err != nil {
		return of, err
	}
	d.Close()
	return x.swap(ctx, p, func(ctx context.Context) (project.Project, error) { return x.Store.Deploy(ctx, p, model) })
}

// Rollback implements web.Models.
func (x workshopModels) Rollback(ctx context.Context, p project.ID) (project.Project, error) {
	x.w.serving.Lock()
	defer x.w.serving.Unlock()
	return x.swap(ctx, p, func(ctx context.Context) (project.Project, error) { return x.Store.Rollback(ctx, p) })
}

// swap changes what is deployed and serves it, whether or not who asked stays to hear of it.
func (x workshopModels) swap(ctx context.Context, p project.ID, change func(context.Context) (project.Project, error)) (project.Project, error) {
	ctx = context.WithoutCancel(ctx)
	of, err := change(ctx)
	if err != nil {
		return of, err
	}
	return of, x.w.serveLocked(ctx, p)
}

// SetThreshold implements web.Models.
func (x workshopModels) SetThreshold(ctx context.Context, model project.ID, threshold float64) (project.Model, error) {
	ctx = context.WithoutCancel(ctx)
	m, err := x.w.loop.SetThreshold(ctx, model, threshold)
	if err != nil {
		return m, err
	}
	of, err := x.Project(ctx, m.Project)
	if err == nil && of.Deployed == m.ID {
		err = x.w.serve(ctx, m.Project)
	}
	return m, err
}

// training is the loop as the server wants it.
type training struct{ *loop.Loop }

// Submit implements web.Training.
func (t training) Submit(ctx context.Context, p project.ID, r project.Request, author string) (project.Job, error) {
	j, err := t.Loop.Submit(ctx, p, r, author)
	if errors.Is(err, loop.ErrBusy) {
		err = fmt.Errorf("%w: %w", job.ErrBusy, err)
	}
	return j, err
}

// advice is the loop as the server wants it.
type advice struct{ *loop.Loop }

// Advise implements web.Advice, as do the next three.
func (a advice) Advise(ctx context.Context, p project.ID) (any, error) { return a.Loop.Advise(ctx, p) }

func (a advice) Next(ctx context.Context, p project.ID, n int) (any, error) {
	list, err := a.Loop.Next(ctx, p, n)
	if list == nil {
		list = []loop.Candidate{}
	}
	return list, err
}

func (a advice) Curve(ctx context.Context, m project.ID) (any, error) { return a.Loop.Curve(ctx, m) }

func (a advice) Evaluation(ctx context.Context, m project.ID) (any, error) {
	return a.Loop.Evaluation(ctx, m)
}

// reports makes reports of the store's projects, as the server wants it.
type reports struct{ w *workshop }

// Report implements web.Reports.
func (r reports) Report(ctx context.Context, p project.ID) (any, error) {
	return report.Make(ctx, r.w.store, r.w.loop, p)
}

// HTML implements web.Reports.
func (r reports) HTML(ctx context.Context, p project.ID, to io.Writer) error {
	made, err := report.Make(ctx, r.w.store, r.w.loop, p)
	if err != nil {
		return err
	}
	return made.HTML(to)
}
