package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
)

// A database that was renamed, replaced or deleted under a running server acknowledges nothing more.
func TestAMovedDatabaseAcknowledgesNothing(t *testing.T) {
	for what, move := range map[string]func(path string) error{
		"renamed": func(path string) error { return os.Rename(path, path+".old") },
		"deleted": os.Remove,
		"replaced": func(path string) error {
			if err := os.Rename(path, path+".old"); err != nil {
				return err
			}
			return os.WriteFile(path, []byte("another"), 0o600)
		},
	} {
		dir := t.TempDir()
		s := openStore(t, dir)
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := move(s.path); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateProject(t.Context(), project.Project{Name: "lost"}); !errors.Is(err, ErrMoved) {
			t.Errorf("%s: acknowledged with %v", what, err)
		}
		if err := s.Ready(t.Context()); !errors.Is(err, ErrMoved) {
			t.Errorf("%s: ready: %v", what, err)
		}
	}
}

// When pictures have filled the disk but for its reserve, labels are still saved.
func TestTheReserveIsForLabels(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	if _, _, ok := diskSpace(s.dir); !ok {
		t.Skip("disks are not measured on this system")
	}
	in, err := s.CreateProject(ctx, project.Project{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.AddPicture(ctx, project.Picture{Project: in.ID, Name: "a", Width: 64, Height: 48}, strings.NewReader("a"))
	if err != nil {
		t.Fatal(err)
	}
	free, size, _ := diskSpace(s.dir)
	if err := s.hasReserve(free - min(maxReserve, size/20) + 64<<20); !errors.Is(err, project.ErrFull) || !strings.Contains(err.Error(), "for labels") {
		t.Errorf("a file that takes of the reserve: %v", err)
	}
	if _, err := s.SaveLabels(ctx, project.Revision{Picture: p.ID, Data: boxes(1), State: project.State{Author: "anna"}}); err != nil {
		t.Error(err)
	}
}

// A copy that a wrong clock dated in the future does not stop copies.
func TestACopyFromTheFuture(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	future := s.path + ".backup-" + time.Now().Add(1000*time.Hour).UTC().Format(backupTime)
	if err := os.WriteFile(future, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.backupWhenDue(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.backupWhenDue(ctx); err != nil { // there is one of today now
		t.Fatal(err)
	}
	if found, err := filepath.Glob(s.path + ".backup-*"); err != nil || len(found) != 2 {
		t.Errorf("%v, %v", found, err)
	}
}
