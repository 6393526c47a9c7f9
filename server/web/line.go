package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Line is what a line watches, whom it tells and what it found. What returns any becomes JSON as openapi.yaml describes it;
// what takes a body reads it likewise.
type Line struct {
	Sources  LineSources
	Sinks    LineSinks
	Verdicts LineVerdicts
}

// LineSources are what is watched, by name.
type LineSources interface {
	List() any
	Add(ctx context.Context, body []byte) error
	Remove(ctx context.Context, name string) error
	Pause(ctx context.Context, name string, paused bool) error
	Trigger(name string) error
	LastFrame(name string) ([]byte, error)
}

// LineSinks are who is told, by name.
type LineSinks interface {
	List(ctx context.Context) (any, error)
	Add(ctx context.Context, body []byte) error
	Remove(ctx context.Context, name string) error
}

// LineVerdicts are what was found, by ID. Picture gives the name and the file of a picture that is still kept.
type LineVerdicts interface {
	History(ctx context.Context, q url.Values) (any, error)
	Thumb(ctx context.Context, id string) ([]byte, error)
	Picture(ctx context.Context, id string) (name string, file io.ReadSeekCloser, err error)
	Judge(ctx context.Context, id, what string) error
}

// mapLine adds the routes of the line; without one there are none.
func (s *Server) mapLine(api *echo.Group) {
	l := s.config.Line
	if l == nil {
		return
	}
	g := api.Group("/line")
	g.GET("/sources", func(c echo.Context) error { return c.JSON(http.StatusOK, map[string]any{"sources": l.Sources.List()}) })
	g.POST("/sources", s.addEnd("source", l.Sources.Add))
	g.PATCH("/sources/:source", s.patchSource)
	g.DELETE("/sources/:source", s.removeEnd("source", l.Sources.Remove))
	g.GET("/sources/:source/frame", func(c echo.Context) error {
		b, err := l.Sources.LastFrame(pathName(c, "source"))
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, pictureType(b[:min(len(b), 512)]), b)
	})
	g.POST("/sources/:source/trigger", func(c echo.Context) error {
		if err := l.Sources.Trigger(pathName(c, "source")); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	g.GET("/sinks", func(c echo.Context) error {
		list, err := l.Sinks.List(c.Request().Context())
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]any{"sinks": list})
	})
	g.POST("/sinks", s.addEnd("sink", l.Sinks.Add))
	g.DELETE("/sinks/:sink", s.removeEnd("sink", l.Sinks.Remove))
	g.GET("/verdicts", func(c echo.Context) error {
		h, err := l.Verdicts.History(c.Request().Context(), c.QueryParams())
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, h)
	})
	g.GET("/verdicts/:verdict/thumbnail", func(c echo.Context) error {
		b, err := l.Verdicts.Thumb(c.Request().Context(), c.Param("verdict"))
		if err != nil {
			return err
		}
		keep(c.Response().Header(), c.Param("verdict"))
		return c.Blob(http.StatusOK, "image/jpeg", b)
	})
	g.POST("/verdicts/:verdict/judgement", s.judge)
}

// pathName is a name in the path, which may hold slashes.
func pathName(c echo.Context, param string) string {
	if name, err := url.PathUnescape(c.Param(param)); err == nil {
		return name
	}
	return c.Param(param)
}

func (s *Server) addEnd(what string, add func(context.Context, []byte) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		var body json.RawMessage
		if err := readJSON(c, &body); err != nil {
			return err
		}
		if err := add(c.Request().Context(), body); err != nil {
			return err
		}
		s.record(c, "", "add", what, "")
		return c.NoContent(http.StatusCreated)
	}
}

func (s *Server) removeEnd(what string, remove func(context.Context, string) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		name := pathName(c, what)
		if err := remove(c.Request().Context(), name); err != nil {
			return err
		}
		s.record(c, "", "delete", what+" "+name, "")
		return c.NoContent(http.StatusNoContent)
	}
}

func (s *Server) patchSource(c echo.Context) error {
	var body struct {
		Paused *bool `json:"paused"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Paused == nil {
		return badRequest("say whether it is to be paused")
	}
	if err := s.config.Line.Sources.Pause(c.Request().Context(), pathName(c, "source"), *body.Paused); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// judge takes a picture that was judged wrongly into a project, as normal or to be labelled.
func (s *Server) judge(c echo.Context) error {
	var body struct {
		Project project.ID `json:"project"`
		As      string     `json:"as"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	role, ok := map[string]project.Role{"normal": project.Normal, "label": project.Unsaid}[body.As]
	if !ok {
		return badRequest(`as is "normal" or "label", to be labelled`)
	}
	ctx := c.Request().Context()
	if s.config.Workshop == nil || !validID(body.Project) {
		return noSuch("project")
	}
	if err := s.may(ctx, who(c), body.Project, project.Labeller); err != nil {
		return err
	}
	name, file, err := s.config.Line.Verdicts.Picture(ctx, c.Param("verdict"))
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	size, _, err := s.config.Decode(data, s.config.Limits, prep.OwnDepth)
	if err != nil {
		return unreadable(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p, err := s.config.Workshop.Pictures.AddPicture(ctx, project.Picture{Project: body.Project, Name: fileName(name), Width: size.W, Height: size.H, Role: role}, file)
	if err != nil && !errors.Is(err, project.ErrExists) { // there already: it was sent before
		return named(err, "project", body.Project)
	}
	if err := s.config.Line.Verdicts.Judge(ctx, c.Param("verdict"), body.As); err != nil {
		return err
	}
	s.tellAdded(c, body.Project, 1)
	return c.JSON(http.StatusOK, map[string]any{"picture": p.ID})
}

// lineOwner is whose turn a line's frames take in the queues.
const lineOwner = "line"

// ScoreFrame scores a picture for a line, in turn with everybody else: by the detector of a name, "" for the only one there
// is, for whose depth decode gives the pixels. It waits where the queue is full. Scores are calibrated.
func (s *Server) ScoreFrame(ctx context.Context, detector string, decode func(prep.Depth) (prep.Size, []byte, error)) (name, model string, scores block.Scores, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	det, release, ok := s.detectors.use(detector)
	if !ok {
		return "", "", scores, fmt.Errorf("there is no detector %q now", detector)
	}
	defer release()
	leave, err := s.decoding.wait(ctx, lineOwner)
	if err != nil {
		return "", "", scores, err
	}
	plan, scaled, err := func() (plan prep.Plan, scaled []byte, err error) {
		defer leave()
		size, pixels, err := decode(det.Depth)
		if err == nil {
			plan, err = prep.NewPlan(size, det.Input, det.Tile)
		}
		if err == nil {
			scaled, err = prep.Resize(pixels, size, plan.Scaled)
		}
		return plan, scaled, err
	}()
	if err != nil {
		return "", "", scores, err
	}
	for {
		scores, err = s.scorePlan(ctx, det, lineOwner, plan, scaled, new(resultJSON))
		if !errors.Is(err, errBusy) {
			return det.Name, det.Model, scores, err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return "", "", scores, ctx.Err()
		}
	}
}
