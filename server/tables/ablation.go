// Package tables makes the paper's tables again on a data set of one's own. Table 7, what each part of the method is
// worth, is Ablation; a row that is made is kept at once, whatever becomes of the rest.
package tables

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/ort"
	"semirest/server/supervision"
	"semirest/server/synth"
	"semirest/server/train"
)

// Row is what one trained detector measured; fractions of 1, NaN where one is undefined.
type Row struct {
	Supervision string  `json:"supervision"`
	Name        string  `json:"change"`
	Seed        uint64  `json:"seed"`
	Images      int     `json:"images"`
	AP          float64 `json:"pixel_ap"`
	PRO         float64 `json:"pro"`
	AUROC       float64 `json:"pixel_auroc"`
	Image       float64 `json:"image_auroc"`
	Held        float64 `json:"held_out_ap"` // mean of simulated defects and probes
	Seconds     float64 `json:"training_seconds"`
}

// Ablation trains detectors with parts of the method left out or exchanged (Table 7 of the paper) and measures them on a
// data set's test images.
//
// Features and neighbours are computed once for all rows of a seed that share them. sup and semi move defective images
// to training; their rows, and a second row of the full un, are measured on the images left.
type Ablation struct {
	Set        *dataset.Set
	Defects    int    // that sup and semi move to training
	DefectSeed uint64 // of which they are

	Fit      detect.FitConfig // of the memory bank; its seed is a row's
	Profile  string           // of features, as train.Config's
	Textures []synth.Picture  // as train.Config's
	Run      ort.Options

	// Settings gives a supervision's settings before anything is changed about them.
	Settings func(s train.Supervision, seed uint64) (train.Settings, error)

	Report func(train.Progress) // of whatever takes long
	Begin  func(row string)     // tells which row is made now
	Keep   func([]Row) error    // takes all rows whenever there is one more
}

// Rows makes the rows for each seed whose names, supervision/change, hold one of the texts of only; all where there is
// none.
func (a *Ablation) Rows(ctx context.Context, seeds []uint64, only []string) ([]Row, error) {
	chosen := slices.DeleteFunc(slices.Clone(changes), func(c change) bool {
		return len(only) > 0 && !slices.ContainsFunc(only, func(part string) bool { return strings.Contains(c.String(), part) })
	})
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no row is called %s", strings.Join(only, " or "))
	}
	var rows []Row
	for _, seed := range seeds {
		s := seeded{Ablation: a, seed: seed, prepared: map[string]*train.Prepared{}, moved: supervision.Draw(a.Set, a.Defects, a.DefectSeed)}
		for _, c := range chosen {
			a.Begin(fmt.Sprintf("%s, %s, seed %d", c.supervision, c.name, seed))
			made, err := s.rows(ctx, c)
			if err != nil {
				return rows, fmt.Errorf("%s, %s: %w", c.supervision, c.name, err)
			}
			rows = append(rows, made...)
			if err := a.Keep(rows); err != nil {
				return rows, err
			}
		}
	}
	return rows, nil
}

// seeded makes the rows of one seed.
type seeded struct {
	*Ablation
	seed     uint64
	prepared map[string]*train.Prepared // by what they share
	start    *detect.Model              // the full unsupervised model, from which semi goes on
	moved    []dataset.Item
}

// prepare computes what rows of one supervision share. un shares with sup: neither
// hides masks, and un draws no real pictures.
func (a *seeded) prepare(ctx context.Context, c change) (*train.Prepared, error) {
	key, of := "masks", c.supervision
	switch {
	case c.noPCF:
		key = "no PCF"
	case c.supervision == train.Semi:
		key = "boxes"
	}
	if p := a.prepared[key]; p != nil {
		return p, nil
	}
	if of == none || of == train.Un {
		of = train.Sup
	}
	s, err := a.Settings(of, a.seed)
	if err != nil {
		return nil, err
	}
	cfg := train.Config{Settings: s, Fit: a.Fit, Profile: a.Profile, Textures: a.Textures, Run: a.Run}
	cfg.Fit.Seed = a.seed
	if c.noPCF {
		cfg.Fit.PositionWeight = 0
	}
	if key == "boxes" && a.start != nil {
		cfg.Init = a.start // the same bank: it need not be fitted again
	}
	p, err := train.Prepare(ctx, cfg, supervision.New(a.Set.Train, a.moved, key == "boxes"), a.Report)
	a.prepared[key] = p
	return p, err
}

// rows makes one row, and for the full unsupervised model a second on the images that
// sup and semi leave.
func (a *seeded) rows(ctx context.Context, c change) ([]Row, error) {
	p, err := a.prepare(ctx, c)
	if err != nil {
		return nil, err
	}
	out := Row{Supervision: string(c.supervision), Name: c.name, Seed: a.seed}
	if c.supervision == none {
		return a.measured(ctx, out, p.Detector(), a.Set.Test)
	}
	s, err := a.Settings(c.supervision, a.seed)
	if err != nil {
		return nil, err
	}
	for _, to := range []*train.Settings{&s, s.Start} {
		if to != nil && c.change != nil {
			c.change(to)
		}
	}
	var init *detect.Model
	if c.supervision != train.Un && a.start != nil && s.Residual == train.Square {
		init = a.start
	}
	begun := time.Now()
	m, err := p.Train(ctx, s, init, a.Report)
	if err != nil {
		return nil, err
	}
	out.Seconds = time.Since(begun).Seconds()
	if c.supervision != train.Un {
		return a.measured(ctx, out, m, a.left())
	}
	rows, err := a.measured(ctx, out, m, a.Set.Test)
	if err != nil || c.name != "full" {
		return rows, err
	}
	a.start = m
	out.Name = "full, without moved images"
	more, err := a.measured(ctx, out, m, a.left())
	return append(rows, more...), err
}

// left are the test images that sup and semi leave.
func (a *seeded) left() []dataset.Item {
	return slices.DeleteFunc(slices.Clone(a.Set.Test), func(i dataset.Item) bool {
		return slices.ContainsFunc(a.moved, func(m dataset.Item) bool { return m.Name == i.Name })
	})
}

func (a *seeded) measured(ctx context.Context, row Row, m *detect.Model, test []dataset.Item) ([]Row, error) {
	e, err := evaluation.Folder(ctx, m, test, a.Run, func(done, total int) { a.Report(train.Progress{Stage: "eval", Done: done, Total: total}) })
	if err != nil {
		return nil, err
	}
	row.Images = e.Images
	for to, from := range map[*float64]*float64{&row.AP: e.AP, &row.PRO: e.PRO, &row.AUROC: e.AUROC, &row.Image: e.ImageAUROC} {
		if *to = math.NaN(); from != nil {
			*to = *from
		}
	}
	r, err := train.ReadRecord(m)
	if r != nil {
		for _, c := range r.Choices {
			if c.Chosen {
				row.Held = c.Score()
			}
		}
	}
	return []Row{row}, err
}
