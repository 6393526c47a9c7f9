package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"semirest/models/graph"
	"semirest/server/detect"
)

// ErrUnfinished is returned when a run's folder holds another run's checkpoint, or
// one's own without Resume: nothing of it is overwritten.
var ErrUnfinished = errors.New("train: the folder holds an unfinished run")

// Run trains a detector's classifier and returns the whole detector. It stops within
// one step of ctx's end, saves a checkpoint where there is a folder, and returns
// ctx.Err(). The checkpoint stays until Finish. report may be nil.
func Run(ctx context.Context, cfg Config, source Source, report func(Progress)) (*detect.Model, error) {
	if report == nil {
		report = func(Progress) {}
	}
	r := &run{cfg: cfg, source: source, report: report, begun: time.Now()}
	m, err := r.do(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return m, err
}

// run carries one Run through its stages.
type run struct {
	cfg     Config
	source  Source
	report  func(Progress)
	begun   time.Time
	id      string
	phases  []Settings
	model   *detect.Model
	maps    *Maps
	held    *held
	scale   float64
	start   *checkpoint // to go on from; nil: from the beginning
	best    []float32
	teacher []float32 // that guesses in the present phase; nil: none
	layout  graph.Layout
	at      progress // of the present phase
	journal *journal
	saved   time.Time
}

// seconds are what the run took until now, those before it was stopped included.
func (r *run) seconds() float64 {
	s := time.Since(r.begun).Seconds()
	if r.start != nil {
		s += r.start.Seconds
	}
	return s
}

func (r *run) do(ctx context.Context) (m *detect.Model, err error) {
	if err := r.prepare(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.journal.close()) }()
	if err := r.detector(ctx); err != nil {
		return nil, err
	}
	if err := r.gather(ctx); err != nil {
		return nil, err
	}
	if err := r.train(ctx); err != nil {
		return nil, err
	}
	return r.model, nil
}

// train takes maps and detector to a whole model.
func (r *run) train(ctx context.Context) error {
	if err := r.rescale(); err != nil {
		return err
	}
	if err := r.learn(ctx); err != nil {
		return err
	}
	return r.choose(ctx)
}

// prepare checks settings and pictures, and opens the run's folder.
func (r *run) prepare() error {
	if err := r.settings(); err != nil {
		return err
	}
	if r.cfg.SaveEvery == 0 {
		r.cfg.SaveEvery = 30 * time.Second
	}
	var err error
	if r.id, err = r.identity(); err != nil {
		return err
	}
	if r.cfg.Dir == "" {
		r.journal = &journal{}
		return nil
	}
	return r.folder()
}

// settings checks the settings and makes the phases.
func (r *run) settings() error {
	s := &r.cfg.Settings
	if err := s.Check(); err != nil {
		return err
	}
	n := r.source.Defects()
	if s.Supervision != Un && n == 0 {
		return fmt.Errorf("train: supervision %s needs labelled defective pictures and there are none: label some, or train with supervision un", s.Supervision)
	}
	if s.Start != nil && r.cfg.Init == nil {
		start := *s.Start
		start.Seed, start.EvalEvery = s.Seed, 0
		r.phases = append(r.phases, start)
	}
	s.Start = nil
	r.phases = append(r.phases, *s)
	for i := range r.phases {
		r.phases[i].Steps = r.phases[i].StepCount(r.source.Len())
	}
	return nil
}

// settle tells every phase what the foreground came to.
func (r *run) settle(foreground string) {
	for i := range r.phases {
		r.phases[i].settle(foreground)
	}
}
