package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type modelRow struct {
	bun.BaseModel `bun:"table:models"`
	ID            project.ID `bun:"id,pk"`
	Seq           int64      `bun:"seq"`
	Project       project.ID `bun:"project"`
	Name          string     `bun:"name"`
	SHA256        string     `bun:"sha256"`
	Bytes         int64      `bun:"bytes"`
	Supervision   string     `bun:"supervision"`
	Created       int64      `bun:"created"`
	Job           project.ID `bun:"job"`
	Metrics       string     `bun:"metrics"`
	LabelMillis   int64      `bun:"label_millis"`
	Threshold     float64    `bun:"threshold"`
	Note          string     `bun:"note"`
}

func (r *modelRow) set(m project.Model) (err error) {
	if m.Threshold == 0 {
		m.Threshold = 1
	}
	r.Name, r.Note, r.LabelMillis, r.Threshold, r.Metrics = m.Name, text(m.Note), m.LabelMillis, m.Threshold, ""
	if m.Metrics != nil {
		if r.Metrics, err = encode("metrics", m.Metrics); err != nil {
			return err
		}
	}
	if !(m.Threshold > 0) || math.IsInf(m.Threshold, 0) {
		return invalid("a threshold of %v: it must be above 0", m.Threshold)
	}
	return errors.Join(name("model's name", m.Name), line("supervision", m.Supervision, 32))
}

func (r modelRow) model() (project.Model, error) {
	m := project.Model{
		ID: r.ID, Project: r.Project, Name: r.Name, SHA256: r.SHA256, Bytes: r.Bytes,
		Supervision: r.Supervision, Created: fromMillis(r.Created), Job: r.Job,
		LabelMillis: r.LabelMillis, Threshold: r.Threshold, Note: r.Note,
	}
	if r.Metrics != "" {
		m.Metrics = new(project.Metrics)
		if err := json.Unmarshal([]byte(r.Metrics), m.Metrics); err != nil {
			return m, fmt.Errorf("store: the metrics of model %s: %w", r.ID, err)
		}
	}
	return m, nil
}

// AddModel stores a model's file, then its row: what is listed is whole. r is
// the file; of m all but ID, SHA256, Bytes and Created is read; a threshold of 0
// becomes 1, the model's own.
//
// A job makes one model: m's Job is told it in the same transaction, and where
// it has one already that one is returned and nothing stored, so that a job that
// was interrupted after its model was kept can go on. It returns
// project.ErrNotFound where there is no such project or job in it,
// project.ErrInvalid, and project.ErrFull.
func (s *Store) AddModel(ctx context.Context, m project.Model, r io.Reader) (project.Model, error) {
	row := modelRow{ID: newID(), Project: m.Project, Supervision: m.Supervision, Job: m.Job, Created: s.millis()}
	if err := row.set(m); err != nil {
		return project.Model{}, s.fault("add a model", err)
	}
	sp, err := s.newSpool(ctx, r)
	if err != nil {
		return project.Model{}, err
	}
	defer sp.Close()
	row.SHA256, row.Bytes = sp.sha, sp.n
	err = s.store(ctx, sp, fmt.Sprintf("add model %q", m.Name), func(tx bun.Tx) error {
		if m.Job == "" {
			return insertModel(ctx, tx, &row)
		}
		job := jobRow{ID: m.Job}
		err := locked(tx.NewSelect().Model(&job).WherePK().Where("project = ?", m.Project)).Scan(ctx)
		if err != nil {
			return err
		}
		if job.Model != "" {
			row = modelRow{ID: job.Model}
			return tx.NewSelect().Model(&row).WherePK().Scan(ctx)
		}
		job.Model = row.ID
		if _, err := tx.NewUpdate().Model(&job).Column("model").WherePK().Exec(ctx); err != nil {
			return err
		}
		return insertModel(ctx, tx, &row)
	})
	if err != nil {
		return project.Model{}, err
	}
	return row.model()
}

func insertModel(ctx context.Context, tx bun.Tx, row *modelRow) error {
	expr, table := next("models")
	_, err := tx.NewInsert().Model(row).Value("seq", expr, table).Exec(ctx)
	return err
}

// Model returns a model, or project.ErrNotFound.
func (s *Store) Model(ctx context.Context, id project.ID) (project.Model, error) {
	row := modelRow{ID: id}
	if err := s.read.NewSelect().Model(&row).WherePK().Scan(ctx); err != nil {
		return project.Model{}, s.fault("find model "+string(id), err)
	}
	return row.model()
}

// Models returns a project's models, oldest first.
func (s *Store) Models(ctx context.Context, in project.ID) ([]project.Model, error) {
	return s.models(ctx, s.read, in)
}

func (s *Store) models(ctx context.Context, db bun.IDB, in project.ID) ([]project.Model, error) {
	var rows []modelRow
	if err := db.NewSelect().Model(&rows).Where("project = ?", in).Order("seq").Scan(ctx); err != nil {
		return nil, s.fault("list the models of project "+string(in), err)
	}
	return collectAll(rows, modelRow.model)
}

// UpdateModel changes a model's name, note, threshold, label time and metrics:
// change gets the model as it is now, and nobody else changes it meanwhile. An
// error of change is wrapped, and nothing is changed. Otherwise it
// returns project.ErrNotFound or project.ErrInvalid.
func (s *Store) UpdateModel(ctx context.Context, id project.ID, change func(*project.Model) error) (project.Model, error) {
	row := modelRow{ID: id}
	err := s.change(ctx, "change model "+string(id), func(tx bun.Tx) error {
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		m, err := row.model()
		if err != nil {
			return err
		}
		if err := change(&m); err != nil {
			return err
		}
		if err := row.set(m); err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model(&row).
			Column("name", "note", "threshold", "label_millis", "metrics").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return project.Model{}, err
	}
	return row.model()
}

// DeleteModel deletes a model. The deployed one is refused with
// project.ErrInvalid: deploy another first. It returns project.ErrNotFound.
func (s *Store) DeleteModel(ctx context.Context, id project.ID) error {
	return s.change(ctx, "delete model "+string(id), func(tx bun.Tx) error {
		row := modelRow{ID: id}
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		in := projectRow{ID: row.Project}
		if err := locked(tx.NewSelect().Model(&in).WherePK()).Scan(ctx); err != nil {
			return err
		}
		if in.Deployed == id {
			return invalid("the deployed model cannot be deleted: deploy another one first")
		}
		if in.Previous == id {
			in.Previous = ""
			if _, err := tx.NewUpdate().Model(&in).Column("previous").WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		_, err := tx.NewUpdate().Model((*jobRow)(nil)).Set("model = ''").Where("id = ?", row.Job).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewDelete().Model(&row).WherePK().Exec(ctx)
		return err
	})
}
