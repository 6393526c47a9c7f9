package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// resultJSON is the answer to an uploaded picture. Scores are calibrated: 1.0 is the detector's threshold.
type resultJSON struct {
	Detector string     `json:"detector"`
	Model    string     `json:"model"`
	Verdict  string     `json:"verdict"` // "normal" or "anomalous"
	Score    float32    `json:"score"`   // the largest block's
	Picture  sizeJSON   `json:"picture"` // upright
	Hottest  block.Area `json:"hottest"`
	Crops    int        `json:"crops"`
	Grid     struct {
		Rows   int       `json:"rows"`
		Cols   int       `json:"cols"`
		Block  int       `json:"block"`
		Scores []float32 `json:"scores"` // row-major
	} `json:"grid"`
	Milliseconds struct {
		Decode float64 `json:"decode"`
		Resize float64 `json:"resize"`
		Wait   float64 `json:"wait"`  // in the queue, all crops
		Score  float64 `json:"score"` // in the detector, all crops
		Total  float64 `json:"total"`
	} `json:"milliseconds"`
}

// postScore decodes, cuts and scores one uploaded picture.
func (s *Server) postScore(c echo.Context) error {
	start := time.Now()
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return errBusy
	}
	name := c.QueryParam("detector")
	det, release, ok := s.useDetector(c.Request().Context(), who(c), name)
	if !ok {
		if name == "" {
			return newFault(http.StatusBadRequest, codeBadRequest, "say which detector: ?detector=NAME; /api/v1/detectors lists them")
		}
		return noDetector(name)
	}
	defer release()
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()

	data, err := s.readPicture(c)
	if err != nil {
		return err
	}
	var out resultJSON
	plan, scaled, err := s.prepare(ctx, det, data, &out)
	if err != nil {
		return err
	}
	scores, err := s.scorePlan(ctx, det, c.RealIP(), plan, scaled, &out)
	if err != nil {
		return err
	}
	v, hottest := scores.Hottest(plan.Picture.W, plan.Picture.H)
	out.Detector, out.Model, out.Score, out.Verdict = det.Name, det.Model, v, "normal"
	if v >= 1 {
		out.Verdict = "anomalous"
	}
	out.Hottest, out.Picture, out.Crops = hottest, sizeJSON{plan.Picture.W, plan.Picture.H}, len(plan.Crops)
	out.Grid.Rows, out.Grid.Cols, out.Grid.Block, out.Grid.Scores = scores.Rows, scores.Cols, scores.Size, scores.Values
	out.Milliseconds.Total = milliseconds(time.Since(start))
	return c.JSON(http.StatusOK, out)
}

// readPicture reads the file of the multipart form's part "picture".
func (s *Server) readPicture(c echo.Context) ([]byte, error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, s.config.MaxUpload+64<<10) // room for the form around it
	form, err := r.MultipartReader()
	if err != nil {
		return nil, newFault(http.StatusBadRequest, codeBadRequest, `send the picture as multipart/form-data, in the part "picture"`)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, newFault(http.StatusBadRequest, codeBadRequest, `the form has no part "picture"`)
		}
		if err != nil {
			return nil, formFault(err)
		}
		if part.FormName() == "picture" {
			return s.readPart(part)
		}
	}
}

func (s *Server) readPart(part *multipart.Part) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(part, s.config.MaxUpload+1))
	switch {
	case err != nil:
		return nil, formFault(err)
	case n > s.config.MaxUpload:
		return nil, newFault(http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("a picture may have %d bytes", s.config.MaxUpload))
	}
	return b.Bytes(), nil
}

func formFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return newFault(http.StatusBadRequest, codeBadRequest, "the form is cut short or malformed")
}

// prepare decodes the picture, plans its crops and resizes it: [Scaled.H, Scaled.W, 3]. Only a few pictures are decoded
// at a time, because each takes its pixels' memory whatever its file's size.
func (s *Server) prepare(ctx context.Context, det *served, data []byte, out *resultJSON) (prep.Plan, []byte, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return prep.Plan{}, nil, ctx.Err()
	}
	start := time.Now()
	size, pixels, err := s.config.Decode(data, s.config.Limits, det.Depth)
	if err != nil {
		if _, ok := errors.AsType[*prep.SizeError](err); ok {
			return prep.Plan{}, nil, err
		}
		return prep.Plan{}, nil, newFault(http.StatusUnprocessableEntity, codeUnreadable, "the picture cannot be read: "+err.Error())
	}
	s.observeStage("decode", start, &out.Milliseconds.Decode)
	start = time.Now()
	plan, err := prep.NewPlan(size, det.Input, det.Tile)
	if err != nil {
		return prep.Plan{}, nil, newFault(http.StatusUnprocessableEntity, codeUnreadable, "the picture cannot be cut into crops: "+err.Error())
	}
	scaled, err := prep.Resize(pixels, size, plan.Scaled)
	if err != nil {
		return prep.Plan{}, nil, newFault(http.StatusUnprocessableEntity, codeUnreadable, "the picture cannot be resized: "+err.Error())
	}
	s.observeStage("resize", start, &out.Milliseconds.Resize)
	return plan, scaled, nil
}

func (s *Server) observeStage(name string, start time.Time, ms *float64) {
	took := time.Since(start)
	s.meter.stage(name, took)
	*ms = milliseconds(took)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// busyPause is how long a picture whose first crops were taken in waits before it tries a full queue again.
const busyPause = 50 * time.Millisecond

// scorePlan sends a plan's crops through the queue, at most a window of them at a time like a session's, and merges
// their scores, calibrated. A full queue refuses the picture at its first crop; later ones wait.
func (s *Server) scorePlan(ctx context.Context, det *served, owner string, plan prep.Plan, scaled []byte, out *resultJSON) (block.Scores, error) {
	type answer struct {
		crop prep.Crop
		outcome
	}
	answers := make(chan answer, wire.Window)
	merged := block.NewMerger(plan.Grid(det.Block))
	waiting := 0
	take := func() error {
		a := <-answers
		waiting--
		if a.err != nil {
			s.meter.crop(det.Name, "failed")
			return a.err
		}
		s.meter.crop(det.Name, "scored")
		s.meter.stage("wait", a.wait)
		out.Milliseconds.Wait += milliseconds(a.wait)
		out.Milliseconds.Score += milliseconds(a.run)
		a.scores.Calibrate(det.Threshold)
		merged.Add(block.Placed{Scores: a.scores, Row: a.crop.Row * 8 / det.Block, Col: a.crop.Col * 8 / det.Block})
		return nil
	}
	submit := func(c prep.Crop) error {
		return s.submit(&task{
			ctx: ctx, det: det, owner: "upload " + owner, pixels: plan.Cut(nil, scaled, c), origin: block.Cell{Row: c.Row, Col: c.Col},
			answer: func(o outcome) { answers <- answer{c, o} },
		})
	}
	var failed error
	for i := 0; i < len(plan.Crops) && failed == nil; {
		err := submit(plan.Crops[i])
		switch {
		case err == nil:
			waiting++
			i++
		case !errors.Is(err, errBusy) || i == 0:
			failed = err
		case waiting == 0:
			select {
			case <-time.After(busyPause):
			case <-ctx.Done():
				failed = ctx.Err()
			}
			continue
		}
		if failed == nil && (waiting == wire.Window || err != nil) {
			failed = take()
		}
	}
	for waiting > 0 {
		failed = cmp.Or(failed, take())
	}
	return merged.Scores(), failed
}
