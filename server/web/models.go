package web

import (
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

func (s *Server) mapModels(g *echo.Group) {
	g.GET("/models", s.within(s.listModels))
	g.POST("/models/rollback", s.within(s.rollback))
	g.GET("/models/:model", s.withModel(s.getModel))
	g.DELETE("/models/:model", s.withModel(s.deleteModel))
	g.GET("/models/:model/file", s.withModel(s.getModelFile))
	g.GET("/models/:model/evaluation", s.withModel(s.getEvaluation))
	g.POST("/models/:model/deploy", s.withModel(s.deploy))
	g.GET("/threshold", s.within(s.getThreshold))
	g.PUT("/threshold", s.within(s.putThreshold))
	g.GET("/advice", s.within(s.getAdvice))
	g.GET("/next", s.within(s.listNext))
	g.GET("/report", s.within(s.getReport))
	g.GET("/report.html", s.within(s.getReportPage))
}

// withModel is within for the routes of one of the project's models.
func (s *Server) withModel(h func(c echo.Context, m project.Model) error) echo.HandlerFunc {
	return s.within(func(c echo.Context, of project.Project) error {
		id, err := idParam(c, "model")
		if err != nil {
			return err
		}
		m, err := s.modelOf(c, of.ID, id)
		if err != nil {
			return err
		}
		return h(c, m)
	})
}

// modelOf finds a model that is the project's own.
func (s *Server) modelOf(c echo.Context, p, id project.ID) (project.Model, error) {
	m, err := s.config.Workshop.Models.Model(c.Request().Context(), id)
	if err != nil {
		return m, named(err, "model", id)
	}
	if m.Project != p {
		return m, noSuch("model")
	}
	return m, nil
}

func (s *Server) listModels(c echo.Context, p project.Project) error {
	list, err := s.config.Workshop.Models.Models(c.Request().Context(), p.ID)
	if err != nil {
		return err
	}
	if list == nil {
		list = []project.Model{}
	}
	return c.JSON(http.StatusOK, map[string]any{"models": list, "deployed": p.Deployed, "previous": p.Previous})
}

func (s *Server) getModel(c echo.Context, m project.Model) error { return c.JSON(http.StatusOK, m) }

// deleteModel refuses the deployed one.
func (s *Server) deleteModel(c echo.Context, m project.Model) error {
	if err := s.config.Workshop.Models.DeleteModel(c.Request().Context(), m.ID); err != nil {
		return named(err, "model", m.ID)
	}
	s.record(c, m.Project, "delete", "model "+string(m.ID), m.Name)
	s.changed(c, wire.SubjectModels, m.Project, "", 0)
	return c.NoContent(http.StatusNoContent)
}

// getModelFile sends a model's file, which semirest score, eval and serve take.
func (s *Server) getModelFile(c echo.Context, m project.Model) error {
	f, err := s.config.Workshop.Files.OpenBlob(c.Request().Context(), m.SHA256)
	if err != nil {
		return lost(err, "model", m.ID)
	}
	defer f.Close()
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, echo.MIMEOctetStream)
	h.Set(echo.HeaderContentDisposition, disposition("attachment", fileName(m.Name)+".safetensors"))
	keep(h, m.SHA256)
	patient(c)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, f)
	return nil
}

// deploy has open pages see this model; the answer comes when it is served.
func (s *Server) deploy(c echo.Context, m project.Model) error {
	p, err := s.config.Workshop.Models.Deploy(c.Request().Context(), m.Project, m.ID)
	if err != nil {
		return named(err, "model", m.ID)
	}
	return s.deployed(c, p, "deploy", m.Name)
}

// rollback has open pages see the model before this one.
func (s *Server) rollback(c echo.Context, p project.Project) error {
	if p.Previous == "" {
		return newFault(http.StatusConflict, codeConflict, "there is no model before this one to go back to")
	}
	p, err := s.config.Workshop.Models.Rollback(c.Request().Context(), p.ID)
	if err != nil {
		return named(err, "model", p.Previous)
	}
	return s.deployed(c, p, "roll back", "")
}

func (s *Server) deployed(c echo.Context, p project.Project, action, detail string) error {
	s.record(c, p.ID, action, "model "+string(p.Deployed), detail)
	s.changed(c, wire.SubjectModels, p.ID, "", 0)
	return s.getProject(c, p)
}

// chosen is the model that ?model= names, or the deployed one.
func (s *Server) chosen(c echo.Context, p project.Project, name string) (project.Model, error) {
	id := project.ID(name)
	if id == "" {
		id = p.Deployed
	}
	if id == "" {
		return project.Model{}, notFound("no model of this project is deployed yet; train one, or name one with ?model=")
	}
	if !validID(id) {
		return project.Model{}, noSuch("model")
	}
	return s.modelOf(c, p.ID, id)
}

