package loop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/train"
)

// Options say how a Loop runs.
type Options struct {
	Dir     string      // of jobs' folders, maps and features that were computed before
	Run     ort.Options // how models run
	Version string      // of this program, for models' provenance
	Log     *slog.Logger
	// Deployed is told after a model was swapped in; may be nil. trained is the model itself, nil where the job was
	// interrupted after it was listed.
	Deployed func(ctx context.Context, p project.Project, m project.Model, trained *detect.Model)
	// Tune may change a run's settings before it starts, always in the same way; may be
	// nil. A test makes them small with it.
	Tune func(*train.Config)
	// Patience is how long Next computes before it answers with what it has; 0: 2 s.
	Patience time.Duration
}

// Loop trains projects' detectors. Its methods may be called from any goroutine.
type Loop struct {
	submitting sync.Mutex // held from counting the jobs that wait to adding one

	Options
	store Store
	judge *evaluation.Judge
	board board
	looks looks

	tellEvery time.Duration

	wake chan struct{}  // a job was submitted
	work sync.WaitGroup // the goroutines of Start and Next

	mu      sync.Mutex
	beside  func(func(context.Context)) // runs something until Start's context ends; nil before Start
	retry   time.Duration               // after the store failed, or the disk was full
	running *running
	looking map[project.ID]chan struct{} // projects whose pictures are looked at; closed at the end
}

// running is the job that runs now.
type running struct {
	id     project.ID
	cancel context.CancelCauseFunc
}

// Why a running job's context ends.
var errCanceled = errors.New("loop: the job was canceled")

// mostWaiting bounds the jobs that are not ended, of all projects.
const mostWaiting = 100

// New returns a Loop; Start makes it work.
func New(s Store, o Options) *Loop {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Second
	}
	l := &Loop{Options: o, store: s, judge: evaluation.NewJudge(s, o.Dir, o.Run), wake: make(chan struct{}, 1), looking: map[project.ID]chan struct{}{}, retry: 5 * time.Second, tellEvery: tellEvery}
	l.looks.init(s, o.Dir, o.Run)
	return l
}

// Start takes up the jobs that are not ended, and runs them and those to come one by
// one until ctx ends. It returns at once. A job that runs when ctx ends stops within
// a step and stays unended: it goes on at the next Start.
func (l *Loop) Start(ctx context.Context) error {
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beside != nil {
		return errors.New("loop: it was started before")
	}
	l.beside = func(f func(context.Context)) {
		if ctx.Err() != nil {
			f(ctx)
			return
		}
		l.work.Go(func() { f(ctx) })
	}
	l.work.Go(func() { l.serve(ctx) })
	return nil
}

// Wait returns when the goroutines of a Loop whose context has ended are gone: the
// running job's checkpoint is on the disk then.
func (l *Loop) Wait() {
	l.work.Wait()
	if err := errors.Join(l.judge.Close(), l.looks.close()); err != nil {
		l.Options.Log.Warn("a model could not be closed", "error", err)
	}
}

// serve runs jobs until ctx ends.
func (l *Loop) serve(ctx context.Context) {
	l.sweep(ctx)
	for ctx.Err() == nil {
		var wait <-chan time.Time
		j, ok, err := l.next(ctx)
		if err == nil && ok {
			err = l.do(ctx, j)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			l.Options.Log.Error("training cannot go on now; trying again", "error", err)
			wait = time.After(l.retry)
		} else if ok {
			continue
		}
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-wait:
		}
	}
}

// next is the job that runs next.
func (l *Loop) next(ctx context.Context) (project.Job, bool, error) {
	waiting, err := l.store.Unended(ctx)
	if err != nil || len(waiting) == 0 {
		return project.Job{}, false, err
	}
	return waiting[0], true, nil
}

// Submit queues a training run. Besides the store's errors it returns ones that wrap
// project.ErrInvalid, where it cannot be trained as asked, and project.ErrBusy.
func (l *Loop) Submit(ctx context.Context, of project.ID, r project.Request, author string) (project.Job, error) {
	if err := check(r); err != nil {
		return project.Job{}, err
	}
	a, err := l.Advise(ctx, of)
	if err != nil {
		return project.Job{}, err
	}
	if err := a.check(r); err != nil {
		return project.Job{}, err
	}
	l.submitting.Lock()
	defer l.submitting.Unlock()
	waiting, err := l.store.Unended(ctx)
	if err != nil {
		return project.Job{}, err
	}
	if len(waiting) >= mostWaiting {
		return project.Job{}, fmt.Errorf("loop: %w: let one of %d training jobs end, or cancel one", project.ErrBusy, len(waiting))
	}
	j, err := l.store.CreateJob(ctx, project.Job{Project: of, State: project.Queued, Request: r, Author: author, Progress: project.Progress{Left: -1}})
	if err != nil {
		return project.Job{}, err
	}
	j.Ahead = len(waiting)
	l.board.post(Update{Job: j})
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return j, nil
}

// Cancel ends a job: one that waits never starts, one that runs stops within a step
// and is discarded. Canceling an ended job does nothing.
func (l *Loop) Cancel(ctx context.Context, id project.ID) error {
	changed := false
	j, err := l.store.UpdateJob(ctx, id, func(j *project.Job) error {
		if changed = !j.State.Ended(); changed {
			j.State, j.Ended = project.Canceled, time.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	r := l.running
	runs := r != nil && r.id == id
	if runs {
		r.cancel(errCanceled)
	}
	l.mu.Unlock()
	if changed {
		l.board.post(Update{Job: j})
	}
	if !runs {
		return l.discard(id)
	}
	return nil
}

// Jobs returns a project's jobs, newest first, with their progress as it is now.
func (l *Loop) Jobs(ctx context.Context, of project.ID) ([]project.Job, error) {
	jobs, err := l.store.Jobs(ctx, of)
	for i := range jobs {
		l.board.fresh(&jobs[i])
	}
	return jobs, err
}

// Job returns a job with its progress as it is now.
func (l *Loop) Job(ctx context.Context, id project.ID) (project.Job, error) {
	j, err := l.store.Job(ctx, id)
	l.board.fresh(&j)
	return j, err
}

// Log opens the log of a job, JSON lines: a step, or a look at held-out pictures. It
// is empty before the first step.
func (l *Loop) Log(ctx context.Context, id project.ID) (io.ReadCloser, error) {
	if _, err := l.store.Job(ctx, id); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(l.folder(id), train.LogFile))
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(eof{}), nil
	}
	if err != nil {
		return nil, fmt.Errorf("loop: %w", err)
	}
	return f, nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// folder is a job's.
func (l *Loop) folder(id project.ID) string { return filepath.Join(l.Dir, "jobs", string(id)) }

// Forget deletes what the Loop keeps of a project that was deleted: jobs' folders and
// models' maps.
func (l *Loop) Forget(jobs []project.Job, models []project.Model) error {
	var errs []error
	for _, j := range jobs {
		errs = append(errs, os.RemoveAll(l.folder(j.ID)))
	}
	for _, m := range models {
		errs = append(errs, l.judge.Forget(m.SHA256))
	}
	return errors.Join(errs...)
}
