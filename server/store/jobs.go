package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type jobRow struct {
	bun.BaseModel `bun:"table:jobs,alias:j"`
	ID            project.ID       `bun:"id,pk"`
	Seq           int64            `bun:"seq"`
	Project       project.ID       `bun:"project"`
	State         project.JobState `bun:"state"`
	Request       string           `bun:"request"`
	Progress      string           `bun:"progress"`
	Error         string           `bun:"error"`
	Author        string           `bun:"author"`
	Created       int64            `bun:"created"`
	Started       int64            `bun:"started"`
	Ended         int64            `bun:"ended"`
	Model         project.ID       `bun:"model"`
	Ahead         int              `bun:"ahead,scanonly"`
}

// set takes over what a running job changes.
func (r *jobRow) set(j project.Job) (err error) {
	switch j.State {
	case project.Queued, project.Running, project.Done, project.Failed, project.Canceled:
	default:
		return invalid("no state of a job is called %.80q", string(j.State))
	}
	r.State, r.Error, r.Model = j.State, text(j.Error), j.Model
	r.Started, r.Ended = toMillis(j.Started), toMillis(j.Ended)
	if r.Request, err = encode("request", j.Request); err != nil {
		return err
	}
	r.Progress, err = encode("progress", j.Progress)
	return err
}

func (r jobRow) job() (project.Job, error) {
	j := project.Job{
		ID: r.ID, Project: r.Project, State: r.State, Error: r.Error, Author: r.Author,
		Created: fromMillis(r.Created), Started: fromMillis(r.Started), Ended: fromMillis(r.Ended), Model: r.Model,
	}
	if r.State == project.Queued {
		j.Ahead = r.Ahead
	}
	err := json.Unmarshal([]byte(r.Request), &j.Request)
	if err == nil {
		err = json.Unmarshal([]byte(r.Progress), &j.Progress)
	}
	if err != nil {
		return j, fmt.Errorf("store: job %s: %w", r.ID, err)
	}
	return j, nil
}

// counted selects jobs with how many jobs of all projects are before each.
func counted(db bun.IDB, model any) *bun.SelectQuery {
	return db.NewSelect().Model(model).ColumnExpr("j.*").ColumnExpr(
		"(SELECT COUNT(*) FROM jobs AS o WHERE o.state IN (?) AND o.seq < j.seq) AS ahead",
		bun.List([]project.JobState{project.Queued, project.Running}))
}

// CreateJob queues a job; its Project, Request and Author are read. It returns
// project.ErrNotFound where there is no such project, and project.ErrInvalid.
func (s *Store) CreateJob(ctx context.Context, j project.Job) (project.Job, error) {
	row := jobRow{ID: newID(), Project: j.Project, Author: j.Author, Created: s.millis()}
	err := errors.Join(
		row.set(project.Job{State: project.Queued, Request: j.Request}),
		line("author's name", j.Author, MaxName))
	if err == nil {
		err = s.change(ctx, "queue a job", func(tx bun.Tx) error { return insertJob(ctx, tx, &row) })
	} else {
		err = s.fault("queue a job", err)
	}
	if err != nil {
		return project.Job{}, err
	}
	return s.Job(ctx, row.ID)
}

func insertJob(ctx context.Context, tx bun.Tx, row *jobRow) error {
	expr, table := next("jobs")
	_, err := tx.NewInsert().Model(row).Value("seq", expr, table).Exec(ctx)
	return err
}

// Job returns a job, or project.ErrNotFound.
func (s *Store) Job(ctx context.Context, id project.ID) (project.Job, error) {
	row := jobRow{ID: id}
	if err := counted(s.read, &row).WherePK().Scan(ctx); err != nil {
		return project.Job{}, s.fault("find job "+string(id), err)
	}
	return row.job()
}

// Jobs returns a project's jobs, newest first.
func (s *Store) Jobs(ctx context.Context, in project.ID) ([]project.Job, error) {
	var rows []jobRow
	if err := counted(s.read, &rows).Where("j.project = ?", in).Order("j.seq DESC").Scan(ctx); err != nil {
		return nil, s.fault("list the jobs of project "+string(in), err)
	}
	return collectAll(rows, jobRow.job)
}

// Unended returns the queued and running jobs of all projects, in the queue's
// order: what a server that starts has to go on with.
func (s *Store) Unended(ctx context.Context) ([]project.Job, error) {
	var rows []jobRow
	err := counted(s.read, &rows).
		Where("j.state IN (?)", bun.List([]project.JobState{project.Queued, project.Running})).Order("j.seq").Scan(ctx)
	if err != nil {
		return nil, s.fault("list the jobs that are not ended", err)
	}
	return collectAll(rows, jobRow.job)
}

// UpdateJob changes a job's state, request, progress, error, times and model:
// change gets the job as it is now, and nobody else changes it meanwhile; so a
// cancel and a progress do not undo each other. An error of change is wrapped,
// and nothing is changed. Otherwise it returns project.ErrNotFound, or
// project.ErrInvalid, for a number that is not finite for instance.
func (s *Store) UpdateJob(ctx context.Context, id project.ID, change func(*project.Job) error) (project.Job, error) {
	err := s.change(ctx, "change job "+string(id), func(tx bun.Tx) error {
		row := jobRow{ID: id}
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		j, err := row.job()
		if err != nil {
			return err
		}
		if err := change(&j); err != nil {
			return err
		}
		if err := row.set(j); err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model(&row).ExcludeColumn("seq", "project", "author", "created").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return project.Job{}, err
	}
	return s.Job(ctx, id)
}

// ClaimJob takes the queued job that has waited longest, of all projects, and
// makes it running, in one step: of several that claim at once each gets
// another. It returns project.ErrNotFound when none waits.
func (s *Store) ClaimJob(ctx context.Context) (project.Job, error) {
	var row jobRow
	err := s.change(ctx, "claim a job", func(tx bun.Tx) error {
		row = jobRow{}
		q := tx.NewSelect().Model(&row).
			Where("state = ?", project.Queued).Order("seq").Limit(1)
		if err := locked(q).Scan(ctx); err != nil {
			return err
		}
		row.State, row.Started = project.Running, s.millis()
		res, err := tx.NewUpdate().Model(&row).Column("state", "started").
			WherePK().Where("state = ?", project.Queued).Exec(ctx)
		return found(res, err)
	})
	if err != nil {
		return project.Job{}, err
	}
	return row.job()
}
