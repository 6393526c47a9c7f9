// Package report writes down what a project's detectors reach, and what the labels
// cost that they learnt from.
//
// Words:
//
//   - The figure is the paper's Figure 3 for a project's own data: AP, PRO and AUROC
//     of each model against the seconds that its labels took, by the recorded times.
//   - The baseline is the plain distance score: what is reached without a label.
//   - The subject is the model that the tables and curves are about: the deployed one,
//     or, where none is, the newest.
//
// All models are measured on the same pictures: those that none of them has learnt
// from.
package report

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"semirest/server/evaluation"
	"semirest/server/project"
	"semirest/shared/durable"
)

// Source gives the report its project.
type Source interface {
	Project(ctx context.Context, id project.ID) (project.Project, error)
	Pictures(ctx context.Context, of project.ID) ([]project.Picture, error)
	Models(ctx context.Context, of project.ID) ([]project.Model, error)
}

// Evaluator measures models: *loop.Loop.
type Evaluator interface {
	Evaluation(ctx context.Context, model project.ID) (*evaluation.Result, error)
	Curve(ctx context.Context, model project.ID) (evaluation.Curve, error)
	View(ctx context.Context, model, picture project.ID) (evaluation.View, error)
}

// Report is a project's report; its JSON is what the page draws.
type Report struct {
	Project  project.ID `json:"project"`
	Name     string     `json:"name"`
	Made     time.Time  `json:"made"`
	Pictures Counts     `json:"pictures"`
	Models   []Model    `json:"models"` // oldest first
	Figure   Figure     `json:"figure"`
	Subject  *Subject   `json:"subject"` // nil: no model yet
}

// Counts is how many pictures the project has.
type Counts struct {
	All       int `json:"all"`
	Normal    int `json:"normal"`    // brought in or labelled as normal
	Defective int `json:"defective"` // brought in or labelled as defective, or with a ground truth
	Labelled  int `json:"labelled"`
	Held      int `json:"held"` // kept for evaluation
}

// Model is a row of the models' table.
type Model struct {
	project.Model
	Deployed bool   `json:"deployed"`
	Fault    string `json:"fault,omitempty"` // why it could not be measured
}

// Subject is the model that tables and curves are about.
type Subject struct {
	Model  project.ID         `json:"model"`
	Name   string             `json:"name"`
	Result *evaluation.Result `json:"result"`
	Curve  evaluation.Curve   `json:"curve"`
	Best   []Shown            `json:"best"`
	Worst  []Shown            `json:"worst"`
}

// Shown is a picture with its heat map.
type Shown struct {
	evaluation.Picture
	Why   string `json:"why"`
	Image string `json:"image"` // data URL of a JPEG: the heat map over the picture, the truth outlined
}

// shownEach is how many best and worst pictures are shown.
const shownEach = 6

// Make gathers a project's report. Measuring takes a while at the first time; what was
// measured is kept.
func Make(ctx context.Context, s Source, e Evaluator, of project.ID) (*Report, error) {
	p, err := s.Project(ctx, of)
	if err != nil {
		return nil, err
	}
	pictures, err := s.Pictures(ctx, of)
	if err != nil {
		return nil, err
	}
	models, err := s.Models(ctx, of)
	if err != nil {
		return nil, err
	}
	r := &Report{Project: p.ID, Name: p.Name, Made: time.Now().UTC().Truncate(time.Second), Pictures: count(pictures), Models: []Model{}}
	results := map[project.ID]*evaluation.Result{}
	for _, m := range models {
		row := Model{Model: m, Deployed: m.ID == p.Deployed}
		result, err := e.Evaluation(ctx, m.ID)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			row.Fault = err.Error()
		} else {
			results[m.ID] = result
			row.Metrics = measures(m.Metrics, result)
		}
		r.Models = append(r.Models, row)
	}
	r.Figure = figure(r.Models)
	if err := r.choose(ctx, e, results); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return r, nil
}

// measures are those on the common pictures, with what only the model's row knows.
func measures(row *project.Metrics, r *evaluation.Result) *project.Metrics {
	m := r.Metrics
	if m.Defective == 0 {
		return row // nothing to measure on by now: as it was when it was trained
	}
	if row != nil {
		m.Learnt, m.Labelled = row.Learnt, row.Labelled
		if m.Latency == 0 {
			m.Latency = row.Latency
		}
	}
	return &m
}

