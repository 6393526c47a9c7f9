package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// caller is who sent a request or opened a websocket.
type caller struct {
	project.User
	by      credential
	session string // hash of the session's cookie, where by is byCookie

	// again finds the same caller anew, since a session ends and a person is blocked while a websocket stays open. It is
	// nil where nothing can change.
	again func(ctx context.Context) (caller, error)
}

// credential is how a caller showed who they are.
type credential uint8

const (
	byNothing credential = iota // a guest: nobody is signed in
	byPlace                     // on this machine, where there are no accounts
	byCookie
	byToken
)

// localPerson is everybody on this machine where there are no accounts.
var localPerson = caller{User: project.User{Name: project.LocalName, Admin: true}, by: byPlace}

// Gate finds people and what they may do.
type Gate interface {
	// Enabled tells whether there are accounts. Without, whoever is on this machine may everything.
	Enabled() bool
	// Session finds who has the cookie's value; project.ErrSignedOut where nobody has. hash tells sessions apart.
	Session(ctx context.Context, value string) (u project.User, hash string, err error)
	// Token finds whose secret it is; project.ErrSignedOut where it is nobody's, or no longer.
	Token(ctx context.Context, secret string) (project.User, error)
	// Level is what a person may do in a project.
	Level(ctx context.Context, u project.User, p project.ID) (project.Level, error)
	// Allow takes from a person's allowance of requests and of bytes sent; *project.ThrottledError when it is used up.
	Allow(u project.User, requests int, bytes int64) error
}

type callerKey struct{}

// who is the caller of a request; a guest on routes that are open to anyone.
func who(c echo.Context) caller {
	w, _ := c.Request().Context().Value(callerKey{}).(caller)
	return w
}

// accounts tells whether people must sign in.
func (s *Server) accounts() bool { return s.config.Accounts != nil && s.config.Accounts.Enabled() }

// recognise finds who sent r: by token, by cookie, or, without accounts, by where it came from.
func (s *Server) recognise(r *http.Request) (caller, error) {
	if !s.accounts() {
		if fromHere(r) {
			return localPerson, nil
		}
		return caller{}, nil
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") { // others are between the client and some proxy
		w, err := s.byToken(r.Context(), strings.TrimSpace(secret))
		if errors.Is(err, project.ErrSignedOut) {
			return caller{}, newFault(http.StatusUnauthorized, codeSignedOut, "this token is not known, or no longer; make another one on the page")
		}
		return w, err
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return caller{}, nil
	}
	w, err := s.byCookie(r.Context(), cookie.Value)
	if errors.Is(err, project.ErrSignedOut) {
		return caller{}, nil
	}
	return w, err
}

func (s *Server) byToken(ctx context.Context, secret string) (caller, error) {
	u, err := s.config.Accounts.Token(ctx, secret)
	if err != nil {
		return caller{}, err
	}
	return caller{User: u, by: byToken, again: func(ctx context.Context) (caller, error) { return s.byToken(ctx, secret) }}, nil
}

func (s *Server) byCookie(ctx context.Context, value string) (caller, error) {
	u, hash, err := s.config.Accounts.Session(ctx, value)
	if err != nil {
		return caller{}, err
	}
	again := func(ctx context.Context) (caller, error) { return s.byCookie(ctx, value) }
	return caller{User: u, by: byCookie, session: hash, again: again}, nil
}

// fromHere tells whether a request comes from this machine itself. One that a proxy hands on comes from elsewhere.
func fromHere(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-Ip") != "" {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

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
