package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"semirest/server/memory"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// crop checks one crop and queues it. It owns b, whose bytes the crop's pixels alias, and frees it once the crop is
// answered. Exactly one Scores or Error answers.
func (x *session) crop(ctx context.Context, m wire.Crop, b *buffer, arrived time.Time) {
	x.crops.Add(1)
	det, release, code, text := x.admit(ctx, m)
	if code != 0 {
		b.free()
		if code == wire.CodeStale {
			x.server.describe(x, x.openName()) // in case the two passed each other on the way
		}
		x.fail(ctx, m.Request, code, text)
		return
	}
	pixels := m.Pixels
	var share *memory.Share // of the pixels of a file
	decoded := time.Duration(0)
	if m.Encoding != wire.RawRGB {
		var err error
		if pixels, share, err = x.server.decodeCrop(ctx, m, det); err != nil {
			release()
			b.free()
			x.fail(ctx, m.Request, wire.CodeBadPicture, "the crop's file cannot be used: "+err.Error())
			return
		}
		decoded = time.Since(arrived)
		x.server.meter.stage("decode", decoded)
	}
	own, cancel := context.WithCancel(ctx)
	x.mu.Lock()
	x.pending[m.Request] = cancel
	x.mu.Unlock()
	err := x.server.submit(&task{
		ctx: own, det: det, owner: x.owner, pixels: pixels, origin: block.Cell{Row: m.Row, Col: m.Col},
		answer: func(o outcome) {
			cancel()
			share.Release()
			b.free()
			answer := x.reply(m, det, o, decoded, arrived)
			release()
			x.finish(m.Request, answer)
		},
	})
	if err != nil {
		cancel()
		share.Release()
		b.free()
		release()
		code := wire.CodeBusy
		if errors.Is(err, errStopping) {
			code = wire.CodeShuttingDown
		}
		x.finish(m.Request, nil)
		x.fail(ctx, m.Request, code, err.Error())
	}
}

// admit checks a crop against the window, the open detector and the limits. A code above 0 refuses it; else det is in
// use until release is called.
func (x *session) admit(ctx context.Context, m wire.Crop) (det *served, release func(), code wire.Code, text string) {
	x.mu.Lock()
	name, waiting := x.open, len(x.pending)
	_, twice := x.pending[m.Request]
	x.mu.Unlock()
	limits := x.server.config.Limits
	switch {
	case twice:
		return nil, nil, wire.CodeDuplicate, fmt.Sprintf("request %d is not answered yet; take another id", m.Request)
	case waiting >= wire.Window:
		return nil, nil, wire.CodeBusy, fmt.Sprintf("%d crops are unanswered already; wait for one of them", waiting)
	case name == "":
		return nil, nil, wire.CodeNotOpen, "open a detector before sending crops"
	}
	if err := limits.Check(prep.Size{W: m.PictureW, H: m.PictureH}); err != nil {
		return nil, nil, wire.CodeTooLarge, err.Error()
	}
	det, release, ok := x.server.useDetector(ctx, x.who, name)
	if !ok {
		return nil, nil, wire.CodeNotFound, fmt.Sprintf("detector %q is no longer served", name)
	}
	switch {
	case m.Generation != det.generation:
		code, text = wire.CodeStale, fmt.Sprintf("detector %q has changed; plan the picture again for its new description", name)
	case m.W != det.Input.W || m.H != det.Input.H:
		code, text = wire.CodeBadPicture, fmt.Sprintf("the crop has %d x %d pixels, detector %q takes %v", m.W, m.H, name, det.Input)
	case !det.reaches(m.Row, m.Col):
		code, text = wire.CodeBadMessage, fmt.Sprintf("no crop of a picture begins at cell %d, %d for detector %q", m.Row, m.Col, name)
	}
	if code != 0 {
		release()
		return nil, nil, code, text
	}
	return det, release, 0, ""
}

// reaches says whether a plan for the detector may hold a crop whose first cell of 8 pixels is row, col.
func (d *served) reaches(row, col int) bool {
	if d.Tile == (prep.Tile{}) {
		return row == 0 && col == 0
	}
	const cells = prep.TileStep / 8
	return row%cells == 0 && col%cells == 0 &&
		8*row+d.Input.H <= max(d.Tile.Ref, d.Input.H) && 8*col+d.Input.W <= max(d.Tile.Ref, d.Input.W)
}

