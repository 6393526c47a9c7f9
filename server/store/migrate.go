package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer means that the database was written by a newer version of this
// program, which this one could damage.
var ErrNewer = errors.New("the database was made by a newer version of this program: use that one")

func provider(db *sql.DB) (*goose.Provider, error) {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, scripts,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// upgradable refuses a database of a newer version. It changes nothing.
func (s *Store) upgradable(ctx context.Context, db *sql.DB) error {
	var known int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'").Scan(&known)
	if err != nil {
		return s.fault("read the database's version", err)
	}
	if known == 0 {
		return nil
	}
	p, err := provider(db)
	if err != nil {
		return fmt.Errorf("store: the migrations: %w", err)
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return s.fault("read the database's version", err)
	}
	if current > target {
		return fmt.Errorf("store: %s: %w", s.path, ErrNewer)
	}
	return nil
}

// migrate brings the database up to this version; each step is one transaction.
// Doing it twice is doing it once.
func (s *Store) migrate(ctx context.Context, db *sql.DB) error {
	p, err := provider(db)
	if err != nil {
		return fmt.Errorf("store: the migrations: %w", err)
	}
	// Another process may be at it: then a step fails here because it is done
	// there, and the next look finds one step less to do.
	for range 10 {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return s.fault("bring the database up to this version", err)
}
