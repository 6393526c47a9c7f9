package web

import (
	"context"
	"errors"

	"github.com/gorilla/websocket"

	"semirest/server/project"
	"semirest/shared/wire"
)

// signedOut closes the websockets of people who have signed out or were blocked.
var signedOut = closing{websocket.ClosePolicyViolation, "signed out"}

// roomFor refuses another websocket of an owner who has as many as one may have: tabs, cameras and scripts together.
func (s *Server) roomFor(owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for x := range s.sessions {
		if x.owner == owner {
			open++
		}
	}
	if open >= s.config.Sockets {
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
