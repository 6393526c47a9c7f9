package store

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

// Snapshot reads a project as it is at one moment and hands it to use, while
// others go on changing it. The snapshot's Revisions can be read only within
// use, whose error is returned as it is. Jobs that have not ended are left out.
// It returns project.ErrNotFound.
func (s *Store) Snapshot(ctx context.Context, id project.ID, use func(project.Snapshot) error) error {
	what := "read project " + string(id)
	// The first statement of a transaction that only reads fixes what all of
	// them see.
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return s.fault(what, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	x, err := s.snapshot(ctx, tx, id)
	if err != nil {
		return s.fault(what, err)
	}
	return use(x)
}

func (s *Store) snapshot(ctx context.Context, tx bun.Tx, id project.ID) (x project.Snapshot, err error) {
	row := projectRow{ID: id}
	if err := tx.NewSelect().Model(&row).WherePK().Scan(ctx); err != nil {
		return x, err
	}
	x.Project = row.project()
	var pictures []pictureRow
	if err := tx.NewSelect().Model(&pictures).Where("project = ?", id).Order("seq").Scan(ctx); err != nil {
		return x, err
	}
	x.Pictures = collect(pictures, pictureRow.picture)
	if x.Models, err = s.models(ctx, tx, id); err != nil {
		return x, err
	}
	var jobs []jobRow
	err = tx.NewSelect().Model(&jobs).Where("project = ?", id).
		Where("state IN (?)", bun.List([]project.JobState{project.Done, project.Failed, project.Canceled})).
		Order("seq").Scan(ctx)
	if err != nil {
		return x, err
	}
	if x.Jobs, err = collectAll(jobs, jobRow.job); err != nil {
		return x, err
	}
	x.Revisions = func(yield func(project.Revision, error) bool) {
		for _, p := range pictures {
			// Revisions one by one: a picture's history can be large.
			for n := int64(1); n <= p.Revision; n++ {
				row := revisionRow{Picture: p.ID, Revision: n}
				err := tx.NewSelect().Model(&row).WherePK().Scan(ctx)
				r := project.Revision{}
				if err == nil {
					r, err = s.revision(&row, true)
				}
				if err != nil {
					err = s.fault("read the labels of picture "+string(p.ID), err)
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
	return x, nil
}
