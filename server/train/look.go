package train

import (
	"context"
	"slices"
)

// look measures the present weights on the held-out pictures, in a single pass, and
// keeps the best; under Sup and Semi the last.
func (r *run) look(ctx context.Context, l *learner, report *Progress) error {
	if err := r.wear(l); err != nil {
		return err
	}
	p, err := r.held.classify(ctx, r.model, r.maps, r.cfg.Run)
	if err != nil {
		return err
	}
	h, err := r.held.measure(p, l.Block)
	if err != nil {
		return err
	}
	h.Step = l.trainer.State().Step
	// Held-out pictures know simulated defects only, and would like what has just
	// begun to learn real ones best: there the last weights are kept.
	best := l.Supervision != Un || !slices.ContainsFunc(r.at.Looks, func(old Held) bool { return old.Score() >= h.Score() })
	r.at.Looks = append(r.at.Looks, h)
	if best {
		r.best, r.at.BestStep = slices.Clone(l.kept()), h.Step
	}
	report.Held, report.Sample = &h, r.held.show(p, l.Block)
	return r.journal.add(entry{Phase: r.at.Phase, Held: &h})
}

// sample scores the held-out picture that is shown, in a single pass, with the present
// weights.
func (r *run) sample(ctx context.Context, l *learner) (*Sample, error) {
	if len(r.held.simulated) == 0 {
		return nil, nil
	}
	if err := r.wear(l); err != nil {
		return nil, err
	}
	p, err := classify(ctx, r.model, r.maps, []*Map{&r.held.simulated[0]}, r.cfg.Run)
	if err != nil {
		return nil, err
	}
	return r.held.show(p, l.Block), nil
}

// wear puts the present weights into the model, to be used in a single pass.
func (r *run) wear(l *learner) error {
	c := l.classifier(r.scale)
	c.Bagging = 0
	return r.model.SetClassifier(*c, l.Block, named(l.layout, l.kept()))
}
