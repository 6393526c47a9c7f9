package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

func (s *Server) mapJobs(g *echo.Group) {
	g.GET("/jobs", s.within(s.listTraining))
	g.POST("/jobs", s.within(s.startTraining))
	g.GET("/jobs/:job", s.withJob(s.getJob))
	g.DELETE("/jobs/:job", s.withJob(s.cancelTraining))
	g.GET("/jobs/:job/log", s.withJob(s.getLog))
	g.GET("/jobs/:job/sample", s.withJob(s.getSample))
}

// withJob is within for the routes of one of the project's jobs.
func (s *Server) withJob(h func(c echo.Context, j project.Job) error) echo.HandlerFunc {
	return s.within(func(c echo.Context, of project.Project) error {
		id, err := idParam(c, "job")
		if err != nil {
			return err
		}
		j, err := s.config.Workshop.Training.Job(c.Request().Context(), id)
		if err != nil {
			return named(err, "job", id)
		}
		if j.Project != of.ID {
			return noSuch("job")
		}
		return h(c, j)
	})
}

func (s *Server) listTraining(c echo.Context, p project.Project) error {
	list, err := s.config.Workshop.Training.Jobs(c.Request().Context(), p.ID)
	if err != nil {
		return err
	}
	if list == nil {
		list = []project.Job{}
	}
	return c.JSON(http.StatusOK, map[string]any{"jobs": list})
}

// startTraining queues a training run.
func (s *Server) startTraining(c echo.Context, p project.Project) error {
	var body project.Request
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Name != "" {
		name, err := title("model", body.Name)
		if err != nil {
			return err
		}
		body.Name = name
	}
	w := who(c)
	j, err := s.config.Workshop.Training.Submit(c.Request().Context(), p.ID, body, author(w))
	if err != nil {
		return err
	}
	s.record(c, p.ID, "train", "job "+string(j.ID), fmt.Sprintf("%s, %s", body.Supervision, body.Preset))
	c.Response().Header().Set(echo.HeaderLocation, c.Request().URL.Path+"/"+string(j.ID))
	return c.JSON(http.StatusAccepted, j)
}

func (s *Server) getJob(c echo.Context, j project.Job) error { return c.JSON(http.StatusOK, j) }

func (s *Server) cancelTraining(c echo.Context, j project.Job) error {
	if err := s.config.Workshop.Training.Cancel(c.Request().Context(), j.ID); err != nil {
		return named(err, "job", j.ID)
	}
	s.record(c, j.Project, "cancel", "job "+string(j.ID), "")
	return c.NoContent(http.StatusNoContent)
}

// getLog sends a job's log as it stands.
func (s *Server) getLog(c echo.Context, j project.Job) error {
	f, err := s.config.Workshop.Training.Log(c.Request().Context(), j.ID)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, project.ErrNotFound) {
		return c.Blob(http.StatusOK, jsonLines, nil) // it has not started
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return c.Stream(http.StatusOK, jsonLines, f)
}

const jsonLines = "application/x-ndjson"

// getSample sends the picture that a job's maps, in the websocket's Training messages, are of.
func (s *Server) getSample(c echo.Context, j project.Job) error {
	b, err := s.config.Workshop.Training.SamplePicture(j.ID)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, project.ErrNotFound) || (err == nil && len(b) == 0) {
		return notFound("this job shows no picture now")
	}
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, pictureType(b[:min(len(b), 16)]), b)
}
