package web

import (
	"strings"
	"testing"

	"semirest/server/project"
	"semirest/shared/wire"
)

// watching opens a session that watches a project.
func (b *bench) watching(at string) *dialer {
	b.t.Helper()
	d := b.dial()
	d.send(wire.Watch{Request: 1, On: true, Project: at[strings.LastIndex(at, "/")+1:]})
	b.sync(d)
	return d
}

// sync waits until all that was sent before is handled: only an error answers Watch.
func (b *bench) sync(d *dialer) {
	b.t.Helper()
	d.send(wire.Open{Request: 2, Detector: "fake"})
	next[wire.Detector](d)
}

// TestWhoWatchesIsTold saves labels while three look on: two of the project, one of another.
func TestWhoWatchesIsTold(t *testing.T) {
	b := newBench(t, Config{})
	at, elsewhere := b.create("p"), b.create("q")
	one, p := b.dropOne(at, "a.png", flat(100, 30, 20))
	mine, other, stranger := b.watching(at), b.watching(at), b.watching(elsewhere)
	if status := b.save(one, 0, "", boxes(t, 30, 20, 1), nil); status != 200 {
		t.Fatal(status)
	}
	want := wire.Changed{Revision: 1, Subject: wire.SubjectLabels, Project: string(p.Project), Picture: string(p.ID), Author: project.LocalName}
	for _, d := range []*dialer{mine, other} {
		if c := next[wire.Changed](d); c != want {
			t.Errorf("told %+v, want %+v", c, want)
		}
	}
	b.sync(stranger) // who does not watch it hears nothing: the next message answers something else
	// A save that is refused, or repeated from before, changes nothing that a watcher would fetch.
	if status := b.save(one, 0, "late", boxes(t, 30, 20, 3), nil); status != 409 {
		t.Errorf("%d", status)
	}
	other.send(wire.Watch{Request: 11, On: true, Project: "../../etc"})
	other.wantError(11, wire.CodeNotFound)
	other.send(wire.Watch{Request: 12, Project: string(p.Project)})
	b.sync(other)
	if status := b.save(one, 1, "", boxes(t, 30, 20, 2), nil); status != 200 {
		t.Fatal(status)
	}
	if c := next[wire.Changed](mine); c.Revision != 2 {
		t.Errorf("told %+v", c)
	}
	b.sync(other) // it does not watch any more
}
