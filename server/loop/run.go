package loop

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
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"semirest/models/weights"
	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/picture"
	"semirest/server/plain"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/shared/prep"
)

// Files of a job's folder, besides those of package train.
const (
	modelFile  = "model.safetensors" // trained, not registered yet
	sampleFile = "sample.png"
)

// do runs a job to its end and writes down what became of it. An error, that of a
// full disk or of a store that takes nothing down, leaves the job unended: it goes on
// later from where it is.
func (l *Loop) do(root context.Context, j project.Job) error {
	ctx, cancel := context.WithCancelCause(root)
	defer cancel(nil)
	l.mu.Lock()
	l.running = &running{j.ID, cancel}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.running = nil
		l.mu.Unlock()
	}()
	j, err := l.store.UpdateJob(ctx, j.ID, func(j *project.Job) error {
		if j.State.Ended() {
			return errCanceled
		}
		if j.State = project.Running; j.Started.IsZero() {
			j.Started = time.Now().UTC()
		}
		return nil
	})
	if errors.Is(err, errCanceled) || errors.Is(err, project.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	l.board.post(Update{Job: j})
	log := l.Options.Log.With("job", j.ID, "project", j.Project)
	log.Info("training", "supervision", j.Request.Supervision, "preset", j.Request.Preset)
	id, r := j.ID, &reporter{loop: l, job: j, forecast: new(train.Forecast)}
	model, err := l.guarded(ctx, j, r)
	switch {
	case root.Err() != nil:
		log.Info("training stops with the server and goes on at its next start")
		return nil
	case errors.Is(context.Cause(ctx), errCanceled):
		log.Info("training was canceled")
		if j, err := l.store.Job(root, id); err == nil { // after the last progress
			l.board.post(Update{Job: j})
		} else if errors.Is(err, project.ErrNotFound) {
			return l.drop(id)
		}
		return l.discard(id)
	}
	if full(err) {
		log.Warn("training waits for room on the disk", "error", err)
		j.Progress, j.Error = r.last, "There is no space left on the disk. The training goes on once there is; nothing of it is lost."
		l.board.post(Update{Job: j})
		return err
	}
	// What is done is written down, and its folder emptied, even if the server stops now.
	j, failed := l.store.UpdateJob(context.WithoutCancel(root), id, func(j *project.Job) error {
		j.Ended, j.Progress = time.Now().UTC(), r.last
		if j.State == project.Canceled {
			return nil
		}
		if j.State, j.Model, j.Error = project.Done, model, ""; err != nil {
			j.State, j.Model, j.Error = project.Failed, "", plain.Error(err)
		}
		return nil
	})
	if errors.Is(failed, project.ErrNotFound) {
		return l.drop(id)
	}
	if failed != nil {
		return failed
	}
	if err != nil {
		log.Warn("training failed", "error", err)
	}
	l.board.post(Update{Job: j})
	return l.discard(id)
}

// full reports whether the disk is.
func full(err error) bool { return errors.Is(err, project.ErrFull) || errors.Is(err, syscall.ENOSPC) }

// discard deletes all of a job's folder but log, plot and sample. What cannot be
// deleted is no error: the job has ended.
func (l *Loop) discard(id project.ID) error {
	list, err := os.ReadDir(l.folder(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, f := range list {
		if !slices.Contains([]string{train.LogFile, train.PlotFile, sampleFile}, f.Name()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(l.folder(id), f.Name())))
		}
	}
	if err != nil {
		l.Options.Log.Warn("a training job's folder cannot be emptied", "job", id, "error", err)
	}
	return nil
}

// drop forgets a job that was deleted with its project.
func (l *Loop) drop(id project.ID) error {
	l.board.forget(id)
	if err := os.RemoveAll(l.folder(id)); err != nil {
		l.Options.Log.Warn("a training job's folder cannot be deleted", "job", id, "error", err)
	}
	return nil
}

// sweep deletes what jobs that ended, or were deleted with their project, left behind
// when the server was killed.
func (l *Loop) sweep(ctx context.Context) {
	list, err := os.ReadDir(filepath.Join(l.Dir, "jobs"))
	if err != nil {
		return // none yet
	}
	for _, f := range list {
		id := project.ID(f.Name())
		switch j, err := l.store.Job(ctx, id); {
		case errors.Is(err, project.ErrNotFound):
			_ = l.drop(id)
		case err == nil && j.State.Ended():
			_ = l.discard(id)
		}
	}
}

// guarded is make, with a panic turned into an error.
func (l *Loop) guarded(ctx context.Context, j project.Job, r *reporter) (id project.ID, err error) {
	defer func() {
		if p := recover(); p != nil {
			l.Options.Log.Error("a training job panicked", "job", j.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("loop: the training broke off by a fault of the program: %v", p)
		}
	}()
	return l.make(ctx, j, r)
}

// make makes the job's model and returns its id. Each part that is done is not done
// again by a later call.
func (l *Loop) make(ctx context.Context, j project.Job, r *reporter) (project.ID, error) {
	models, err := l.store.Models(ctx, j.Project)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(models, func(m project.Model) bool { return m.Job == j.ID }); i >= 0 {
		return models[i].ID, l.deploy(ctx, j, models[i], nil) // it stopped after the model was listed
	}
	p, err := l.plan(ctx, j)
	if err != nil {
		return "", err
	}
	path := filepath.Join(l.folder(j.ID), modelFile)
	m, err := detect.Load(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			l.Options.Log.Warn("the trained model is damaged and is made again", "job", j.ID, "error", err)
		}
		if m, err = l.learn(ctx, j, p, r); err != nil {
			return "", err
		}
		if err := m.Save(path); err != nil {
			return "", err
		}
	}
	row, err := l.register(ctx, j, p, m, path, len(models), r)
	if err != nil {
		return "", err
	}
	return row.ID, l.deploy(ctx, j, row, m)
}

