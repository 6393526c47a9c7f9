package line

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"semirest/server/project"
	"semirest/server/sink"
	"semirest/server/store/journal"
)

// LateAfter is how long after its picture was taken in a verdict is late.
const LateAfter = 5 * time.Second

// telling is a sink at work.
type telling struct {
	sink.Spec
	bell chan struct{} // something was recorded
	end  func()        // stops it and waits

	mu     sync.Mutex
	status Told
}

// Told is how a sink is.
type Told struct {
	State  string    `json:"state"` // telling, or waiting after an error
	Told   int64     `json:"told"`  // verdicts, since the program started
	Last   time.Time `json:"last,omitzero"`
	Errors int64     `json:"errors"`
	Error  string    `json:"error,omitempty"` // the newest, as it was
	Failed time.Time `json:"failed,omitzero"`
}

// Sink is a sink, how it is, and what waits for it.
type Sink struct {
	sink.Spec
	Status Told          `json:"status"`
	Queue  journal.Queue `json:"queue"`
}

// tell begins to tell a sink.
func (l *Line) tell(s sink.Spec) {
	ctx, stop := context.WithCancel(l.ctx)
	ended := make(chan struct{})
	t := &telling{Spec: s, bell: make(chan struct{}, 1), end: func() { stop(); <-ended }, status: Told{State: "telling"}}
	l.mu.Lock()
	l.sinks[s.Name] = t
	l.mu.Unlock()
	l.done.Go(func() { defer close(ended); l.run(ctx, t) })
}

// run tells a sink of one verdict after another. After a failure it is opened anew: what was half said is said again.
func (l *Line) run(ctx context.Context, t *telling) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier, pause.MaxInterval = l.first, 2, time.Minute
	for ctx.Err() == nil {
		told, err := l.serve(ctx, t)
		if ctx.Err() != nil {
			return
		}
		if told {
			pause.Reset()
		}
		t.failed(err)
		if lost, err := l.Journal.Bound(ctx, t.Name, t.Limit()); err != nil {
			l.log.Error("what waits for a sink cannot be bounded", "sink", t.Name, "error", err)
		} else if lost > 0 {
			l.log.Error("a sink lost verdicts: more waited than its limit on the disk", "sink", t.Name, "lost", lost)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// serve opens a sink and tells it until it fails; told: of anything.
func (l *Line) serve(ctx context.Context, t *telling) (told bool, err error) {
	to, err := sink.Open(t.Spec)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for {
		turn, err := l.Journal.Turn(ctx, t.Name)
		switch {
		case errors.Is(err, project.ErrNotFound):
			select {
			case <-t.bell:
			case <-ctx.Done():
				return told, ctx.Err()
			}
			continue
		case err != nil:
			return told, err
		}
		v := turn.Verdict
		v.Late = l.now().Sub(v.Time) > LateAfter
		if err := l.send(ctx, t, to, sink.Message{Verdict: v, Picture: turn.Picture}); err != nil {
			return told, err
		}
		if err := l.Journal.Told(ctx, t.Name, turn); err != nil {
			return told, err
		}
		told = true
		t.told()
	}
}

// send tries a few times before the sink is opened anew.
func (l *Line) send(ctx context.Context, t *telling, to sink.Sink, m sink.Message) (err error) {
	pause := l.first / 4
	for range 3 {
		if err = to.Send(ctx, m); err == nil || ctx.Err() != nil {
			return err
		}
		t.failed(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause *= 2
		m.Verdict.Late = l.now().Sub(m.Verdict.Time) > LateAfter
	}
	return err
}

func (t *telling) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.State, t.status.Error, t.status.Failed = "waiting", err.Error(), time.Now()
	t.status.Errors++
}

func (t *telling) told() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.State, t.status.Last = "telling", time.Now()
	t.status.Told++
}

// ring tells every sink that something was recorded.
func (l *Line) ring() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.sinks {
		select {
		case t.bell <- struct{}{}:
		default:
		}
	}
}

// AddSink checks and keeps a sink, and tells it of what is recorded from now on. One of its name is project.ErrExists.
func (l *Line) AddSink(ctx context.Context, s sink.Spec) error {
	to, err := sink.Open(s)
	if err != nil {
		return fmt.Errorf("%w: %w", project.ErrInvalid, err)
	}
	if err := to.Close(); err != nil {
		return err
	}
	l.mu.Lock()
	_, there := l.sinks[s.Name]
	l.mu.Unlock()
	if there {
		return fmt.Errorf("a sink of the name %s: %w", s.Name, project.ErrExists)
	}
	if err := l.put(ctx, journal.Sinks, s.Name, s); err != nil {
		return err
	}
	l.tell(s)
	return nil
}

// RemoveSink ends a sink; what waited for it is forgotten.
func (l *Line) RemoveSink(ctx context.Context, name string) error {
	l.mu.Lock()
	t := l.sinks[name]
	delete(l.sinks, name)
	l.mu.Unlock()
	if t == nil {
		return fmt.Errorf("sink %s: %w", name, project.ErrNotFound)
	}
	t.end()
	return l.Journal.Remove(ctx, journal.Sinks, name)
}

// Sinks lists the sinks by name, without passwords and secrets.
func (l *Line) Sinks(ctx context.Context) ([]Sink, error) {
	l.mu.Lock()
	list := make([]Sink, 0, len(l.sinks))
	for _, t := range l.sinks {
		t.mu.Lock()
		one := Sink{Spec: t.Spec, Status: t.status}
		t.mu.Unlock()
		one.Address, one.Secret = t.Shown(), ""
		list = append(list, one)
	}
	l.mu.Unlock()
	slices.SortFunc(list, func(a, b Sink) int { return strings.Compare(a.Name, b.Name) })
	for i := range list {
		var err error
		if list[i].Queue, err = l.Journal.Queue(ctx, list[i].Name); err != nil {
			return nil, err
		}
	}
	return list, nil
}
