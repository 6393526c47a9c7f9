package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxKind bounds the name of a kind of defect, in characters.
const maxKind = 64

func (s *Server) mapPictures(g *echo.Group) {
	g.GET("/pictures", s.within(s.listProjectPictures))
	g.POST("/pictures", s.within(s.addPictures))
	g.GET("/pictures/:picture", s.withPicture(s.getProjectPicture))
	g.PATCH("/pictures/:picture", s.withPicture(s.patchPicture))
	g.DELETE("/pictures/:picture", s.withPicture(s.deletePicture))
	g.GET("/pictures/:picture/image", s.withPicture(s.getImage))
	g.GET("/pictures/:picture/thumbnail", s.withPicture(s.getSmall))
	g.GET("/pictures/:picture/truth", s.withPicture(s.getTruth))
	g.PUT("/pictures/:picture/truth", s.withPicture(s.putTruth))
	g.DELETE("/pictures/:picture/truth", s.withPicture(s.deleteTruth))
}

// withPicture is within for the routes of one picture, which is the project's own: an ID alone opens nothing.
func (s *Server) withPicture(h func(c echo.Context, p project.Picture) error) echo.HandlerFunc {
	return s.within(func(c echo.Context, of project.Project) error {
		id, err := idParam(c, "picture")
		if err != nil {
			return err
		}
		p, err := s.config.Workshop.Pictures.Picture(c.Request().Context(), id)
		if err != nil {
			return named(err, "picture", id)
		}
		if p.Project != of.ID {
			return noSuch("picture")
		}
		return h(c, p)
	})
}

// listProjectPictures lists those that the query asks for: role, held, labelled, name, offset and limit.
func (s *Server) listProjectPictures(c echo.Context, of project.Project) error {
	f, err := pictureFilter(c.QueryParams())
	if err != nil {
		return err
	}
	list, err := s.config.Workshop.Pictures.FindPictures(c.Request().Context(), of.ID, f)
	if err != nil {
		return err
	}
	if list == nil {
		list = []project.Picture{}
	}
	return c.JSON(http.StatusOK, map[string]any{"pictures": list})
}

func pictureFilter(q url.Values) (f project.PictureFilter, err error) {
	yes := func(name string) *bool {
		v, bad := strconv.ParseBool(q.Get(name))
		if !q.Has(name) {
			return nil
		}
		if bad != nil {
			err = badRequest(name + " is true or false")
		}
		return &v
	}
	number := func(name string) int {
		v, bad := strconv.ParseUint(q.Get(name), 10, 31)
		if q.Has(name) && bad != nil {
			err = badRequest(name + " is a number from 0 up")
		}
		return int(v)
	}
	if q.Has("role") {
		role := project.Role(q.Get("role"))
		if !slices.Contains([]project.Role{project.Unsaid, project.Normal, project.Defective}, role) {
			return f, badRequest("role is normal, defective or empty")
		}
		f.Role = &role
	}
	f.Held, f.Labelled, f.Name = yes("held"), yes("labelled"), q.Get("name")
	f.Offset, f.Limit = number("offset"), number("limit")
	return f, err
}

func (s *Server) getProjectPicture(c echo.Context, p project.Picture) error {
	return c.JSON(http.StatusOK, p)
}

// patchPicture changes what is said about a picture; what is absent stays.
func (s *Server) patchPicture(c echo.Context, p project.Picture) error {
	var body struct {
		Name *string       `json:"name"`
		Role *project.Role `json:"role"`
		Kind *string       `json:"kind"`
		Held *bool         `json:"held"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	p, err := s.config.Workshop.Pictures.UpdatePicture(c.Request().Context(), p.ID, func(p *project.Picture) (err error) {
		if body.Name != nil {
			if p.Name, err = title("picture", *body.Name); err != nil {
				return err
			}
			p.Name = fileName(p.Name)
		}
		if body.Role != nil {
			if p.Role, err = role(string(*body.Role)); err != nil {
				return err
			}
		}
		if body.Kind != nil {
			if p.Kind, err = kind(*body.Kind); err != nil {
				return err
			}
		}
		if body.Held != nil {
			p.Held = *body.Held
		}
		return nil
	})
	if err != nil {
		return named(err, "picture", p.ID)
	}
	s.changed(c, wire.SubjectPictures, p.Project, p.ID, 0)
	return c.JSON(http.StatusOK, p)
}

func role(s string) (project.Role, error) {
	switch r := project.Role(s); r {
	case project.Unsaid, project.Normal, project.Defective:
		return r, nil
	}
	return "", badRequest(`the role of a picture is "normal", "defective" or ""`)
}

// kind checks the name of a kind of defect; it may be empty.
func kind(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	s, err := title("kind of defect", s)
	if err == nil && len([]rune(s)) > maxKind {
		return "", badRequest(fmt.Sprintf("the name of a kind of defect may have %d characters", maxKind))
	}
	return s, err
}

func (s *Server) deletePicture(c echo.Context, p project.Picture) error {
	if err := s.config.Workshop.Pictures.DeletePicture(c.Request().Context(), p.ID); err != nil {
		return named(err, "picture", p.ID)
	}
	s.record(c, p.Project, "delete", "picture "+string(p.ID), p.Name)
	s.changed(c, wire.SubjectPictures, p.Project, p.ID, 0)
	return c.NoContent(http.StatusNoContent)
}
