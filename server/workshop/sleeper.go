package workshop

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

// sleepAfter is how long a project's model stays in memory unused. There may be many projects, of which few are looked
// at.
const sleepAfter = 10 * time.Minute

// Sleeper is a detector's scorer that loads its model when a crop comes and lets go of it when none came for a while.
// Its methods may be called from any goroutine.
type Sleeper struct {
	path string
	run  ort.Options
	load func(path string) (*detect.Model, error)
	idle time.Duration

	mu     sync.Mutex
	model  *detect.Model  // loaded and not run yet; nil: asleep, or the scorer has it
	scorer *detect.Scorer // nil: asleep, or not used yet
	users  int
	used   time.Time
	timer  *time.Timer
	closed bool
}

// Score is detect.Scorer.Score. Its first call takes as long as loading the model does.
func (s *Sleeper) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	scorer, err := s.wake()
	if err != nil {
		return nil, err
	}
	defer s.rest()
	return scorer.Score(ctx, pixels, origins)
}

// wake returns the scorer, which stays until rest.
func (s *Sleeper) wake() (*detect.Scorer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("the model was closed")
	}
	if s.scorer == nil {
		m, err := s.model, error(nil)
		if m == nil {
			m, err = s.load(s.path)
		}
		if err != nil {
			return nil, err
		}
		s.model = nil
		if s.scorer, err = detect.NewScorer(m, s.run); err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
	}
	s.users++
	return s.scorer, nil
}

// keep holds a model that is loaded for the first crop, if that comes within the idle time.
func (s *Sleeper) keep(m *detect.Model) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.model = m
	s.stay()
}

func (s *Sleeper) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	s.stay()
}

// stay puts off sleep for the idle time; s.mu is held.
func (s *Sleeper) stay() {
	s.used = time.Now()
	if s.timer == nil && !s.closed {
		s.timer = time.AfterFunc(s.idle, s.sleep)
	}
}

// sleep lets go of the model if it was not used for the idle time, else comes back when that may be so.
func (s *Sleeper) sleep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if left := s.idle - time.Since(s.used); s.users > 0 || left > 0 {
		s.timer = time.AfterFunc(max(left, time.Second), s.sleep)
		return
	}
	s.let()
}

// let lets go of the model and the scorer; s.mu is held.
func (s *Sleeper) let() {
	if s.scorer != nil {
		_ = s.scorer.Close() // nothing can be done about a session that does not close
	}
	s.model, s.scorer, s.timer = nil, nil, nil
}

// Close ends the scorer. It is called after the last crop.
func (s *Sleeper) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.let()
}
