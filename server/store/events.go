package store

import (
	"context"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

type eventRow struct {
	bun.BaseModel `bun:"table:events"`
	Seq           int64      `bun:"seq,pk"`
	Time          int64      `bun:"time"`
	User          string     `bun:"person"`
	Project       project.ID `bun:"project"`
	Action        string     `bun:"action"`
	Object        string     `bun:"object"`
	Detail        string     `bun:"detail"`
}

func (r eventRow) event() project.Event {
	return project.Event{
		Time: fromMillis(r.Time), User: r.User, Project: r.Project,
		Action: r.Action, Object: r.Object, Detail: r.Detail,
	}
}

// Record adds a line to the audit log; a zero time is now. Texts that are too
// long are cut: a line is never refused for what it says.
func (s *Store) Record(ctx context.Context, e project.Event) error {
	if e.Time.IsZero() {
		e.Time = s.now()
	}
	row := eventRow{
		Time: toMillis(e.Time), User: text(e.User), Project: project.ID(text(string(e.Project))),
		Action: text(e.Action), Object: text(e.Object), Detail: text(e.Detail),
	}
	return s.change(ctx, "write to the audit log", func(tx bun.Tx) error {
		expr, table := next("events")
		_, err := tx.NewInsert().Model(&row).Value("seq", expr, table).Exec(ctx)
		return err
	})
}

// Events returns lines of the audit log, newest first.
func (s *Store) Events(ctx context.Context, f project.EventFilter) ([]project.Event, error) {
	var rows []eventRow
	q := s.read.NewSelect().Model(&rows).Order("seq DESC")
	for _, c := range []struct{ column, value string }{
		{"project", string(f.Project)}, {"person", f.User}, {"action", f.Action},
	} {
		if c.value != "" {
			q.Where("? = ?", bun.Ident(c.column), c.value)
		}
	}
	if !f.Before.IsZero() {
		q.Where("time < ?", toMillis(f.Before))
	}
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	if err := q.Limit(int64(f.Limit)).Scan(ctx); err != nil {
		return nil, s.fault("read the audit log", err)
	}
	return collect(rows, eventRow.event), nil
}
