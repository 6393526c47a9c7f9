package web

import (
	"cmp"
	"context"
	"errors"

	"github.com/gorilla/websocket"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxSockets is how many websockets a person may have open: tabs, cameras and scripts together.
const maxSockets = 32

// signedOut closes the websockets of people who have signed out or were blocked.
var signedOut = closing{websocket.ClosePolicyViolation, "signed out"}

// roomFor refuses another websocket of a person who has too many.
func (s *Server) roomFor(w caller) error {
	if w.again == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for x := range s.sessions {
		if x.who.ID == w.ID {
			open++
		}
	}
	if open >= maxSockets {
		return &project.ThrottledError{What: "pages of one person open", After: pingEvery}
	}
	return nil
}

// recheck finds the session's person anew before a message of n bytes is acted on. A close frame in the result ends the
// connection: the person has signed out, or was blocked.
func (x *session) recheck(ctx context.Context, n int) closing {
	if x.who.again == nil {
		return closing{}
	}
	w, err := x.who.again(ctx)
	if errors.Is(err, project.ErrSignedOut) {
		x.fail(ctx, 0, wire.CodeForbidden, "you are signed out; sign in again")
		return signedOut
	}
	if err == nil {
		err = x.server.config.Accounts.Allow(w.User, 1, int64(n))
	}
	if t, ok := errors.AsType[*project.ThrottledError](err); ok {
		x.fail(ctx, 0, wire.CodeBusy, t.Error())
		return closing{websocket.CloseTryAgainLater, "too many messages"}
	}
	if err != nil {
		x.log.Error("cannot tell who a session belongs to", "error", err)
		x.fail(ctx, 0, wire.CodeInternal, "the server failed; its log says why")
		return closing{websocket.CloseInternalServerErr, "the server failed"}
	}
	return closing{}
}

// remain stops the session if its person has signed out or was blocked meanwhile.
func (x *session) remain() {
	if x.who.again == nil {
		return
	}
	if _, err := x.who.again(x.server.ctx); errors.Is(err, project.ErrSignedOut) {
		x.stop(signedOut)
	}
}

// may is Server.may for a message of type t about a project. A level that was taken away counts at once.
func (x *session) may(ctx context.Context, t wire.Type, p project.ID) error {
	return x.server.may(ctx, x.who, p, cmp.Or(messages[t], project.Admin))
}

// mayHear tells whether a notice about a project may go to the session.
func (x *session) mayHear(ctx context.Context, p project.ID) bool {
	return x.server.may(ctx, x.who, p, project.Viewer) == nil
}

// dismiss stops the websockets of a person: of one session of theirs, or all.
func (s *Server) dismiss(user project.ID, session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sessions {
		if x.who.again != nil && x.who.ID == user && (session == "" || session == x.who.session) {
			x.stop(signedOut)
		}
	}
}

// dismissSessions stops the websockets of a person's browsers; those of scripts go on.
func (s *Server) dismissSessions(user project.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sessions {
		if x.who.by == byCookie && x.who.ID == user {
			x.stop(signedOut)
		}
	}
}

// maySee tells whether somebody may see and use a detector: those of projects are their viewers'.
func (s *Server) maySee(ctx context.Context, w caller, detector string) bool {
	p, ok := project.OfDetector(detector)
	return !ok || s.may(ctx, w, p, messages[wire.TypeOpen]) == nil
}

// useDetector is registry.use for detectors that the caller may see.
func (s *Server) useDetector(ctx context.Context, w caller, name string) (d *served, release func(), ok bool) {
	d, release, ok = s.detectors.use(name)
	if ok && !s.maySee(ctx, w, d.Name) {
		release()
		return nil, nil, false
	}
	return d, release, ok
}

// visibleDetectors is registry.list of the detectors that the caller may see.
func (s *Server) visibleDetectors(ctx context.Context, w caller) (list []*served) {
	for _, d := range s.detectors.list() {
		if s.maySee(ctx, w, d.Name) {
			list = append(list, d)
		}
	}
	return list
}

// announce tells every open session that may see it of a detector that is now served.
func (s *Server) announce(d *served) {
	s.mu.Lock()
	open := make([]*session, 0, len(s.sessions))
	for x := range s.sessions {
		open = append(open, x)
	}
	s.mu.Unlock()
	data := d.message(0).Append(nil)
	for _, x := range open {
		if s.maySee(s.ctx, x.who, d.Name) {
			x.out.notify("detector "+d.Name, data)
		}
	}
}
