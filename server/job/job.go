package job

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrBusy says that the queue is full: the caller tells its user to come back later.
	ErrBusy = errors.New("job: the queue is full; wait for a job to end, or cancel one")
	// ErrClosed says that the queue takes no more jobs because the server is stopping.
	ErrClosed = errors.New("job: the server is stopping")
	// ErrUnknown says that no job of that id is listed.
	ErrUnknown = errors.New("job: no such job")
)

// State is where a job stands. It only moves forward: queued, running, then one of the three ends.
type State string

// The states of a job.
const (
	Queued   State = "queued"
	Running  State = "running"
	Done     State = "done"
	Failed   State = "failed"
	Canceled State = "canceled"
)

// Ended says whether nothing more will happen to a job in this state.
func (s State) Ended() bool { return s == Done || s == Failed || s == Canceled }

// Progress is what a running job says of itself. Done and Total count whatever Stage counts (pictures, steps);
// Total 0 means that the end is not known. Left is the job's own guess of the time to its end, 0 where it has none.
type Progress struct {
	Stage       string
	Done, Total int
	Left        time.Duration
}

// Func is the work. It must return soon after ctx ends, with ctx's error. report may be called from any goroutine of
// the job until Func returns.
type Func func(ctx context.Context, report func(Progress)) error

// Info is a snapshot of one job. Err is the text of the error of a failed job, else empty. Times that have not come
// yet are zero.
type Info struct {
	ID                        string
	Name                      string
	State                     State
	Progress                  Progress
	Err                       string
	Submitted, Started, Ended time.Time
}
