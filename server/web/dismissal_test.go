package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/server/account"
	"semirest/server/project"
	"semirest/shared/wire"
)

// TestMessagesAreHeldToTheTable sends every message that a client can send about a project, as everybody.
func TestMessagesAreHeldToTheTable(t *testing.T) {
	h := newHouse(t, account.Options{})
	detector := "project/" + string(h.theirs.ID)
	for typ := wire.Type(1); typ < 0x80; typ++ {
		// What comes after a header of an unknown type is unknown too: such a message is refused before it is looked at.
		if _, err := wire.Parse([]byte{wire.Version, byte(typ), 0, 0, 1, 0, 0, 0}); errors.Is(err, wire.ErrUnknownType) || typ == wire.TypeCancel || typ == wire.TypeMeasure {
			continue
		}
		if messages[typ] == project.Nobody {
			t.Errorf("messages of type %#x have no row in the table", byte(typ))
		}
	}
	for as, level := range map[string]project.Level{"karl": project.Nobody, "token karl": project.Nobody, "vera": project.Viewer, "lars": project.Labeller, "token lars": project.Labeller, "boss": project.Admin} {
		d := h.socket(as)
		if seen := len(d.Hello.Detectors) == 2; seen != (level >= project.Viewer) {
			t.Errorf("Hello to %s lists %d detectors", as, len(d.Hello.Detectors))
		}
		// Open.
		d.send(wire.Open{Request: 1, Detector: detector})
		if level < project.Viewer {
			d.wantError(1, wire.CodeNotFound)
			d.send(cropOf(wire.Detector{W: fakeInput.W, H: fakeInput.H}, 2, grey(1)))
			d.wantError(2, wire.CodeNotOpen)
		} else {
			det := next[wire.Detector](d)
			d.send(cropOf(det, 2, grey(50)))
			if s := next[wire.Scores](d); s.Request != 2 {
				t.Errorf("%s: %+v", as, s)
			}
		}
		// Watch answers nothing when it may be.
		d.send(wire.Watch{Request: 3, On: true, Project: string(h.theirs.ID)})
		if level < project.Viewer {
			d.wantError(3, wire.CodeNotFound)
		}
		h.sync(d)
	}
}

// watching is a socket that watches their project and has its detector open.
func (h *house) watching(as string) (*dialer, wire.Detector) {
	h.t.Helper()
	d := h.socket(as)
	d.send(wire.Open{Request: 1, Detector: "project/" + string(h.theirs.ID)})
	det := next[wire.Detector](d)
	d.send(wire.Watch{Request: 2, On: true, Project: string(h.theirs.ID)})
	h.sync(d)
	return d, det
}

// sync waits until all that was sent before is handled.
func (h *house) sync(d *dialer) {
	h.t.Helper()
	d.send(wire.Open{Request: 99, Detector: "fake"})
	if got := next[wire.Detector](d); got.Request != 99 {
		h.t.Fatalf("received %+v", got)
	}
	d.send(wire.Open{Request: 98, Detector: "project/" + string(h.theirs.ID)})
	switch m, err := d.receive(); m := m.(type) {
	case wire.Detector:
	case wire.Error:
		if m.Code != wire.CodeNotFound {
			h.t.Fatalf("received %+v", m)
		}
	default:
		h.t.Fatalf("received %#v, %v", m, err)
	}
}

// TestARightTakenAwayEndsAtOnce: an open socket may no more than a new one.
func TestARightTakenAwayEndsAtOnce(t *testing.T) {
	h := newHouse(t, account.Options{})
	d, det := h.watching("lars")
	changed := wire.Changed{Revision: 7, Subject: wire.SubjectPictures, Project: string(h.theirs.ID)}
	h.Notify(h.theirs.ID, "k", changed)
	if got := next[wire.Changed](d); got.Revision != 7 {
		t.Fatalf("a watcher heard %+v", got)
	}
	at := "/api/v1/projects/" + string(h.theirs.ID) + "/rights/lars"
	if got, body := h.ask("anna", "PUT", at, `{"level":"viewer"}`); got != 200 {
		t.Fatalf("%d %s", got, body)
	}
	labels := "/api/v1/projects/" + string(h.theirs.ID) + "/pictures/" + string(h.picture.ID) + "/labels"
	if got, body := h.ask("lars", "PUT", labels, "x"); got != 403 {
		t.Errorf("labels of a viewer: %d %s", got, body)
	}
	if got, body := h.ask("anna", "DELETE", at, ""); got != 204 {
		t.Fatalf("%d %s", got, body)
	}
	h.Notify(h.theirs.ID, "k", changed)
	must(t, h.Install(fakeDetector("project/"+string(h.theirs.ID), h.scorer)))
	d.send(cropOf(det, 4, grey(50)))
	d.wantError(4, wire.CodeNotFound) // and neither the notice nor the detector's before it
	d.send(wire.Watch{Request: 5, On: true, Project: string(h.theirs.ID)})
	d.wantError(5, wire.CodeNotFound)
	if got, _ := h.ask("lars", "GET", "/api/v1/projects/"+string(h.theirs.ID), ""); got != 404 {
		t.Errorf("the route: %d", got)
	}
}

