package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// Tokens let scripts act for people.
type Tokens interface {
	Tokens(ctx context.Context, u project.User) ([]project.Token, error)
	NewToken(ctx context.Context, u project.User, name string, life time.Duration) (t project.Token, secret string, err error)
	DeleteToken(ctx context.Context, u project.User, id project.ID) error
}

func (s *Server) listTokens(c echo.Context) error {
	list := []project.Token{}
	if s.accounts() {
		tokens, err := s.config.Accounts.Tokens(c.Request().Context(), who(c).User)
		if err != nil {
			return err
		}
		list = append(list, tokens...)
	}
	return c.JSON(http.StatusOK, map[string]any{"tokens": list})
}

// postToken makes a token. Its secret is in this answer and nowhere else.
func (s *Server) postToken(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	body := struct {
		Name string `json:"name"`
		Days int    `json:"days"`
	}{Days: 90}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Days < 1 || body.Days > 366 {
		return badRequest("a token lives from 1 to 366 days")
	}
	t, secret, err := s.config.Accounts.NewToken(c.Request().Context(), who(c).User, body.Name, time.Duration(body.Days)*24*time.Hour)
	if err != nil {
		return err
	}
	s.record(c, "", "make token", t.Name, string(t.ID))
	return c.JSON(http.StatusCreated, map[string]any{"token": t, "secret": secret})
}

func (s *Server) deleteToken(c echo.Context) error {
	if err := s.needAccounts(); err != nil {
		return err
	}
	id, err := idParam(c, "token")
	if err != nil {
		return err
	}
	err = s.config.Accounts.DeleteToken(c.Request().Context(), who(c).User, id)
	if errors.Is(err, project.ErrNotFound) {
		return noSuch("token")
	}
	if err != nil {
		return err
	}
	s.record(c, "", "delete token", string(id), "")
	return c.NoContent(http.StatusNoContent)
}
