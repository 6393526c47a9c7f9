package workshop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"semirest/server/detect"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/wire"
)

// Projects are the store's. Deleting one ends what is done with it first.
type Projects struct {
	*store.Store
	shop *Shop
}

// Projects returns the shop's projects.
func (w *Shop) Projects() Projects { return Projects{w.Store, w} }

// DeleteProject ends the project's jobs first: one that runs would go on for what is no longer there. Its detector goes
// off the pages.
func (x Projects) DeleteProject(ctx context.Context, id project.ID) error {
	w := x.shop
	jobs, err := w.Loop.Jobs(ctx, id)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State.Ended() {
			continue
		}
		if err := w.Loop.Cancel(ctx, j.ID); err != nil {
			return err
		}
	}
	models, err := w.Store.Models(ctx, id)
	if err != nil {
		return err
	}
	if err := w.Store.DeleteProject(ctx, id); err != nil {
		return err
	}
	if err := w.Loop.Forget(jobs, models); err != nil {
		w.log.Warn("files of a deleted project stay", "project", id, "error", err)
	}
	return w.serve(context.WithoutCancel(ctx), id)
}

// Models are the store's. What is deployed of them is served.
type Models struct {
	*store.Store
	shop *Shop
}

// Models returns the models of the shop's projects.
func (w *Shop) Models() Models { return Models{w.Store, w} }

// Deploy has the pages show a model, and returns when they do. One that cannot be loaded is refused before anything is
// changed. It returns project.ErrNotFound where the project has no such model.
func (x Models) Deploy(ctx context.Context, p, model project.ID) (project.Project, error) {
	return x.shop.swap(ctx, p, model, func(ctx context.Context) (project.Project, error) { return x.Store.Deploy(ctx, p, model) })
}

// Rollback has the pages show the model before the deployed one, as Deploy does.
func (x Models) Rollback(ctx context.Context, p project.ID) (project.Project, error) {
	of, err := x.Project(ctx, p)
	if err != nil {
		return of, err
	}
	return x.shop.swap(ctx, p, of.Previous, func(ctx context.Context) (project.Project, error) { return x.Store.Rollback(ctx, p) })
}

// SetThreshold stores a model's threshold, a calibrated score, 1 being its own, and returns when a deployed one is shown
// with it.
func (x Models) SetThreshold(ctx context.Context, model project.ID, threshold float64) (project.Model, error) {
	ctx = context.WithoutCancel(ctx)
	m, err := x.shop.Loop.SetThreshold(ctx, model, threshold)
	if err != nil {
		return m, err
	}
	of, err := x.Project(ctx, m.Project)
	if err == nil && of.Deployed == m.ID {
		err = x.shop.serve(ctx, m.Project)
	}
	return m, err
}

// swap looks at a model, has change deploy it, and shows it, whether or not who asked stays to hear of it.
func (w *Shop) swap(ctx context.Context, p, model project.ID, change func(context.Context) (project.Project, error)) (project.Project, error) {
	w.serving.Lock()
	defer w.serving.Unlock()
	m, err := w.Store.Model(ctx, model)
	if err != nil {
		return project.Project{}, err
	}
	loaded, err := w.look(ctx, m)
	if err != nil {
		return project.Project{}, err
	}
	ctx = context.WithoutCancel(ctx)
	of, err := change(ctx)
	if err != nil {
		return of, err
	}
	if of.Deployed != model { // a job deployed another one meanwhile
		return of, w.show(ctx, p)
	}
	return of, w.install(of, m, loaded, true)
}

// deployed serves a model that a job swapped in; trained is nil where the job had let go of it.
func (w *Shop) deployed(ctx context.Context, p project.Project, m project.Model, trained *detect.Model) {
	if err := w.serveTrained(ctx, p, m, trained); err != nil {
		w.log.Error("a trained model cannot be served", "project", p.ID, "error", err)
	}
	e := project.Event{User: project.LocalName, Project: p.ID, Action: "deploy", Object: "model " + string(m.ID), Detail: m.Name + ", as its job was asked to"}
	j, err := w.Store.Job(ctx, m.Job)
	if err == nil {
		e.User = j.Author
	}
	if err := errors.Join(err, w.Accounts.Record(ctx, e)); err != nil {
		w.log.Error("the audit log cannot be written", "action", e.Action, "object", e.Object, "error", err)
	}
}

