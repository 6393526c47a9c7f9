package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// scripts are the migrations; a test takes the last away, to be the program before.
var scripts fs.FS = migrations

// ErrNewer means that the database was written by a newer version of this
// program, which this one could damage.
var ErrNewer = errors.New("the database was made by a newer version of this program: use that one")

// before begins the names of the copies that are made when a database is brought up to
// another version: "DATABASE.version-N-TIME". They are never deleted by this program.
const before = ".version-"

func provider(db *sql.DB) (*goose.Provider, error) {
	scripts, err := fs.Sub(scripts, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, scripts,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// upgradable refuses a database of a newer version, and says of which version one is that
// must be brought up to this one; 0: it need not. It changes nothing.
func (s *Store) upgradable(ctx context.Context, db *sql.DB) (old int64, err error) {
	var known int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'").Scan(&known)
	if err != nil {
		return 0, s.fault("read the database's version", err)
	}
	if known == 0 {
		return 0, nil
	}
	p, err := provider(db)
	if err != nil {
		return 0, fmt.Errorf("store: the migrations: %w", err)
	}
	current, target, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return 0, s.fault("read the database's version", err)
	case current > target:
		return 0, fmt.Errorf("store: %s: %w%s", s.path, ErrNewer, s.wayBack(target))
	case current == target:
		return 0, nil
	}
	return current, nil
}

// wayBack says how to go on with the copy that was made of a database of this version, or
// of an older one, before it was brought up; "": there is none.
func (s *Store) wayBack(target int64) string {
	names, _ := filepath.Glob(globSafe(s.path) + before + "*")
	newest, version := "", int64(-1)
	for _, name := range names { // in order, so that the later of one version wins
		number, _, _ := strings.Cut(strings.TrimPrefix(name, s.path+before), "-")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil && n <= target && n >= version {
			newest, version = name, n
		}
	}
	if newest == "" {
		return ""
	}
	return fmt.Sprintf("; or go back to what was there before it, and lose what was done since: "+
		"stop the server, move %s, %[1]s-wal and %[1]s-shm to another folder, then copy %s to %[1]s", s.path, newest)
}

// globSafe makes a path one that a pattern means as it is.
func globSafe(path string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}

// keepVersion copies a database that is about to be brought up to another version.
func (s *Store) keepVersion(ctx context.Context, old int64) error {
	path := fmt.Sprintf("%s%s%d-%s", s.path, before, old, s.now().UTC().Format(backupTime))
	if err := s.copyTo(ctx, path); err != nil {
		return fmt.Errorf("%w: it must be copied before this version of the program changes it, and it was left as it is", s.fault("copy the database", err))
	}
	slog.InfoContext(ctx, "store: the database is brought up to this version of the program; a copy of it as it was is kept", "copy", path)
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
