package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"semirest/server/memory"
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
	Unlike   float32    `json:"unlike"`  // see block.Scores
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
	leave, ok := s.uploads.try(lineOf(c))
	if !ok {
		return errBusy
	}
	defer leave()
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

	file, err := s.readPicture(c)
	if err != nil {
		return err
	}
	defer file.Close()
	var out resultJSON
	plan, scaled, share, err := s.prepare(ctx, det, lineOf(c), file, &out)
	if err != nil {
		return err
	}
	defer share.Release()
	scores, err := s.scorePlan(ctx, det, lineOf(c), plan, scaled, &out)
	if err != nil {
		return err
	}
	v, hottest := scores.Hottest(plan.Picture.W, plan.Picture.H)
	out.Detector, out.Model, out.Score, out.Verdict = det.Name, det.Model, v, "normal"
	if v >= 1 {
		out.Verdict = "anomalous"
	}
	out.Unlike = scores.Unlike
	out.Hottest, out.Picture, out.Crops = hottest, sizeJSON{plan.Picture.W, plan.Picture.H}, len(plan.Crops)
	out.Grid.Rows, out.Grid.Cols, out.Grid.Block, out.Grid.Scores = scores.Rows, scores.Cols, scores.Size, scores.Values
	out.Milliseconds.Total = milliseconds(time.Since(start))
	return c.JSON(http.StatusOK, out)
}

// readPicture reads the file of the multipart form's part "picture".
func (s *Server) readPicture(c echo.Context) (*sent, error) {
	steadyBody(c, s.config.MaxUpload+64<<10) // room for the form around it
	form, err := c.Request().MultipartReader()
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

func (s *Server) readPart(part *multipart.Part) (*sent, error) {
	x, err := s.receive(part, s.config.MaxUpload)
	if _, ours := errors.AsType[*os.PathError](err); ours {
		return nil, err
	}
	if err != nil {
		return nil, formFault(err)
	}
	if x.size > s.config.MaxUpload {
		x.Close()
		return nil, newFault(http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("a picture may have %d bytes", s.config.MaxUpload))
	}
	return x, nil
}

func formFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return newFault(http.StatusBadRequest, codeBadRequest, "the form is cut short or malformed")
}

// prepare decodes the picture, plans its crops and resizes it: [Scaled.H, Scaled.W, 3], for which share holds memory.
func (s *Server) prepare(ctx context.Context, det *served, owner string, file *sent, out *resultJSON) (plan prep.Plan, scaled []byte, share *memory.Share, err error) {
	leave, err := s.decoding.wait(ctx, owner)
	if err != nil {
		return plan, nil, nil, err
	}
	defer leave()
	data, err := file.bytes()
	if err != nil {
		return plan, nil, nil, err
	}
	// What is no picture has no plan and fails below.
	h, _ := prep.ReadHeader(data)
	plan, _ = prep.NewPlan(h.Upright(), det.Input, det.Tile)
	if share, err = s.room(ctx, data, 3*plan.Scaled.Pixels()); err != nil {
		return plan, nil, nil, err
	}
	defer func() {
		if err != nil {
			share.Release()
		}
	}()
	start := time.Now()
	size, pixels, err := s.config.Decode(data, s.config.Limits, det.Depth)
	if err != nil {
		return plan, nil, nil, unreadable(err)
	}
	s.observeStage("decode", start, &out.Milliseconds.Decode)
	start = time.Now()
	if plan, err = prep.NewPlan(size, det.Input, det.Tile); err != nil {
		return plan, nil, nil, newFault(http.StatusUnprocessableEntity, codeUnreadable, "the picture cannot be cut into crops: "+err.Error())
	}
	if scaled, err = prep.Resize(pixels, size, plan.Scaled); err != nil {
		return plan, nil, nil, newFault(http.StatusUnprocessableEntity, codeUnreadable, "the picture cannot be resized: "+err.Error())
	}
	s.observeStage("resize", start, &out.Milliseconds.Resize)
	share.Keep(int64(len(scaled)))
	return plan, scaled, share, nil
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
	again := []prep.Crop{} // whose place in the queue another's crop took
	take := func() error {
		a := <-answers
		waiting--
		if errors.Is(a.err, errBusy) {
			again = append(again, a.crop)
			return nil
		}
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
			ctx: ctx, det: det, owner: owner, pixels: plan.Cut(nil, scaled, c), origin: block.Cell{Row: c.Row, Col: c.Col},
			answer: func(o outcome) { answers <- answer{c, o} },
		})
	}
	var failed error
	for left := plan.Crops; (len(left) > 0 || waiting > 0) && failed == nil; {
		if len(left) == 0 {
			if failed = take(); len(again) > 0 {
				left, again = again, nil
			}
			continue
		}
		err := submit(left[0])
		switch {
		case err == nil:
			waiting++
			left = left[1:]
		case !errors.Is(err, errBusy) || len(left) == len(plan.Crops):
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
