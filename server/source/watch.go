package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// State is how a source is.
type State string

// The states.
const (
	Running    State = "running"
	Connecting State = "connecting"
	Waiting    State = "waiting" // after an error, until it is tried again
	Paused     State = "paused"
	Ended      State = "ended" // a video, after its last frame
)

// Status is what people see of a source.
type Status struct {
	State   State     `json:"state"`
	Taken   int64     `json:"taken"`   // frames, since the program started
	Dropped int64     `json:"dropped"` // frames of a live source that were not looked at
	Rate    float64   `json:"rate"`    // frames taken a second, over the last ten
	Last    time.Time `json:"last,omitzero"`
	Errors  int64     `json:"errors"`
	Error   string    `json:"error,omitempty"` // the newest, as it was
	Failed  time.Time `json:"failed,omitzero"` // when that was
}

// Watch keeps one source open. Its methods may be called from any goroutine; Run is called once.
type Watch struct {
	spec Spec
	seen Seen
	take func(context.Context, Frame) error

	mu      sync.Mutex
	status  Status
	paused  bool
	turned  chan struct{} // closed when paused changes
	asked   time.Time     // of the newest Trigger that no frame has answered
	last    []byte        // the newest frame, taken or not
	rate    []time.Time
	shortly time.Duration // the first pause; tests make it short
}

// NewWatch describes a watch on a source. take is called with one frame after another; what it does not take, of a
// folder or a video, it is given again after a pause.
func NewWatch(s Spec, paused bool, seen Seen, take func(context.Context, Frame) error) *Watch {
	return &Watch{spec: s, seen: seen, take: take, paused: paused, turned: make(chan struct{}), shortly: time.Second, status: Status{State: Connecting}}
}

// Spec is what the source was described as.
func (w *Watch) Spec() Spec { return w.spec }

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier, pause.MaxInterval = w.shortly, 2, time.Minute
	for ctx.Err() == nil {
		if turned := w.stands(); turned != nil {
			w.say(Paused)
			wait(ctx, turned, 0)
			continue
		}
		w.say(Connecting)
		any, err := w.follow(ctx)
		if any {
			pause.Reset()
		}
		w.mu.Lock()
		turned := w.turned
		stands := w.paused
		switch {
		case ctx.Err() != nil || stands:
		case errors.Is(err, io.EOF):
			w.status.State = Ended
		default:
			w.status.State, w.status.Error, w.status.Failed = Waiting, err.Error(), time.Now()
			w.status.Errors++
		}
		w.mu.Unlock()
		switch {
		case stands:
		case errors.Is(err, io.EOF):
			wait(ctx, turned, 0)
		default:
			wait(ctx, turned, pause.NextBackOff())
		}
	}
}

// wait waits until ctx ends, turned is closed, or, unless it is 0, for a time.
func wait(ctx context.Context, turned <-chan struct{}, d time.Duration) {
	var after <-chan time.Time
	if d > 0 {
		after = time.After(d)
	}
	select {
	case <-ctx.Done():
	case <-turned:
	case <-after:
	}
}

// follow opens the source and takes its frames until it ends, fails or is paused; any: it gave one.
func (w *Watch) follow(ctx context.Context) (any bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.mu.Lock()
	turned := w.turned
	w.mu.Unlock()
	go func() {
		select {
		case <-turned:
			stop()
		case <-ctx.Done():
		}
	}()
	f, err := open(ctx, w.spec, w.seen)
	if err != nil {
		return false, err
	}
	defer f.Close()
	kind, _ := w.spec.Kind()
	if kind.Live() {
		f = goLive(ctx, f, w.came, w.drop)
	}
	w.say(Running)
	pick := w.picker()
	for {
		frame, err := f.Next(ctx)
		if err != nil {
			return any, err
		}
		any = true
		w.came(frame)
		if !pick(frame) {
			continue
		}
		if err := w.take(ctx, frame); err != nil {
			return any, err
		}
		w.took()
	}
}

// picker decides which frames are taken. It goes on where the last one stopped only while the source is open.
func (w *Watch) picker() func(Frame) bool {
	kind, _ := w.spec.Kind()
	switch w.spec.Trigger {
	case Interval:
		if kind == Video {
			break // ffmpeg has picked them
		}
		var next time.Time
		return func(f Frame) bool {
			if f.Time.Before(next) {
				return false
			}
			next = f.Time.Add(w.spec.interval())
			return true
		}
	case Change:
		c := changed{over: w.spec.Change}
		if c.over == 0 {
			c.over = 4
		}
		return func(f Frame) bool { return c.see(f.Data) }
	case Post:
		return func(f Frame) bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.asked.IsZero() || f.Time.Before(w.asked) {
				return false
			}
			w.asked = time.Time{}
			return true
		}
	case Every:
	}
	return func(Frame) bool { return true }
}

// came keeps a frame to be shown.
func (w *Watch) came(f Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.status.Last = f.Data, f.Time
}

func (w *Watch) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Dropped++
}

// over is what a rate is measured over.
const over = 10 * time.Second

func (w *Watch) took() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Taken++
	w.rate = append(w.forget(), time.Now())
}

// forget drops what is too old for the rate; w.mu is held.
func (w *Watch) forget() []time.Time {
	for len(w.rate) > 0 && time.Since(w.rate[0]) > over {
		w.rate = w.rate[1:]
	}
	return w.rate
}

func (w *Watch) say(s State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.State = s
}

// stands returns the channel that ends a pause, nil where there is none.
func (w *Watch) stands() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.paused {
		return w.turned
	}
	return nil
}

// Pause closes the source, or opens it again. What a folder gets meanwhile is taken afterwards.
func (w *Watch) Pause(paused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.paused == paused {
		return
	}
	w.paused = paused
	close(w.turned)
	w.turned = make(chan struct{})
}

// Trigger asks for the next frame of a source whose trigger is Post.
func (w *Watch) Trigger() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spec.Trigger != Post {
		return fmt.Errorf("%s takes its frames by itself: only a source with the trigger %q is asked for one", w.spec.Name, Post)
	}
	if w.paused {
		return fmt.Errorf("%s is paused", w.spec.Name)
	}
	w.asked = time.Now()
	return nil
}

// Status is how the source is now.
func (w *Watch) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Rate = float64(len(w.forget())) / over.Seconds()
	return s
}

// Last is the file of the newest frame, nil before the first.
func (w *Watch) Last() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
