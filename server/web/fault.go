package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

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
	switch {
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

// answerFault is echo's error handler: every error of the API is the same JSON object.
func (s *Server) answerFault(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	f := faultOf(err)
	if f.Status >= 500 && f.Code == codeInternal {
		s.log.Error("request failed", "route", c.Path(), "error", err)
	}
	s.meter.errors.WithLabelValues(f.Code).Inc()
	if f.retry > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(f.retry.Seconds())))
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
