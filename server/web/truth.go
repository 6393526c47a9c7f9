package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// maxTruth bounds a ground-truth mask's file.
const maxTruth = 32 << 20

// putTruth keeps a mask of the picture's upright size: whatever package picture takes for one, as 0 and 255.
func (s *Server) putTruth(c echo.Context, p project.Picture) error {
	leave, ok := s.uploads.try(lineOf(c))
	if !ok {
		return errCrowded
	}
	defer leave()
	file, err := s.receive(steadyBody(c, maxTruth), maxTruth)
	if err != nil {
		return bodyFault(err)
	}
	defer file.Close()
	size, data, err := s.mask(c.Request().Context(), lineOf(c), file)
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

// mask reads a mask, when it is its owner's turn and there is memory for it.
func (s *Server) mask(ctx context.Context, owner string, file *sent) (prep.Size, []byte, error) {
	if s.config.Mask == nil {
		return prep.Size{}, nil, badRequest("no ground truth is kept here")
	}
	leave, err := s.decoding.wait(ctx, owner)
	if err != nil {
		return prep.Size{}, nil, err
	}
	defer leave()
	data, err := file.bytes()
	if err != nil {
		return prep.Size{}, nil, err
	}
	if s.config.MaskRoom != nil {
		share, err := s.config.MaskRoom(ctx, data, s.config.Limits)
		if err != nil {
			return prep.Size{}, nil, err
		}
		defer share.Release()
	}
	size, png, err := s.config.Mask(data, s.config.Limits)
	if _, ok := errors.AsType[*prep.SizeError](err); err != nil && !ok {
		err = newFault(http.StatusUnprocessableEntity, codeUnreadable, "the mask cannot be read: "+strings.TrimPrefix(err.Error(), "mask: "))
	}
	return size, png, err
}

func (s *Server) deleteTruth(c echo.Context, p project.Picture) error {
	p, err := s.config.Workshop.Files.SetTruth(c.Request().Context(), p.ID, nil)
	if err != nil {
		return named(err, "picture", p.ID)
	}
	s.changed(c, wire.SubjectPictures, p.Project, p.ID, 0)
	return c.JSON(http.StatusOK, p)
}
