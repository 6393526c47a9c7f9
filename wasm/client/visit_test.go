package client

import (
	"testing"

	"semirest/shared/wire"
)

// finish prepares what is asked for and answers every crop.
func (w *world) finish(c *fakeSocket, value float32) {
	w.t.Helper()
	for len(w.todo) > 0 {
		w.prepare(small)
	}
	for _, m := range w.crops(c) {
		w.answer(c, m, value)
	}
}

// A demo picture has its own detector: it costs the pictures that are there
// neither their scores nor the detector that the user chose.
func TestVisitAndHome(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	c := w.accept(plain("demo"), plain("mine"))
	w.opened(c, plain("demo"))
	w.s.Choose("mine")
	w.opened(c, plain("mine"))
	w.s.Add(1, "")
	w.finish(c, 1)
	w.s.Add(2, "demo")
	w.opened(c, plain("demo"))
	w.finish(c, 2)
	if w.open != "mine" {
		t.Errorf("on a visit the detector in use is called %q", w.open)
	}
	w.s.Add(3, "")
	w.opened(c, plain("mine"))
	w.finish(c, 3)
	for id, want := range map[uint32]string{1: "mine", 2: "demo", 3: "mine"} {
		if r := w.pictures[id]; r.State != Scored || r.Detector != want || r.Score != float32(id) {
			t.Errorf("picture %d: %v by %s, %v", id, r.State, r.Detector, r.Score)
		}
		if h := w.history[id]; len(h) != 4 {
			t.Errorf("picture %d was scored more than once: %v", id, h)
		}
	}
}

func TestChoiceEndsAVisit(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	c := w.accept(plain("a"), plain("b"))
	w.opened(c, plain("a"))
	w.s.Add(1, "")
	w.finish(c, 1)
	w.s.Add(2, "b")
	w.opened(c, plain("b"))
	w.s.Choose("b") // the very one that is visited: now it scores the others, too
	w.opened(c, plain("b"))
	if w.open != "b" {
		t.Errorf("in use is %q", w.open)
	}
	w.finish(c, 2)
	w.finish(c, 2)
	for id := range w.pictures {
		if r := w.pictures[id]; r.State != Scored || r.Detector != "b" {
			t.Errorf("picture %d: %v by %s", id, r.State, r.Detector)
		}
	}
}

// A detector that went away between the list and the visit leaves its picture
// waiting, and everything else at home.
func TestVisitToADetectorThatWentAway(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	c := w.accept(plain("a"), plain("b"))
	w.opened(c, plain("a"))
	w.s.Add(1, "")
	w.finish(c, 1)
	w.s.Add(2, "b")
	open := c.take()[0].(wire.Open)
	if open.Detector != "b" {
		t.Fatalf("asked for %q", open.Detector)
	}
	w.say(c, wire.Error{Request: open.Request, Code: wire.CodeNotFound, Text: "gone"})
	w.opened(c, plain("a"))
	if r := w.pictures[1]; r.State != Scored || r.Detector != "a" {
		t.Errorf("%v by %s", r.State, r.Detector)
	}
	if r := w.pictures[2]; r.State != Waiting {
		t.Errorf("its picture is %v", r.State)
	}
	w.say(c, plain("b")) // it is back
	w.opened(c, plain("b"))
	w.finish(c, 5)
	if r := w.pictures[2]; r.State != Scored || r.Detector != "b" {
		t.Errorf("%v by %s", r.State, r.Detector)
	}
}
