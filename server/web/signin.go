package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// cookieName is the cookie that a session's value travels in. It is sent to this server only, by pages of this server
// only, and no script sees it.
const cookieName = "semirest_session"

// Doorman lets people in and out. Errors: project.ErrSignIn, project.ErrInvalid, *project.ThrottledError.
type Doorman interface {
	// SignIn makes a session. from is the address, old the cookie's value that the browser came with, whose session ends.
	SignIn(ctx context.Context, name, password, from, old string) (u project.User, value string, expires time.Time, err error)
	// SignOut ends the session with that hash, or all of a person's.
	SignOut(ctx context.Context, u project.User, hash string, everywhere bool) error
	// ChangePassword ends all sessions of the person and makes a new one.
	ChangePassword(ctx context.Context, u project.User, old, chosen, from string) (value string, expires time.Time, err error)
}

// meJSON is the caller. Levels are those in projects, by ID; an admin of the server needs none.
type meJSON struct {
	Auth   bool                         `json:"auth"` // whether people sign in here
	User   personJSON                   `json:"user"`
	Levels map[project.ID]project.Level `json:"levels"`
}

type personJSON struct {
	ID    project.ID `json:"id,omitempty"` // absent without accounts
	Name  string     `json:"name"`
	Admin bool       `json:"admin"` // of the server
}

func (s *Server) me(c echo.Context, u project.User) error {
	me := meJSON{s.accounts(), personJSON{u.ID, u.Name, u.Admin}, make(map[project.ID]project.Level)}
	if s.accounts() {
		levels, err := s.config.Accounts.Levels(c.Request().Context(), u)
		if err != nil {
			return err
		}
		for _, r := range levels {
			me.Levels[r.Project] = r.Level
		}
	}
	return c.JSON(http.StatusOK, me)
}

func (s *Server) getMe(c echo.Context) error { return s.me(c, who(c).User) }

// postSession signs somebody in.
func (s *Server) postSession(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	var body struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	r := c.Request()
	old := ""
	if cookie, err := r.Cookie(cookieName); err == nil {
		old = cookie.Value
	}
	u, value, expires, err := s.config.Accounts.SignIn(r.Context(), body.Name, body.Password, c.RealIP(), old)
	if err != nil {
		// Names are the sender's to choose, and people type passwords into the wrong field: they stay out of both logs.
		s.log.Warn("sign-in refused", "remote", c.RealIP(), "error", err)
		return err
	}
	s.setCookie(c, value, expires)
	s.note(r.Context(), caller{User: u}, "", "sign in", u.Name, "from "+c.RealIP())
	return s.me(c, u)
}

// deleteSession signs the caller out: here, or with ?everywhere=true in all browsers.
func (s *Server) deleteSession(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	w := who(c)
	everywhere := c.QueryParam("everywhere") == "true"
	if err := s.config.Accounts.SignOut(c.Request().Context(), w.User, w.session, everywhere); err != nil {
		return err
	}
	if everywhere {
		s.dismissSessions(w.ID)
		s.record(c, "", "sign out", w.Name, "everywhere")
	} else {
		s.dismiss(w.ID, w.session)
		s.record(c, "", "sign out", w.Name, "")
	}
	s.setCookie(c, "", time.Unix(1, 0))
	// Pictures are kept by the browser for good, and the next person at it may not be allowed to see them. Its database
	// is not to go: it holds labels that were not sent yet.
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return c.NoContent(http.StatusNoContent)
}

// putPassword changes the caller's password. Every session of theirs ends; this browser gets a new one.
func (s *Server) putPassword(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	var body struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	w := who(c)
	value, expires, err := s.config.Accounts.ChangePassword(c.Request().Context(), w.User, body.Old, body.New, c.RealIP())
	if err != nil {
		return wrongPassword(err)
	}
	s.dismissSessions(w.ID)
	s.setCookie(c, value, expires)
	s.record(c, "", "set password", w.Name, "")
	return c.NoContent(http.StatusNoContent)
}

// setCookie hands the browser a session's value. Over HTTP the cookie cannot be marked Secure: browsers would drop it.
func (s *Server) setCookie(c echo.Context, value string, expires time.Time) {
	c.SetCookie(&http.Cookie{
		Name: cookieName, Value: value, Path: "/", Expires: expires.UTC(), HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: encrypted(c.Request()),
	})
}

// encrypted tells whether the browser's side of the connection is: a proxy may speak TLS for the server.
func encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://") || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// wrongPassword is for people who are signed in: a wrong password is no reason to sign in again.
func wrongPassword(err error) error {
	if errors.Is(err, project.ErrSignIn) {
		return newFault(http.StatusForbidden, codeForbidden, "the old password is wrong")
	}
	return err
}

// unescaped is a parameter of the path as it was meant: echo leaves %40 and the like as they are.
func unescaped(c echo.Context, name string) string {
	if s, err := url.PathUnescape(c.Param(name)); err == nil {
		return s
	}
	return c.Param(name)
}
