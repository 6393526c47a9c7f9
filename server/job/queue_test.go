package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// record keeps what a watcher was told.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) watch(i Info) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s %s %d/%d", i.Name, i.State, i.Progress.Done, i.Progress.Total))
}

func TestJobsRunInOrderAndReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r record
		q := New(t.Context(), 1, 4, r.watch)
		for _, name := range []string{"a", "b"} {
			_, err := q.Submit(name, func(ctx context.Context, report func(Progress)) error {
				time.Sleep(time.Second)
				report(Progress{Stage: "steps", Done: 1, Total: 2})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		r.mu.Lock()
		defer r.mu.Unlock()
		var a, b []string
		for _, l := range r.lines {
			if strings.HasPrefix(l, "a") {
				a = append(a, l)
			} else {
				b = append(b, l)
			}
		}
		want := []string{"a queued 0/0", "a running 0/0", "a running 1/2", "a done 1/2"}
		if !slices.Equal(a, want) {
			t.Errorf("told of a: %q, want %q", a, want)
		}
		if len(b) != 4 || b[3] != "b done 1/2" {
			t.Errorf("told of b: %q", b)
		}
		list := q.List()
		if len(list) != 2 || list[1].Started.Sub(list[0].Ended) < 0 {
			t.Errorf("b started before a ended: %+v", list)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFullQueueIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(t.Context(), 1, 1, nil)
		block := func(ctx context.Context, _ func(Progress)) error { <-ctx.Done(); return ctx.Err() }
		first, err := q.Submit("runs", block)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := q.Submit("waits", block); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Submit("too many", block); !errors.Is(err, ErrBusy) {
			t.Errorf("third job: %v, want ErrBusy", err)
		}
		if err := q.Cancel(first); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := q.List()[0].State; got != Canceled {
			t.Errorf("cancelled job is %s", got)
		}
		if _, err := q.Submit("fits now", block); err != nil {
			t.Errorf("after a cancel: %v", err)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, i := range q.List() {
			if i.State != Canceled {
				t.Errorf("%s is %s after Close", i.Name, i.State)
			}
		}
		if _, err := q.Submit("late", block); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
	})
}

func TestCancelOfAWaitingJobKeepsItFromStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(t.Context(), 1, 2, nil)
		release := make(chan struct{})
		if _, err := q.Submit("first", func(context.Context, func(Progress)) error { <-release; return nil }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		id, err := q.Submit("second", func(context.Context, func(Progress)) error {
			t.Error("a cancelled job started")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Cancel(id); err != nil {
			t.Fatal(err)
		}
		close(release)
		synctest.Wait()
		if got := q.List()[1].State; got != Canceled {
			t.Errorf("state %s", got)
		}
		if err := q.Cancel("no such"); !errors.Is(err, ErrUnknown) {
			t.Errorf("unknown id: %v", err)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAFailureAndAPanicAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(t.Context(), 2, 4, nil)
		for _, f := range []Func{
			func(context.Context, func(Progress)) error { return errors.New("no pictures") },
			func(context.Context, func(Progress)) error { panic("index out of range") },
		} {
			if _, err := q.Submit("bad", f); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for i, want := range []string{"no pictures", "job: panic: index out of range"} {
			got := q.List()[i]
			if got.State != Failed || !strings.HasPrefix(got.Err, want) {
				t.Errorf("job %d: %s %q, want failed with %q", i, got.State, got.Err, want)
			}
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOldJobsLeaveTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(t.Context(), 1, 1, nil)
		for range keepEnded + 5 {
			if _, err := q.Submit("quick", func(context.Context, func(Progress)) error { return nil }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		list := q.List()
		if len(list) != keepEnded || list[0].ID != "6" {
			t.Errorf("%d listed, first %s", len(list), list[0].ID)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(t.Context(), 1, 1, nil)
		release := make(chan struct{})
		if _, err := q.Submit("deaf", func(context.Context, func(Progress)) error { <-release; return nil }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		close(release)
	})
}
