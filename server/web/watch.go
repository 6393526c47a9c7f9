package web

import (
	"cmp"
	"context"
	"fmt"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxWatched is how many projects one session may watch.
const maxWatched = 64

// answerWatch acts on Watch; only an Error answers it.
func (x *session) answerWatch(ctx context.Context, m wire.Watch) {
	if x.server.config.Workshop == nil {
		x.fail(ctx, m.Request, wire.CodeUnknownType, "this server has no projects")
		return
	}
	if err := x.watch(ctx, m); err != nil {
		code, text := wireFault(err)
		if code == wire.CodeInternal {
			x.log.Error("a message could not be answered", "error", err)
		}
		x.fail(ctx, m.Request, code, text)
	}
}

// watch subscribes to a project's notices, if the session's user may look at it now, or ends that.
func (x *session) watch(ctx context.Context, m wire.Watch) error {
	id := project.ID(m.Project)
	if !m.On {
		x.mu.Lock()
		delete(x.watched, id)
		x.mu.Unlock()
		return nil
	}
	if !validID(id) {
		return noSuch("project")
	}
	if err := x.may(ctx, m.Type(), id); err != nil {
		return err
	}
	if _, err := x.server.config.Workshop.Projects.Project(ctx, id); err != nil {
		return named(err, "project", id)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.watched) >= maxWatched && !x.watched[id] {
		return errBusy
	}
	if x.watched == nil {
		x.watched = make(map[project.ID]bool)
	}
	x.watched[id] = true
	return nil
}

func (x *session) watches(p project.ID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.watched[p]
}

// wireFault is an error as the websocket tells it.
func wireFault(err error) (wire.Code, string) {
	codes := map[string]wire.Code{
		codeNotFound: wire.CodeNotFound, codeForbidden: wire.CodeForbidden, codeBusy: wire.CodeBusy,
		codeUnavailable: wire.CodeShuttingDown, codeInternal: wire.CodeInternal,
	}
	f := faultOf(err)
	if code, ok := codes[f.Code]; ok {
		return code, f.Message
	}
	return wire.CodeBadMessage, f.Message
}

// Notify sends a message to every session that watches a project and may still look at it. A newer message of the same
// key takes an unsent one's place.
func (s *Server) Notify(p project.ID, key string, m wire.Message) {
	var data []byte
	for _, x := range s.openSessions() {
		if !x.watches(p) {
			continue
		}
		if !x.mayHear(s.ctx, p) {
			continue
		}
		if data == nil {
			data = m.Append(nil)
		}
		x.out.notify(key, data)
	}
}

// changed tells those who watch a project what the caller of a request changed in it; picture is "" where it concerns no
// single one.
func (s *Server) changed(c echo.Context, what wire.Subject, p, picture project.ID, revision uint64) {
	s.Notify(p, fmt.Sprintf("changed %d %s %s", what, p, picture), wire.Changed{
		Revision: revision, Subject: what, Project: string(p), Picture: string(picture), Author: author(who(c)),
	})
}

// may is Server.may for a message of type t about a project. A level that was taken away counts at once.
func (x *session) may(ctx context.Context, t wire.Type, p project.ID) error {
	return x.server.may(ctx, x.who, p, cmp.Or(messages[t], project.Admin))
}

// mayHear tells whether a notice about a project may go to the session.
func (x *session) mayHear(ctx context.Context, p project.ID) bool {
	return x.server.may(ctx, x.who, p, project.Viewer) == nil
}