func count(pictures []project.Picture) Counts {
	c := Counts{All: len(pictures)}
	for _, p := range pictures {
		s := p.Labels
		marked := s != nil && !s.Normal && (s.Pixels > 0 || s.Boxes+s.Polygons+s.Blocks > 0)
		switch {
		case marked:
			c.Defective++
		case s != nil && s.Normal || p.Role == project.Normal:
			c.Normal++
		case p.Truth != "" || p.Role == project.Defective:
			c.Defective++
		}
		if marked || s != nil && s.Normal {
			c.Labelled++
		}
		if p.Held {
			c.Held++
		}
	}
	return c
}

// choose picks the subject and gathers what is shown of it.
func (r *Report) choose(ctx context.Context, e Evaluator, results map[project.ID]*evaluation.Result) error {
	at := -1
	for i, m := range r.Models {
		if m.Fault == "" && (at < 0 || !r.Models[at].Deployed) {
			at = i
		}
		if m.Deployed && m.Fault == "" {
			break
		}
	}
	if at < 0 {
		return nil
	}
	m := r.Models[at]
	s := &Subject{Model: m.ID, Name: m.Name, Result: results[m.ID]}
	var err error
	if s.Curve, err = e.Curve(ctx, m.ID); err != nil {
		return err
	}
	r.Subject = s
	best, worst := extremes(s.Result.Pictures, s.Curve.Current)
	if s.Best, err = show(ctx, e, m.ID, best, s.Curve.Current); err != nil {
		return err
	}
	s.Worst, err = show(ctx, e, m.ID, worst, s.Curve.Current)
	return err
}

// extremes are the pictures that the subject does best and worst on. Best are the
// defective ones of the highest AP within the picture. Worst are what is missed,
// then false alarms, then the defective ones of the lowest AP. None is in both.
func extremes(pictures []evaluation.Picture, threshold float64) (best, worst []evaluation.Picture) {
	ap := func(p evaluation.Picture) float64 {
		if p.AP == nil {
			return 0
		}
		return *p.AP
	}
	badness := func(p evaluation.Picture) float64 { // 3 and up: missed; 2: false alarm; else 1 less the AP
		switch {
		case p.Defective && p.Score < threshold:
			return 4 - ap(p)
		case p.Defective:
			return 1 - ap(p)
		case p.Score >= threshold:
			return 2 + p.Score/(1+p.Score)
		}
		return -1
	}
	all := slices.DeleteFunc(slices.Clone(pictures), func(p evaluation.Picture) bool { return badness(p) < 0 })
	slices.SortStableFunc(all, func(a, b evaluation.Picture) int { return cmp.Compare(badness(b), badness(a)) })
	n := min(shownEach, (len(all)+1)/2)
	worst = all[:n]
	rest := slices.Clone(all[n:])
	slices.Reverse(rest)
	for _, p := range rest {
		if p.Defective && p.Score >= threshold && len(best) < shownEach {
			best = append(best, p)
		}
	}
	return best, worst
}

// show renders the pictures' heat maps.
func show(ctx context.Context, e Evaluator, model project.ID, pictures []evaluation.Picture, threshold float64) ([]Shown, error) {
	list := []Shown{}
	for _, p := range pictures {
		v, err := e.View(ctx, model, p.ID)
		if err != nil {
			return nil, err
		}
		image, err := overlay(v, threshold)
		if err != nil {
			return nil, err
		}
		list = append(list, Shown{Picture: p, Why: why(p, threshold), Image: image})
	}
	return list, nil
}

func why(p evaluation.Picture, threshold float64) string {
	switch {
	case !p.Defective && p.Score >= threshold:
		return fmt.Sprintf("false alarm: score %.2f", p.Score)
	case !p.Defective:
		return fmt.Sprintf("normal: score %.2f", p.Score)
	case p.Score < threshold:
		return fmt.Sprintf("missed: score %.2f, AP %s", p.Score, percent(p.AP))
	}
	return fmt.Sprintf("found: score %.2f, AP %s", p.Score, percent(p.AP))
}

// JSON writes the report as JSON.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Write writes report.html and report.json to a folder, which is made where it is not
// there. Each is whole or not written.
func (r *Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for name, write := range map[string]func(io.Writer) error{"report.html": r.HTML, "report.json": r.JSON} {
		if err := durable.Replace(filepath.Join(dir, name), write); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}
