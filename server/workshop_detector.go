package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/shared/block"
)

// sleeper is a web.Scorer that loads its model when a crop comes and lets go of it when none came for a while.
type sleeper struct {
	path string
	run  ort.Options
	idle time.Duration

	mu     sync.Mutex
	scorer *detect.Scorer // nil: asleep
	users  int
	used   time.Time
	timer  *time.Timer
	closed bool
}

// Score implements web.Scorer.
func (s *sleeper) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	scorer, err := s.wake()
	if err != nil {
		return nil, err
	}
	defer s.rest()
	return scorer.Score(ctx, pixels, origins)
}

// wake returns the scorer, which stays until rest.
func (s *sleeper) wake() (*detect.Scorer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("the model was closed")
	}
	if s.scorer == nil {
		m, err := detect.Load(s.path)
		if err != nil {
			return nil, err
		}
		if s.scorer, err = detect.NewScorer(m, s.run); err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
	}
	s.users++
	return s.scorer, nil
}

func (s *sleeper) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	s.used = time.Now()
	if s.timer == nil && !s.closed {
		s.timer = time.AfterFunc(s.idle, s.sleep)
	}
}

// sleep lets go of the scorer if it was not used for the idle time, else comes back when that may be so.
func (s *sleeper) sleep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.scorer == nil {
		return
	}
	if left := s.idle - time.Since(s.used); s.users > 0 || left > 0 {
		s.timer = time.AfterFunc(max(left, time.Second), s.sleep)
		return
	}
	s.let()
}

// let lets go of the scorer; s.mu is held.
func (s *sleeper) let() {
	if s.scorer != nil {
		_ = s.scorer.Close() // nothing can be done about a session that does not close
	}
	s.scorer, s.timer = nil, nil
}

// close ends the scorer. The server calls it after the last crop.
func (s *sleeper) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.let()
}
