package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"semirest/server/project"
	"semirest/shared/annot"
)

type pictureRow struct {
	bun.BaseModel `bun:"table:pictures,alias:p"`
	ID            project.ID   `bun:"id,pk"`
	Seq           int64        `bun:"seq"`
	Project       project.ID   `bun:"project"`
	Name          string       `bun:"name"`
	Path          string       `bun:"path"`
	SHA256        string       `bun:"sha256"`
	Bytes         int64        `bun:"bytes"`
	Width         int          `bun:"width"`
	Height        int          `bun:"height"`
	Role          project.Role `bun:"role"`
	Kind          string       `bun:"kind"`
	Held          bool         `bun:"held"`
	Truth         string       `bun:"truth"`
	Added         int64        `bun:"added"`
	Revision      int64        `bun:"revision"`
}

func newPictureRow(p project.Picture) (pictureRow, error) {
	row := pictureRow{
		ID: newID(), Project: p.Project, Name: p.Name, Path: p.Path, SHA256: p.SHA256, Bytes: p.Bytes,
		Width: p.Width, Height: p.Height, Role: p.Role, Kind: p.Kind, Held: p.Held, Truth: p.Truth,
		Added: toMillis(p.Added),
	}
	return row, row.check()
}

func (r *pictureRow) check() error {
	if r.Width < 1 || r.Height < 1 || r.Width > annot.MaxSide || r.Height > annot.MaxSide {
		return invalid("a picture of %dx%d pixels: its sides must be from 1 to %d", r.Width, r.Height, annot.MaxSide)
	}
	switch r.Role {
	case project.Unsaid, project.Normal, project.Defective:
	default:
		return invalid("no role of a picture is called %.80q: use normal, defective or none", string(r.Role))
	}
	return errors.Join(fileName(r.Name), line("picture's path", r.Path, MaxPath), line("kind of defect", r.Kind, MaxName))
}

// AddPicture stores a picture's file, then its row, and returns the picture
// with its id, time, SHA-256 and size. r is the file as it was dropped; the
// picture's Project, Name, Path, Width, Height, Role, Kind and Held are read; without
// a Path it is the Name that was asked for.
//
// Names are unique within a project, so that labels can be brought in by name:
// the same bytes under the same name are project.ErrExists, with the picture
// that is there; other bytes under a taken name get " (2)" before the ending.
// It returns project.ErrNotFound where there is no such project,
// project.ErrInvalid, and project.ErrFull.
func (s *Store) AddPicture(ctx context.Context, p project.Picture, r io.Reader) (project.Picture, error) {
	row, err := newPictureRow(p)
	if err != nil {
		return project.Picture{}, s.fault("add a picture", err)
	}
	sp, err := s.newSpool(ctx, r)
	if err != nil {
		return project.Picture{}, err
	}
	defer sp.Close()
	if row.Path == "" {
		row.Path = p.Name
	}
	row.SHA256, row.Bytes, row.Truth, row.Added = sp.sha, sp.n, "", s.millis()
	var there *pictureRow
	err = s.store(ctx, sp, fmt.Sprintf("add picture %q", row.Name), func(tx bun.Tx) error {
		if row.Name, there, err = freeName(ctx, tx, &row, p.Name); err != nil {
			return err
		}
		return insertPicture(ctx, tx, &row)
	})
	if there != nil {
		return there.picture(), err
	}
	if err != nil {
		return project.Picture{}, err
	}
	return row.picture(), nil
}

func insertPicture(ctx context.Context, tx bun.Tx, row *pictureRow) error {
	expr, table := next("pictures")
	_, err := tx.NewInsert().Model(row).Value("seq", expr, table).Exec(ctx)
	return err
}

