package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// Accounts is who may use the server, and how they sign in.
type Accounts interface {
	Gate
	Doorman
	People
	Tokens
	Rights
	Audit
}

// People are those who have accounts.
type People interface {
	Users(ctx context.Context) ([]project.User, error)
	AddUser(ctx context.Context, name, password string, admin bool) (project.User, error)
	UserCalled(ctx context.Context, idOrName string) (project.User, error)
	ChangeUser(ctx context.Context, id project.ID, c project.UserChange) (project.User, error)
	DeleteUser(ctx context.Context, id project.ID) error
}

// Rights are what people may do in projects.
type Rights interface {
	Rights(ctx context.Context, p project.ID) ([]project.Right, error)
	Levels(ctx context.Context, u project.User) ([]project.Right, error)
	SetRight(ctx context.Context, r project.Right) error
}

// mapPeople adds the routes of people; the table of access says who may use them.
func (s *Server) mapPeople(api *echo.Group) {
	api.POST("/session", s.postSession)
	api.DELETE("/session", s.deleteSession)
	api.GET("/me", s.getMe)
	api.PUT("/me/password", s.putPassword)
	api.GET("/tokens", s.listTokens)
	api.POST("/tokens", s.postToken)
	api.DELETE("/tokens/:token", s.deleteToken)
	api.GET("/users", s.listUsers)
	api.POST("/users", s.postUser)
	api.PATCH("/users/:user", s.patchUser)
	api.DELETE("/users/:user", s.deleteUser)
	api.GET("/audit", s.listAudit)
	api.GET("/projects/:project/rights", s.listRights)
	api.PUT("/projects/:project/rights/:user", s.putRight)
	api.DELETE("/projects/:project/rights/:user", s.deleteRight)
	api.GET("/projects/:project/audit", s.listProjectAudit)
}

// needAccounts refuses what makes no sense without accounts.
func (s *Server) needAccounts() error {
	if s.accounts() {
		return nil
	}
	return newFault(http.StatusConflict, codeNoAccounts, "this server has no accounts; start it with --auth to have them")
}

func (s *Server) listUsers(c echo.Context) error {
	list := []project.User{}
	if s.accounts() {
		users, err := s.config.Accounts.Users(c.Request().Context())
		if err != nil {
			return err
		}
		list = append(list, users...)
	}
	return c.JSON(http.StatusOK, map[string]any{"users": list})
}

func (s *Server) postUser(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	var body struct {
		Name     string `json:"name"`
		Password string `json:"password"`
		Admin    bool   `json:"admin"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	u, err := s.config.Accounts.AddUser(c.Request().Context(), body.Name, body.Password, body.Admin)
	if errors.Is(err, project.ErrExists) {
		return newFault(http.StatusConflict, codeExists, "somebody has that name already")
	}
	if err != nil {
		return err
	}
	s.record(c, "", "add user", u.Name, adminDetail(u))
	return c.JSON(http.StatusCreated, u)
}

func (s *Server) patchUser(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	var body struct {
		Password *string `json:"password"`
		Admin    *bool   `json:"admin"`
		Blocked  *bool   `json:"blocked"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	u, err := s.userOf(c)
	if err != nil {
		return err
	}
	u, err = s.config.Accounts.ChangeUser(c.Request().Context(), u.ID, project.UserChange(body))
	if err != nil {
		return err
	}
	if body.Password != nil || u.Blocked {
		s.dismiss(u.ID, "")
	}
	if body.Password != nil {
		s.record(c, "", "set password", u.Name, "")
	}
	if body.Admin != nil {
		s.record(c, "", "change user", u.Name, adminDetail(u))
	}
	if body.Blocked != nil {
		s.record(c, "", map[bool]string{true: "block user", false: "unblock user"}[u.Blocked], u.Name, "")
	}
	return c.JSON(http.StatusOK, u)
}

func adminDetail(u project.User) string {
	if u.Admin {
		return "admin of the server"
	}
	return ""
}

func (s *Server) deleteUser(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	u, err := s.userOf(c)
	if err != nil {
		return err
	}
	if err := s.config.Accounts.DeleteUser(c.Request().Context(), u.ID); err != nil {
		return err
	}
	s.dismiss(u.ID, "")
	s.record(c, "", "delete user", u.Name, "")
	return c.NoContent(http.StatusNoContent)
}

// userOf finds the person that the path names, by ID or name.
func (s *Server) userOf(c echo.Context) (project.User, error) {
	u, err := s.config.Accounts.UserCalled(c.Request().Context(), unescaped(c, "user"))
	if errors.Is(err, project.ErrNotFound) {
		return u, noSuch("person")
	}
	return u, err
}

// rightJSON is a person's level in a project.
type rightJSON struct {
	User  project.ID    `json:"user"`
	Name  string        `json:"name"`
	Level project.Level `json:"level"`
}

func (s *Server) listRights(c echo.Context) error {
	list := []rightJSON{}
	if s.accounts() {
		ctx := c.Request().Context()
		rights, err := s.config.Accounts.Rights(ctx, project.ID(c.Param("project")))
		if err != nil {
			return err
		}
		for _, r := range rights {
			u, err := s.config.Accounts.UserCalled(ctx, string(r.User))
			if errors.Is(err, project.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			list = append(list, rightJSON{u.ID, u.Name, r.Level})
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"rights": list})
}

// putRight gives a person a level in the project. A project's admin who lowers their own level is taken at their word:
// an admin of the server can undo it.
func (s *Server) putRight(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	var body struct {
		Level project.Level `json:"level"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Level < project.Viewer {
		return badRequest("say which level: viewer, labeller or admin")
	}
	return s.setRight(c, body.Level)
}

func (s *Server) deleteRight(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	return s.setRight(c, project.Nobody)
}

func (s *Server) setRight(c echo.Context, level project.Level) error {
	u, err := s.userOf(c)
	if err != nil {
		return err
	}
	p := project.ID(c.Param("project"))
	if err := s.config.Accounts.SetRight(c.Request().Context(), project.Right{User: u.ID, Project: p, Level: level}); err != nil {
		return err
	}
	s.record(c, p, "give right", u.Name, level.String())
	if level < project.Viewer {
		return c.NoContent(http.StatusNoContent)
	}
	return c.JSON(http.StatusOK, rightJSON{u.ID, u.Name, level})
}
