package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxWatched is how many projects one session may watch.
const maxWatched = 64

// projectMessage answers Watch and Labels. Every message is checked for what the session's user may do now.
func (x *session) projectMessage(ctx context.Context, request uint32, m wire.Message) {
	if x.server.config.Workshop == nil {
		x.fail(ctx, request, wire.CodeUnknownType, "this server has no projects")
		return
	}
	var err error
	switch m := m.(type) {
	case wire.Watch:
		err = x.watch(ctx, m)
	case wire.Labels:
		err = x.saveLabels(ctx, m)
	}
	if err != nil {
		code, text := wireFault(err)
		if code == wire.CodeInternal || code == wire.CodeDisk {
			x.log.Error("a message could not be answered", "error", err)
		}
		x.fail(ctx, request, code, text)
	}
}

// watch subscribes to a project's notices, or ends that.
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

// saveLabels answers Labels with Saved or Conflict, once what it tells is on disk.
func (x *session) saveLabels(ctx context.Context, m wire.Labels) error {
	of, id := project.ID(m.Project), project.ID(m.Picture)
	if !validID(of) || !validID(id) {
		return noSuch("picture")
	}
	if err := x.may(ctx, m.Type(), of); err != nil {
		return err
	}
	p, err := x.server.config.Workshop.Pictures.Picture(ctx, id)
	if err != nil {
		return named(err, "picture", id)
	}
	if p.Project != of {
		return noSuch("picture")
	}
	r, err := x.server.save(ctx, x.who, p, m.Base, "", m.Data)
	if conflict, ok := errors.AsType[*project.ConflictError](err); ok {
		now := conflict.Current
		x.out.reply(ctx, wire.Conflict{Request: m.Request, Revision: now.Revision, Picture: m.Picture, Author: now.Author, Data: now.Data})
		return nil
	}
	if err != nil {
		if faultOf(err).Code == codeInternal {
			return &unsaved{err}
		}
		return err
	}
	x.out.reply(ctx, wire.Saved{Request: m.Request, Revision: r.Revision, Picture: m.Picture})
	return nil
}

// unsaved is an error of the store at a save: the client keeps the labels and tries again.
type unsaved struct{ error }

func (u *unsaved) Unwrap() error { return u.error }

// nameSave names a save after what it saves, for clients that give it no name: the same labels on the same revision are
// the same save, so that sending them again after a lost answer is safe.
func nameSave(base uint64, data []byte) string {
	sum := sha256.Sum256(data)
	return strconv.FormatUint(base, 10) + "-" + hex.EncodeToString(sum[:16])
}

// wireFault is an error as the websocket tells it.
func wireFault(err error) (wire.Code, string) {
	f := faultOf(err)
	if _, ok := errors.AsType[*unsaved](err); ok {
		return wire.CodeDisk, "the server could not store the labels; its log says why. Keep them and try again"
	}
	codes := map[string]wire.Code{
		codeNotFound: wire.CodeNotFound, codeForbidden: wire.CodeForbidden, codeBusy: wire.CodeBusy, codeTooLarge: wire.CodeTooLarge,
		codeUnavailable: wire.CodeShuttingDown, codeInternal: wire.CodeInternal, codeFull: wire.CodeDisk,
	}
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

// tell tells those who watch a project that somebody changed it.
func (s *Server) tell(m wire.Changed) {
	s.Notify(project.ID(m.Project), "changed "+strconv.Itoa(int(m.Subject))+" "+m.Project+" "+m.Picture, m)
}

// changed is tell for a request.
func (s *Server) changed(c echo.Context, what wire.Subject, p, picture project.ID, revision uint64) {
	s.tell(wire.Changed{Revision: revision, Subject: what, Project: string(p), Picture: string(picture), Author: author(who(c))})
}
