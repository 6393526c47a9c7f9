package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// Bounds of one request that adds pictures. A page sends a few at a time, to show how far it is.
const (
	maxFiles = 500
	maxField = 1 << 10 // bytes of a form's text field
)

// addedJSON says what became of one file. Exactly one of Picture and Error is there.
type addedJSON struct {
	Name    string           `json:"name"`
	Picture *project.Picture `json:"picture,omitempty"`
	Error   *fault           `json:"error,omitempty"`
}

// addPictures takes a form's parts "files", each of which becomes a picture with the role, kind and held of the text
// fields before it. A file that is no picture does not keep the others out: each has its own answer. One file is held at
// a time; what was answered is stored.
func (s *Server) addPictures(c echo.Context, of project.Project) error {
	leave, ok := s.uploads.try(lineOf(c))
	if !ok {
		return errCrowded
	}
	defer leave()
	patient(c)
	steadyBody(c, maxFiles*s.config.MaxUpload)
	form, err := c.Request().MultipartReader()
	if err != nil {
		return badRequest(`send pictures as multipart/form-data, in parts "files"`)
	}
	like := project.Picture{Project: of.ID}
	added := []addedJSON{}
	stored := 0
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			err = formFault(err)
		} else if part.FormName() != "files" {
			err = field(part, &like)
		} else if len(added) == maxFiles {
			err = newFault(http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("one request adds %d pictures at most", maxFiles))
		} else {
			var a addedJSON
			a, err = s.addPicture(c, like, part)
			if err == nil {
				added = append(added, a)
				if a.Picture != nil {
					stored++
				}
			}
		}
		if err != nil {
			s.tellAdded(c, of.ID, stored)
			return err
		}
	}
	if len(added) == 0 {
		return badRequest(`the form has no part "files"`)
	}
	s.tellAdded(c, of.ID, stored)
	status := http.StatusOK
	if stored > 0 {
		status = http.StatusCreated
	}
	return c.JSON(status, map[string]any{"pictures": added})
}

func (s *Server) tellAdded(c echo.Context, of project.ID, n int) {
	if n > 0 {
		s.record(c, of, "add", "pictures", fmt.Sprintf("%d", n))
		s.changed(c, wire.SubjectPictures, of, "", 0)
	}
}

// field reads a text field into the picture that the next files become.
func field(part *multipart.Part, like *project.Picture) error {
	b, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return formFault(err)
	}
	if len(b) > maxField {
		return badRequest("a field of the form is too long")
	}
	switch text := string(b); part.FormName() {
	case "role":
		like.Role, err = role(text)
	case "kind":
		like.Kind, err = kind(text)
	case "held":
		if text != "true" && text != "false" {
			return badRequest(`the field "held" is true or false`)
		}
		like.Held = text == "true"
	default:
		return badRequest(fmt.Sprintf("the form has a part %.40q; files, role, kind and held are known", part.FormName()))
	}
	return err
}

// addPicture reads, checks and stores one file. The error ends the request; what is wrong with this file alone is in
// the answer.
func (s *Server) addPicture(c echo.Context, like project.Picture, part *multipart.Part) (addedJSON, error) {
	like.Name, like.Path = fileName(part.FileName()), sentPath(part)
	a := addedJSON{Name: like.Name}
	file, err := s.readPart(part)
	if err != nil {
		if f := faultOf(err); f.Code == codeTooLarge && !isCut(err) {
			a.Error = f
			_, err := io.Copy(io.Discard, part)
			return a, err
		}
		return a, err
	}
	defer file.Close()
	ctx := c.Request().Context()
	// It is decoded to be sure that it can be.
	err = s.withPixels(ctx, lineOf(c), file.bytes, func(size prep.Size, _ []byte) error {
		like.Width, like.Height = size.W, size.H
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			return a, err
		}
		a.Error = faultOf(err)
		return a, nil
	}
	p, err := s.config.Workshop.Pictures.AddPicture(ctx, like, file.reader())
	switch {
	case errors.Is(err, project.ErrExists):
		a.Error = faultOf(err)
		return a, nil
	case err != nil:
		return a, err
	}
	a.Picture = &p
	return a, nil
}

// isCut says whether the request's body as a whole was too large: nothing more can be read of it.
func isCut(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

// unreadable is the fault of a picture that cannot be decoded.
func unreadable(err error) error {
	if _, ok := errors.AsType[*prep.SizeError](err); ok {
		return err
	}
	return newFault(http.StatusUnprocessableEntity, codeUnreadable, "the picture cannot be read: "+err.Error())
}
