package client

import (
	"reflect"
	"testing"

	"semirest/shared/wire"
)

// watches takes the Watch messages that the client sent, without their requests.
func watches(c *fakeSocket) (out []wire.Watch, last uint32) {
	for _, m := range c.take() {
		if m, ok := m.(wire.Watch); ok {
			last, m.Request = m.Request, 0
			out = append(out, m)
		}
	}
	return out, last
}

func TestOneProjectIsWatchedOnEveryConnection(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Watch("one")
	w.s.Watch("one")
	if got, _ := watches(c); !reflect.DeepEqual(got, []wire.Watch{{On: true, Project: "one"}}) {
		t.Errorf("sent %v", got)
	}
	w.s.Watch("two")
	if got, _ := watches(c); !reflect.DeepEqual(got, []wire.Watch{{Project: "one"}, {On: true, Project: "two"}}) {
		t.Errorf("sent %v", got)
	}
	w.s.Closed(c.number, "gone")
	w.s.Watch("three") // without a connection: kept for the next
	w.pass(minPause * 2)
	c = w.accept(plain("a"))
	if got, _ := watches(c); !reflect.DeepEqual(got, []wire.Watch{{On: true, Project: "three"}}) {
		t.Errorf("the new connection was asked %v", got)
	}
	w.s.Watch("")
	if got, _ := watches(c); !reflect.DeepEqual(got, []wire.Watch{{Project: "three"}}) {
		t.Errorf("sent %v", got)
	}
}

func TestNoticesReachThePage(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Watch("one")
	want := []wire.Message{
		wire.Training{Job: 3, Phase: wire.PhaseLearn, Step: 10, Total: 100, Loss: 0.5, SecondsLeft: 9, HeldOutAP: 0.25,
			Sample: "picture", Map: wire.Grid{Rows: 1, Cols: 2, Encoding: wire.Float32, Values: []float32{0.5, 2}}},
		wire.Job{Job: 3, Kind: wire.JobTrain, State: wire.JobDone, Project: "one", Model: "m"},
		wire.Changed{Revision: 4, Subject: wire.SubjectLabels, Project: "one", Picture: "p", Author: "ann"},
	}
	for _, m := range want {
		w.say(c, m)
	}
	if !reflect.DeepEqual(w.notices, want) {
		t.Errorf("got %v", w.notices)
	}
}

func TestAWatchIsRefused(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Watch("other")
	_, request := watches(c)
	w.say(c, wire.Error{Request: request, Code: wire.CodeNotOpen, Text: "That project is not yours."})
	if w.refused != "That project is not yours." || w.status.State != LinkOpen {
		t.Errorf("refused %q, link %v", w.refused, w.status.State)
	}
}
