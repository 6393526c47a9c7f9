package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"semirest/server/project"
)

// busyWait is how long a writer waits for one of another process.
const busyWait = 10 * time.Second

// databasePath reads the database's URL: a path, or "sqlite:///path".
func databasePath(s string) (string, error) {
	scheme, rest, found := strings.Cut(s, "://")
	switch {
	case s == "":
		return "", errors.New("store: no database is named: give the path of a file")
	case !found:
		return filepath.Abs(s)
	case scheme != "sqlite":
		return "", fmt.Errorf("store: databases of kind %q are not supported: give a path or sqlite:///path", scheme)
	}
	path, err := url.PathUnescape(rest)
	if err != nil || !filepath.IsAbs(path) {
		return "", fmt.Errorf("store: %q is no database: write sqlite:///path with three slashes", s)
	}
	return filepath.Clean(path), nil
}

// create makes the database's folder and empty file, for its owner only: it
// will hold the hashes of passwords.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store: make the database's folder: %w", full(err))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Close()
	}
	// What is acknowledged is in this file: its name must last as well.
	if err == nil {
		err = errors.Join(syncFolder(filepath.Dir(path)), syncFolder(filepath.Dir(filepath.Dir(path))))
	}
	if err != nil {
		return fmt.Errorf("store: make the database: %w", full(err))
	}
	return nil
}

// connect opens connections to the database, at most n at a time. Transactions
// that write take the write lock when they begin: one that began by reading
// could be refused it later.
func connect(ctx context.Context, path string, n int) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()),
		"foreign_keys(1)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
	}}
	dsn := (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	// Turning the write-ahead log on does not wait for a process that does the
	// same at the same moment.
	for end := time.Now().Add(busyWait); ; {
		err = db.PingContext(ctx)
		if !busy(err) || time.Now().After(end) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// check reads the whole database through: every page of every table in its
// order. A damaged database is a *DamagedError.
func (s *Store) check(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA quick_check(3)")
	if err != nil {
		return s.fault("check", err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return s.fault("check", err)
		}
		if line != "ok" {
			found = append(found, line)
		}
	}
	if err := rows.Err(); err != nil {
		return s.fault("check", err)
	}
	if found != nil {
		return s.damaged(strings.ReplaceAll(strings.Join(found, "; "), "\n", " "))
	}
	return nil
}

// DamagedError says that the database cannot be read as it was written, and
// what to do.
type DamagedError struct {
	File   string    // the database
	Detail string    // what is wrong with it
	Backup string    // its newest copy; empty: none
	Made   time.Time // when the copy was made
}

func (e *DamagedError) Error() string {
	way := "there is no copy to restore; keep the file: what can be read of it may be recovered with the sqlite3 tool's .recover"
	if e.Backup != "" {
		way = fmt.Sprintf("to restore the copy of %s, stop the server, move %s, %[2]s-wal and %[2]s-shm to another folder, then copy %s to %[2]s",
			e.Made.UTC().Format("2006-01-02 15:04 MST"), e.File, e.Backup)
	}
	return fmt.Sprintf("store: the database %s is damaged (%s): nothing was changed; %s", e.File, e.Detail, way)
}

func (s *Store) damaged(detail string) *DamagedError {
	e := &DamagedError{File: s.path, Detail: detail}
	if copies := s.copies(); len(copies) > 0 {
		newest := copies[len(copies)-1]
		e.Backup, e.Made = newest.path, newest.made
	}
	return e
}

func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func busy(err error) bool {
	primary := code(err) & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// fault wraps an error of the database with what was being done, and with what
// it means to a caller.
func (s *Store) fault(what string, err error) error {
	var known *DamagedError
	var conflict *project.ConflictError
	if errors.As(err, &known) || errors.As(err, &conflict) {
		return err
	}
	c := code(err)
	switch c {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("store: %s: %w: %w", what, project.ErrExists, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("store: %s: %w: %w", what, project.ErrNotFound, err)
	case sqlite3.SQLITE_IOERR_SHMSIZE:
		return fmt.Errorf("store: %s: %w: %w", what, project.ErrFull, err)
	}
	switch c & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("store: %s: %w: %w", what, project.ErrFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return s.damaged(err.Error())
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("store: %s: another process has held the database for %s: %w", what, busyWait, err)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: %s: %w", what, project.ErrNotFound)
	}
	return fmt.Errorf("store: %s: %w", what, full(err))
}
