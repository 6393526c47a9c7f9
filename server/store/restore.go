package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

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
func (s *Store) Restore(ctx context.Context, x project.Snapshot) (project.Project, error) {
	var row projectRow
	err := s.change(ctx, "restore a project", func(tx bun.Tx) error {
		r := restoring{s: s, tx: tx, ids: map[project.ID]project.ID{"": ""}, rows: map[project.ID]*pictureRow{}}
		for _, m := range x.Models {
			r.ids[m.ID] = newID()
		}
		for _, j := range x.Jobs {
			r.ids[j.ID] = newID()
		}
		var err error
		row = projectRow{ID: newID(), Name: x.Project.Name, Created: toMillis(x.Project.Created)}
		row.Deployed, row.Previous, err = r.pair(x.Project.Deployed, x.Project.Previous)
		if err != nil {
			return err
		}
		if err := insertProject(ctx, tx, &row, x.Project.Settings); err != nil {
			return err
		}
		r.project = row.ID
		if err := r.jobs(ctx, x.Jobs); err != nil {
			return err
		}
		if err := r.models(ctx, x.Models); err != nil {
			return err
		}
		if err := r.pictures(ctx, x.Pictures); err != nil {
			return err
		}
		return r.revisions(ctx, x.Revisions)
	})
	if err != nil {
		return project.Project{}, err
	}
	return row.project(), nil
}

// restoring is a Restore under way.
type restoring struct {
	s       *Store
	tx      bun.Tx
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
		if err := insertJob(ctx, r.tx, &row); err != nil {
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
		if err := errors.Join(row.set(m), r.blob(ctx, m.SHA256)); err != nil {
			return err
		}
		if err := insertModel(ctx, r.tx, &row); err != nil {
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
			err = r.blob(ctx, p.SHA256)
		}
		if err == nil && p.Truth != "" {
			err = r.blob(ctx, p.Truth)
		}
		if err == nil {
			err = insertPicture(ctx, r.tx, &row)
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
			err = addRevision(ctx, r.tx, row)
		}
		if err != nil {
			return fmt.Errorf("picture %q, revision %d: %w", p.Name, v.Revision, err)
		}
		p.Revision++
	}
	return nil
}
