package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Retention is how long a blob that no row names is kept: copies of the
// database that are no older still find all their files.
const Retention = 8 * 24 * time.Hour

type orphanRow struct {
	bun.BaseModel `bun:"table:orphans"`
	SHA256        string `bun:"sha256,pk"`
	Since         int64  `bun:"since"`
}

// Sweep deletes blobs that no row has named for Retention, and what killed
// writers left of files. It returns how many blobs it deleted, and their size.
// Others may use the store meanwhile: blobs are deleted while no row can be
// added, and what adds a row looks for its blob then.
func (s *Store) Sweep(ctx context.Context) (blobs int, size int64, err error) {
	there, err := s.listBlobs(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("store: sweep: %w", err)
	}
	err = s.change(ctx, "sweep", func(tx bun.Tx) error {
		blobs, size = 0, 0
		named, err := namedBlobs(ctx, tx)
		if err != nil {
			return err
		}
		var marked []orphanRow
		if err := tx.NewSelect().Model(&marked).Scan(ctx); err != nil {
			return err
		}
		known := make(map[string]bool, len(marked))
		for _, o := range marked {
			n, exists := there[o.SHA256]
			known[o.SHA256] = true
			due := s.millis()-o.Since >= Retention.Milliseconds()
			if exists && !named[o.SHA256] {
				if !due {
					continue
				}
				key, _ := blobKey(o.SHA256)
				if err := s.files.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
					return blobFault("sweep", o.SHA256, err)
				}
				blobs, size = blobs+1, size+n
			}
			if _, err := tx.NewDelete().Model(&o).WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		for sha := range there {
			if named[sha] || known[sha] {
				continue
			}
			row := orphanRow{SHA256: sha, Since: s.millis()}
			if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return blobs, size, err
}

// listBlobs returns the stored blobs' sizes by SHA-256, and deletes unfinished
// files that have not been touched for a day.
func (s *Store) listBlobs(ctx context.Context) (map[string]int64, error) {
	there := make(map[string]int64)
	for i := range 256 {
		// A folder at a time: a listing begins from the first file at each page.
		// One during which a file is renamed or deleted fails, and begins again.
		prefix := fmt.Sprintf("%02x/", i)
		err := s.listFolder(ctx, prefix, there)
		for try := 0; try < 20 && gcerrors.Code(err) == gcerrors.NotFound; try++ {
			err = s.listFolder(ctx, prefix, there)
		}
		if err != nil {
			return nil, err
		}
	}
	return there, nil
}

func (s *Store) listFolder(ctx context.Context, prefix string, there map[string]int64) error {
	list := s.files.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		sha, rest := strings.TrimPrefix(o.Key, prefix), ""
		if len(sha) > 64 {
			sha, rest = sha[:64], sha[64:]
		}
		key, ok := blobKey(sha)
		switch {
		case !ok || !strings.HasPrefix(key, prefix): // not ours
		case rest == "":
			there[sha] = o.Size
		case strings.HasSuffix(rest, ".tmp") && time.Since(o.ModTime) > 24*time.Hour:
			_ = s.files.Delete(ctx, o.Key)
		}
	}
}

// namedBlobs are the blobs that a row names.
func namedBlobs(ctx context.Context, tx bun.IDB) (map[string]bool, error) {
	named := make(map[string]bool)
	for _, column := range []struct{ table, name string }{
		{"pictures", "sha256"}, {"pictures", "truth"}, {"models", "sha256"},
	} {
		var shas []string
		err := tx.NewSelect().Distinct().Table(column.table).Column(column.name).Scan(ctx, &shas)
		if err != nil {
			return nil, err
		}
		for _, sha := range shas {
			named[sha] = true
		}
	}
	return named, nil
}

// errSwept means that a blob was deleted between being stored and being named.
var errSwept = errors.New("the file was swept")

// keep makes sure, within the transaction that names a blob, that it is there.
// The write lock that the transaction holds keeps Sweep from it.
func (s *Store) keep(ctx context.Context, sha string) error {
	key, _ := blobKey(sha)
	there, err := s.files.Exists(ctx, key)
	if err != nil {
		return blobFault("find", sha, err)
	}
	if !there {
		return errSwept
	}
	return nil
}

// store puts the spooled bytes and runs the transaction that names them, again
// in the rare case that a sweep came between.
func (s *Store) store(ctx context.Context, sp *spool, what string, f func(tx bun.Tx) error) (err error) {
	for range 10 {
		if err := s.putSpool(ctx, sp); err != nil {
			return err
		}
		err = s.change(ctx, what, func(tx bun.Tx) error {
			if err := s.keep(ctx, sp.sha); err != nil {
				return err
			}
			return f(tx)
		})
		if !errors.Is(err, errSwept) {
			return err
		}
	}
	return err
}

// spare takes a blob that no row names yet off the list of those to be swept.
func (s *Store) spare(ctx context.Context, sp *spool) error {
	marked, err := s.read.NewSelect().Model((*orphanRow)(nil)).Where("sha256 = ?", sp.sha).Exists(ctx)
	if err != nil {
		return s.fault("keep a file", err)
	}
	if !marked {
		return s.putSpool(ctx, sp)
	}
	return s.store(ctx, sp, "keep a file", func(tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*orphanRow)(nil)).Where("sha256 = ?", sp.sha).Exec(ctx)
		return err
	})
}
