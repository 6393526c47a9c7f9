package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"gocloud.dev/blob"
)

// Store is an open store. Its methods may be called by several goroutines.
type Store struct {
	path  string  // of the database
	write *bun.DB // one connection: writers of this process wait here, not in the database
	read  *bun.DB
	files *blob.Bucket
	spool string      // folder for bytes on their way in; empty: the system's
	dir   string      // of the blobs, where they are local files; else empty
	at    os.FileInfo // the database's file, as it was opened
	now   func() time.Time
	stop  context.CancelFunc // of the upkeep
	done  chan struct{}
}

// Open opens or makes a store. url is the database's path or
// "sqlite:///path"; files is a folder or the URL of a bucket ("file:///path").
// Both are made where they are not there.
//
// Before anything is changed the database is checked: a damaged one is a
// *DamagedError, which says what to restore from; one of a newer version of this
// program is ErrNewer. Then it is copied where the newest copy is older than a
// day, and brought up to this version, of which a copy is kept that is never deleted.
func Open(ctx context.Context, url, files string) (*Store, error) {
	path, err := databasePath(url)
	if err != nil {
		return nil, err
	}
	bucket, dir, err := openFiles(ctx, files)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, files: bucket, dir: dir, now: time.Now, done: make(chan struct{})}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.closeAll())
	}
	upkeep, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.upkeep(upkeep)
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.prepareSpool(); err != nil {
		return err
	}
	if err := create(s.path); err != nil {
		return err
	}
	write, err := connect(ctx, s.path, 1)
	if err != nil {
		return s.fault("open", err)
	}
	s.write = bun.NewDB(write, sqlitedialect.New())
	if s.at, err = os.Stat(s.path); err != nil {
		return s.fault("open", err)
	}
	if err := s.check(ctx, write); err != nil {
		return err
	}
	old, err := s.upgradable(ctx, write)
	if err != nil {
		return err
	}
	read, err := connect(ctx, s.path, 8)
	if err != nil {
		return s.fault("open", err)
	}
	s.read = bun.NewDB(read, sqlitedialect.New())
	if err := s.backupWhenDue(ctx); err != nil {
		// No copy is no reason not to work: the labels in hand matter more.
		slog.WarnContext(ctx, "store: no copy of the database was made", "error", err)
	}
	if old > 0 {
		if err := s.keepVersion(ctx, old); err != nil {
			return err
		}
	}
	return s.migrate(ctx, write)
}

// Close ends the upkeep and closes the database. The store must not be used
// after.
func (s *Store) Close() error {
	s.stop()
	<-s.done
	return s.closeAll()
}

func (s *Store) closeAll() error {
	var errs []error
	for _, db := range []*bun.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	errs = append(errs, s.files.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// change runs f in a transaction that writes, and commits it. When change
// returns nil, what f wrote is on the disk; otherwise nothing of it is.
func (s *Store) change(ctx context.Context, what string, f func(tx bun.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.fault(what, err)
	}
	if err := f(tx); err != nil {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
		return s.fault(what, err)
	}
	if err := tx.Commit(); err != nil {
		return s.fault(what, err)
	}
	return s.inPlace()
}

// locked keeps a row that change will write from being changed by others
// meanwhile. SQLite holds its one write lock for the whole transaction already.
func locked(q *bun.SelectQuery) *bun.SelectQuery {
	if q.Dialect().Name() == dialect.PG {
		return q.For("UPDATE")
	}
	return q
}

// next is the expression of a new row's seq.
func next(table string) (expr string, arg bun.Ident) {
	return "(SELECT COALESCE(MAX(seq), 0) + 1 FROM ?)", bun.Ident(table)
}

func (s *Store) millis() int64 { return s.now().UnixMilli() }

// toMillis and fromMillis bring times to and from their stored form.
func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
