package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"
)

// keepEnded is how many ended jobs stay listed.
const keepEnded = 100

// entry is one job with what only the queue may touch.
type entry struct {
	info   Info
	run    Func
	cancel context.CancelFunc // of the running job; nil before it starts
}

// Queue is a bounded queue of jobs with its workers. Its methods may be called from any goroutine.
type Queue struct {
	watch func(Info)

	stop context.CancelFunc // ends every running job
	done sync.WaitGroup     // the workers

	watching sync.Mutex // calls of watch, so that a watcher sees the states in order

	mu       sync.Mutex
	wake     *sync.Cond // a job was queued, or the queue closed
	capacity int        // of waiting jobs
	closed   bool
	last     int
	waiting  []*entry
	all      []*entry // in order of submission
}

// New starts a queue with workers goroutines that lets capacity jobs wait besides those that run. watch, where it is
// not nil, is told of every change of every job, one call at a time, from the goroutine that made the change: it must
// be quick and must not call the queue. It panics if workers or capacity is below 1.
func New(ctx context.Context, workers, capacity int, watch func(Info)) *Queue {
	if workers < 1 || capacity < 1 {
		panic("job: a queue needs a worker and room for a job") //nolint:forbidigo // a constant of the program is wrong
	}
	ctx, stop := context.WithCancel(ctx)
	q := &Queue{watch: watch, stop: stop, capacity: capacity}
	q.wake = sync.NewCond(&q.mu)
	for range workers {
		q.done.Go(func() { q.work(ctx) })
	}
	return q
}

// Submit queues run under a name for people and returns the job's id. The error is ErrBusy or ErrClosed.
func (q *Queue) Submit(name string, run Func) (string, error) {
	q.watching.Lock()
	defer q.watching.Unlock()
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return "", ErrClosed
	}
	if len(q.waiting) >= q.capacity {
		q.mu.Unlock()
		return "", ErrBusy
	}
	q.last++
	e := &entry{run: run, info: Info{ID: strconv.Itoa(q.last), Name: name, State: Queued, Submitted: time.Now()}}
	q.waiting = append(q.waiting, e)
	q.all = append(q.all, e)
	info := e.info
	q.wake.Signal()
	q.mu.Unlock()
	q.tell(info)
	return info.ID, nil
}

// Cancel ends the job: one that waits never starts, one that runs has its context ended and is listed as running until
// it returns. Cancelling an ended job does nothing. The error is ErrUnknown.
func (q *Queue) Cancel(id string) error {
	q.watching.Lock()
	defer q.watching.Unlock()
	q.mu.Lock()
	i := slices.IndexFunc(q.all, func(e *entry) bool { return e.info.ID == id })
	if i < 0 {
		q.mu.Unlock()
		return fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	e := q.all[i]
	if e.info.State == Running {
		e.cancel()
	}
	if e.info.State != Queued {
		q.mu.Unlock()
		return nil
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(w *entry) bool { return w == e })
	q.end(e, context.Canceled)
	info := e.info
	q.mu.Unlock()
	q.tell(info)
	return nil
}

// List returns every job that is listed, in order of submission.
func (q *Queue) List() []Info {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Info, len(q.all))
	for i, e := range q.all {
		list[i] = e.info
	}
	return list
}

// Close takes no more jobs, cancels those that wait or run, and waits for the workers or for ctx.
func (q *Queue) Close(ctx context.Context) error {
	q.watching.Lock()
	q.mu.Lock()
	q.closed = true
	var ended []Info
	for _, e := range q.waiting {
		q.end(e, context.Canceled)
		ended = append(ended, e.info)
	}
	q.waiting = nil
	q.wake.Broadcast()
	q.mu.Unlock()
	for _, info := range ended {
		q.tell(info)
	}
	q.watching.Unlock()
	q.stop()
	finished := make(chan struct{})
	go func() {
		q.done.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("job: waiting for running jobs: %w", ctx.Err())
	}
}

// work runs jobs until the queue closes.
func (q *Queue) work(ctx context.Context) {
	for {
		q.mu.Lock()
		for len(q.waiting) == 0 && !q.closed {
			q.wake.Wait()
		}
		if q.closed {
			q.mu.Unlock()
			return
		}
		e := q.waiting[0]
		q.waiting = q.waiting[1:]
		own, cancel := context.WithCancel(ctx)
		e.cancel = cancel
		e.info.State = Running
		e.info.Started = time.Now()
		q.mu.Unlock()
		q.change(e, func() {})
		err := guard(own, e.run, func(p Progress) {
			q.change(e, func() { e.info.Progress = p })
		})
		cancel()
		q.change(e, func() { q.end(e, err) })
	}
}

// change edits e under the lock and tells the watcher. A report that comes after the end is dropped.
func (q *Queue) change(e *entry, edit func()) {
	q.watching.Lock()
	defer q.watching.Unlock()
	q.mu.Lock()
	if e.info.State.Ended() {
		q.mu.Unlock()
		return
	}
	edit()
	info := e.info
	q.mu.Unlock()
	q.tell(info)
}

// end closes e's record; q.mu is held. The oldest ended jobs beyond keepEnded leave the list.
func (q *Queue) end(e *entry, err error) {
	e.info.Ended = time.Now()
	e.run = nil
	switch {
	case err == nil:
		e.info.State = Done
	case errors.Is(err, context.Canceled):
		e.info.State = Canceled
	default:
		e.info.State, e.info.Err = Failed, err.Error()
	}
	ended := 0
	for _, x := range q.all {
		if x.info.State.Ended() {
			ended++
		}
	}
	q.all = slices.DeleteFunc(q.all, func(x *entry) bool {
		if ended <= keepEnded || !x.info.State.Ended() {
			return false
		}
		ended--
		return true
	})
}

func (q *Queue) tell(info Info) {
	if q.watch != nil {
		q.watch(info)
	}
}

// guard runs f and turns a panic into an error, so that one bad job does not take the server with it.
func guard(ctx context.Context, f Func, report func(Progress)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("job: panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f(ctx, report)
}
