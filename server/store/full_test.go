package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
)

// The database may not grow: what is refused for it leaves no trace, what was
// there stays readable, and saving goes on when there is room again.
func TestFullDatabase(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in := newProject(t, s, "a")
	p := newPicture(t, s, in.ID, "a.png")
	limit := func(pages int) {
		t.Helper()
		_, err := s.write.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		is(t, "limit", err, nil)
	}
	var pages int
	is(t, "pages", s.write.NewRaw("PRAGMA page_count").Scan(ctx, &pages), nil)
	limit(pages + 20)
	var last uint64
	for n := uint64(0); ; n++ {
		_, err := s.SaveLabels(ctx, project.Revision{
			Picture: p.ID, Base: n, SaveID: fmt.Sprint(n), Data: revisionData(n + 1), State: project.State{Author: "anna"},
		})
		if errors.Is(err, project.ErrFull) {
			last = n
			break
		}
		is(t, "save", err, nil)
		if n > 1000 {
			t.Fatal("the database is never full")
		}
	}
	r, err := s.Labels(ctx, p.ID)
	if err != nil || r.Revision != last || last < 3 || !bytes.Equal(r.Data, revisionData(last)) {
		t.Errorf("current revision %d, %v, want %d", r.Revision, err, last)
	}
	var models int
	for {
		_, err = s.AddModel(ctx, project.Model{Project: in.ID, Name: "m", Note: strings.Repeat("n", MaxText)}, strings.NewReader("weights"))
		if err != nil {
			break
		}
		models++
	}
	is(t, "add a model", err, project.ErrFull)
	if all, err := s.Models(ctx, in.ID); err != nil || len(all) != models {
		t.Errorf("%d models are listed, %v, want %d", len(all), err, models)
	}
	limit(1 << 30)
	r, err = s.SaveLabels(ctx, project.Revision{
		Picture: p.ID, Base: last, SaveID: fmt.Sprint(last), Data: revisionData(last + 1), State: project.State{Author: "anna"},
	})
	if err != nil || r.Revision != last+1 {
		t.Errorf("with room again: revision %d, %v", r.Revision, err)
	}
}

// mountSmallDisk puts a small disk at dir where the machine can, or ends the
// process.
var mountSmallDisk func(dir string)

// fillDisk fills the disk that dir is on by labels, pictures and models until
// nothing more goes in, and checks what is there then. The disk must be small.
func fillDisk(dir string) error {
	mountSmallDisk(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := reopen(ctx, dir+"/semirest.db")
	if err != nil {
		return err
	}
	defer s.Close()
	in, err := s.CreateProject(ctx, project.Project{Name: "a"})
	if err != nil {
		return err
	}
	file := func(n int) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}), 60_000) }
	p, err := s.AddPicture(ctx, project.Picture{Project: in.ID, Name: "labelled", Width: 64, Height: 48}, file(0))
	if err != nil {
		return err
	}
	saved, pictures, full := uint64(0), 1, map[string]int{}
	for n := 1; full["labels"] < 3 || full["picture"] < 3; n++ {
		if n > 5000 {
			return errors.New("the disk is never full")
		}
		_, err := s.SaveLabels(ctx, project.Revision{
			Picture: p.ID, Base: saved, Data: revisionData(saved + 1), State: project.State{Author: "anna"},
		})
		switch {
		case err == nil:
			saved++
		case errors.Is(err, project.ErrFull):
			full["labels"]++
		default:
			return fmt.Errorf("save labels: %w", err)
		}
		_, err = s.AddPicture(ctx, project.Picture{Project: in.ID, Name: "p", Width: 1, Height: 1}, file(n))
		switch {
		case err == nil:
			pictures++
		case errors.Is(err, project.ErrFull):
			full["picture"]++
		default:
			return fmt.Errorf("add a picture: %w", err)
		}
	}
	if _, err := s.Backup(ctx); !errors.Is(err, project.ErrFull) {
		return fmt.Errorf("a backup on a full disk: %w", err)
	}
	all, err := s.Pictures(ctx, in.ID)
	if err != nil || len(all) != pictures {
		return fmt.Errorf("%d pictures are listed, want %d: %w", len(all), pictures, err)
	}
	r, err := s.Labels(ctx, p.ID)
	if err != nil || r.Revision != saved || !bytes.Equal(r.Data, revisionData(saved)) {
		return fmt.Errorf("revision %d, want %d: %w", r.Revision, saved, err)
	}
	for _, p := range all {
		r, err := s.OpenBlob(ctx, p.SHA256)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, r)
		r.Close()
		if err != nil || n != 60_000 {
			return fmt.Errorf("a listed picture has %d bytes: %w", n, err)
		}
	}
	fmt.Printf("%d revisions and %d pictures filled the disk\n", saved, pictures)
	return s.check(ctx, s.write.DB)
}
