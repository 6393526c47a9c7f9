package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Database opens or makes an SQLite file of another kind than a store's, with the same promises about what is committed,
// and brings it up to its newest migration. One of a newer version of this program is ErrNewer.
func Database(ctx context.Context, path string, migrations fs.FS) (*sql.DB, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	db, err := connect(ctx, path, 4)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err == nil {
		var current, target int64
		if current, target, err = p.GetVersions(ctx); err == nil && current > target {
			err = ErrNewer
		}
	}
	if err == nil {
		_, err = p.Up(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return db, nil
}
