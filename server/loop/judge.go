package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"semirest/server/evaluation"
	"semirest/server/project"
)

// Evaluation is what a model reaches on the pictures that none of its project's models
// has learnt from, so that models can be compared.
func (l *Loop) Evaluation(ctx context.Context, model project.ID) (*evaluation.Result, error) {
	m, err := l.store.Model(ctx, model)
	if err != nil {
		return nil, err
	}
	cases, err := l.cases(ctx, m.Project)
	if err != nil {
		return nil, err
	}
	models, err := l.store.Models(ctx, m.Project)
	if err != nil {
		return nil, err
	}
	cases = slices.DeleteFunc(cases, func(c evaluation.Case) bool { return !measured(c) })
	for _, other := range models {
		if cases, err = l.unseen(ctx, other, cases); err != nil {
			return nil, err
		}
	}
	return l.judge.Measure(ctx, m, cases, nil)
}

// View looks at a picture through a model.
func (l *Loop) View(ctx context.Context, model, picture project.ID) (evaluation.View, error) {
	m, err := l.store.Model(ctx, model)
	if err != nil {
		return evaluation.View{}, err
	}
	pictures, err := l.store.Pictures(ctx, m.Project)
	if err != nil {
		return evaluation.View{}, err
	}
	i := slices.IndexFunc(pictures, func(p project.Picture) bool { return p.ID == picture })
	if i < 0 {
		return evaluation.View{}, fmt.Errorf("picture %s: %w", picture, project.ErrNotFound)
	}
	cases, err := evaluation.Read(ctx, l.store, pictures[i:i+1])
	if err != nil {
		return evaluation.View{}, err
	}
	return l.judge.View(ctx, m.SHA256, cases[0])
}

// unseen takes out what a model has learnt from. A model whose file is lost is passed
// over, so that the others can still be measured.
func (l *Loop) unseen(ctx context.Context, m project.Model, cases []evaluation.Case) ([]evaluation.Case, error) {
	var pictures []project.Picture
	for _, c := range cases {
		pictures = append(pictures, c.Picture)
	}
	seen, err := l.judge.Learnt(ctx, m.SHA256, pictures)
	if errors.Is(err, project.ErrNotFound) {
		l.Options.Log.Warn("a model's file is missing", "model", m.ID, "error", err)
		return cases, nil
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	return slices.DeleteFunc(slices.Clone(cases), func(c evaluation.Case) bool { return seen[c.Picture.ID] }), nil
}

// Curve counts a model's false alarms and misses at every threshold, on the project's
// pictures that are known to be normal or defective and that it has not learnt from.
// The normal pictures that its threshold was set from are among them.
func (l *Loop) Curve(ctx context.Context, model project.ID) (evaluation.Curve, error) {
	m, err := l.store.Model(ctx, model)
	if err != nil {
		return evaluation.Curve{}, err
	}
	cases, err := l.cases(ctx, m.Project)
	if err != nil {
		return evaluation.Curve{}, err
	}
	if cases, err = l.unseen(ctx, m, cases); err != nil {
		return evaluation.Curve{}, err
	}
	var normal, defective []float64
	for _, c := range cases {
		v := c.Verdict()
		if v == evaluation.Unsaid {
			continue
		}
		s, _, err := l.judge.Scores(ctx, m.SHA256, evaluation.Trained, c.Picture)
		if err != nil {
			return evaluation.Curve{}, err
		}
		top, _, _ := s.Max()
		if v == evaluation.Normal {
			normal = append(normal, float64(top))
		} else {
			defective = append(defective, float64(top))
		}
	}
	threshold := m.Threshold
	if threshold == 0 {
		threshold = 1
	}
	c := evaluation.NewCurve(normal, defective, threshold)
	c.Model = m.ID
	return c, nil
}

// SetThreshold stores another threshold with the model: the calibrated score from
// which on a picture is called defective.
func (l *Loop) SetThreshold(ctx context.Context, model project.ID, threshold float64) (project.Model, error) {
	if !(threshold > 0) || math.IsInf(threshold, 0) || threshold > 1e6 {
		return project.Model{}, fmt.Errorf("%w: a threshold of %v: give a number above 0", project.ErrInvalid, threshold)
	}
	return l.store.UpdateModel(ctx, model, func(m *project.Model) error { m.Threshold = threshold; return nil })
}