func (w *Shop) serveTrained(ctx context.Context, p project.Project, m project.Model, trained *detect.Model) error {
	w.serving.Lock()
	defer w.serving.Unlock()
	now, err := w.Store.Project(ctx, p.ID)
	if err != nil || now.Deployed != m.ID || trained == nil {
		return w.show(ctx, p.ID)
	}
	if err := w.copyOut(ctx, m); err != nil {
		return err
	}
	return w.install(now, m, trained, true)
}

// serve has the pages show what the project has deployed now, or nothing.
func (w *Shop) serve(ctx context.Context, id project.ID) error {
	w.serving.Lock()
	defer w.serving.Unlock()
	return w.show(ctx, id)
}

// show is serve; w.serving is held.
func (w *Shop) show(ctx context.Context, id project.ID) error {
	p, err := w.Store.Project(ctx, id)
	if errors.Is(err, project.ErrNotFound) || (err == nil && p.Deployed == "") {
		w.pages.Remove(id)
		return nil
	}
	if err != nil {
		return err
	}
	m, err := w.Store.Model(ctx, p.Deployed)
	if err != nil {
		return err
	}
	loaded, err := w.look(ctx, m)
	if err != nil {
		return err
	}
	// There may be many projects, of which few are looked at: it stays on the disk until it is.
	return w.install(p, m, loaded, false)
}

// install hands the pages a model. One that is to be awake is not loaded again at its first use.
func (w *Shop) install(p project.Project, m project.Model, loaded *detect.Model, awake bool) error {
	s := &Sleeper{path: w.servedPath(m), run: w.run, load: w.load, idle: sleepAfter}
	if awake {
		s.keep(loaded)
	}
	err := w.pages.Install(Detector{Project: p, Model: m, Spec: loaded.Spec, Scorer: s})
	if err != nil {
		s.Close()
	}
	return err
}

// look loads a model that is to be served: all of its file is read and checked. What is no model that can be served, as a
// restored project may bring one, is a *project.ReasonError.
func (w *Shop) look(ctx context.Context, m project.Model) (*detect.Model, error) {
	if err := w.copyOut(ctx, m); err != nil {
		return nil, err
	}
	path := w.servedPath(m)
	loaded, err := w.load(path)
	if err == nil && 3*loaded.Input.Pixels() > wire.MaxData {
		err = fmt.Errorf("its input of %v pixels is larger than a message: train it with tiles", loaded.Input)
	}
	if err != nil {
		// The file has the bytes that it was stored with: the disk is not to blame.
		w.log.Warn("a model cannot be served", "model", m.ID, "error", err)
		words := strings.NewReplacer(path+": ", "", "detect: ", "", "weights: ", "")
		return nil, &project.ReasonError{Reason: "the model " + m.Name + " cannot be used: " + words.Replace(err.Error())}
	}
	return loaded, nil
}

// copyOut puts a copy of a model's file where it is served from. One that is there and damaged is written again.
func (w *Shop) copyOut(ctx context.Context, m project.Model) error {
	path := w.servedPath(m)
	sum, err := fileSum(path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && sum != m.SHA256) {
		err = w.Store.SaveBlob(ctx, m.SHA256, path)
	}
	if err != nil {
		return fmt.Errorf("model %s: %w", m.ID, err)
	}
	return nil
}

// fileSum is a file's SHA-256.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

func (w *Shop) servedPath(m project.Model) string {
	return filepath.Join(w.dir, "served", m.SHA256+".safetensors")
}

// tidyServed removes copies of models that no project has deployed any more.
func (w *Shop) tidyServed(ctx context.Context, projects []project.Project) error {
	used := map[string]bool{}
	for _, p := range projects {
		if p.Deployed == "" {
			continue
		}
		m, err := w.Store.Model(ctx, p.Deployed)
		if err != nil && !errors.Is(err, project.ErrNotFound) {
			return err
		}
		used[w.servedPath(m)] = true
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "served"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path := filepath.Join(w.dir, "served", e.Name()); !used[path] {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}
