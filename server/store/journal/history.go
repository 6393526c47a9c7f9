package journal

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Filter says which verdicts are asked for. The zero Filter asks for all.
type Filter struct {
	Word   string    // normal, defect or error
	Source string    // its name
	From   time.Time // this and later
	To     time.Time // earlier than this
	Before string    // an ID: only those that came before it
	Limit  int       // at most so many; 0: all
}

func (f Filter) where() (string, []any) {
	parts, args := []string{"1 = 1"}, []any(nil)
	add := func(wanted bool, part string, arg any) {
		if wanted {
			parts, args = append(parts, part), append(args, arg)
		}
	}
	add(f.Word != "", "v.word = ?", f.Word)
	add(f.Source != "", "v.source = ?", f.Source)
	add(!f.From.IsZero(), "v.time >= ?", f.From.UnixMilli())
	add(!f.To.IsZero(), "v.time < ?", f.To.UnixMilli())
	add(f.Before != "", "v.seq < (SELECT seq FROM verdicts WHERE id = ?)", f.Before)
	return strings.Join(parts, " AND "), args
}

// List returns verdicts, the newest first, without their blocks.
func (j *Journal) List(ctx context.Context, f Filter) ([]Kept, error) {
	where, args := f.where()
	if f.Limit <= 0 {
		f.Limit = -1
	}
	rows, err := j.db.QueryContext(ctx, "SELECT v.verdict, NULL, v.judged, v.picture, v.thumb IS NOT NULL FROM verdicts v WHERE "+where+" ORDER BY v.seq DESC LIMIT ?", append(args, f.Limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []Kept{}
	for rows.Next() {
		k, err := j.scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// Count is how many verdicts there were within a stretch of time.
type Count struct {
	Start   time.Time `json:"start"`
	Normal  int       `json:"normal"`
	Defect  int       `json:"defect"`
	Error   int       `json:"error"`
	Highest float64   `json:"highest"` // score
	Median  float64   `json:"median"`  // of the scores of normal pictures; 0 where there are none
}

// Counts counts the verdicts that a filter asks for, in stretches of step that begin at its From.
func (j *Journal) Counts(ctx context.Context, f Filter, step time.Duration) ([]Count, error) {
	where, args := f.where()
	rows, err := j.db.QueryContext(ctx, "SELECT v.time, v.word, coalesce(v.score, 0) FROM verdicts v WHERE "+where+" ORDER BY v.word, v.score", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := make([]Count, max(0, int((f.To.Sub(f.From)+step-1)/step)))
	normal := make([][]float64, len(counts)) // scores, ascending
	for i := range counts {
		counts[i].Start = f.From.Add(time.Duration(i) * step).UTC()
	}
	for rows.Next() {
		var ms int64
		var word string
		var score float64
		if err := rows.Scan(&ms, &word, &score); err != nil {
			return nil, err
		}
		i := int(time.UnixMilli(ms).Sub(f.From) / step)
		if i < 0 || i >= len(counts) {
			continue
		}
		switch c := &counts[i]; word {
		case "normal":
			c.Normal++
			normal[i] = append(normal[i], score)
		case "defect":
			c.Defect++
		default:
			c.Error++
		}
		counts[i].Highest = max(counts[i].Highest, score)
	}
	for i, scores := range normal {
		counts[i].Median = median(scores)
	}
	return counts, rows.Err()
}

// median of numbers in order, 0 of none.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Medians are the median scores of the first n and of the newest n pictures that a version of a model found normal, and of
// how many there are.
func (j *Journal) Medians(ctx context.Context, model, version string, n int) (first, last float64, all int, err error) {
	rows, err := j.db.QueryContext(ctx, "SELECT score FROM verdicts WHERE model = ? AND word = 'normal' AND json_extract(verdict, '$.version') = ? ORDER BY seq", model, version)
	if err != nil {
		return 0, 0, 0, err
	}
	defer rows.Close()
	var scores []float64
	for rows.Next() {
		var s float64
		if err := rows.Scan(&s); err != nil {
			return 0, 0, 0, err
		}
		scores = append(scores, s)
	}
	k := min(n, len(scores))
	head, tail := slices.Clone(scores[:k]), slices.Clone(scores[len(scores)-k:])
	slices.Sort(head)
	slices.Sort(tail)
	return median(head), median(tail), len(scores), rows.Err()
}

// Judge notes what a person said that a picture is.
func (j *Journal) Judge(ctx context.Context, id, what string) error {
	return j.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE verdicts SET judged = ? WHERE id = ?", what, id)
		return err
	})
}

// Sweep forgets verdicts that are older than from, then, the oldest first, the pictures of others until all that is kept
// takes up at most limit bytes. What a sink waits for stays.
func (j *Journal) Sweep(ctx context.Context, from time.Time, limit int64) error {
	const free = "NOT EXISTS (SELECT 1 FROM waiting w WHERE w.seq = v.seq)"
	var gone []string
	err := j.change(ctx, func(tx *sql.Tx) error {
		for _, q := range []struct {
			find string
			arg  any
			do   string
		}{
			{"SELECT v.seq, v.picture FROM verdicts v WHERE v.time < ? AND " + free, from.UnixMilli(), "DELETE FROM verdicts WHERE seq = ?"},
			{"SELECT v.seq, v.picture FROM (SELECT *, sum(bytes) OVER (ORDER BY seq DESC) AS younger FROM verdicts) v WHERE v.picture <> '' AND v.younger > ? AND " + free, limit,
				"UPDATE verdicts SET picture = '', bytes = length(verdict) + coalesce(length(blocks), 0) + coalesce(length(thumb), 0) WHERE seq = ?"},
		} {
			found, err := pairs(ctx, tx, q.find, q.arg)
			if err != nil {
				return err
			}
			for seq, picture := range found {
				if _, err := tx.ExecContext(ctx, q.do, seq); err != nil {
					return err
				}
				if picture != "" {
					gone = append(gone, picture)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var failed error
	for _, picture := range gone {
		if err := os.Remove(j.path(picture)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func pairs(ctx context.Context, tx *sql.Tx, query string, arg any) (map[int64]string, error) {
	rows, err := tx.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[int64]string{}
	for rows.Next() {
		var seq int64
		var text string
		if err := rows.Scan(&seq, &text); err != nil {
			return nil, err
		}
		found[seq] = text
	}
	return found, rows.Err()
}
