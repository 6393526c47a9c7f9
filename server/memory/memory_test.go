package memory

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func limit(t *testing.T, size int64) {
	t.Helper()
	Limit(size)
	t.Cleanup(func() { Limit(0) })
}

func take(t *testing.T, n int64) func() {
	t.Helper()
	s, err := Take(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return s.Release
}

func TestUnbounded(t *testing.T) {
	take(t, 1<<60)()
	if Bound() != 0 || Used() != 0 {
		t.Errorf("bound %d, used %d without a limit", Bound(), Used())
	}
}

// However many take whatever at once, no more is taken than there is.
func TestNeverMoreThanThereIs(t *testing.T) {
	const size = 400 << 20
	limit(t, size)
	var wg sync.WaitGroup
	for i := range 64 {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		wg.Go(func() {
			for range 50 {
				n := r.Int64N(Bound()) + 1
				if i%2 == 0 {
					n = r.Int64N(Small) + 1
				}
				s, err := Take(context.Background(), n)
				if err != nil {
					t.Error(err)
					return
				}
				if used := Used(); used > size {
					t.Errorf("%d of %d bytes are taken", used, int64(size))
				}
				s.Keep(n / 2)
				s.Keep(n) // there is no more than that
				s.Release()
				s.Release()
			}
		})
	}
	wg.Wait()
	if Used() != 0 {
		t.Errorf("%d bytes are taken after all was given back", Used())
	}
}

func TestMoreThanEver(t *testing.T) {
	limit(t, 400<<20)
	_, err := Take(t.Context(), Bound()+1)
	var much *TooMuchError
	if !errors.As(err, &much) || much.Bound != Bound() {
		t.Errorf("%v", err)
	}
	take(t, Bound())()
}

// A small thing goes on while a large one has all that there is for such, and another
// waits for it; who gives up waiting has taken nothing.
func TestSmallPassesLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit(t, 400<<20)
		release := take(t, Bound())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		waited := make(chan error)
		go func() {
			_, err := Take(ctx, Bound())
			waited <- err
		}()
		synctest.Wait()
		take(t, Small)()
		if err := <-waited; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited with %v", err)
		}
		release()
		take(t, Bound())()
	})
}
