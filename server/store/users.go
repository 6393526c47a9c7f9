package store

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type userRow struct {
	bun.BaseModel `bun:"table:users"`
	ID            project.ID `bun:"id,pk"`
	Name          string     `bun:"name"`
	Hash          string     `bun:"hash"`
	Admin         bool       `bun:"admin"`
	Blocked       bool       `bun:"blocked"`
	Created       int64      `bun:"created"`
}

func (r *userRow) set(u project.User) error {
	r.Name, r.Hash, r.Admin, r.Blocked = u.Name, u.Hash, u.Admin, u.Blocked
	return errors.Join(name("person's name", u.Name), line("hash", u.Hash, MaxText))
}

func (r userRow) user() project.User {
	return project.User{
		ID: r.ID, Name: r.Name, Hash: r.Hash, Admin: r.Admin, Blocked: r.Blocked, Created: fromMillis(r.Created),
	}
}

// CreateUser adds a person; its Name, Hash and Admin are read. A taken name is
// project.ErrExists. It returns project.ErrInvalid.
func (s *Store) CreateUser(ctx context.Context, u project.User) (project.User, error) {
	row := userRow{ID: newID(), Created: s.millis()}
	if err := row.set(u); err != nil {
		return project.User{}, s.fault("add a person", err)
	}
	row.Blocked = false
	err := s.change(ctx, "add a person", func(tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
	if err != nil {
		return project.User{}, err
	}
	return row.user(), nil
}

// User returns a person, or project.ErrNotFound.
func (s *Store) User(ctx context.Context, id project.ID) (project.User, error) {
	row := userRow{ID: id}
	if err := s.read.NewSelect().Model(&row).WherePK().Scan(ctx); err != nil {
		return project.User{}, s.fault("find person "+string(id), err)
	}
	return row.user(), nil
}

// UserNamed returns the person of exactly this name, or project.ErrNotFound.
func (s *Store) UserNamed(ctx context.Context, name string) (project.User, error) {
	if err := line("person's name", name, MaxName); err != nil {
		return project.User{}, s.fault("find a person", errors.Join(project.ErrNotFound, err))
	}
	var row userRow
	if err := s.read.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx); err != nil {
		return project.User{}, s.fault("find a person", err)
	}
	return row.user(), nil
}

// Users returns all people in the order of their names.
func (s *Store) Users(ctx context.Context) ([]project.User, error) {
	var rows []userRow
	if err := s.read.NewSelect().Model(&rows).Order("name").Scan(ctx); err != nil {
		return nil, s.fault("list people", err)
	}
	return collect(rows, userRow.user), nil
}

// UpdateUser changes a person's name, hash, admin and blocked: change gets the
// person as now, and nobody else changes them meanwhile. An error of change is
// wrapped, and nothing is changed. Otherwise it returns
// project.ErrNotFound, project.ErrInvalid, or project.ErrExists for a taken
// name.
func (s *Store) UpdateUser(ctx context.Context, id project.ID, change func(*project.User) error) (project.User, error) {
	row := userRow{ID: id}
	err := s.change(ctx, "change person "+string(id), func(tx bun.Tx) error {
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		u := row.user()
		if err := change(&u); err != nil {
			return err
		}
		if err := row.set(u); err != nil {
			return err
		}
		_, err := tx.NewUpdate().Model(&row).Column("name", "hash", "admin", "blocked").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return project.User{}, err
	}
	return row.user(), nil
}

// DeleteUser deletes a person with rights, tokens and sessions. What they
// labelled and did keeps their name. may gets the person as now, and nobody else
// changes people before it is done; its error is wrapped, and nothing is deleted.
// Otherwise it returns project.ErrNotFound.
func (s *Store) DeleteUser(ctx context.Context, id project.ID, may func(project.User) error) error {
	return s.change(ctx, "delete person "+string(id), func(tx bun.Tx) error {
		row := userRow{ID: id}
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		if err := may(row.user()); err != nil {
			return err
		}
		res, err := tx.NewDelete().Model(&userRow{ID: id}).WherePK().Exec(ctx)
		return found(res, err)
	})
}
