package web

import (
	"context"
	"errors"
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
