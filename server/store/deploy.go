package store

import (
	"context"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

// Deploy makes a model its project's deployed one, in one step with making the
// one that was deployed the previous one. Deploying the deployed model changes
// nothing. It returns project.ErrNotFound where the project has no such model.
func (s *Store) Deploy(ctx context.Context, in, model project.ID) (project.Project, error) {
	return s.swap(ctx, "deploy model "+string(model), in, func(tx bun.Tx, p *projectRow) error {
		err := tx.NewSelect().Model(&modelRow{ID: model}).WherePK().Where("project = ?", in).Scan(ctx)
		if err != nil {
			return err
		}
		if p.Deployed != model {
			p.Deployed, p.Previous = model, p.Deployed
		}
		return nil
	})
}

// Rollback deploys the model that was deployed before; another Rollback comes
// back. It returns project.ErrNotFound where there is none to go back to.
func (s *Store) Rollback(ctx context.Context, in project.ID) (project.Project, error) {
	return s.swap(ctx, "go back to the previous model", in, func(_ bun.Tx, p *projectRow) error {
		if p.Previous == "" {
			return project.ErrNotFound
		}
		p.Deployed, p.Previous = p.Previous, p.Deployed
		return nil
	})
}

func (s *Store) swap(ctx context.Context, what string, in project.ID, f func(bun.Tx, *projectRow) error) (project.Project, error) {
	row := projectRow{ID: in}
	err := s.change(ctx, what, func(tx bun.Tx) error {
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		if err := f(tx, &row); err != nil {
			return err
		}
		_, err := tx.NewUpdate().Model(&row).Column("deployed", "previous").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return project.Project{}, err
	}
	return row.project(), nil
}