// freeName finds a name for the picture that none of its project has, or, with
// project.ErrExists, the picture of the same bytes that has it.
func freeName(ctx context.Context, tx bun.Tx, row *pictureRow, wanted string) (string, *pictureRow, error) {
	try := wanted
	for n := 2; ; n++ {
		var there pictureRow
		err := tx.NewSelect().Model(&there).Where("project = ?", row.Project).Where("name = ?", try).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return try, nil, nil
		}
		if err != nil {
			return "", nil, err
		}
		if there.SHA256 == row.SHA256 {
			return "", &there, project.ErrExists
		}
		ending := path.Ext(wanted)
		mark := fmt.Sprintf(" (%d)", n)
		stem := strings.TrimSuffix(wanted, ending)
		if over := len(wanted) + len(mark) - MaxName; over > 0 && over < len(stem) {
			stem = stem[:len(stem)-over]
			for !utf8.ValidString(stem) {
				stem = stem[:len(stem)-1]
			}
		}
		try = stem + mark + ending
		if len(try) > MaxName {
			return "", nil, invalid("the picture's name is taken, and too long to be told apart")
		}
	}
}

func (r pictureRow) picture() project.Picture {
	return project.Picture{
		ID: r.ID, Project: r.Project, Name: r.Name, Path: r.Path, SHA256: r.SHA256, Bytes: r.Bytes,
		Width: r.Width, Height: r.Height, Role: r.Role, Kind: r.Kind, Held: r.Held, Truth: r.Truth,
		Added: fromMillis(r.Added),
	}
}

// UpdatePicture changes a picture's name, role, kind and held: change gets the
// picture as it is now, without its Labels, and nobody else changes it
// meanwhile. An error of change is wrapped, and nothing is changed.
// Otherwise it returns project.ErrNotFound, project.ErrInvalid, or
// project.ErrExists for a name that another picture of the project has.
func (s *Store) UpdatePicture(ctx context.Context, id project.ID, change func(*project.Picture) error) (project.Picture, error) {
	err := s.change(ctx, "change picture "+string(id), func(tx bun.Tx) error {
		row := pictureRow{ID: id}
		if err := locked(tx.NewSelect().Model(&row).WherePK()).Scan(ctx); err != nil {
			return err
		}
		p := row.picture()
		if err := change(&p); err != nil {
			return err
		}
		row.Name, row.Role, row.Kind, row.Held = p.Name, p.Role, p.Kind, p.Held
		if err := row.check(); err != nil {
			return err
		}
		_, err := tx.NewUpdate().Model(&row).Column("name", "role", "kind", "held").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return project.Picture{}, err
	}
	return s.Picture(ctx, id)
}

// SetTruth stores the PNG of a picture's ground-truth mask; a nil r takes it
// away. It returns project.ErrNotFound and project.ErrFull.
func (s *Store) SetTruth(ctx context.Context, id project.ID, r io.Reader) (project.Picture, error) {
	what := "set the truth of picture " + string(id)
	set := func(sha string) func(bun.Tx) error {
		return func(tx bun.Tx) error {
			row := pictureRow{ID: id, Truth: sha}
			res, err := tx.NewUpdate().Model(&row).Column("truth").WherePK().Exec(ctx)
			return found(res, err)
		}
	}
	var err error
	if r == nil {
		err = s.change(ctx, what, set(""))
	} else {
		var sp *spool
		if sp, err = s.newSpool(ctx, r); err != nil {
			return project.Picture{}, err
		}
		defer sp.Close()
		err = s.store(ctx, sp, what, set(sp.sha))
	}
	if err != nil {
		return project.Picture{}, err
	}
	return s.Picture(ctx, id)
}

// DeletePicture deletes a picture with all revisions of its labels. It returns
// project.ErrNotFound.
func (s *Store) DeletePicture(ctx context.Context, id project.ID) error {
	return s.change(ctx, "delete picture "+string(id), func(tx bun.Tx) error {
		res, err := tx.NewDelete().Model(&pictureRow{ID: id}).WherePK().Exec(ctx)
		return found(res, err)
	})
}
