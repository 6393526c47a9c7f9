package train

import (
	"context"
	"time"

	"semirest/server/detect"
)

// Prepared are a run's pictures, features and neighbours, from which classifiers can
// be trained under several settings: an ablation's rows share what takes long.
type Prepared struct{ run *run }

// Prepare does the part of Run that comes before the training. cfg.Dir is not used.
func Prepare(ctx context.Context, cfg Config, source Source, report func(Progress)) (*Prepared, error) {
	if report == nil {
		report = func(Progress) {}
	}
	cfg.Dir = ""
	r := &run{cfg: cfg, source: source, report: report, begun: time.Now()}
	for _, step := range []func() error{r.prepare, func() error { return r.detector(ctx) }, func() error { return r.gather(ctx) }} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &Prepared{r}, nil
}

// Detector is the fitted detector without a classifier.
func (p *Prepared) Detector() *detect.Model {
	m := *p.run.model
	return &m
}

// Train is the rest of Run, under other settings, from the weights of init where it
// is not nil; init must have been fitted with the same bank. What Prepare used of its
// own (the number and kind of simulated defects, the input) stays.
func (p *Prepared) Train(ctx context.Context, s Settings, init *detect.Model, report func(Progress)) (*detect.Model, error) {
	if report == nil {
		report = func(Progress) {}
	}
	from := p.run
	r := &run{cfg: from.cfg, source: from.source, report: report, begun: time.Now(), held: from.held, model: p.Detector(), journal: &journal{}}
	r.cfg.Settings, r.cfg.Init = s, init
	if err := r.settings(); err != nil {
		return nil, err
	}
	maps := *from.maps
	r.maps = &maps
	for i := range r.phases {
		r.phases[i].see(len(r.model.Views))
	}
	r.settle(from.phases[len(from.phases)-1].Settled)
	err := r.train(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return r.model, err
}
