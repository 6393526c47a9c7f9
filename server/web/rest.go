package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/shared/prep"
	"semirest/shared/wire"
)

// Gallery offers the pictures of the demonstration.
type Gallery interface {
	// Pictures lists them in the order to show them.
	Pictures() []Sample
	// File returns one of a picture's files; false when there is no such picture.
	File(name string, view View) ([]byte, bool)
}

// Sample is one picture of a gallery.
type Sample struct {
	Name     string // unique; also the name of its file, without extension
	Title    string // for people
	Detector string // the detector that it is for
	Kind     string // "good" or a kind of defect
	Size     prep.Size
}

// View is one of the PNG files of a Sample.
type View int

// The views: the picture, its ground truth (grey, 255 where the defect is), and a small copy of it.
const (
	ViewPicture View = iota
	ViewMask
	ViewThumbnail
)

func (s *Server) getHealth(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// getReady answers 200 when crops can be scored and projects kept.
func (s *Server) getReady(c echo.Context) error {
	n := len(s.detectors.list())
	switch {
	case s.stopping.Load():
		return errStopping
	case n == 0:
		return &fault{http.StatusServiceUnavailable, codeUnavailable, "no detector is ready yet; /api/v1/progress tells how far they are", 5 * time.Second}
	}
	if s.config.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Request().Context(), 5*time.Second)
		defer cancel()
		if err := s.config.Ready(ctx); err != nil {
			s.log.Warn("the server is not ready", "error", err)
			return &fault{http.StatusServiceUnavailable, codeUnavailable, "projects cannot be kept now: the disk is full, or the database does not answer; the log says which", 5 * time.Second}
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"status": "ready", "detectors": n})
}

func (s *Server) getVersion(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{"version": s.config.Version, "protocol": wire.Version})
}

// limitsJSON is what a client must keep to.
type limitsJSON struct {
	MaxSide        int    `json:"max_side"`
	MaxPixels      int64  `json:"max_pixels"`
	MaxUploadBytes int64  `json:"max_upload_bytes"`
	MaxFrameBytes  int    `json:"max_frame_bytes"`
	Window         int    `json:"window"`
	Queue          int    `json:"queue"`
	Stream         string `json:"stream"`
}

func (s *Server) getLimits(c echo.Context) error {
	l := s.config.Limits
	return c.JSON(http.StatusOK, limitsJSON{l.MaxSide, l.MaxPixels, s.config.MaxUpload, s.config.MaxFrame, wire.Window, s.config.Queue, "/api/v1/stream"})
}

// progressJSON is a Progress; SecondsLeft is absent where it is unknown.
type progressJSON struct {
	Key         string   `json:"key"`
	What        string   `json:"what"`
	Done        int      `json:"done"`
	Total       int      `json:"total"`
	SecondsLeft *float64 `json:"seconds_left,omitempty"`
	Failed      string   `json:"failed,omitempty"`
}

func (s *Server) getProgress(c echo.Context) error {
	list := []progressJSON{}
	s.mu.Lock()
	for key, p := range s.progress {
		j := progressJSON{Key: key, What: p.What, Done: p.Done, Total: p.Total, Failed: p.Failed}
		if p.Left >= 0 && !p.Ended {
			left := p.Left.Seconds()
			j.SecondsLeft = &left
		}
		list = append(list, j)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b progressJSON) int { return cmp.Compare(a.Key, b.Key) })
	return c.JSON(http.StatusOK, map[string]any{"progress": list})
}

// detectorJSON describes a detector. Tile is absent where pictures are not cut.
type detectorJSON struct {
	Name        string    `json:"name"`
	Model       string    `json:"model"`
	Generation  uint32    `json:"generation"`
	Title       string    `json:"title,omitempty"`
	Preset      string    `json:"preset"`
	Supervision string    `json:"supervision"`
	Note        string    `json:"note,omitempty"`
	Created     time.Time `json:"created"`
	Input       sizeJSON  `json:"input"`
	Tile        *tileJSON `json:"tile,omitempty"`
	Block       int       `json:"block"`
	Threshold   struct {
		Raw         float64 `json:"raw"`
		FalseAlarms float64 `json:"false_alarms"`
		Method      string  `json:"method,omitempty"`
	} `json:"threshold"`
}

