package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions"`
	Hash          string     `bun:"hash,pk"`
	User          project.ID `bun:"person"`
	Created       int64      `bun:"created"`
	Expires       int64      `bun:"expires"`
}

func (r sessionRow) session() project.Session {
	return project.Session{
		Hash: r.Hash, User: r.User, Created: fromMillis(r.Created), Expires: fromMillis(r.Expires),
	}
}

// CreateSession adds a session, whole, and deletes those that have expired. It
// returns project.ErrNotFound where there is no such person, project.ErrInvalid,
// and project.ErrExists for a hash that is there.
func (s *Store) CreateSession(ctx context.Context, x project.Session) error {
	if err := name("session's hash", x.Hash); err != nil {
		return s.fault("begin a session", err)
	}
	row := sessionRow{Hash: x.Hash, User: x.User, Created: toMillis(x.Created), Expires: toMillis(x.Expires)}
	return s.change(ctx, "begin a session", func(tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("expires <= ?", s.millis()).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
}

// Session returns the session of this hash; project.ErrNotFound where there is
// none or it has expired.
func (s *Store) Session(ctx context.Context, hash string) (project.Session, error) {
	row := sessionRow{Hash: hash}
	err := s.read.NewSelect().Model(&row).WherePK().Where("expires > ?", s.millis()).Scan(ctx)
	if err != nil {
		return project.Session{}, s.fault("find a session", err)
	}
	return row.session(), nil
}

// ExtendSession moves a session's end; project.ErrNotFound where there is none.
func (s *Store) ExtendSession(ctx context.Context, hash string, expires time.Time) error {
	row := sessionRow{Hash: hash, Expires: toMillis(expires)}
	return s.change(ctx, "extend a session", func(tx bun.Tx) error {
		res, err := tx.NewUpdate().Model(&row).Column("expires").WherePK().Exec(ctx)
		return found(res, err)
	})
}

// DeleteSession ends a session; one that is not there has ended.
func (s *Store) DeleteSession(ctx context.Context, hash string) error {
	return s.change(ctx, "end a session", func(tx bun.Tx) error {
		_, err := tx.NewDelete().Model(&sessionRow{Hash: hash}).WherePK().Exec(ctx)
		return err
	})
}

// DeleteSessions ends all sessions of a person.
func (s *Store) DeleteSessions(ctx context.Context, user project.ID) error {
	return s.change(ctx, "end sessions", func(tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("person = ?", user).Exec(ctx)
		return err
	})
}
