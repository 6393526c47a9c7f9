package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maxTruth bounds a ground-truth mask's file.
const maxTruth = 32 << 20

// putTruth keeps a mask, 255 (or any number above 0) where the defect is, of the picture's upright size.
func (s *Server) putTruth(c echo.Context, p project.Picture) error {
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return errCrowded
	}
	data, err := io.ReadAll(steadyBody(c, maxTruth))
	if err != nil {
		return bodyFault(err)
	}
	if pictureType(data[:min(len(data), 16)]) != "image/png" {
		return badRequest("ground truth is a PNG file")
	}
	size, err := s.inspect(c.Request().Context(), data)
	if err != nil {
		return err
	}
	if size.W != p.Width || size.H != p.Height {
		return newFault(http.StatusUnprocessableEntity, codeUnreadable,
			fmt.Sprintf("the mask has %v pixels, the picture %d x %d", size, p.Width, p.Height))
	}
	p, err = s.config.Workshop.Files.SetTruth(c.Request().Context(), p.ID, bytes.NewReader(data))
	if err != nil {
		return err
	}
	s.changed(c, wire.SubjectPictures, p.Project, p.ID, 0)
	return c.JSON(http.StatusOK, p)
}

func (s *Server) deleteTruth(c echo.Context, p project.Picture) error {
	p, err := s.config.Workshop.Files.SetTruth(c.Request().Context(), p.ID, nil)
	if err != nil {
		return named(err, "picture", p.ID)
	}
	s.changed(c, wire.SubjectPictures, p.Project, p.ID, 0)
	return c.JSON(http.StatusOK, p)
}
