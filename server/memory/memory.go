// Package memory is one budget for what pictures take while they are looked at.
//
// A file of some kilobytes can hold a hundred megapixels, and ten people can send it
// at once. So whoever decodes takes what that will cost first, which package picture
// reads from the file's header, and gives it back when nothing of it is needed any
// more: ten such files are decoded one after another, and none of them ends the
// process.
//
// There is one budget in a process, as there is one heap. It has no bounds until Limit
// sets them: a command that a person started may use the machine.
//
// Two lanes keep small things going: what takes up to Small, as a crop does, never
// waits behind a large picture.
package memory

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Small is up to how many bytes go through the lane of small things.
const Small = 8 << 20

// idleTime is how long nothing large must have been taken before the heap goes back
// to the system. A variable, so that tests need not wait.
var idleTime = 5 * time.Second

// lane is a share of the budget.
type lane struct {
	size int64
	room *semaphore.Weighted
	used atomic.Int64
}

func newLane(size int64) *lane { return &lane{size: size, room: semaphore.NewWeighted(size)} }

// budget is nil in its place below while there are no bounds.
type budget struct {
	small, large *lane
	mu           sync.Mutex
	idle         *time.Timer // runs from the last large thing given back
}

var now atomic.Pointer[budget]

// Limit bounds what may be taken at a time, in bytes: a quarter of it by small things.
// It is called once, before anything is taken. 0 takes the bounds away.
func Limit(size int64) {
	if size <= 0 {
		now.Store(nil)
		return
	}
	small := max(size/4, Small)
	now.Store(&budget{small: newLane(small), large: newLane(max(size-small, Small))})
}

// Bound is the most that can be taken at once, in bytes; 0: there are no bounds.
func Bound() int64 {
	if b := now.Load(); b != nil {
		return b.large.size
	}
	return 0
}

// Used is what is taken now, in bytes.
func Used() int64 {
	if b := now.Load(); b != nil {
		return b.small.used.Load() + b.large.used.Load()
	}
	return 0
}

// TooMuchError says that something takes more than there will ever be.
type TooMuchError struct{ Need, Bound int64 } // bytes

func (e *TooMuchError) Error() string {
	return fmt.Sprintf("this takes %d MiB of memory, and the server lends %d MiB at a time", e.Need>>20, e.Bound>>20)
}

// Share is what somebody has taken.
type Share struct {
	in *lane // nil: there are no bounds
	b  *budget
	n  atomic.Int64
}

// Take waits until n bytes are free and takes them. The error is a *TooMuchError, or
// ctx's. Who has taken something takes nothing more before it is given back: two who
// wait for each other would wait for ever.
func Take(ctx context.Context, n int64) (*Share, error) {
	b := now.Load()
	if b == nil || n <= 0 {
		return &Share{}, ctx.Err()
	}
	in := b.large
	if n <= Small {
		in = b.small
	}
	if n > in.size {
		return nil, &TooMuchError{Need: n, Bound: in.size}
	}
	if err := in.room.Acquire(ctx, n); err != nil {
		return nil, err
	}
	in.used.Add(n)
	s := &Share{in: in, b: b}
	s.n.Store(n)
	return s, nil
}

// Keep gives back all but n bytes, of a share that has more.
func (s *Share) Keep(n int64) {
	for s != nil && s.in != nil {
		had := s.n.Load()
		if had <= n {
			return
		}
		if s.n.CompareAndSwap(had, n) {
			s.in.used.Add(n - had)
			s.in.room.Release(had - n)
			if s.in == s.b.large {
				s.b.rest()
			}
			return
		}
	}
}

// Release gives the share back. Once more, or of a nil share, it does nothing.
func (s *Share) Release() { s.Keep(0) }

// rest gives the heap back to the system once nothing large was taken for a while: by
// itself the collector would keep a peak's garbage for minutes.
func (b *budget) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.idle != nil {
		b.idle.Stop()
	}
	b.idle = time.AfterFunc(idleTime, func() {
		if b.large.used.Load() == 0 {
			debug.FreeOSMemory()
		}
	})
}
