package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// authorise holds every request against the table of access. Requests that the table has no row for never reach a
// handler: New refuses to make such a server.
func (s *Server) authorise(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		row, ok := access[c.Request().Method+" "+c.Path()]
		if !ok {
			row = access[anyMethod+" "+c.Path()] // the zero row refuses
			if !s.routed[c.Request().Method+" "+c.Path()] {
				return next(c) // the router's own 404 or 405
			}
		}
		if row == anyone {
			return next(c)
		}
		w, err := s.recognise(c.Request())
		if err != nil {
			return err
		}
		if err := s.checkSource(c, w); err != nil {
			return err
		}
		// Before it is asked what they may: trying addresses out is not free of charge either.
		if w.by == byCookie || w.by == byToken {
			if err := s.charge(c, w); err != nil {
				return err
			}
		}
		if err := s.admitTo(c, w, row); err != nil {
			return err
		}
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), callerKey{}, w)))
		return next(c)
	}
}

// checkSource refuses requests that a cookie vouches for and that change something, unless the browser says which page
// they are from: protect has looked at what it says. Browsers always say so; scripts are to use tokens. A websocket
// counts as a change.
func (s *Server) checkSource(c echo.Context, w caller) error {
	r := c.Request()
	if w.by != byCookie || (safe(r.Method) && c.Path() != streamRoute) || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return nil
	}
	return newFault(http.StatusForbidden, codeForbidden, "requests with a cookie must say which page sent them; scripts use tokens: Authorization: Bearer TOKEN")
}

// admitTo holds the caller against a row of the table.
func (s *Server) admitTo(c echo.Context, w caller, row need) error {
	if row == inspect && !s.accounts() {
		return nil
	}
	if w.by == byNothing {
		if s.accounts() {
			return newFault(http.StatusUnauthorized, codeSignedOut, "sign in first, or send a token: Authorization: Bearer TOKEN")
		}
		return newFault(http.StatusForbidden, codeForbidden,
			"without accounts only people at the server's own machine may do that; start the server with --auth to let others sign in")
	}
	switch row {
	case inspect, person:
		return nil
	case present:
		if w.by == byToken {
			return newFault(http.StatusForbidden, codeForbidden, "a token may not do that; sign in on the page")
		}
		return nil
	case viewer, labeller, admin:
		return s.may(c.Request().Context(), w, project.ID(c.Param("project")), row.level())
	case owner:
		if !w.Admin {
			return newFault(http.StatusForbidden, codeForbidden, "only an admin of the whole server may do that")
		}
		return nil
	}
	return newFault(http.StatusForbidden, codeForbidden, "nobody may do that")
}

// charge takes the request from its sender's allowance: by count, and by the bytes of its body, as they were announced
// or else as they come.
func (s *Server) charge(c echo.Context, w caller) error {
	r := c.Request()
	if err := s.config.Accounts.Allow(w.User, 1, max(r.ContentLength, 0)); err != nil {
		return err
	}
	if r.ContentLength < 0 && r.Body != nil {
		r.Body = &chargedBody{r.Body, func(n int) error { return s.config.Accounts.Allow(w.User, 0, int64(n)) }}
	}
	return nil
}

// levelOf is what somebody may do in a project, as of now.
func (s *Server) levelOf(ctx context.Context, w caller, p project.ID) (project.Level, error) {
	switch w.by {
	case byNothing:
		return project.Nobody, nil
	case byPlace:
		return project.Admin, nil
	}
	level, err := s.config.Accounts.Level(ctx, w.User, p)
	if err != nil && !errors.Is(err, project.ErrNotFound) {
		return project.Nobody, fmt.Errorf("web: rights of %s: %w", w.Name, err)
	}
	return level, nil
}

// may refuses, as a fault to answer with, what somebody may not do in a project. Whoever may not even look is told that
// there is no such project. Routes with :project are checked before their handlers; handlers check what else a request
// names, and messages of websockets are checked one by one.
func (s *Server) may(ctx context.Context, w caller, p project.ID, need project.Level) error {
	level, err := s.levelOf(ctx, w, p)
	switch {
	case err != nil:
		return err
	case level < project.Viewer:
		return noSuch("project")
	case level < need:
		return newFault(http.StatusForbidden, codeForbidden,
			fmt.Sprintf("you are %s in this project and this needs %s; ask an admin of the project", level, need))
	}
	return nil
}

// level is levelOf for the caller of a request.
func (s *Server) level(c echo.Context, p project.ID) (project.Level, error) {
	return s.levelOf(c.Request().Context(), who(c), p)
}

// permitNew says whether the caller may create projects: whoever is signed in.
func (s *Server) permitNew(c echo.Context) error {
	if who(c).by == byNothing {
		return newFault(http.StatusUnauthorized, codeSignedOut, "sign in first")
	}
	return nil
}

// own makes the caller the admin of a project that they created.
func (s *Server) own(c echo.Context, p project.ID) error {
	w := who(c)
	if w.by != byCookie && w.by != byToken {
		return nil
	}
	return s.config.Accounts.SetRight(c.Request().Context(), project.Right{User: w.ID, Project: p, Level: project.Admin})
}

// safe tells whether a method changes nothing.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// chargedBody is a body whose length was not announced.
type chargedBody struct {
	io.ReadCloser
	charge func(n int) error
}

func (b *chargedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		if e := b.charge(n); e != nil {
			return n, e
		}
	}
	return n, err
}
