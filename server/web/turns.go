package web

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// ownerOf is whom the server is fair to: a person, or, where nobody signed in, the address that they come from, however
// many sockets and requests they open. Of IPv6 a network of 64 bits is one address: one machine may have all of it.
func ownerOf(w caller, remote string) string {
	if w.ID != "" {
		return "person " + string(w.ID)
	}
	if a, err := netip.ParseAddr(remote); err == nil {
		if a = a.Unmap().WithZone(""); a.Is6() {
			p, _ := a.Prefix(64)
			return "address " + p.String()
		}
		return "address " + a.String()
	}
	return "address " + remote
}

// turns is a door that a few go through at a time, and of one owner fewer still. Those who wait do so in a line an
// owner, and the lines take turns: who sends a thousand requests waits behind himself.
type turns struct {
	room, each int // inside at a time, of all and of one owner

	mu     sync.Mutex
	inside map[string]int
	count  int
	lines  []*turnLine // of those who wait, the next one first
}

type turnLine struct {
	owner string
	wake  []chan struct{}
}

func newTurns(room, each int) *turns {
	return &turns{room: room, each: each, inside: make(map[string]int)}
}

// try goes in, or says at once that there is no room. leave is called when done.
func (d *turns) try(owner string) (leave func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.fits(owner) {
		return nil, false
	}
	return d.enter(owner), true
}

// wait goes in when it is the owner's turn. The error is ctx's.
func (d *turns) wait(ctx context.Context, owner string) (leave func(), err error) {
	d.mu.Lock()
	if d.fits(owner) {
		defer d.mu.Unlock()
		return d.enter(owner), nil
	}
	wake := make(chan struct{})
	i := slices.IndexFunc(d.lines, func(l *turnLine) bool { return l.owner == owner })
	if i < 0 {
		i = len(d.lines)
		d.lines = append(d.lines, &turnLine{owner: owner})
	}
	d.lines[i].wake = append(d.lines[i].wake, wake)
	d.mu.Unlock()
	select {
	case <-wake: // whoever left has counted this one in
		return d.leaver(owner), nil
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.forget(owner, wake) { // it was this one's turn in the same moment
		d.leave(owner)
	}
	return nil, ctx.Err()
}

// len is how many are inside.
func (d *turns) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// The methods below are called with d.mu held.

func (d *turns) fits(owner string) bool { return d.count < d.room && d.inside[owner] < d.each }

func (d *turns) enter(owner string) (leave func()) {
	d.count++
	d.inside[owner]++
	return d.leaver(owner)
}

func (d *turns) leaver(owner string) func() {
	return sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.leave(owner)
	})
}

// leave goes out and lets in whose turn it is.
func (d *turns) leave(owner string) {
	d.count--
	if d.inside[owner]--; d.inside[owner] == 0 {
		delete(d.inside, owner)
	}
	for {
		i := slices.IndexFunc(d.lines, func(l *turnLine) bool { return d.fits(l.owner) })
		if i < 0 {
			return
		}
		l := d.lines[i]
		d.count++
		d.inside[l.owner]++
		close(l.wake[0])
		l.wake = l.wake[1:]
		d.lines = slices.Delete(d.lines, i, i+1)
		if len(l.wake) > 0 {
			d.lines = append(d.lines, l)
		}
	}
}

// forget takes one that waits out of its line; false if it does not wait any more.
func (d *turns) forget(owner string, wake chan struct{}) bool {
	i := slices.IndexFunc(d.lines, func(l *turnLine) bool { return l.owner == owner })
	if i < 0 {
		return false
	}
	l := d.lines[i]
	k := slices.Index(l.wake, wake)
	if k < 0 {
		return false
	}
	if l.wake = slices.Delete(l.wake, k, k+1); len(l.wake) == 0 {
		d.lines = slices.Delete(d.lines, i, i+1)
	}
	return true
}
