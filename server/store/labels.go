package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

type revisionRow struct {
	bun.BaseModel `bun:"table:revisions"`
	Picture       project.ID `bun:"picture,pk"`
	Revision      int64      `bun:"revision,pk"`
	SaveID        string     `bun:"save_id"`
	Author        string     `bun:"author"`
	Time          int64      `bun:"time"`
	Normal        bool       `bun:"normal"`
	Boxes         int        `bun:"boxes"`
	Polygons      int        `bun:"polygons"`
	Pixels        int64      `bun:"pixels"`
	Blocks        int        `bun:"blocks"`
	Millis        string     `bun:"millis"`
	Sum           string     `bun:"sum"`
	Data          []byte     `bun:"data"`

	width, height int // of the picture that Data is of
}

// newRevisionRow checks a revision's data and sums it up: what lists show is
// what the data holds. This is the one place that does so: a page's save, an
// import and a project brought in whole all end here.
func newRevisionRow(r project.Revision) (*revisionRow, error) {
	if len(r.Data) > MaxData {
		return nil, invalid("the labels are longer than %d bytes", MaxData)
	}
	l, err := annot.Parse(r.Data)
	if damage, ok := errors.AsType[*annot.FormatError](err); ok {
		return nil, invalid("the labels are damaged at byte %d: %s", damage.Offset, damage.Reason)
	}
	if err != nil { // annot.ErrVersion
		return nil, invalid("the labels were written by a newer version of this program than the server's: update the server, or reload the page")
	}
	if err := errors.Join(name("name of the save", r.SaveID), name("author's name", r.Author)); err != nil {
		return nil, err
	}
	row := &revisionRow{
		Picture: r.Picture, Revision: int64(r.Base) + 1, SaveID: r.SaveID, Author: r.Author,
		Time: toMillis(r.Time), Normal: l.Normal, Pixels: int64(l.Mask.Count()), Data: r.Data, Sum: sum(r.Data),
		width: l.W, height: l.H,
	}
	for _, shape := range l.Shapes {
		switch {
		case shape.Proposed:
		case shape.Polygon():
			row.Polygons++
		default:
			row.Boxes++
		}
	}
	for _, layer := range l.Layers {
		for _, c := range layer.Cells {
			if c != block.Unknown {
				row.Blocks++
			}
		}
	}
	millis := make(map[string]int64)
	for t, ms := range l.Spent {
		if ms > 0 {
			millis[annot.Tool(t).String()] = ms
		}
	}
	row.Millis, err = encode("times", millis)
	return row, err
}

func (r *revisionRow) fits(p *pictureRow) error {
	if r.width != p.Width || r.height != p.Height {
		return invalid("the labels are of a picture of %dx%d pixels, this one has %dx%d upright", r.width, r.height, p.Width, p.Height)
	}
	return nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

func (r *revisionRow) state() (project.State, error) {
	st := project.State{
		Revision: uint64(r.Revision), Author: r.Author, Time: fromMillis(r.Time), Normal: r.Normal,
		Boxes: r.Boxes, Polygons: r.Polygons, Pixels: r.Pixels, Blocks: r.Blocks,
	}
	if err := json.Unmarshal([]byte(r.Millis), &st.Millis); err != nil {
		return st, fmt.Errorf("the times of picture %s, revision %d: %w", r.Picture, r.Revision, err)
	}
	return st, nil
}

func (s *Store) revision(r *revisionRow, whole bool) (project.Revision, error) {
	st, err := r.state()
	if err == nil && whole && sum(r.Data) != r.Sum {
		// The check at opening does not see what a page holds, only that it is one.
		err = s.damaged(fmt.Sprintf("the labels of picture %s, revision %d, are not those that were saved", r.Picture, r.Revision))
	}
	return project.Revision{
		Picture: r.Picture, Base: st.Revision - 1, SaveID: r.SaveID, Data: r.Data, State: st,
	}, err
}

// SaveLabels adds a revision to a picture's labels, in one transaction, and
// returns it as it was kept: its number, its time and what it sums up to. r's
// Picture, Base, SaveID, Data and Author are read.
//
// Where the current revision is not r's Base, nothing is saved, and the error is
// a *project.ConflictError with the current one (revision 0: none yet). A save
// with a SaveID that the picture's history holds returns that revision, whatever
// its Base: a client that saw no answer repeats the save until it does. Each
// save, and each with other data, needs its own SaveID (an empty one is filled in);
// one that is taken by other data is project.ErrInvalid, as are data that are no labels, or those of
// a picture of another size. Other errors are project.ErrNotFound, where there
// is no such picture, and project.ErrFull.
func (s *Store) SaveLabels(ctx context.Context, r project.Revision) (project.Revision, error) {
	r.Time = s.now()
	if r.SaveID == "" {
		r.SaveID = string(newID())
	}
	what := "save the labels of picture " + string(r.Picture)
	row, err := newRevisionRow(r)
	if err != nil {
		return project.Revision{}, s.fault(what, err)
	}
	kept := row
	err = s.change(ctx, what, func(tx bun.Tx) error {
		p := pictureRow{ID: r.Picture}
		if err := locked(tx.NewSelect().Model(&p).WherePK()).Scan(ctx); err != nil {
			return err
		}
		var before []revisionRow
		err := tx.NewSelect().Model(&before).Where("picture = ?", r.Picture).Where("save_id = ?", r.SaveID).Scan(ctx)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			kept = &before[0]
			if !bytes.Equal(kept.Data, r.Data) {
				return invalid("revision %d was saved under the name %.80q with other labels: give each save its own", kept.Revision, r.SaveID)
			}
			return nil
		}
		if err := row.fits(&p); err != nil {
			return err
		}
		if uint64(p.Revision) != r.Base {
			return s.conflict(ctx, tx, p)
		}
		return addRevision(ctx, tx, row)
	})
	if err != nil {
		return project.Revision{}, err
	}
	return s.revision(kept, true)
}

