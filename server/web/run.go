package web

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"semirest/shared/block"
)

// submit queues a task. A task whose context ends while it waits is taken out and answered at once, so that what nobody
// wants any more takes no room.
func (s *Server) submit(t *task) error {
	refused, err := s.queue.push(t)
	if err != nil {
		return err
	}
	if refused != nil {
		refused.answer(outcome{err: errBusy, wait: time.Since(refused.queued)})
	}
	context.AfterFunc(t.ctx, func() {
		if s.queue.remove(t) {
			t.answer(outcome{err: t.ctx.Err(), wait: time.Since(t.queued)})
		}
	})
	return nil
}

// run takes tasks until the queue is closed and empty. ctx ends runs that outlast the shutdown's patience.
func (s *Server) run(ctx context.Context) {
	var pixels []byte // of a batch, reused
	for {
		batch := s.queue.pop()
		if batch == nil {
			return
		}
		live := batch[:0]
		for _, t := range batch {
			if err := t.ctx.Err(); err != nil {
				t.answer(outcome{err: err, wait: time.Since(t.queued)})
				continue
			}
			live = append(live, t)
		}
		if len(live) == 0 {
			continue
		}
		one := live[0].pixels
		if len(live) > 1 {
			pixels = pixels[:0]
			for _, t := range live {
				pixels = append(pixels, t.pixels...)
			}
			one = pixels
		}
		s.score(ctx, live, one)
	}
}

// score runs the tasks of one detector and answers each.
func (s *Server) score(ctx context.Context, batch []*task, pixels []byte) {
	det := batch[0].det
	origins := make([]block.Cell, len(batch))
	for i, t := range batch {
		origins[i] = t.origin
	}
	// A run of one stops when its owner takes the crop back; a run of several is finished for the others.
	runCtx, cancel := ctx, context.CancelFunc(func() {})
	if len(batch) == 1 {
		runCtx, cancel = context.WithCancel(batch[0].ctx)
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
	}
	defer cancel()
	start := time.Now()
	scores, err := guardedScore(runCtx, det.Scorer, pixels, origins)
	took := time.Since(start)
	if err == nil {
		err = checkScores(det, scores, len(batch))
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.Error("scoring failed", "detector", det.Name, "crops", len(batch), "error", err)
	}
	s.meter.run(det.Name, len(batch), took, err)
	for i, t := range batch {
		o := outcome{wait: start.Sub(t.queued), run: took, batch: len(batch), err: err}
		if err == nil {
			o.scores = scores[i]
		}
		t.answer(o)
	}
}

// guardedScore turns a scorer's panic into an error: one bad model must not end the server.
func guardedScore(ctx context.Context, sc Scorer, pixels []byte, origins []block.Cell) (s []block.Scores, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("web: the scorer panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return sc.Score(ctx, pixels, origins)
}

func checkScores(det *served, scores []block.Scores, n int) error {
	if len(scores) != n {
		return fmt.Errorf("web: detector %s gave %d maps for %d crops", det.Name, len(scores), n)
	}
	want := block.For(det.Input.W, det.Input.H, det.Block)
	for _, m := range scores {
		if m.Grid != want || len(m.Values) != want.Len() {
			return fmt.Errorf("web: detector %s gave a map of %+v with %d values, want %+v", det.Name, m.Grid, len(m.Values), want)
		}
	}
	return nil
}
