package store

import (
	"database/sql"
)

// collect turns rows into what callers know; never nil, so that its JSON is a
// list.
func collect[R, V any](rows []R, value func(R) V) []V {
	out := make([]V, len(rows))
	for i := range rows {
		out[i] = value(rows[i])
	}
	return out
}

// found is sql.ErrNoRows where a statement reached no row.
func found(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = sql.ErrNoRows
	}
	return err
}

// collectAll is collect for rows that may be damaged.
func collectAll[R, V any](rows []R, value func(R) (V, error)) ([]V, error) {
	out := make([]V, len(rows))
	for i := range rows {
		var err error
		if out[i], err = value(rows[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
