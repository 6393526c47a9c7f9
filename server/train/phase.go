package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"semirest/server/ort"
)

// learn runs the phases, from the checkpoint on where there is one.
func (r *run) learn(ctx context.Context) error {
	first := 0
	var start state
	if r.start != nil {
		first, start, r.scale = r.start.Phase, r.start.state, r.start.Scale
	} else if r.cfg.Init != nil && r.cfg.Init.Classifier != nil {
		params, err := r.initial()
		if err != nil {
			return err
		}
		start.State = ort.NewState(params)
	}
	for phase := first; phase < len(r.phases); phase++ {
		kept, err := r.phase(ctx, phase, start)
		if err != nil {
			return err
		}
		// The next phase starts from the kept weights, its optimiser fresh.
		start = state{State: ort.NewState(slices.Clone(kept))}
	}
	return nil
}

// initial are the parameters of the detector to start from.
func (r *run) initial() ([]float32, error) {
	want := r.cfg.classifier(r.scale)
	have := *r.cfg.Init.Classifier
	if want.Net != have.Net || want.Width != have.Width || want.Heads != have.Heads || want.Blocks != have.Blocks ||
		want.Attention != have.Attention || want.Window != have.Window || want.Abs != have.Abs {
		return nil, fmt.Errorf("train: the detector to start from has another classifier (%s, width %d, window %d, abs %v) than the settings (%s, %d, %d, %v)",
			have.Net, have.Width, have.Window, have.Abs, want.Net, want.Width, want.Window, want.Abs)
	}
	net, err := want.Network(r.maps.Dim)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	n := shape{windows: 1, side: r.cfg.Window, block: r.maps.Block, dim: r.maps.Dim}
	_, layout, err := stepGraph(r.cfg.Settings, net, n, false)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return flat(layout, r.cfg.Init.ClassifierWeights())
}

// phase trains under one phase's settings and returns the parameters to keep.
func (r *run) phase(ctx context.Context, phase int, start state) ([]float32, error) {
	l, err := r.learner(phase, start)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if err := r.guess(ctx, phase, l); err != nil {
		return nil, err
	}
	stage := StageTraining
	if phase < len(r.phases)-1 {
		stage = StageStart
	}
	r.saved = time.Now()
	for done := l.trainer.State().Step; done < l.Steps; {
		p, err := r.step(ctx, l)
		if err != nil {
			return nil, err
		}
		done = p.Step
		report := Progress{Stage: stage, Done: done, Total: l.Steps, Point: &p}
		looked := done == l.Steps || l.EvalEvery > 0 && done%l.EvalEvery == 0
		if looked {
			err = r.look(ctx, l, &report)
		} else if n := r.cfg.Samples; n > 0 && done%max(1, l.Steps/n) == 0 {
			report.Sample, err = r.sample(ctx, l)
		}
		if err != nil {
			return nil, err
		}
		r.report(report)
		if looked || time.Since(r.saved) >= r.cfg.SaveEvery {
			if err := r.save(l); err != nil {
				return nil, err
			}
		}
	}
	if r.best == nil { // a checkpoint of the last step without a look
		r.best = slices.Clone(l.kept())
	}
	return r.best, r.journal.plot()
}

// learner opens a phase: its learner, and how far it has come.
func (r *run) learner(phase int, start state) (*learner, error) {
	s := r.phases[phase]
	net, err := s.classifier(r.scale).Network(r.maps.Dim)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	l, err := newLearner(s, r.maps, net, start, r.cfg.Run)
	if err != nil {
		return nil, err
	}
	r.layout, r.best = l.layout, nil
	r.at = progress{Run: r.id, Phase: phase, Scale: r.scale}
	if r.start != nil && r.start.Phase == phase {
		r.at, r.best = r.start.progress, r.start.Best
		r.at.Scale = r.scale
	}
	return l, nil
}

// step takes a step and logs it. Where ctx ends meanwhile it saves what was before it.
func (r *run) step(ctx context.Context, l *learner) (Point, error) {
	before, err := l.random.MarshalBinary()
	if err != nil {
		return Point{}, err
	}
	p, err := l.step(ctx)
	if ctx.Err() != nil {
		// The state is the last step's; so must be the random one.
		return p, errors.Join(ctx.Err(), l.random.UnmarshalBinary(before), r.save(l))
	}
	if err != nil {
		return p, err
	}
	return p, r.journal.add(entry{Phase: r.at.Phase, Point: &p})
}

// save writes a checkpoint, where there is a folder.
func (r *run) save(l *learner) error {
	if r.cfg.Dir == "" {
		return nil
	}
	s, err := l.state()
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	r.at.Seconds = r.seconds()
	c := checkpoint{state: s, Best: r.best, Teacher: r.teacher, progress: r.at}
	r.saved = time.Now()
	return c.save(r.cfg.Dir)
}