type sizeJSON struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

type tileJSON struct {
	Reference int `json:"reference"`
	Overlap   int `json:"overlap"`
}

func describe(d *served) detectorJSON {
	j := detectorJSON{
		Name: d.Name, Model: d.Model, Generation: d.generation, Title: d.Title, Preset: d.Preset, Supervision: d.Supervision,
		Note: d.Note, Created: d.Created.UTC(), Input: sizeJSON{d.Input.W, d.Input.H}, Block: d.Block,
	}
	if d.Tile != (prep.Tile{}) {
		j.Tile = &tileJSON{d.Tile.Ref, d.Tile.Overlap}
	}
	j.Threshold.Raw, j.Threshold.FalseAlarms, j.Threshold.Method = d.Threshold, d.FalseAlarms, d.Method
	return j
}

func (s *Server) listDetectors(c echo.Context) error {
	list := []detectorJSON{}
	for _, d := range s.visibleDetectors(c.Request().Context(), who(c)) {
		list = append(list, describe(d))
	}
	return c.JSON(http.StatusOK, map[string]any{"detectors": list})
}

func (s *Server) getDetector(c echo.Context) error {
	name, err := url.PathUnescape(c.Param("name")) // those of projects have a slash
	if err != nil {
		return noDetector(c.Param("name"))
	}
	d, release, ok := s.useDetector(c.Request().Context(), who(c), name)
	if !ok {
		return noDetector(name)
	}
	defer release()
	return c.JSON(http.StatusOK, describe(d))
}

func noDetector(name string) *fault {
	return notFound(fmt.Sprintf("there is no detector %q; /api/v1/detectors lists those there are", name))
}

// pictureJSON is a picture of the demonstration with the addresses of its files.
type pictureJSON struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Detector  string `json:"detector"`
	Kind      string `json:"kind"`
	Synthetic bool   `json:"synthetic"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Image     string `json:"image"`
	Mask      string `json:"mask"`
	Thumbnail string `json:"thumbnail"`
}

func (s *Server) listPictures(c echo.Context) error {
	list := []pictureJSON{}
	if s.config.Gallery != nil {
		for _, p := range s.config.Gallery.Pictures() {
			at := "/api/v1/demo/pictures/" + p.Name
			list = append(list, pictureJSON{p.Name, p.Title, p.Detector, p.Kind, true, p.Size.W, p.Size.H,
				at, at + "/mask", at + "/thumbnail"})
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"pictures": list})
}

func (s *Server) getPicture(c echo.Context) error   { return s.file(c, ViewPicture) }
func (s *Server) getMask(c echo.Context) error      { return s.file(c, ViewMask) }
func (s *Server) getThumbnail(c echo.Context) error { return s.file(c, ViewThumbnail) }

func (s *Server) file(c echo.Context, view View) error {
	name := c.Param("name")
	var data []byte
	ok := false
	if s.config.Gallery != nil {
		data, ok = s.config.Gallery.File(name, view)
	}
	if !ok {
		return notFound(fmt.Sprintf("there is no demonstration picture %q; /api/v1/demo/pictures lists those there are", name))
	}
	suffix := map[View]string{ViewMask: "-mask", ViewThumbnail: "-thumbnail"}[view]
	h := c.Response().Header()
	h.Set("Content-Disposition", `inline; filename="`+name+suffix+`.png"`)
	h.Set("Cache-Control", "max-age=3600") // the same bytes until the program changes
	return c.Blob(http.StatusOK, "image/png", data)
}
