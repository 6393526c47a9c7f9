package web

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/prep"
)

// Thumbnails are JPEG files that fit a square of thumbSide pixels. The latest thumbRoom bytes of them stay in memory,
// since a list of pictures is looked at again and again and each costs the decoding of its picture.
const (
	thumbSide = 240
	thumbRoom = 32 << 20
)

// thumbs is a cache that forgets the oldest.
type thumbs struct {
	mu    sync.Mutex
	held  map[string][]byte // by the picture's SHA-256
	order []string          // oldest first
	bytes int
}

func (t *thumbs) get(sha string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held[sha]
}

func (t *thumbs) put(sha string, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = make(map[string][]byte)
	}
	if _, twice := t.held[sha]; twice {
		return
	}
	t.held[sha] = b
	t.order = append(t.order, sha)
	t.bytes += len(b)
	for t.bytes > thumbRoom {
		t.bytes -= len(t.held[t.order[0]])
		delete(t.held, t.order[0])
		t.order = t.order[1:]
	}
}

// getSmall sends a picture's thumbnail.
func (s *Server) getSmall(c echo.Context, p project.Picture) error {
	h := c.Response().Header()
	keep(h, p.SHA256+"-240")
	if match := c.Request().Header.Get("If-None-Match"); match == h.Get("ETag") {
		return c.NoContent(http.StatusNotModified)
	}
	small := s.thumbs.get(p.SHA256)
	if small == nil {
		var err error
		if small, err = s.shrink(c, p); err != nil {
			h.Del("ETag")
			h.Set(echo.HeaderCacheControl, "no-store")
			return err
		}
		s.thumbs.put(p.SHA256, small)
	}
	return c.Blob(http.StatusOK, "image/jpeg", small)
}

// shrink makes a picture's thumbnail.
func (s *Server) shrink(c echo.Context, p project.Picture) (small []byte, err error) {
	err = s.stored(c, p, func(size prep.Size, rgb []byte) (err error) {
		to := thumbSize(size)
		if to != size {
			if rgb, err = prep.Resize(rgb, size, to); err != nil {
				return fmt.Errorf("web: thumbnail of picture %s: %w", p.ID, err)
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, opaque(to, rgb), &jpeg.Options{Quality: 80}); err != nil {
			return fmt.Errorf("web: thumbnail of picture %s: %w", p.ID, err)
		}
		small = b.Bytes()
		return nil
	})
	return small, err
}

// thumbSize fits a size into the square, never larger than it is and never empty.
func thumbSize(s prep.Size) prep.Size {
	long := max(s.W, s.H)
	if long <= thumbSide {
		return s
	}
	return prep.Size{W: max(1, s.W*thumbSide/long), H: max(1, s.H*thumbSide/long)}
}
