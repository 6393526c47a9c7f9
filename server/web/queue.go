package web

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"semirest/shared/block"
)

var (
	// errBusy: the queue is full.
	errBusy = errors.New("the server is busy: its queue is full; send the crop again in a moment")
	// errStopping: the server takes no more work.
	errStopping = errors.New("the server is stopping; send the crop again when it is back")
)

// task is one crop in the queue. answer is called exactly once, from a runner, and must not block.
type task struct {
	ctx    context.Context //nolint:containedctx // of who sent it: the call that queued it has returned. Ended: not wanted any more
	det    *served
	owner  string
	pixels []byte // [h, w, 3] of det's input; the task's until it is answered
	origin block.Cell
	queued time.Time
	answer func(outcome)
}

// outcome is what became of a task: raw scores, or an error.
type outcome struct {
	scores block.Scores
	wait   time.Duration // in the queue
	run    time.Duration // of the run that scored it
	batch  int           // crops in that run
	err    error
}

// queue holds the tasks that wait. It is fair between owners: each owner's tasks form a line of their own, and the
// lines take turns, so that one who sends a thousand tiles does not keep the others waiting behind them.
type queue struct {
	mu     sync.Mutex
	wake   *sync.Cond // tasks came, or the queue closed
	room   int
	count  int
	lines  []*line // those with tasks, the next one first
	closed bool
}

type line struct {
	owner string
	tasks []*task
}

func newQueue(room int) *queue {
	q := &queue{room: room}
	q.wake = sync.NewCond(&q.mu)
	return q
}

// push adds a task to its owner's line, or returns errBusy or errStopping. Where the queue is full, a task of the longest
// line makes room for that of a line which is shorter by two or more: it is returned, and its sender answered.
func (q *queue) push(t *task) (refused *task, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, errStopping
	}
	if q.count >= q.room {
		if refused = q.longest(t.owner); refused == nil {
			return nil, errBusy
		}
	}
	q.count++
	t.queued = time.Now()
	i := slices.IndexFunc(q.lines, func(l *line) bool { return l.owner == t.owner })
	if i < 0 {
		q.lines = append(q.lines, &line{owner: t.owner})
		i = len(q.lines) - 1
	}
	q.lines[i].tasks = append(q.lines[i].tasks, t)
	q.wake.Signal()
	return refused, nil
}

// longest takes the last task of the longest line out, unless owner's would then be as long as that was. The last one
// has waited the least.
func (q *queue) longest(owner string) *task {
	mine, long := 0, q.lines[0]
	for _, l := range q.lines {
		if len(l.tasks) > len(long.tasks) {
			long = l
		}
		if l.owner == owner {
			mine = len(l.tasks)
		}
	}
	if len(long.tasks) < mine+2 {
		return nil
	}
	last := len(long.tasks) - 1
	t := long.tasks[last]
	long.tasks[last] = nil
	long.tasks = long.tasks[:last]
	q.count--
	return t
}

// pop waits for a task and takes it with others of the same detector, as many as its Batch allows, one from each line in
// turn. It never waits for a batch to fill. It returns nil when the queue is closed and empty.
func (q *queue) pop() []*task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.count == 0 {
		if q.closed {
			return nil
		}
		q.wake.Wait()
	}
	batch := []*task{q.lines[0].tasks[0]}
	q.take(0)
	for len(batch) < batch[0].det.Batch {
		i := slices.IndexFunc(q.lines, func(l *line) bool { return l.tasks[0].det == batch[0].det })
		if i < 0 {
			break
		}
		batch = append(batch, q.lines[i].tasks[0])
		q.take(i)
	}
	return batch
}

// remove takes t out of the queue; false if it is not there any more.
func (q *queue) remove(t *task) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.lines, func(l *line) bool { return l.owner == t.owner })
	if i < 0 {
		return false
	}
	l := q.lines[i]
	k := slices.Index(l.tasks, t)
	if k < 0 {
		return false
	}
	l.tasks = slices.Delete(l.tasks, k, k+1)
	if len(l.tasks) == 0 {
		q.lines = slices.Delete(q.lines, i, i+1)
	}
	q.count--
	return true
}

// take removes the first task of line i and sends the line to the back of the queue, or home if it is empty.
func (q *queue) take(i int) {
	l := q.lines[i]
	l.tasks[0] = nil
	l.tasks = l.tasks[1:]
	q.lines = slices.Delete(q.lines, i, i+1)
	if len(l.tasks) > 0 {
		q.lines = append(q.lines, l)
	}
	q.count--
}

// len is how many tasks wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// close refuses new tasks. What waits is still popped.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}
