package store

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type projectRow struct {
	bun.BaseModel `bun:"table:projects"`
	ID            project.ID `bun:"id,pk"`
	Seq           int64      `bun:"seq"`
	Name          string     `bun:"name"`
	Created       int64      `bun:"created"`
	Deployed      project.ID `bun:"deployed"`
	Previous      project.ID `bun:"previous"`
	Settings      string     `bun:"settings"`
	Restoring     bool       `bun:"restoring"` // not whole yet: see Restore
}

func (r projectRow) project() project.Project {
	p := project.Project{
		ID: r.ID, Name: r.Name, Created: fromMillis(r.Created),
		Deployed: r.Deployed, Previous: r.Previous,
	}
	if r.Settings != "" {
		p.Settings = json.RawMessage(r.Settings)
	}
	return p
}

// CreateProject adds a project. Only its name, which need not be unique, and
// its settings are read. It returns project.ErrInvalid.
func (s *Store) CreateProject(ctx context.Context, p project.Project) (project.Project, error) {
	row := projectRow{ID: newID(), Name: p.Name, Created: s.millis()}
	err := s.change(ctx, "make a project", func(tx bun.Tx) error {
		return insertProject(ctx, tx, &row, p.Settings)
	})
	if err != nil {
		return project.Project{}, err
	}
	return row.project(), nil
}

func insertProject(ctx context.Context, tx bun.Tx, row *projectRow, raw json.RawMessage) (err error) {
	if err := name("project's name", row.Name); err != nil {
		return err
	}
	if row.Settings, err = settings(raw); err != nil {
		return err
	}
	expr, table := next("projects")
	_, err = tx.NewInsert().Model(row).Value("seq", expr, table).Exec(ctx)
	return err
}

// Project returns a project, or project.ErrNotFound.
func (s *Store) Project(ctx context.Context, id project.ID) (project.Project, error) {
	row := projectRow{ID: id}
	if err := s.read.NewSelect().Model(&row).WherePK().Where("NOT restoring").Scan(ctx); err != nil {
		return project.Project{}, s.fault("find project "+string(id), err)
	}
	return row.project(), nil
}

// Projects returns all projects, oldest first.
func (s *Store) Projects(ctx context.Context) ([]project.Project, error) {
	var rows []projectRow
	if err := s.read.NewSelect().Model(&rows).Where("NOT restoring").Order("seq").Scan(ctx); err != nil {
		return nil, s.fault("list projects", err)
	}
	return collect(rows, projectRow.project), nil
}

// UpdateProject changes a project's name and settings: change gets the project
// as it is now, and nobody else changes it meanwhile. An error of change is
// wrapped, and nothing is changed. Otherwise it returns
// project.ErrNotFound or project.ErrInvalid.
func (s *Store) UpdateProject(ctx context.Context, id project.ID, change func(*project.Project) error) (project.Project, error) {
	row := projectRow{ID: id}
	err := s.change(ctx, "change project "+string(id), func(tx bun.Tx) error {
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		p := row.project()
		if err := change(&p); err != nil {
			return err
		}
		if err := name("project's name", p.Name); err != nil {
			return err
		}
		raw, err := settings(p.Settings)
		if err != nil {
			return err
		}
		row.Name, row.Settings = p.Name, raw
		_, err = tx.NewUpdate().Model(&row).Column("name", "settings").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return project.Project{}, err
	}
	return row.project(), nil
}

// DeleteProject deletes a project with its pictures, labels, models, jobs and
// rights. It returns project.ErrNotFound. Files go with the sweep after
// Retention.
func (s *Store) DeleteProject(ctx context.Context, id project.ID) error {
	return s.change(ctx, "delete project "+string(id), func(tx bun.Tx) error {
		res, err := tx.NewDelete().Model(&projectRow{ID: id}).WherePK().Exec(ctx)
		return found(res, err)
	})
}
