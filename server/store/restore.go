package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

// Restore adds a whole project under new ids, or nothing of it, and returns the
// new one. Its files must have been stored by PutBlob; a file that is not there
// is project.ErrNotFound. Times, names, authors, revisions and what is deployed
// are kept; Bytes are the caller's word. What does not fit together is
// project.ErrInvalid (references to what the snapshot does not hold, revisions
// that do not count up from 1, jobs that have not ended) or project.ErrExists
// (two pictures of one name, two models of one job).
//
// It goes in parts, so that no save of somebody else waits for all of it: nobody
// sees the project before its last part. What a killed process left of one goes
// with DropUnfinished.
func (s *Store) Restore(ctx context.Context, x project.Snapshot) (_ project.Project, err error) {
	const what = "restore a project"
	r := restoring{s: s, ids: map[project.ID]project.ID{"": ""}, rows: map[project.ID]*pictureRow{}}
	for _, m := range x.Models {
		r.ids[m.ID] = newID()
	}
	for _, j := range x.Jobs {
		r.ids[j.ID] = newID()
	}
	deployed, previous, err := r.pair(x.Project.Deployed, x.Project.Previous)
	if err != nil {
		return project.Project{}, s.fault(what, err)
	}
	row := projectRow{ID: newID(), Name: x.Project.Name, Created: toMillis(x.Project.Created), Restoring: true}
	r.project = row.ID
	defer func() {
		if err != nil {
			// What ended the restore need not keep its beginning from going.
			err = errors.Join(s.fault(what, errors.Join(err, r.rollback())), s.drop(context.WithoutCancel(ctx), row.ID))
		}
	}()
	for _, part := range []func() error{
		func() error {
			return r.step(ctx, func() error { return insertProject(ctx, r.tx, &row, x.Project.Settings) })
		},
		func() error { return r.jobs(ctx, x.Jobs) },
		func() error { return r.models(ctx, x.Models) },
		func() error { return r.pictures(ctx, x.Pictures) },
		func() error { return r.revisions(ctx, x.Revisions) },
		func() error {
			return r.step(ctx, func() error {
				row.Deployed, row.Previous, row.Restoring = deployed, previous, false
				_, err := r.tx.NewUpdate().Model(&row).Column("deployed", "previous", "restoring").WherePK().Exec(ctx)
				return err
			})
		},
		r.commit,
	} {
		if err := part(); err != nil {
			return project.Project{}, err
		}
	}
	return row.project(), nil
}

// partTime is how long one part of long work may hold the database's write lock:
// a save waits for one part, its sync to the disk included, and not for all. A
// variable, so that tests make parts of single rows.
var partTime = 40 * time.Millisecond

// step does a little of a restore, in the transaction of the present part.
func (r *restoring) step(ctx context.Context, f func() error) error {
	if !r.open {
		tx, err := r.s.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		r.tx, r.open, r.begun = tx, true, time.Now()
	}
	if err := f(); err != nil {
		return err
	}
	if time.Since(r.begun) < partTime {
		return nil
	}
	return r.commit()
}

func (r *restoring) commit() error {
	if !r.open {
		return nil
	}
	r.open = false
	if err := r.tx.Commit(); err != nil {
		return err
	}
	return r.s.inPlace()
}

