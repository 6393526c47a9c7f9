package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"semirest/server/project"
)

func TestOwnerOf(t *testing.T) {
	anna := caller{User: project.User{ID: "anna"}, by: byCookie}
	for _, c := range []struct {
		w            caller
		remote, want string
	}{
		{anna, "192.0.2.1", "person anna"}, {anna, "192.0.2.2", "person anna"},
		{caller{}, "192.0.2.1", "address 192.0.2.1"}, {localPerson, "127.0.0.1", "address 127.0.0.1"},
		{caller{}, "::ffff:192.0.2.1", "address 192.0.2.1"},
		{caller{}, "2001:db8::1", "address 2001:db8::/64"}, {caller{}, "2001:db8::2%eth0", "address 2001:db8::/64"},
		{caller{}, "pipe", "address pipe"},
	} {
		if got := ownerOf(c.w, c.remote); got != c.want {
			t.Errorf("%s of %q: %s, want %s", c.w.Name, c.remote, got, c.want)
		}
	}
}

// A thousand that one sends wait behind those of ten others who send one each.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTurns(2, 2)
		var mu sync.Mutex
		var order []string
		enter := func(owner string) {
			go func() {
				leave, err := d.wait(t.Context(), owner)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, owner)
				mu.Unlock()
				leave()
				leave() // once more changes nothing
			}()
			synctest.Wait()
		}
		first, _ := d.try("greedy")
		second, _ := d.try("greedy")
		if _, ok := d.try("other"); ok {
			t.Error("three are in a room of two")
		}
		for range 1000 {
			enter("greedy")
		}
		for i := range 10 {
			enter(fmt.Sprint("other ", i))
		}
		first()
		second()
		synctest.Wait()
		if len(order) != 1010 || slices.IndexFunc(order, func(s string) bool { return s == "other 9" }) > 22 {
			t.Errorf("%d went in, the first %v", len(order), order[:min(30, len(order))])
		}
		if d.count != 0 || len(d.inside) != 0 || len(d.lines) != 0 {
			t.Errorf("left over: %d, %v, %v", d.count, d.inside, d.lines)
		}
	})
}

// One owner never has more than a share, and who gives up waiting leaves no trace.
func TestTurnsOfOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTurns(4, 1)
		leave, ok := d.try("anna")
		if _, more := d.try("anna"); !ok || more {
			t.Errorf("first %v, second %v", ok, more)
		}
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error)
		go func() {
			_, err := d.wait(ctx, "anna")
			waited <- err
		}()
		synctest.Wait()
		if _, ok := d.try("bert"); !ok {
			t.Error("anna's line keeps bert out")
		}
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("gave up with %v", err)
		}
		leave()
		if leave, ok := d.try("anna"); !ok {
			t.Error("the room is not free again")
		} else {
			leave()
		}
		if len(d.lines) != 0 || d.inside["anna"] != 0 {
			t.Errorf("left over: %v, %v", d.inside, d.lines)
		}
	})
}