// TestSocketsEndWithTheirSession covers what ends a session: signing out here, everywhere, being blocked, deleted, and a
// change that another process made to the database.
func TestSocketsEndWithTheirSession(t *testing.T) {
	h := newHouse(t, account.Options{})
	closed := func(what string, d *dialer) {
		t.Helper()
		for {
			m, err := d.receive()
			if err == nil {
				if e, ok := m.(wire.Error); !ok || e.Code != wire.CodeForbidden {
					t.Errorf("%s: received %#v", what, m)
				}
				continue
			}
			if !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
				t.Errorf("%s: the socket ended with %v", what, err)
			}
			return
		}
	}
	open := func(what string, d *dialer) {
		t.Helper()
		d.send(wire.Open{Request: 9, Detector: "fake"})
		if m, err := d.receive(); err != nil || m.Type() != wire.TypeDetector {
			t.Errorf("%s: %#v %v", what, m, err)
		}
	}
	vera, byToken, boss := h.socket("vera"), h.socket("token vera"), h.socket("boss")
	if got, body := h.ask("vera", "DELETE", "/api/v1/session", ""); got != 204 {
		t.Fatalf("%d %s", got, body)
	}
	closed("signed out", vera)
	open("a script's socket", byToken)
	open("another person's socket", boss)
	if got, _ := h.ask("vera", "GET", "/api/v1/me", ""); got != 401 {
		t.Errorf("the cookie after signing out: %d", got)
	}
	if got, body := h.ask("boss", "PATCH", "/api/v1/users/vera", `{"blocked":true}`); got != 200 {
		t.Fatalf("%d %s", got, body)
	}
	closed("blocked", byToken)
	lars := h.socket("lars")
	if got, body := h.ask("lars", "DELETE", "/api/v1/session?everywhere=true", ""); got != 204 {
		t.Fatalf("%d %s", got, body)
	}
	closed("signed out everywhere", lars)
	anna := h.socket("token anna")
	if got, body := h.ask("boss", "DELETE", "/api/v1/users/anna", ""); got != 204 {
		t.Fatalf("%d %s", got, body)
	}
	closed("deleted", anna)
	karl := h.socket("karl")
	must(t, h.store.DeleteSessions(t.Context(), h.people["karl"].ID)) // as semirest user passwd does
	karl.send(wire.Open{Request: 1, Detector: "fake"})
	closed("ended by another process", karl)

	defer func(d time.Duration) { lookEvery = d }(lookEvery)
	lookEvery = 20 * time.Millisecond
	quiet := h.socket("token karl")
	must(t, h.store.DeleteUser(t.Context(), h.people["karl"].ID, func(project.User) error { return nil }))
	closed("that only listens", quiet)
}

func TestSocketsOfAPersonAreBounded(t *testing.T) {
	h := newHouse(t, account.Options{})
	for range h.config.Sockets {
		h.socket("vera")
	}
	_, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.http.URL, "http")+streamRoute, h.request("token vera", "GET", "/", "").Header)
	if err == nil || resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("socket %d: %v %v", h.config.Sockets+1, resp, err)
	}
	h.socket("lars")
}

func TestAFloodOfMessagesIsCutOff(t *testing.T) {
	h := newHouse(t, account.Options{Requests: 0.001, Burst: 20})
	d := h.socket("vera")
	for range 30 {
		if err := d.conn.WriteMessage(websocket.BinaryMessage, wire.Open{Request: 1, Detector: "fake"}.Append(nil)); err != nil {
			break
		}
	}
	for range 31 {
		m, err := d.receive()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
				t.Errorf("the socket ended with %v", err)
			}
			return
		}
		if e, ok := m.(wire.Error); ok && e.Code != wire.CodeBusy {
			t.Errorf("received %+v", e)
		}
	}
	t.Error("30 messages of 20 allowed were all answered")
}

func TestAGuestGetsNoSocket(t *testing.T) {
	h := newHouse(t, account.Options{})
	stream := "ws" + strings.TrimPrefix(h.http.URL, "http") + streamRoute
	cookie := http.Header{"Cookie": {cookieName + "=" + h.cookies["vera"]}}
	foreign := cookie.Clone()
	foreign.Set("Origin", "https://evil.example")
	for what, c := range map[string]struct {
		header http.Header
		status int
	}{
		"nothing":                 {nil, 401},
		"a wrong cookie":          {http.Header{"Cookie": {cookieName + "=x"}, "Origin": {h.http.URL}}, 401},
		"a wrong token":           {http.Header{"Authorization": {"Bearer semirest_x"}}, 401},
		"a cookie from no page":   {cookie, 403},
		"a cookie from elsewhere": {foreign, 403},
	} {
		conn, resp, err := websocket.DefaultDialer.Dial(stream, c.header)
		if err == nil {
			_ = conn.Close()
		}
		if resp == nil || resp.StatusCode != c.status {
			t.Errorf("with %s: %v %v, want %d", what, resp, err, c.status)
		}
	}
}
