package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

const (
	backupEvery = 24 * time.Hour
	backupsKept = 7
	backupTime  = "20060102T150405.000Z" // sorts as it passes
)

// backup is a copy of the database beside it: "DATABASE.backup-TIME".
type backup struct {
	path string
	made time.Time
}

// copies are the database's copies, oldest first.
func (s *Store) copies() []backup {
	prefix := filepath.Base(s.path) + ".backup-"
	entries, err := os.ReadDir(filepath.Dir(s.path)) // sorted by name
	if err != nil {
		return nil
	}
	var out []backup
	for _, e := range entries {
		if stamp, ok := strings.CutPrefix(e.Name(), prefix); ok {
			if made, err := time.Parse(backupTime, stamp); err == nil {
				out = append(out, backup{filepath.Join(filepath.Dir(s.path), e.Name()), made})
			}
		}
	}
	return out
}

// Backup copies the database, as it is at one moment, to a file beside it,
// synced, and returns its path. Others read and write meanwhile. The oldest of
// more than seven copies are deleted. It returns project.ErrFull, and leaves no
// half copy.
func (s *Store) Backup(ctx context.Context) (string, error) {
	path := s.path + ".backup-" + s.now().UTC().Format(backupTime)
	if err := s.copyTo(ctx, path); err != nil {
		return "", s.fault("copy the database", err)
	}
	for copies := s.copies(); len(copies) > backupsKept; copies = copies[1:] {
		os.Remove(copies[0].path)
	}
	return path, nil
}

// copyTo copies the database, as it is at one moment, to a file that is whole or not there.
func (s *Store) copyTo(ctx context.Context, path string) error {
	unfinished := path + ".unfinished"
	defer os.Remove(unfinished)
	_, err := s.read.DB.ExecContext(ctx, "VACUUM INTO ?", unfinished)
	if err == nil {
		err = syncFile(unfinished)
	}
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	return err
}

// CopyTo copies the database, as it is at one moment, to a file that is not there yet, and
// returns the SHA-256 of all blobs that it names, sorted. Others read and write meanwhile.
// The blobs are there for Retention, whatever happens to the rows.
func (s *Store) CopyTo(ctx context.Context, path string) (blobs []string, err error) {
	if err := s.copyTo(ctx, path); err != nil {
		return nil, s.fault("copy the database", err)
	}
	blobs, err = Named(ctx, path)
	return blobs, err
}

// Named returns the SHA-256 of all blobs that a database names that nobody has open,
// sorted. It changes nothing.
func Named(ctx context.Context, path string) (blobs []string, err error) {
	dsn := (&url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&immutable=1"}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	named, err := namedBlobs(ctx, bun.NewDB(db, sqlitedialect.New()))
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	delete(named, "") // pictures without ground truth
	return slices.Sorted(maps.Keys(named)), nil
}

// BlobPath is where a blob lies in a folder of files; ok is false for what is no SHA-256.
func BlobPath(sha string) (path string, ok bool) { return blobKey(sha) }

func syncFile(path string) error {
	// VACUUM INTO makes the copy readable by everyone.
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// backupWhenDue copies a database that holds anything and whose newest copy is
// older than a day.
func (s *Store) backupWhenDue(ctx context.Context) error {
	for _, c := range s.copies() {
		// One that a wrong clock dated in the future is no reason to make none until then.
		if age := s.now().Sub(c.made); age >= 0 && age < backupEvery {
			return nil
		}
	}
	var tables int
	err := s.read.DB.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'projects'").Scan(&tables)
	if err != nil {
		return s.fault("copy the database", err)
	}
	if tables == 0 {
		return nil
	}
	_, err = s.Backup(ctx)
	return err
}

// upkeep copies the database and sweeps its files, each once a day, until ctx
// ends.
func (s *Store) upkeep(ctx context.Context) {
	defer close(s.done)
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	var swept time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.backupWhenDue(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "store: no copy of the database was made", "error", err)
		}
		if s.now().Sub(swept) < 24*time.Hour {
			continue
		}
		n, size, err := s.Sweep(ctx)
		switch {
		case err == nil:
			swept = s.now()
			slog.InfoContext(ctx, "store: files that nothing names were swept", "files", n, "megabytes", fmt.Sprintf("%.1f", float64(size)/1e6))
		case ctx.Err() == nil:
			slog.ErrorContext(ctx, "store: the files were not swept", "error", err)
		}
	}
}
