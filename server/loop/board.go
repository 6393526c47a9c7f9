package loop

import (
	"context"
	"sync"

	"semirest/server/project"
)

// Update is news of a job. It holds the job's whole state.
type Update struct {
	Job    project.Job
	Sample *Sample // what the detector sees by now; nil: as before
}

// board passes updates to watchers. A watcher that is slow gets the newest state of
// each job, not every one.
type board struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
	progress map[project.ID]project.Job // of jobs that are not ended, newer than the store's
}

type watcher struct {
	of      project.ID
	wake    chan struct{}
	order   []project.ID
	pending map[project.ID]Update
}

func (b *board) post(u Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.progress == nil {
		b.progress = map[project.ID]project.Job{}
	}
	if u.Job.State.Ended() {
		delete(b.progress, u.Job.ID)
	} else {
		b.progress[u.Job.ID] = u.Job
	}
	for w := range b.watchers {
		if w.of != "" && w.of != u.Job.Project {
			continue
		}
		news := u
		old, waits := w.pending[u.Job.ID]
		if !waits {
			w.order = append(w.order, u.Job.ID)
		} else if news.Sample == nil {
			news.Sample = old.Sample
		}
		w.pending[u.Job.ID] = news
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// forget drops a job that was deleted.
func (b *board) forget(id project.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.progress, id)
}

// fresh puts a running job's newest progress in.
func (b *board) fresh(j *project.Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now, ok := b.progress[j.ID]; ok && j.State == project.Running && now.State == project.Running {
		j.Progress, j.Error = now.Progress, now.Error
	}
}

// Watch tells fn of the jobs of a project (of all, where it is empty) until ctx ends,
// in the caller's goroutine. Where fn is slow it gets the newest state of each job.
func (l *Loop) Watch(ctx context.Context, of project.ID, fn func(Update)) {
	b := &l.board
	w := &watcher{of: of, wake: make(chan struct{}, 1), pending: map[project.ID]Update{}}
	b.mu.Lock()
	if b.watchers == nil {
		b.watchers = map[*watcher]struct{}{}
	}
	b.watchers[w] = struct{}{}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.watchers, w)
		b.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		b.mu.Lock()
		var news []Update
		for _, id := range w.order {
			news = append(news, w.pending[id])
		}
		w.order = nil
		clear(w.pending)
		b.mu.Unlock()
		for _, u := range news {
			if ctx.Err() != nil {
				return
			}
			fn(u)
		}
	}
}