// learn trains the job's model, from its checkpoint on where there is one.
func (l *Loop) learn(ctx context.Context, j project.Job, p *plan, r *reporter) (*detect.Model, error) {
	src, err := l.source(ctx, p)
	if err != nil {
		return nil, err
	}
	cfg, err := l.config(j, p)
	if err != nil {
		return nil, err
	}
	cfg.Fit.Depth = src.depth
	begun := time.Now()
	r.expect(cfg, p)
	var m *detect.Model
	if j.Request.Supervision == "none" {
		if cfg.Fit, err = cfg.WithViews(ctx, src, nil); err != nil {
			return nil, err
		}
		m, err = detect.Fit(ctx, cfg.Fit, src, func(f detect.Progress) {
			r.training(ctx, train.Progress{Stage: f.Stage, Done: f.Done, Total: f.Total})
		})
	} else {
		m, err = train.Run(ctx, cfg, src, func(p train.Progress) { r.training(ctx, p) })
		if stale(err) && ctx.Err() == nil {
			l.Options.Log.Warn("the checkpoint cannot be used; the training begins anew", "job", j.ID, "error", err)
			if err := l.restart(j.ID); err != nil {
				return nil, err
			}
			m, err = train.Run(ctx, cfg, src, func(p train.Progress) { r.training(ctx, p) })
		}
	}
	if err != nil {
		return nil, err
	}
	m.Provenance = cfg.Fit.Provenance
	m.Provenance.Seed, m.Provenance.Seconds = j.Request.Seed, time.Since(begun).Seconds()
	return m, nil
}

// stale reports whether a checkpoint is another program's or damaged.
func stale(err error) bool {
	return errors.Is(err, train.ErrUnfinished) || errors.Is(err, weights.ErrFormat) || errors.Is(err, detect.ErrModel)
}

// restart empties a job's folder but its plan.
func (l *Loop) restart(id project.ID) error {
	list, err := os.ReadDir(l.folder(id))
	for _, f := range list {
		if f.Name() != planFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(l.folder(id), f.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	return nil
}

// register measures a trained model and lists it.
func (l *Loop) register(ctx context.Context, j project.Job, p *plan, m *detect.Model, path string, number int, r *reporter) (project.Model, error) {
	sha, size, err := sum(path)
	if err != nil {
		return project.Model{}, err
	}
	l.judge.Use(sha, m)
	row := project.Model{
		Project: j.Project, Name: j.Request.Name, SHA256: sha, Bytes: size,
		Supervision: j.Request.Supervision, Created: time.Now().UTC(), Job: j.ID, Threshold: 1,
		Note: p.Note,
	}
	if row.Name == "" {
		row.Name = fmt.Sprintf("%s %d", row.Supervision, number+1)
	}
	granule, millis, err := l.learnt(ctx, p)
	if err != nil {
		return row, err
	}
	row.LabelMillis = millis
	cases, err := evaluation.Read(ctx, l.store, p.Measured)
	if err != nil {
		return row, err
	}
	result, err := l.judge.Measure(ctx, row, cases, func(done, total int) { r.stage(ctx, project.StageEvaluating, done, total) })
	if err != nil {
		return row, err
	}
	if result.Metrics.Defective > 0 {
		row.Metrics = &result.Metrics
		row.Metrics.Learnt, row.Metrics.Labelled = granule, len(p.Defective)
	}
	r.stage(ctx, project.StageSaving, 0, 1)
	f, err := os.Open(path)
	if err != nil {
		return row, fmt.Errorf("loop: %w", err)
	}
	defer f.Close()
	if row, err = l.store.AddModel(ctx, row, f); err != nil {
		return row, fmt.Errorf("loop: list the model: %w", err)
	}
	r.stage(ctx, project.StageSaving, 1, 1)
	l.judge.Remember(sha, evaluation.LearntFrom(m.Spec, slices.Concat(p.Normal, p.Defective)))
	return row, nil
}

func sum(path string) (sha string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("loop: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, fmt.Errorf("loop: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// deploy swaps the model in where the job asks for it. trained is nil where it is no longer in memory.
func (l *Loop) deploy(ctx context.Context, j project.Job, m project.Model, trained *detect.Model) error {
	if !j.Request.Deploy {
		return nil
	}
	p, err := l.store.Project(ctx, j.Project)
	if err != nil {
		return err
	}
	if p.Deployed != m.ID {
		if p, err = l.store.Deploy(ctx, j.Project, m.ID); err != nil {
			return fmt.Errorf("loop: deploy: %w", err)
		}
	}
	if l.Deployed != nil {
		l.Deployed(ctx, p, m, trained)
	}
	return nil
}

// SamplePicture is the PNG that a job's samples are maps of; project.ErrNotFound
// before the first.
func (l *Loop) SamplePicture(id project.ID) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(l.folder(id), sampleFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("loop: job %s has no sample yet: %w", id, project.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("loop: %w", err)
	}
	return b, nil
}

// saveSample writes a sample's picture down.
func (l *Loop) saveSample(id project.ID, pix []byte, size prep.Size) error {
	err := picture.SavePNG(filepath.Join(l.folder(id), sampleFile), picture.RGB{Size: size, Pix: pix}.Image())
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	return nil
}
