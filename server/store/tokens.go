package store

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

// usedEvery is how exactly a token's last use is kept: each note of it is a
// write to the disk.
const usedEvery = time.Minute

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens"`
	ID            project.ID `bun:"id,pk"`
	User          project.ID `bun:"person"`
	Name          string     `bun:"name"`
	Hash          string     `bun:"hash"`
	Created       int64      `bun:"created"`
	Expires       int64      `bun:"expires"`
	Used          int64      `bun:"used"`
}

func (r tokenRow) token() project.Token {
	return project.Token{
		ID: r.ID, User: r.User, Name: r.Name, Hash: r.Hash,
		Created: fromMillis(r.Created), Expires: fromMillis(r.Expires), Used: fromMillis(r.Used),
	}
}

// CreateToken adds a token; its User, Name, Hash and Expires (zero: never) are
// read. It returns project.ErrNotFound where there is no such person,
// project.ErrInvalid, and project.ErrExists for a hash that is there, and where
// the person has most tokens already.
func (s *Store) CreateToken(ctx context.Context, t project.Token, most int) (project.Token, error) {
	row := tokenRow{
		ID: newID(), User: t.User, Name: t.Name, Hash: t.Hash, Created: s.millis(), Expires: toMillis(t.Expires),
	}
	if err := errors.Join(name("token's name", t.Name), name("token's hash", t.Hash)); err != nil {
		return project.Token{}, s.fault("add a token", err)
	}
	err := s.change(ctx, "add a token", func(tx bun.Tx) error {
		have, err := tx.NewSelect().Model((*tokenRow)(nil)).Where("person = ?", t.User).Count(ctx)
		if err != nil {
			return err
		}
		if int(have) >= most {
			return project.ErrExists
		}
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
	if err != nil {
		return project.Token{}, err
	}
	return row.token(), nil
}

// TokenHashed returns the token whose secret has this hash, and notes, to the
// minute, that it was used. One that is not there or has expired is
// project.ErrNotFound.
func (s *Store) TokenHashed(ctx context.Context, hash string) (project.Token, error) {
	var row tokenRow
	now := s.millis()
	err := s.read.NewSelect().Model(&row).Where("hash = ?", hash).
		Where("(expires = 0 OR expires > ?)", now).Scan(ctx)
	if err != nil {
		return project.Token{}, s.fault("find a token", err)
	}
	if now-row.Used >= usedEvery.Milliseconds() {
		row.Used = now
		err = s.change(ctx, "note the use of a token", func(tx bun.Tx) error {
			_, err := tx.NewUpdate().Model(&row).Column("used").WherePK().Exec(ctx)
			return err
		})
	}
	return row.token(), err
}

// Tokens returns a person's tokens, oldest first, expired ones too.
func (s *Store) Tokens(ctx context.Context, user project.ID) ([]project.Token, error) {
	var rows []tokenRow
	err := s.read.NewSelect().Model(&rows).Where("person = ?", user).Order("created", "id").Scan(ctx)
	if err != nil {
		return nil, s.fault("list tokens", err)
	}
	return collect(rows, tokenRow.token), nil
}

// DeleteToken deletes a token of this person; project.ErrNotFound where they
// have none of this id.
func (s *Store) DeleteToken(ctx context.Context, user, id project.ID) error {
	return s.change(ctx, "delete token "+string(id), func(tx bun.Tx) error {
		res, err := tx.NewDelete().Model(&tokenRow{ID: id}).WherePK().Where("person = ?", user).Exec(ctx)
		return found(res, err)
	})
}
