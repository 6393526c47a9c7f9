package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/prep"
)

// getImage sends a picture's file as it was dropped, but for TIFF, which browsers do not show: ?original=1 is that file
// too.
func (s *Server) getImage(c echo.Context, p project.Picture) error {
	if isTIFF(p.Name) && c.QueryParam("original") == "" {
		return s.sendShown(c, p)
	}
	return s.sendBlob(c, p, p.SHA256, p.Name)
}

// isTIFF guesses by the name: a file that is TIFF and says not is sent as it is, one that says so and is not is decoded
// all the same.
func isTIFF(name string) bool {
	ending := strings.ToLower(path.Ext(name))
	return ending == ".tif" || ending == ".tiff"
}

// sendShown sends a picture as an upright PNG.
func (s *Server) sendShown(c echo.Context, p project.Picture) error {
	h := c.Response().Header()
	if tag := p.SHA256 + "-png"; c.Request().Header.Get("If-None-Match") == `"`+tag+`"` {
		keep(h, tag)
		return c.NoContent(http.StatusNotModified)
	}
	// Through a file: who reads it slowly then holds no memory.
	f, err := s.tempFile()
	if err != nil {
		return err
	}
	defer f.Close()
	err = s.stored(c, p, func(size prep.Size, rgb []byte) error {
		if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, opaque(size, rgb)); err != nil {
			return fmt.Errorf("web: picture %s: %w", p.ID, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	keep(h, p.SHA256+"-png")
	h.Set(echo.HeaderContentType, "image/png")
	h.Set(echo.HeaderContentDisposition, disposition("inline", p.Name+".png"))
	patient(c)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, f)
	return nil
}

// stored is withPixels for a stored picture.
func (s *Server) stored(c echo.Context, p project.Picture, use func(size prep.Size, rgb []byte) error) error {
	ctx := c.Request().Context()
	return s.withPixels(ctx, lineOf(c), func() ([]byte, error) {
		f, err := s.config.Workshop.Files.OpenBlob(ctx, p.SHA256)
		if err != nil {
			return nil, lost(err, "picture", p.ID)
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if err != nil {
			return nil, lost(err, "picture", p.ID)
		}
		return data, nil
	}, use)
}

// opaque is RGB as the image encoders want it.
func opaque(size prep.Size, rgb []byte) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, size.W, size.H))
	for i := range size.Pixels() {
		copy(m.Pix[4*i:], rgb[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

// getTruth sends the ground-truth mask.
func (s *Server) getTruth(c echo.Context, p project.Picture) error {
	if p.Truth == "" {
		return notFound("this picture has no ground truth")
	}
	return s.sendBlob(c, p, p.Truth, strings.TrimSuffix(p.Name, ".png")+"-truth.png")
}

// sendBlob sends a stored file. Its address names one picture whose file never changes, so that a browser may keep it;
// only the browser, though: who may look is asked here.
func (s *Server) sendBlob(c echo.Context, p project.Picture, sha, name string) error {
	f, err := s.config.Workshop.Files.OpenBlob(c.Request().Context(), sha)
	if err != nil {
		return lost(err, "picture", p.ID)
	}
	defer f.Close()
	// What a failing disk damaged is not to be kept by browsers for good under the name of what it was.
	if sum, err := sumOf(f); err != nil {
		return lost(err, "picture", p.ID)
	} else if sum != sha {
		s.log.Error("a stored file is damaged", "picture", p.ID, "file", sha)
		return newFault(http.StatusInternalServerError, codeDamaged, "the stored file of this picture is damaged; bring the picture in again")
	}
	var head [16]byte
	n, err := io.ReadFull(f, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return lost(err, "picture", p.ID)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return lost(err, "picture", p.ID)
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, pictureType(head[:n]))
	h.Set(echo.HeaderContentDisposition, disposition("inline", name))
	keep(h, sha)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, f)
	return nil
}

// sumOf is the SHA-256 of what f holds, which is then read from its beginning again.
func sumOf(f io.ReadSeeker) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	_, err := f.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}

// lost is the error of reading a file that a row names. That it is missing is the server's fault, and no 404.
func lost(err error, what string, id project.ID) error {
	if errors.Is(err, project.ErrNotFound) {
		return fmt.Errorf("web: the stored file of %s %s is missing", what, id)
	}
	return fmt.Errorf("web: the stored file of %s %s: %w", what, id, err)
}

// keep lets the browser keep an answer for good under a tag.
func keep(h http.Header, tag string) {
	h.Set("ETag", `"`+tag+`"`)
	h.Set(echo.HeaderCacheControl, "private, max-age=31536000, immutable")
}

// pictureType tells a picture file's type by its first bytes. What is none is sent as bytes to be saved: a stored
// script must not become a page, whatever its name was.
func pictureType(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return "image/webp"
	case bytes.HasPrefix(head, []byte("BM")):
		return "image/bmp"
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return "image/tiff"
	}
	return echo.MIMEOctetStream
}

// disposition is a Content-Disposition header with a name in RFC 6266's two forms: ASCII for old readers, and UTF-8.
func disposition(kind, name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	var utf strings.Builder
	for i := range len(name) {
		switch b := name[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte("-._~", b) >= 0:
			utf.WriteByte(b)
		default:
			fmt.Fprintf(&utf, "%%%02X", b)
		}
	}
	return kind + `; filename="` + ascii + `"; filename*=UTF-8''` + utf.String()
}
