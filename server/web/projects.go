package web

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxSettings bounds what a page keeps with a project, bytes of JSON.
const maxSettings = 16 << 10

func (s *Server) mapProject(api *echo.Group) {
	api.GET("/projects", s.listProjects)
	api.POST("/projects", s.createProject)
	api.GET("/projects/:project", s.within(s.getProject))
	api.PATCH("/projects/:project", s.within(s.patchProject))
	api.DELETE("/projects/:project", s.within(s.deleteProject))
}

// projectJSON is a project with what it holds and what the caller may do in it.
type projectJSON struct {
	project.Project
	Level  project.Level  `json:"level"`
	Counts project.Counts `json:"counts"`
}

// summarize is a project as the caller sees it.
func (s *Server) summarize(c echo.Context, p project.Project, level project.Level) (projectJSON, error) {
	counts, err := s.config.Workshop.Pictures.CountPictures(c.Request().Context(), p.ID)
	return projectJSON{Project: p, Level: level, Counts: counts}, err
}

// listProjects lists those that the caller may look at.
func (s *Server) listProjects(c echo.Context) error {
	all, err := s.config.Workshop.Projects.Projects(c.Request().Context())
	if err != nil {
		return err
	}
	list := []projectJSON{}
	for _, p := range all {
		level, err := s.level(c, p.ID)
		if err != nil {
			return err
		}
		if level < project.Viewer {
			continue
		}
		j, err := s.summarize(c, p, level)
		if err != nil {
			return err
		}
		list = append(list, j)
	}
	return c.JSON(http.StatusOK, map[string]any{"projects": list})
}

// changeProject is the body of POST and PATCH; what is absent stays.
type changeProject struct {
	Name     *string         `json:"name"`
	Settings json.RawMessage `json:"settings"`
}

func (b changeProject) apply(p *project.Project) (err error) {
	if b.Name != nil {
		if p.Name, err = title("project", *b.Name); err != nil {
			return err
		}
	}
	if b.Settings != nil {
		if len(b.Settings) > maxSettings {
			return newFault(http.StatusRequestEntityTooLarge, codeTooLarge, "the settings of a project may have 16 KiB")
		}
		if settings := bytes.TrimSpace(b.Settings); len(settings) == 0 || settings[0] != '{' {
			return badRequest("settings are a JSON object")
		}
		p.Settings = b.Settings
	}
	return nil
}

// createProject makes a project, whose admin the caller becomes.
func (s *Server) createProject(c echo.Context) error {
	if err := s.permitNew(c); err != nil {
		return err
	}
	var body changeProject
	if err := readJSON(c, &body); err != nil {
		return err
	}
	var p project.Project
	if body.Name == nil {
		body.Name = new(string)
	}
	if err := body.apply(&p); err != nil {
		return err
	}
	p, err := s.config.Workshop.Projects.CreateProject(c.Request().Context(), p)
	if err != nil {
		return err
	}
	if err := s.own(c, p.ID); err != nil {
		return err
	}
	s.record(c, p.ID, "create", "project", p.Name)
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/projects/"+string(p.ID))
	return c.JSON(http.StatusCreated, projectJSON{Project: p, Level: project.Admin})
}

func (s *Server) getProject(c echo.Context, p project.Project) error {
	level, err := s.level(c, p.ID)
	if err != nil {
		return err
	}
	j, err := s.summarize(c, p, level)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, j)
}

func (s *Server) patchProject(c echo.Context, p project.Project) error {
	var body changeProject
	if err := readJSON(c, &body); err != nil {
		return err
	}
	p, err := s.config.Workshop.Projects.UpdateProject(c.Request().Context(), p.ID, body.apply)
	if err != nil {
		return named(err, "project", p.ID)
	}
	s.record(c, p.ID, "change", "project", p.Name)
	s.changed(c, wire.SubjectProject, p.ID, "", 0)
	return s.getProject(c, p)
}

// deleteProject takes a project away with all that is in it.
func (s *Server) deleteProject(c echo.Context, p project.Project) error {
	if err := s.config.Workshop.Projects.DeleteProject(c.Request().Context(), p.ID); err != nil {
		return named(err, "project", p.ID)
	}
	s.record(c, p.ID, "delete", "project", p.Name)
	s.changed(c, wire.SubjectProject, p.ID, "", 0)
	return c.NoContent(http.StatusNoContent)
}
