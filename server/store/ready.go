package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

// ErrMoved means that the database's file is not where it was opened any more:
// what is written goes to a file that nobody will find.
var ErrMoved = errors.New("the database was moved, replaced or deleted under the running server: stop the server, put the file back, and start it again")

// inPlace looks whether the database's file is still the one that was opened. It is
// asked before anything is acknowledged.
func (s *Store) inPlace() error {
	now, err := os.Stat(s.path)
	if err != nil || !os.SameFile(now, s.at) {
		return fmt.Errorf("store: %s: %w", s.path, ErrMoved)
	}
	return nil
}

// Pictures and models leave some of the disk to labels, which are small and took
// somebody's time: a twentieth of it, and at most maxReserve. A variable, so that
// tests need not fill a disk.
var maxReserve = int64(256 << 20)

// hasReserve is project.ErrFull where a file of n bytes would take of the reserve.
func (s *Store) hasReserve(n int64) error {
	if s.dir == "" {
		return nil
	}
	free, size, ok := diskSpace(s.dir)
	if reserve := min(maxReserve, size/20); ok && free-n < reserve {
		return fmt.Errorf("%w: %d MiB are left, and %d MiB of them are kept for labels", project.ErrFull, free>>20, reserve>>20)
	}
	return nil
}

// Ready says whether the store can take in what people do: the database answers a
// change, lies where it was opened, and the disk has its reserve.
func (s *Store) Ready(ctx context.Context) error {
	err := s.change(ctx, "answer a change", func(tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*projectRow)(nil)).Set("seq = seq").Where("id = ''").Exec(ctx)
		return err
	})
	if err == nil {
		err = s.hasReserve(0)
	}
	return err
}
