package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxImport bounds an import's bytes; how much it unpacks to is bounded where it is read.
const maxImport = 16 << 30

func (s *Server) mapExchange(api, one *echo.Group) {
	one.GET("/export", s.within(s.export))
	one.POST("/import", s.within(s.importInto))
	api.POST("/import", s.restore)
	api.GET("/formats", s.listFormats)
}

func (s *Server) listFormats(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{"formats": s.config.Workshop.Exchange.Formats()})
}

// format reads ?format=, which is one of those there are: nothing else that a client writes reaches a file's name.
func (s *Server) format(c echo.Context) (string, error) {
	var names []string
	for _, f := range s.config.Workshop.Exchange.Formats() {
		if f.Name == c.QueryParam("format") {
			return f.Name, nil
		}
		names = append(names, f.Name)
	}
	return "", badRequest("say which format: ?format= one of " + strings.Join(names, ", "))
}

// export sends a zip of the project. An export that fails half way breaks the connection off, so that no one takes half
// a zip for a whole one.
func (s *Server) export(c echo.Context, p project.Project) error {
	f, err := s.format(c)
	if err != nil {
		return err
	}
	patient(c)
	h := c.Response().Header()
	w := &lateHeader{w: c.Response(), set: func() {
		h.Set(echo.HeaderContentType, "application/zip")
		h.Set(echo.HeaderContentDisposition, disposition("attachment", fileName(p.Name)+"-"+f+".zip"))
	}}
	err = w.finish(s.config.Workshop.Exchange.Export(c.Request().Context(), p.ID, f, w))
	if err == nil {
		s.record(c, p.ID, "export", f, "")
	}
	return err
}

// importInto reads pictures and labels into a project. Labels of a picture that has labels become its next revision, so
// that none is lost.
func (s *Server) importInto(c echo.Context, p project.Project) error {
	f, err := s.format(c)
	if err != nil {
		return err
	}
	if f == project.WholeFormat {
		return badRequest("a zip of a whole project becomes a project of its own: send it to /api/v1/import?format=project")
	}
	leave, ok := s.imports.try(lineOf(c))
	if !ok {
		return errCrowded
	}
	defer leave()
	file, size, err := s.spool(c)
	if err != nil {
		return err
	}
	defer file.Close()
	patient(c)
	w := who(c)
	n, err := s.config.Workshop.Exchange.Import(c.Request().Context(), p.ID, f, file, size, author(w))
	if n.Pictures+n.Labels+n.Truths > 0 {
		s.record(c, p.ID, "import", f, fmt.Sprintf("%d pictures, %d labels", n.Pictures, n.Labels))
		s.changed(c, wire.SubjectPictures, p.ID, "", 0)
		s.changed(c, wire.SubjectLabels, p.ID, "", 0)
	}
	if err != nil {
		return importFault(err)
	}
	n.Skipped = append([]string{}, n.Skipped...)
	n.Warnings = append([]string{}, n.Warnings...)
	return c.JSON(http.StatusOK, n)
}

// restore makes a project of a zip that held a whole one. Its admin is the caller.
func (s *Server) restore(c echo.Context) error {
	if err := s.permitNew(c); err != nil {
		return err
	}
	if c.QueryParam("format") != project.WholeFormat {
		return badRequest("only a zip of a whole project becomes a project: ?format=project; other formats are imported into one")
	}
	leave, ok := s.imports.try(lineOf(c))
	if !ok {
		return errCrowded
	}
	defer leave()
	file, size, err := s.spool(c)
	if err != nil {
		return err
	}
	defer file.Close()
	patient(c)
	p, err := s.config.Workshop.Exchange.Restore(c.Request().Context(), file, size, author(who(c)))
	if err != nil {
		return importFault(err)
	}
	if err := s.own(c, p.ID); err != nil {
		return err
	}
	s.record(c, p.ID, "import", "project", p.Name)
	j, err := s.summarize(c, p, project.Admin)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, j)
}

// importFault tells what is wrong with what was sent.
func importFault(err error) error {
	if errors.Is(err, project.ErrInvalid) {
		return newFault(http.StatusUnprocessableEntity, codeInvalid, reason(err))
	}
	return err
}

// spool writes the request's body, or the part "file" of its form, to a nameless file: zips are read from their end.
func (s *Server) spool(c echo.Context) (*os.File, int64, error) {
	body, err := importBody(c)
	if err != nil {
		return nil, 0, err
	}
	f, err := s.tempFile()
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(f, body)
	if err != nil {
		f.Close()
		if pe, ok := errors.AsType[*os.PathError](err); ok {
			return nil, 0, fmt.Errorf("web: import: %w", pe)
		}
		return nil, 0, bodyFault(err)
	}
	if n == 0 {
		f.Close()
		return nil, 0, badRequest("the file is empty")
	}
	return f, n, nil
}

func importBody(c echo.Context) (io.Reader, error) {
	body := steadyBody(c, maxImport)
	if !strings.HasPrefix(c.Request().Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm) {
		return body, nil
	}
	form, err := c.Request().MultipartReader()
	if err != nil {
		return nil, badRequest(`send the file as the body, or in the part "file" of a form`)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, badRequest(`the form has no part "file"`)
		}
		if err != nil {
			return nil, formFault(err)
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
}
