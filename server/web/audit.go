package web

import (
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
