package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// maxBody bounds a JSON body.
const maxBody = 64 << 10

// readJSON reads the request's body into out. Unknown fields are refused, so that a misspelt one is not ignored.
func readJSON(c echo.Context, out any) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationJSON {
		return newFault(http.StatusUnsupportedMediaType, codeBadRequest, "send JSON, with the header Content-Type: application/json")
	}
	d := json.NewDecoder(steadyBody(c, maxBody))
	d.DisallowUnknownFields()
	err = d.Decode(out)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return badRequest("the body holds more than one JSON value")
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return badRequest("the body cannot be read: " + strings.TrimPrefix(err.Error(), "json: "))
}

func badRequest(message string) *fault {
	return newFault(http.StatusBadRequest, codeBadRequest, message)
}

// errCrowded refuses an upload or an import that would be one too many at a time.
var errCrowded = &fault{http.StatusServiceUnavailable, codeBusy, "the server takes in as much as it can; send this again in a moment", time.Second}

// Times of requests. Variables, so that tests need not wait.
var (
	bodyGrace      = 30 * time.Second // that reading a body may wait before its rate counts
	bodyRate       = 16 << 10         // bytes a second that must then come
	answerPatience = time.Hour        // for an answer that takes long to make or to send
)

// steady reads a body and gives up on one that trickles: the connection's read deadline follows what has come. Without
// it a few slow senders could hold every upload's place. Only the time spent waiting counts: a busy server is not the
// sender's fault.
type steady struct {
	r      io.Reader
	c      *http.ResponseController
	taken  int64
	waited time.Duration
}

func steadyBody(c echo.Context, limit int64) io.ReadCloser {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
	s := &steady{r: r.Body, c: http.NewResponseController(c.Response())}
	r.Body = struct {
		io.Reader
		io.Closer
	}{s, r.Body}
	return r.Body
}

func (s *steady) Read(b []byte) (int, error) {
	start := time.Now()
	left := bodyGrace + time.Duration(s.taken)*time.Second/time.Duration(bodyRate) - s.waited
	_ = s.c.SetReadDeadline(start.Add(left)) // a writer without deadlines is a test's
	n, err := s.r.Read(b)
	s.taken += int64(n)
	s.waited += time.Since(start)
	if err == io.EOF { //nolint:errorlint // readers return it bare
		// net/http goes on reading, to notice that the client leaves. A deadline that passes then looks the same.
		_ = s.c.SetReadDeadline(start.Add(answerPatience))
	}
	return n, err
}

// bodyFault is the fault of a body that could not be read to its end.
func bodyFault(err error) error {
	if isCut(err) {
		return err
	}
	return badRequest("the body was cut short or came too slowly")
}