// addRevision makes the row its picture's current revision. The picture's own
// number decides: of two that add to the same one, one fails.
func addRevision(ctx context.Context, tx bun.Tx, row *revisionRow) error {
	res, err := tx.NewUpdate().Model((*pictureRow)(nil)).Set("revision = ?", row.Revision).
		Where("id = ?", row.Picture).Where("revision = ?", row.Revision-1).Exec(ctx)
	if err := found(res, err); err != nil {
		return err
	}
	_, err = tx.NewInsert().Model(row).Exec(ctx)
	return err
}

// conflict is the error that carries a picture's current labels.
func (s *Store) conflict(ctx context.Context, tx bun.Tx, p pictureRow) error {
	if p.Revision == 0 {
		return &project.ConflictError{Current: project.Revision{Picture: p.ID}}
	}
	row := revisionRow{Picture: p.ID, Revision: p.Revision}
	if err := tx.NewSelect().Model(&row).WherePK().Scan(ctx); err != nil {
		return err
	}
	current, err := s.revision(&row, true)
	if err != nil {
		return err
	}
	return &project.ConflictError{Current: current}
}

// Labels returns a picture's current labels; project.ErrNotFound where there is
// no such picture or it was never labelled.
func (s *Store) Labels(ctx context.Context, picture project.ID) (project.Revision, error) {
	var row revisionRow
	err := s.read.NewSelect().Model(&row).Where("picture = ?", picture).Order("revision DESC").Limit(1).Scan(ctx)
	if err != nil {
		return project.Revision{}, s.fault("read the labels of picture "+string(picture), err)
	}
	return s.revision(&row, true)
}

// LabelsAt returns revision n of a picture's labels, from 1, or
// project.ErrNotFound.
func (s *Store) LabelsAt(ctx context.Context, picture project.ID, n uint64) (project.Revision, error) {
	row := revisionRow{Picture: picture, Revision: int64(n)}
	if err := s.read.NewSelect().Model(&row).WherePK().Scan(ctx); err != nil {
		return project.Revision{}, s.fault(fmt.Sprintf("read revision %d of the labels of picture %s", n, picture), err)
	}
	return s.revision(&row, true)
}

// History returns the revisions of a picture's labels, newest first, without
// their Data; none where it was never labelled.
func (s *Store) History(ctx context.Context, picture project.ID) ([]project.Revision, error) {
	var rows []revisionRow
	err := s.read.NewSelect().Model(&rows).ExcludeColumn("data").
		Where("picture = ?", picture).Order("revision DESC").Scan(ctx)
	if err != nil {
		return nil, s.fault("read the history of picture "+string(picture), err)
	}
	out := make([]project.Revision, len(rows))
	for i := range rows {
		if out[i], err = s.revision(&rows[i], false); err != nil {
			return nil, s.fault("read the history of picture "+string(picture), err)
		}
	}
	return out, nil
}
