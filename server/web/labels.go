package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/wire"
)

// The headers of labels. Labels themselves travel in package annot's stored form.
const (
	headerSaveID   = "Save-Id"      // the client's own name of a save: repeating it is safe
	headerRevision = "Revision"     // the answer's number, as in ETag
	headerAuthor   = "Label-Author" // percent-encoded
	headerTime     = "Label-Time"   // RFC 3339
	maxSaveID      = 64             // bytes
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
// The answer is sent once they are on disk.
func (s *Server) putLabels(c echo.Context, p project.Picture) error {
	base, err := ifMatch(c.Request().Header.Get("If-Match"))
	if err != nil {
		return err
	}
	data, err := io.ReadAll(steadyBody(c, wire.MaxData))
	if err != nil {
		return bodyFault(err)
	}
	r, err := s.save(c.Request().Context(), who(c), p, base, c.Request().Header.Get(headerSaveID), data)
	if conflict, ok := errors.AsType[*project.ConflictError](err); ok {
		var out conflictJSON
		out.Error = fault{Code: codeConflict, Message: conflictText(conflict.Current)}
		out.Current.State = conflict.Current.State
		out.Current.Data = base64.StdEncoding.EncodeToString(conflict.Current.Data)
		s.meter.errors.WithLabelValues(codeConflict).Inc()
		return c.JSON(http.StatusConflict, out)
	}
	if err != nil {
		return err
	}
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

// save checks labels and stores them as the next revision. The error is a fault, a *project.ConflictError or the
// store's.
func (s *Server) save(ctx context.Context, w caller, p project.Picture, base uint64, saveID string, data []byte) (project.Revision, error) {
	if len(saveID) > maxSaveID || strings.ContainsFunc(saveID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return project.Revision{}, badRequest(fmt.Sprintf("Save-Id has at most %d printable ASCII characters", maxSaveID))
	}
	l, err := annot.Parse(data)
	if err != nil {
		return project.Revision{}, newFault(http.StatusUnprocessableEntity, codeBadLabels, err.Error())
	}
	if l.W != p.Width || l.H != p.Height {
		return project.Revision{}, newFault(http.StatusUnprocessableEntity, codeBadLabels,
			fmt.Sprintf("the labels are of a picture of %d x %d pixels, this one has %d x %d", l.W, l.H, p.Width, p.Height))
	}
	if saveID == "" {
		saveID = nameSave(base, data)
	}
	// What is stored must not be cut short by a client that leaves: it cannot know whether it was saved.
	r, err := s.config.Workshop.Labels.SaveLabels(context.WithoutCancel(ctx), project.Revision{
		Picture: p.ID, Base: base, SaveID: saveID, Data: data, State: project.State{Author: author(w)},
	})
	if err != nil {
		if errors.Is(err, project.ErrNotFound) {
			return r, noSuch("picture")
		}
		return r, err
	}
	s.note(ctx, w, p.Project, "label", "picture "+string(p.ID), fmt.Sprintf("revision %d", r.Revision))
	s.tell(wire.Changed{Revision: r.Revision, Subject: wire.SubjectLabels, Project: string(p.Project), Picture: string(p.ID), Author: author(w)})
	return r, nil
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
