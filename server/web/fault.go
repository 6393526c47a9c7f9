package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/prep"
)

// fault is an error as a client sees it: a code for programs, a message for people that says what to do. It never
// holds what only the log should (paths, stacks).
type fault struct {
	Status  int           `json:"-"`
	Code    string        `json:"code"`
	Message string        `json:"message"`
	retry   time.Duration // when to come back; 0: no use
}

func (f *fault) Error() string { return f.Message }

// The codes of faults; openapi.yaml lists the same.
const (
	codeBadRequest  = "bad_request"
	codeForbidden   = "forbidden"
	codeNotFound    = "not_found"
	codeMethod      = "method_not_allowed"
	codeTooLarge    = "too_large"
	codeUnreadable  = "unreadable_picture"
	codeBusy        = "busy"
	codeUnavailable = "unavailable"
	codeInternal    = "internal"
	codeConflict    = "conflict"        // labels were changed meanwhile
	codeBadLabels   = "bad_labels"      // labels that cannot be kept: no labels, another picture's, or under a name that is taken
	codeSignedOut   = "signed_out"      // sign in (again)
	codeSignIn      = "sign_in_refused" // wrong name or password
	codeThrottled   = "throttled"
	codeExists      = "exists"
	codeInvalid     = "invalid"
	codeFull        = "no_space"
	codeDamaged     = "damaged" // a stored file is not what it was
	codeNoAccounts  = "no_accounts"
)

func newFault(status int, code, message string) *fault {
	return &fault{Status: status, Code: code, Message: message}
}

func notFound(message string) *fault {
	return newFault(http.StatusNotFound, codeNotFound, message)
}

// faultOf translates any error of a handler. What it does not know is internal: the text stays in the log.
func faultOf(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	if size, ok := errors.AsType[*prep.SizeError](err); ok {
		return newFault(http.StatusRequestEntityTooLarge, codeTooLarge, size.Error())
	}
	if body, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newFault(http.StatusRequestEntityTooLarge, codeTooLarge,
			"the request is larger than "+strconv.FormatInt(body.Limit, 10)+" bytes")
	}
	if t, ok := errors.AsType[*project.ThrottledError](err); ok {
		return &fault{http.StatusTooManyRequests, codeThrottled, t.Error(), max(t.After, time.Second)}
	}
	switch {
	case errors.Is(err, project.ErrNotFound):
		return notFound("what was asked for is not here")
	case errors.Is(err, project.ErrExists):
		return newFault(http.StatusConflict, codeExists, "that is here already")
	case errors.Is(err, project.ErrInvalid):
		return newFault(http.StatusUnprocessableEntity, codeInvalid, reason(err))
	case errors.Is(err, project.ErrFull), errors.Is(err, syscall.ENOSPC):
		return newFault(http.StatusInsufficientStorage, codeFull, "the server's disk is full; nothing was changed")
	case errors.Is(err, project.ErrSignIn):
		return newFault(http.StatusUnauthorized, codeSignIn, project.ErrSignIn.Error())
	case errors.Is(err, project.ErrSignedOut):
		return newFault(http.StatusUnauthorized, codeSignedOut, "sign in again")
	case errors.Is(err, project.ErrBusy):
		return &fault{http.StatusServiceUnavailable, codeBusy, "too many jobs wait already; wait for one to end, or cancel one", time.Minute}
	case errors.Is(err, errBusy):
		return &fault{http.StatusServiceUnavailable, codeBusy, errBusy.Error(), time.Second}
	case errors.Is(err, errStopping), errors.Is(err, context.Canceled):
		return &fault{http.StatusServiceUnavailable, codeUnavailable, errStopping.Error(), 5 * time.Second}
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch he.Code {
		case http.StatusNotFound:
			return notFound("there is nothing at this address; /api/v1/openapi.yaml lists what there is")
		case http.StatusMethodNotAllowed:
			return newFault(he.Code, codeMethod, "this address does not take that method")
		case http.StatusRequestEntityTooLarge:
			return newFault(he.Code, codeTooLarge, "the request is too large")
		}
		if he.Code < 500 {
			return newFault(he.Code, codeBadRequest, "the request could not be understood")
		}
	}
	return newFault(http.StatusInternalServerError, codeInternal, "the server failed; its log says why")
}

// reason is what an error of package project says to people: the text of its ReasonError, or what follows the kind.
func reason(err error) string {
	if r, ok := errors.AsType[*project.ReasonError](err); ok {
		return r.Reason
	}
	if _, what, ok := strings.Cut(err.Error(), project.ErrInvalid.Error()+": "); ok {
		return what // it quotes what was sent and nothing else
	}
	return "that is " + project.ErrInvalid.Error()
}

// answerFault is echo's error handler: every error of the API is the same JSON object.
func (s *Server) answerFault(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	f := faultOf(err)
	if f.Status >= 500 && f.Code == codeInternal && c.Request().Context().Err() == nil { // who left gets no answer
		s.log.Error("request failed", "route", c.Path(), "error", err)
	}
	s.meter.errors.WithLabelValues(f.Code).Inc()
	if f.Status == http.StatusUnauthorized {
		c.Response().Header().Set("WWW-Authenticate", "Bearer")
	}
	if f.retry > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retry.Seconds()))))
	}
	if c.Request().Method == http.MethodHead {
		err = c.NoContent(f.Status)
	} else {
		err = c.JSON(f.Status, map[string]*fault{"error": f})
	}
	if err != nil {
		s.log.Debug("the client left before its error", "error", err)
	}
}
