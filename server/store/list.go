package store

import (
	"context"

	"github.com/uptrace/bun"

	"semirest/server/project"
)

// listed is a picture with its current labels' row; whose columns are null where
// it was never labelled, and then read as zero.
type listed struct {
	pictureRow `bun:",extend"`
	Author     string `bun:"author,scanonly"`
	Time       int64  `bun:"time,scanonly"`
	Normal     bool   `bun:"normal,scanonly"`
	Boxes      int    `bun:"boxes,scanonly"`
	Polygons   int    `bun:"polygons,scanonly"`
	Pixels     int64  `bun:"pixels,scanonly"`
	Blocks     int    `bun:"blocks,scanonly"`
	Millis     string `bun:"millis,scanonly"`
}

func (l listed) picture() (project.Picture, error) {
	p := l.pictureRow.picture()
	if l.Revision == 0 {
		return p, nil
	}
	row := revisionRow{
		Picture: l.ID, Revision: l.Revision, Author: l.Author, Time: l.Time, Normal: l.Normal,
		Boxes: l.Boxes, Polygons: l.Polygons, Pixels: l.Pixels, Blocks: l.Blocks, Millis: l.Millis,
	}
	state, err := row.state()
	p.Labels = &state
	return p, err
}

// joined selects pictures with the state of their current labels.
func joined(db bun.IDB, model any) *bun.SelectQuery {
	return db.NewSelect().Model(model).
		ColumnExpr("p.*").
		ColumnExpr("r.author, r.time, r.normal, r.boxes, r.polygons, r.pixels, r.blocks, r.millis").
		Join("LEFT JOIN revisions AS r ON r.picture = p.id AND r.revision = p.revision")
}

// Picture returns a picture with where its labels stand, or
// project.ErrNotFound.
func (s *Store) Picture(ctx context.Context, id project.ID) (project.Picture, error) {
	var l listed
	if err := joined(s.read, &l).Where("p.id = ?", id).Scan(ctx); err != nil {
		return project.Picture{}, s.fault("find picture "+string(id), err)
	}
	return l.picture()
}

// Pictures returns all pictures of a project; see FindPictures.
func (s *Store) Pictures(ctx context.Context, in project.ID) ([]project.Picture, error) {
	return s.FindPictures(ctx, in, project.PictureFilter{})
}

// FindPictures returns a project's pictures that pass the filter, in the order they
// were added, with where their labels stand. Of a project that is not there it
// returns none.
func (s *Store) FindPictures(ctx context.Context, in project.ID, f project.PictureFilter) ([]project.Picture, error) {
	var rows []listed
	q := joined(s.read, &rows).Where("p.project = ?", in).Order("p.seq")
	if f.Role != nil {
		q.Where("p.role = ?", *f.Role)
	}
	if f.Held != nil {
		q.Where("p.held = ?", *f.Held)
	}
	if f.Labelled != nil {
		q.Where("(p.revision > 0) = ?", *f.Labelled)
	}
	if f.Name != "" {
		q.Where("p.name = ?", f.Name)
	}
	if f.Limit > 0 || f.Offset > 0 {
		limit := f.Limit
		if limit <= 0 {
			limit = 1<<31 - 1 // SQLite knows no offset without a limit
		}
		q.Limit(int64(limit)).Offset(int64(max(f.Offset, 0)))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, s.fault("list the pictures of project "+string(in), err)
	}
	out := make([]project.Picture, len(rows))
	for i := range rows {
		var err error
		if out[i], err = rows[i].picture(); err != nil {
			return nil, s.fault("list the pictures of project "+string(in), err)
		}
	}
	return out, nil
}

// CountPictures counts a project's pictures; none of a project that is not there.
func (s *Store) CountPictures(ctx context.Context, in project.ID) (project.Counts, error) {
	var n project.Counts
	share := func(name, condition string) string { return "COUNT(CASE WHEN " + condition + " THEN 1 END) AS " + name }
	err := s.read.NewSelect().Model((*pictureRow)(nil)).Where("p.project = ?", in).
		ColumnExpr("COUNT(*) AS pictures").
		ColumnExpr(share("normal", "p.role = ?"), project.Normal).
		ColumnExpr(share("defective", "p.role = ?"), project.Defective).
		ColumnExpr(share("labelled", "p.revision > 0")).
		ColumnExpr(share("held", "p.held = ?"), true).
		Scan(ctx, &n)
	if err != nil {
		return n, s.fault("count the pictures of project "+string(in), err)
	}
	return n, nil
}
