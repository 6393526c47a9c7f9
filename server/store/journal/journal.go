package journal

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/verdict"
	"semirest/shared/durable"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Journal is an open journal. Its methods may be called from any goroutine.
type Journal struct {
	db  *sql.DB
	dir string
}

// Open opens or makes the journal in the folder dir.
func Open(ctx context.Context, dir string) (*Journal, error) {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "pictures"), 0o700); err != nil {
		return nil, err
	}
	db, err := store.Database(ctx, filepath.Join(dir, "line.db"), scripts)
	if err != nil {
		return nil, err
	}
	j := &Journal{db: db, dir: dir}
	if err := j.tidy(ctx); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// Close closes the journal.
func (j *Journal) Close() error { return j.db.Close() }

// tidy removes pictures whose verdict was never recorded: the process was killed in between.
func (j *Journal) tidy(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(j.dir, "pictures"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		var n int
		id := e.Name()[:len(e.Name())-len(filepath.Ext(e.Name()))]
		if err := j.db.QueryRowContext(ctx, "SELECT count(*) FROM verdicts WHERE id = ? AND picture <> ''", id).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			if err := os.Remove(j.path(e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *Journal) path(picture string) string { return filepath.Join(j.dir, "pictures", picture) }

// Entry is what is recorded of a frame.
type Entry struct {
	Verdict verdict.Verdict // with its ID, Source and Time
	Mark    string          // of its frame, "" for none
	Picture []byte          // its file as it came
	Ending  string          // of that file, with the dot
	Thumb   []byte          // a small JPEG; nil where the picture cannot be read
}

// Record writes an entry down; every sink that Put has named will be told. One whose ID or mark was recorded before changes nothing.
func (j *Journal) Record(ctx context.Context, e Entry) error {
	v := e.Verdict
	name := ""
	if len(e.Picture) > 0 {
		name = v.ID + e.Ending
		if err := durable.Write(j.path(name), e.Picture); err != nil {
			return err
		}
	}
	blocks := packed(v.Blocks)
	v.Blocks = nil
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var score any
	if v.Error == "" {
		score = v.Score
	}
	return j.change(ctx, func(tx *sql.Tx) error {
		if e.Mark != "" {
			r, err := tx.ExecContext(ctx, "INSERT INTO marks (source, mark) VALUES (?, ?) ON CONFLICT DO NOTHING", v.Source, e.Mark)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				return err
			}
		}
		r, err := tx.ExecContext(ctx, `INSERT INTO verdicts (id, time, source, model, word, score, judged, bytes, verdict, blocks, thumb, picture)
			VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			v.ID, v.Time.UnixMilli(), v.Source, v.Model, v.Word(), score, len(e.Picture)+len(text)+len(blocks)+len(e.Thumb), string(text), blocks, e.Thumb, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		seq, err := r.LastInsertId()
		if err == nil {
			_, err = tx.ExecContext(ctx, "INSERT INTO waiting (sink, seq) SELECT name, ? FROM ends WHERE kind = ?", seq, Sinks)
		}
		return err
	})
}

// Seen tells whether a frame with a mark was recorded.
func (j *Journal) Seen(ctx context.Context, source, mark string) (bool, error) {
	var n int
	err := j.db.QueryRowContext(ctx, "SELECT count(*) FROM marks WHERE source = ? AND mark = ?", source, mark).Scan(&n)
	return n > 0, err
}

// change runs f in one transaction that writes.
func (j *Journal) change(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("the line's journal: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(fmt.Errorf("the line's journal: %w", err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("the line's journal: %w", err)
	}
	return nil
}

// Kept is a verdict in the journal.
type Kept struct {
	verdict.Verdict
	Judged  string // what a person said it is, "" for nothing
	Picture string // path of its file, "" where it is not kept
	Thumb   bool   // whether there is a small picture
}

const columns = "v.verdict, v.blocks, v.judged, v.picture, v.thumb IS NOT NULL"

// scan reads the columns of a row, then the rest into more.
func (j *Journal) scan(row interface{ Scan(...any) error }, more ...any) (k Kept, err error) {
	var text, picture string
	var blocks []byte
	if err := row.Scan(append([]any{&text, &blocks, &k.Judged, &picture, &k.Thumb}, more...)...); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = project.ErrNotFound
		}
		return k, err
	}
	if err := json.Unmarshal([]byte(text), &k.Verdict); err != nil {
		return k, err
	}
	k.Blocks = unpacked(blocks)
	if picture != "" {
		k.Picture = j.path(picture)
	}
	return k, nil
}

// Find returns one verdict; project.ErrNotFound where there is none of that ID.
func (j *Journal) Find(ctx context.Context, id string) (Kept, error) {
	return j.scan(j.db.QueryRowContext(ctx, "SELECT "+columns+" FROM verdicts v WHERE id = ?", id))
}

// Thumb is the small picture of a verdict, JPEG.
func (j *Journal) Thumb(ctx context.Context, id string) (b []byte, err error) {
	err = j.db.QueryRowContext(ctx, "SELECT thumb FROM verdicts WHERE id = ? AND thumb IS NOT NULL", id).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		err = project.ErrNotFound
	}
	return b, err
}

func packed(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func unpacked(b []byte) []float32 {
	values := make([]float32, len(b)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return values
}
