package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type rightRow struct {
	bun.BaseModel `bun:"table:rights"`
	User          project.ID `bun:"person,pk"`
	Project       project.ID `bun:"project,pk"`
	Level         int        `bun:"level"` // project.Level, which would be written as its name
}

func (r rightRow) right() project.Right {
	return project.Right{User: r.User, Project: r.Project, Level: project.Level(r.Level)}
}

// SetRight gives a person a level in a project, in the place of the one they
// had; project.Nobody takes it away. It returns project.ErrNotFound where there
// is no such person or project, and project.ErrInvalid.
func (s *Store) SetRight(ctx context.Context, r project.Right) error {
	if r.Level < project.Nobody || r.Level > project.Admin {
		return s.fault("give a right", invalid("level %d", int(r.Level)))
	}
	row := rightRow{User: r.User, Project: r.Project, Level: int(r.Level)}
	return s.change(ctx, "give a right", func(tx bun.Tx) error {
		if r.Level == project.Nobody {
			_, err := tx.NewDelete().Model(&row).WherePK().Exec(ctx)
			return err
		}
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (person, project) DO UPDATE").Set("level = EXCLUDED.level").Exec(ctx)
		return err
	})
}

// Right returns a person's level in a project: project.Nobody where they were
// given none.
func (s *Store) Right(ctx context.Context, user, in project.ID) (project.Level, error) {
	row := rightRow{User: user, Project: in}
	err := s.read.NewSelect().Model(&row).WherePK().Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return project.Nobody, nil
	}
	if err != nil {
		return project.Nobody, s.fault("read a right", err)
	}
	return project.Level(row.Level), nil
}

// Rights returns all rights in a project.
func (s *Store) Rights(ctx context.Context, in project.ID) ([]project.Right, error) {
	return s.rights(ctx, "project", in)
}

// RightsOf returns a person's rights in all projects.
func (s *Store) RightsOf(ctx context.Context, user project.ID) ([]project.Right, error) {
	return s.rights(ctx, "person", user)
}

func (s *Store) rights(ctx context.Context, column string, id project.ID) ([]project.Right, error) {
	var rows []rightRow
	err := s.read.NewSelect().Model(&rows).Where("? = ?", bun.Ident(column), id).Order("person", "project").Scan(ctx)
	if err != nil {
		return nil, s.fault("list rights", err)
	}
	return collect(rows, rightRow.right), nil
}