// reply turns a task's outcome into the crop's answer.
func (x *session) reply(m wire.Crop, det *served, o outcome, decoded time.Duration, arrived time.Time) wire.Message {
	if o.err != nil {
		code, text := wire.CodeInternal, "the server failed to score the crop; its log says why"
		result := "failed"
		switch {
		case errors.Is(o.err, context.Canceled):
			code, text, result = wire.CodeCancelled, "taken back before it was scored", "canceled"
		case errors.Is(o.err, errBusy): // others, who wait for less, came meanwhile
			code, text, result = wire.CodeBusy, errBusy.Error(), "refused"
		}
		x.server.meter.crop(det.Name, result)
		x.count(code)
		return wire.Error{Request: m.Request, Code: code, Text: text}
	}
	o.scores.Calibrate(det.Threshold)
	a := m.Answer()
	a.Image, _, _ = o.scores.Max()
	a.Unlike = o.scores.Unlike
	a.Grid = wire.Grid{Rows: o.scores.Rows, Cols: o.scores.Cols, Encoding: wire.Float32, Values: o.scores.Values}
	if m.Encoding != wire.RawRGB {
		a.Stages = append(a.Stages, stage(wire.StageDecode, decoded))
	}
	if m.Encoding == wire.JPEG {
		a.Grid.Encoding = wire.Float16 // a slow line, on which pixels were rounded already
	}
	a.Stages = append(a.Stages, stage(wire.StageQueue, o.wait), stage(wire.StageScore, o.run),
		stage(wire.StageTotal, time.Since(arrived)))
	x.server.meter.crop(det.Name, "scored")
	x.server.meter.stage("wait", o.wait)
	return a
}

// finish takes a crop out of the window and queues its answer, in one step for both who wait on it: settle must not see
// an empty window before the answer is queued, and a client that has its answer must find room for the next crop.
func (x *session) finish(request uint32, answer wire.Message) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.pending, request)
	if answer != nil {
		x.out.answer(answer)
	}
	if len(x.pending) == 0 {
		x.idle.Broadcast()
	}
}

func (x *session) openName() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.open
}

func stage(s wire.Stage, d time.Duration) wire.StageTime {
	return wire.StageTime{Stage: s, Micros: uint32(min(max(d.Microseconds(), 0), 1<<32-1))}
}

// codeName is a wire code as /metrics calls it.
func codeName(c wire.Code) string {
	names := map[wire.Code]string{
		wire.CodeBadMessage: "bad_message", wire.CodeUnknownType: "unknown_type", wire.CodeTooLarge: codeTooLarge,
		wire.CodeVersion: "version", wire.CodeNotFound: codeNotFound, wire.CodeNotOpen: "not_open",
		wire.CodeStale: "stale", wire.CodeBusy: codeBusy, wire.CodeCancelled: "canceled",
		wire.CodeBadPicture: codeUnreadable, wire.CodeForbidden: codeForbidden, wire.CodeInternal: codeInternal,
		wire.CodeShuttingDown: codeUnavailable, wire.CodeDuplicate: "duplicate",
	}
	if n, ok := names[c]; ok {
		return n
	}
	return "other"
}

// decodeCrop makes the pixels of a crop that travels as a file: JPEG or PNG of the crop itself, or the picture's own, of
// which the crop is cut as POST /score does. The limit is the size that the crop's header has stated. share holds the
// memory of the pixels.
func (s *Server) decodeCrop(ctx context.Context, m wire.Crop, det *served) (pixels []byte, share *memory.Share, err error) {
	stated, depth := prep.Size{W: m.W, H: m.H}, prep.Depth(0)
	switch {
	case m.Encoding == wire.File:
		stated, depth = prep.Size{W: m.PictureW, H: m.PictureH}, det.Depth
	case m.Encoding == wire.JPEG && !bytes.HasPrefix(m.Pixels, []byte("\xff\xd8")):
		return nil, nil, errors.New("its bytes are no JPEG file")
	case m.Encoding == wire.PNG && !bytes.HasPrefix(m.Pixels, []byte("\x89PNG")):
		return nil, nil, errors.New("its bytes are no PNG file")
	}
	l := prep.Limits{MaxSide: max(stated.W, stated.H), MaxPixels: stated.Pixels()}
	if s.config.Room != nil {
		if share, err = s.config.Room(ctx, m.Pixels, l, 2*3*int64(m.W)*int64(m.H)); err != nil { // resized, and cut
			return nil, nil, err
		}
	}
	size, pixels, err := s.config.Decode(m.Pixels, l, depth)
	if err == nil && size != stated {
		err = fmt.Errorf("it has %v pixels, the crop says %v", size, stated)
	}
	if err == nil && m.Encoding == wire.File {
		pixels, err = det.only(pixels, size)
	}
	if err != nil {
		share.Release()
		return nil, nil, err
	}
	share.Keep(int64(len(pixels)))
	return pixels, share, nil
}

// only makes the one crop of a picture's pixels.
func (d *served) only(pixels []byte, size prep.Size) ([]byte, error) {
	plan, err := prep.NewPlan(size, d.Input, d.Tile)
	if err != nil {
		return nil, err
	}
	if len(plan.Crops) != 1 {
		return nil, fmt.Errorf("the picture has %d crops", len(plan.Crops))
	}
	if pixels, err = prep.Resize(pixels, size, plan.Scaled); err != nil {
		return nil, err
	}
	return plan.Cut(nil, pixels, plan.Crops[0]), nil
}