func (s *Server) getThreshold(c echo.Context, p project.Project) error {
	m, err := s.chosen(c, p, c.QueryParam("model"))
	if err != nil {
		return err
	}
	return s.advise(c, "model", m.ID, func() (any, error) { return s.config.Workshop.Advice.Curve(c.Request().Context(), m.ID) })
}

// putThreshold stores a threshold with a model, in calibrated scores: 1 is the model's own.
func (s *Server) putThreshold(c echo.Context, p project.Project) error {
	var body struct {
		Model     string   `json:"model"`
		Threshold *float64 `json:"threshold"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Threshold == nil || !(*body.Threshold > 0) || math.IsInf(*body.Threshold, 0) || *body.Threshold > 1e6 {
		return badRequest("a threshold is a calibrated score above 0; 1 is the model's own")
	}
	m, err := s.chosen(c, p, body.Model)
	if err != nil {
		return err
	}
	m, err = s.config.Workshop.Models.SetThreshold(c.Request().Context(), m.ID, *body.Threshold)
	if err != nil {
		return named(err, "model", m.ID)
	}
	s.record(c, p.ID, "threshold", "model "+string(m.ID), strconv.FormatFloat(m.Threshold, 'g', 4, 64))
	s.changed(c, wire.SubjectModels, p.ID, "", 0)
	return c.JSON(http.StatusOK, m)
}

func (s *Server) getEvaluation(c echo.Context, m project.Model) error {
	return s.advise(c, "evaluation", m.ID, func() (any, error) { return s.config.Workshop.Advice.Evaluation(c.Request().Context(), m.ID) })
}

func (s *Server) getAdvice(c echo.Context, p project.Project) error {
	return s.advise(c, "project", p.ID, func() (any, error) { return s.config.Workshop.Advice.Advise(c.Request().Context(), p.ID) })
}

// listNext lists at most ?n= pictures, by what a label would teach.
func (s *Server) listNext(c echo.Context, p project.Project) error {
	n := 10
	if q := c.QueryParam("n"); q != "" {
		var err error
		if n, err = strconv.Atoi(q); err != nil || n < 1 || n > 1000 {
			return badRequest("n is a number from 1 to 1000")
		}
	}
	return s.advise(c, "project", p.ID, func() (any, error) {
		next, err := s.config.Workshop.Advice.Next(c.Request().Context(), p.ID, n)
		return map[string]any{"next": next}, err
	})
}

func (s *Server) getReport(c echo.Context, p project.Project) error {
	return s.advise(c, "project", p.ID, func() (any, error) { return s.config.Workshop.Reports.Report(c.Request().Context(), p.ID) })
}

// advise answers with what ask says; it may take as long as measuring a model does.
func (s *Server) advise(c echo.Context, what string, id project.ID, ask func() (any, error)) error {
	patient(c)
	v, err := ask()
	if err != nil {
		return named(err, what, id)
	}
	return c.JSON(http.StatusOK, v)
}

// reportPolicy lets a report show the plots and pictures that it holds, and nothing else: no script runs in it.
const reportPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"

func (s *Server) getReportPage(c echo.Context, p project.Project) error {
	patient(c)
	h := c.Response().Header()
	w := &lateHeader{w: c.Response(), set: func() {
		h.Set("Content-Security-Policy", reportPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
		if c.QueryParam("download") != "" {
			h.Set(echo.HeaderContentDisposition, disposition("attachment", fileName(p.Name)+"-report.html"))
		}
	}}
	return w.finish(s.config.Workshop.Reports.HTML(c.Request().Context(), p.ID, w))
}

// lateHeader sets an answer's headers when its first byte is written, so that what fails before that is answered as
// any other error. What fails later breaks the connection off: an answer that ends well is whole.
type lateHeader struct {
	w    io.Writer
	set  func()
	sent bool
}

func (l *lateHeader) Write(b []byte) (int, error) {
	if !l.sent {
		l.sent = true
		l.set()
	}
	return l.w.Write(b)
}

func (l *lateHeader) finish(err error) error {
	if err != nil && l.sent {
		return &brokenOff{err}
	}
	return err
}

// brokenOff is an error after the answer's status had been sent.
type brokenOff struct{ error }

func (b *brokenOff) Unwrap() error { return b.error }

// patient gives an answer more time: files are large and measuring takes minutes. Both deadlines end it, that of reading
// by what net/http takes for the client's leaving; a client that really leaves still does.
func patient(c echo.Context) {
	r, until := http.NewResponseController(c.Response()), time.Now().Add(answerPatience)
	_, _ = r.SetReadDeadline(until), r.SetWriteDeadline(until)
}
