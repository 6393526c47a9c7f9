package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// The headers of labels. Labels themselves travel in package annot's stored form.
const (
	headerSaveID   = "Save-Id"      // the client's own name of a save: repeating it is safe
	headerRevision = "Revision"     // the answer's number, as in ETag
	headerAuthor   = "Label-Author" // percent-encoded
	headerTime     = "Label-Time"   // RFC 3339
	maxSaveID      = 64             // bytes
	maxLabels      = 4 << 20        // bytes of one picture's labels
	labelsType     = "application/octet-stream"
)

func (s *Server) mapLabels(g *echo.Group) {
	g.GET("/pictures/:picture/labels", s.withPicture(s.getLabels))
	g.PUT("/pictures/:picture/labels", s.withPicture(s.putLabels))
	g.GET("/pictures/:picture/labels/history", s.withPicture(s.listRevisions))
	g.GET("/pictures/:picture/labels/:revision", s.withPicture(s.getRevision))
}

// getLabels sends a picture's current labels, or 204 where nobody has labelled it: its revision is then 0.
func (s *Server) getLabels(c echo.Context, p project.Picture) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "private, no-cache")
	r, err := s.config.Workshop.Labels.Labels(c.Request().Context(), p.ID)
	if errors.Is(err, project.ErrNotFound) {
		c.Response().Header().Set("ETag", `"0"`)
		c.Response().Header().Set(headerRevision, "0")
		return c.NoContent(http.StatusNoContent)
	}
	if err != nil {
		return err
	}
	describeRevision(c, r)
	if c.Request().Header.Get("If-None-Match") == revisionTag(r.Revision) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, labelsType, r.Data)
}

func describeRevision(c echo.Context, r project.Revision) {
	h := c.Response().Header()
	h.Set("ETag", revisionTag(r.Revision))
	h.Set(headerRevision, strconv.FormatUint(r.Revision, 10))
	h.Set(headerAuthor, url.PathEscape(r.Author))
	h.Set(headerTime, r.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

func revisionTag(n uint64) string { return `"` + strconv.FormatUint(n, 10) + `"` }

// revisionJSON is a revision in lists.
type revisionJSON struct {
	project.State
	Base uint64 `json:"base"`
}

// conflictJSON answers a save whose base is not the current revision; it holds that revision whole.
type conflictJSON struct {
	Error   fault `json:"error"`
	Current struct {
		project.State
		Data string `json:"data"` // base64 of package annot's stored form
	} `json:"current"`
}

// putLabels saves labels whole. If-Match names the revision that they were drawn on, "0" for a picture without labels.
// The answer is sent once they are on disk. Whether they are labels, and this picture's, the store finds out: whatever
// brings labels in ends there, and it sums them up for the lists.
func (s *Server) putLabels(c echo.Context, p project.Picture) error {
	base, err := ifMatch(c.Request().Header.Get("If-Match"))
	if err != nil {
		return err
	}
	id := c.Request().Header.Get(headerSaveID)
	if len(id) > maxSaveID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return badRequest(fmt.Sprintf("Save-Id has at most %d printable ASCII characters", maxSaveID))
	}
	data, err := io.ReadAll(steadyBody(c, maxLabels))
	if err != nil {
		return bodyFault(err)
	}
	// What is stored must not be cut short by a client that leaves: it cannot know whether it was saved.
	ctx := context.WithoutCancel(c.Request().Context())
	r, err := s.config.Workshop.Labels.SaveLabels(ctx, project.Revision{
		Picture: p.ID, Base: base, SaveID: cmp.Or(id, nameSave(base, data)), Data: data, State: project.State{Author: author(who(c))},
	})
	if conflict, ok := errors.AsType[*project.ConflictError](err); ok {
		var out conflictJSON
		out.Error = fault{Code: codeConflict, Message: conflictText(conflict.Current)}
		out.Current.State = conflict.Current.State
		out.Current.Data = base64.StdEncoding.EncodeToString(conflict.Current.Data)
		s.meter.errors.WithLabelValues(codeConflict).Inc()
		return c.JSON(http.StatusConflict, out)
	}
	switch {
	case errors.Is(err, project.ErrInvalid):
		return newFault(http.StatusUnprocessableEntity, codeBadLabels, reason(err))
	case err != nil:
		return named(err, "picture", p.ID)
	}
	s.record(c, p.Project, "label", "picture "+string(p.ID), fmt.Sprintf("revision %d", r.Revision))
	s.changed(c, wire.SubjectLabels, p.Project, p.ID, r.Revision)
	c.Response().Header().Set("ETag", revisionTag(r.Revision))
	return c.JSON(http.StatusOK, revisionJSON{r.State, r.Base})
}

func conflictText(r project.Revision) string {
	return fmt.Sprintf("%s changed these labels meanwhile; they are at revision %d. Nothing was overwritten: choose which to keep", r.Author, r.Revision)
}

func ifMatch(header string) (uint64, error) {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0, &fault{Status: http.StatusPreconditionRequired, Code: codeBadRequest,
			Message: `say which revision the labels were drawn on, as If-Match: "3"; "0" for a picture without labels`}
	}
	n, err := strconv.ParseUint(strings.Trim(strings.TrimPrefix(header, "W/"), `"`), 10, 64)
	if err != nil {
		return 0, badRequest(`If-Match is the number of a revision, as "3"`)
	}
	return n, nil
}

// nameSave names a save after what it saves, for clients that give it no name: the same labels on the same revision are
// the same save, so that sending them again after a lost answer is safe.
func nameSave(base uint64, data []byte) string {
	sum := sha256.Sum256(data)
	return strconv.FormatUint(base, 10) + "-" + hex.EncodeToString(sum[:16])
}

func (s *Server) listRevisions(c echo.Context, p project.Picture) error {
	all, err := s.config.Workshop.Labels.History(c.Request().Context(), p.ID)
	if err != nil && !errors.Is(err, project.ErrNotFound) {
		return err
	}
	list := []revisionJSON{}
	for _, r := range all {
		list = append(list, revisionJSON{r.State, r.Base})
	}
	return c.JSON(http.StatusOK, map[string]any{"revisions": list})
}

// getRevision sends an old revision, which never changes.
func (s *Server) getRevision(c echo.Context, p project.Picture) error {
	n, err := strconv.ParseUint(c.Param("revision"), 10, 64)
	if err != nil {
		return noSuch("revision")
	}
	r, err := s.config.Workshop.Labels.LabelsAt(c.Request().Context(), p.ID, n)
	if err != nil {
		return named(err, "revision", p.ID)
	}
	describeRevision(c, r)
	keep(c.Response().Header(), strconv.FormatUint(n, 10))
	return c.Blob(http.StatusOK, labelsType, r.Data)
}