func (r *restoring) rollback() error {
	if !r.open {
		return nil
	}
	r.open = false
	if err := r.tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// DropUnfinished deletes what restores left that were not ended, of a process that
// was killed. Only who has the folder to himself calls it: another process may be
// restoring.
func (s *Store) DropUnfinished(ctx context.Context) error {
	var rows []projectRow
	if err := s.read.NewSelect().Model(&rows).Where("restoring").Scan(ctx); err != nil {
		return s.fault("find restores that were not ended", err)
	}
	for _, row := range rows {
		if err := s.drop(ctx, row.ID); err != nil {
			return err
		}
	}
	return nil
}

// drop deletes a project that nobody sees, in parts.
func (s *Store) drop(ctx context.Context, id project.ID) error {
	for gone := false; !gone; {
		err := s.change(ctx, "delete half a project", func(tx bun.Tx) error {
			some := tx.NewSelect().Model((*pictureRow)(nil)).Column("id").Where("project = ?", id).Limit(200)
			res, err := tx.NewDelete().Model((*pictureRow)(nil)).Where("id IN (?)", some).Exec(ctx)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n > 0 {
				return err
			}
			gone = true
			_, err = tx.NewDelete().Model(&projectRow{ID: id}).WherePK().Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restoring is a Restore under way.
type restoring struct {
	s       *Store
	tx      bun.Tx // of the present part
	open    bool   // there is one
	begun   time.Time
	project project.ID
	ids     map[project.ID]project.ID  // new ones of models and jobs
	rows    map[project.ID]*pictureRow // of pictures, by the snapshot's ids
}

func (r *restoring) pair(a, b project.ID) (project.ID, project.ID, error) {
	x, ok := r.ids[a]
	y, ok2 := r.ids[b]
	if !ok || !ok2 {
		return "", "", invalid("the project refers to a model or job that it does not hold")
	}
	return x, y, nil
}

func (r *restoring) blob(ctx context.Context, sha string) error {
	if _, ok := blobKey(sha); !ok {
		return invalid("%.80q is no SHA-256", sha)
	}
	err := r.s.keep(ctx, sha)
	if errors.Is(err, errSwept) {
		return errors.Join(project.ErrNotFound, err)
	}
	return err
}

func (r *restoring) jobs(ctx context.Context, jobs []project.Job) error {
	for _, j := range jobs {
		if !j.State.Ended() {
			return invalid("a job of the project has not ended")
		}
		row := jobRow{ID: r.ids[j.ID], Project: r.project, Author: j.Author, Created: toMillis(j.Created)}
		var err error
		if j.Model, _, err = r.pair(j.Model, ""); err != nil {
			return err
		}
		if err := errors.Join(row.set(j), line("author's name", j.Author, MaxName)); err != nil {
			return err
		}
		if err := r.step(ctx, func() error { return insertJob(ctx, r.tx, &row) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *restoring) models(ctx context.Context, models []project.Model) error {
	for _, m := range models {
		row := modelRow{
			ID: r.ids[m.ID], Project: r.project, SHA256: m.SHA256, Bytes: m.Bytes,
			Supervision: m.Supervision, Created: toMillis(m.Created),
		}
		var err error
		if row.Job, _, err = r.pair(m.Job, ""); err != nil {
			return err
		}
		err = r.step(ctx, func() error {
			if err := errors.Join(row.set(m), r.blob(ctx, m.SHA256)); err != nil {
				return err
			}
			return insertModel(ctx, r.tx, &row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *restoring) pictures(ctx context.Context, pictures []project.Picture) error {
	for _, p := range pictures {
		key := p.ID
		p.Project = r.project
		row, err := newPictureRow(p)
		if err == nil {
			err = r.step(ctx, func() error {
				err := r.blob(ctx, p.SHA256)
				if err == nil && p.Truth != "" {
					err = r.blob(ctx, p.Truth)
				}
				if err != nil {
					return err
				}
				return insertPicture(ctx, r.tx, &row)
			})
		}
		if err != nil {
			return fmt.Errorf("picture %.300q: %w", p.Name, err)
		}
		r.rows[key] = &row
	}
	return nil
}

func (r *restoring) revisions(ctx context.Context, all iter.Seq2[project.Revision, error]) error {
	if all == nil {
		return nil
	}
	for v, err := range all {
		if err != nil {
			return err
		}
		p := r.rows[v.Picture]
		if p == nil {
			return invalid("labels of a picture that the project does not hold")
		}
		if v.Revision != uint64(p.Revision)+1 {
			return invalid("the revisions of the labels of %q do not count up from 1", p.Name)
		}
		v.Picture, v.Base = p.ID, v.Revision-1
		row, err := newRevisionRow(v)
		if err == nil {
			err = row.fits(p)
		}
		if err == nil {
			err = r.step(ctx, func() error { return addRevision(ctx, r.tx, row) })
		}
		if err != nil {
			return fmt.Errorf("picture %q, revision %d: %w", p.Name, v.Revision, err)
		}
		p.Revision++
	}
	return nil
}
