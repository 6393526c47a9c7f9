package journal

import (
	"context"
	"database/sql"
	"errors"

	"semirest/server/project"
)

// Turn is a verdict whose turn it is with a sink.
type Turn struct {
	Kept
	seq int64
}

// Turn returns the oldest verdict that a sink has not been told; project.ErrNotFound where there is none.
func (j *Journal) Turn(ctx context.Context, sink string) (t Turn, err error) {
	t.Kept, err = j.scan(j.db.QueryRowContext(ctx, "SELECT "+columns+", v.seq FROM waiting w JOIN verdicts v USING (seq) WHERE w.sink = ? ORDER BY w.seq LIMIT 1", sink), &t.seq)
	return t, err
}

// Told notes that a sink has been told.
func (j *Journal) Told(ctx context.Context, sink string, t Turn) error {
	return j.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM waiting WHERE sink = ? AND seq = ?", sink, t.seq)
		return err
	})
}

// Queue is what waits for a sink.
type Queue struct {
	Verdicts int64 `json:"verdicts"`
	Bytes    int64 `json:"bytes"` // on the disk
	Lost     int64 `json:"lost"`  // left out since there was no room for them
}

// Queue says what waits for a sink.
func (j *Journal) Queue(ctx context.Context, sink string) (q Queue, err error) {
	err = j.db.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(bytes), 0) FROM waiting JOIN verdicts USING (seq) WHERE sink = ?", sink).Scan(&q.Verdicts, &q.Bytes)
	if err == nil {
		err = j.db.QueryRowContext(ctx, "SELECT coalesce(max(lost), 0) FROM ends WHERE kind = 'sink' AND name = ?", sink).Scan(&q.Lost)
	}
	return q, err
}

// Bound leaves out the oldest verdicts that wait for a sink until the others take up at most limit bytes, and returns
// how many it left out.
func (j *Journal) Bound(ctx context.Context, sink string, limit int64) (lost int64, err error) {
	err = j.change(ctx, func(tx *sql.Tx) error {
		// A verdict goes where it and all younger ones are together beyond the limit.
		r, err := tx.ExecContext(ctx, `DELETE FROM waiting WHERE sink = ?1 AND seq IN (
			SELECT seq FROM (SELECT w.seq, sum(v.bytes) OVER (ORDER BY w.seq DESC) AS younger FROM waiting w JOIN verdicts v USING (seq) WHERE w.sink = ?1)
			WHERE younger > ?2)`, sink, limit)
		if err != nil {
			return err
		}
		if lost, err = r.RowsAffected(); err != nil || lost == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE ends SET lost = lost + ? WHERE kind = 'sink' AND name = ?", lost, sink)
		return err
	})
	return lost, err
}

// Ends of a line.
const (
	Sources = "source"
	Sinks   = "sink"
)

// Ends returns the descriptions of sources or sinks, by name, as Put was given them.
func (j *Journal) Ends(ctx context.Context, kind string) (map[string]string, error) {
	rows, err := j.db.QueryContext(ctx, "SELECT name, spec FROM ends WHERE kind = ?", kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	specs := map[string]string{}
	for rows.Next() {
		var name, spec string
		if err := rows.Scan(&name, &spec); err != nil {
			return nil, err
		}
		specs[name] = spec
	}
	return specs, rows.Err()
}

// Put keeps the description of a source or a sink, in place of one of its name.
func (j *Journal) Put(ctx context.Context, kind, name, spec string) error {
	return j.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO ends (kind, name, spec, lost) VALUES (?, ?, ?, 0) ON CONFLICT (kind, name) DO UPDATE SET spec = excluded.spec", kind, name, spec)
		return err
	})
}

// Remove forgets a source or a sink, and what waited for it. The marks of a source stay.
func (j *Journal) Remove(ctx context.Context, kind, name string) error {
	return j.change(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "DELETE FROM ends WHERE kind = ? AND name = ?", kind, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, project.ErrNotFound)
		}
		if kind == Sinks {
			_, err = tx.ExecContext(ctx, "DELETE FROM waiting WHERE sink = ?", name)
		}
		return err
	})
}
