package web

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// Audit is the log of who did what.
type Audit interface {
	Record(ctx context.Context, e project.Event) error
	Events(ctx context.Context, f project.EventFilter) ([]project.Event, error)
}

// maxEvents is how many lines of the audit log one answer may hold.
const maxEvents = 1000

func (s *Server) listAudit(c echo.Context) error { return s.events(c, "") }

func (s *Server) listProjectAudit(c echo.Context) error {
	return s.events(c, project.ID(c.Param("project")))
}

// events answers with the newest lines that the query asks for: user, action, before (a time) and limit.
func (s *Server) events(c echo.Context, p project.ID) error {
	f := project.EventFilter{Project: p, User: c.QueryParam("user"), Action: c.QueryParam("action"), Limit: 100}
	if q := c.QueryParam("limit"); q != "" {
		n, err := strconv.Atoi(q)
		if err != nil || n < 1 || n > maxEvents {
			return badRequest("limit is a number from 1 to " + strconv.Itoa(maxEvents))
		}
		f.Limit = n
	}
	if q := c.QueryParam("before"); q != "" {
		t, err := time.Parse(time.RFC3339Nano, q)
		if err != nil {
			return badRequest("before is a time, as 2026-01-31T12:00:00Z")
		}
		f.Before = t
	}
	list := []project.Event{}
	if s.config.Accounts != nil {
		events, err := s.config.Accounts.Events(c.Request().Context(), f)
		if err != nil {
			return err
		}
		list = append(list, events...)
	}
	return c.JSON(http.StatusOK, map[string]any{"events": list})
}

// record notes in the audit log what the caller of a request did.
func (s *Server) record(c echo.Context, p project.ID, action, object, detail string) {
	s.note(c.Request().Context(), who(c), p, action, object, detail)
}

// note is record for any caller. An entry that cannot be written is in the server's log: what it tells of is done.
func (s *Server) note(ctx context.Context, w caller, p project.ID, action, object, detail string) {
	if s.config.Accounts == nil {
		return
	}
	e := project.Event{User: cmp.Or(w.Name, "guest"), Project: p, Action: action, Object: object, Detail: detail}
	if err := s.config.Accounts.Record(context.WithoutCancel(ctx), e); err != nil {
		s.log.Error("cannot write the audit log", "user", e.User, "project", p, "action", action, "object", object, "detail", detail, "error", err)
	}
}
