package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/server/project"
)

// filled makes a closed store whose one picture has n revisions, and returns the
// database's path and the picture.
func filled(t *testing.T, n int) (path string, picture project.ID) {
	t.Helper()
	dir := folder(t)
	path = filepath.Join(dir, "semirest.db")
	s, err := Open(t.Context(), path, filepath.Join(dir, "files"))
	is(t, "open", err, nil)
	p := newPicture(t, s, newProject(t, s, "a").ID, "a.png")
	for i := range n {
		save(t, s, p.ID, uint64(i), revisionData(uint64(i+1)))
	}
	is(t, "close", s.Close(), nil)
	return path, p.ID
}

// revisionData are labels that differ from one revision to the next; some fit
// into a page of the database, some do not.
func revisionData(n uint64) []byte { return boxes(int(1 + n*37%400)) }

func reopen(ctx context.Context, path string) (*Store, error) {
	return Open(ctx, path, filepath.Join(filepath.Dir(path), "files"))
}

func TestOpenTwiceIsOpenOnce(t *testing.T) {
	path, picture := filled(t, 3)
	for range 3 {
		s, err := reopen(t.Context(), path)
		is(t, "open", err, nil)
		if r, err := s.Labels(t.Context(), picture); err != nil || r.Revision != 3 {
			t.Errorf("labels %+v, %v", r, err)
		}
		is(t, "close", s.Close(), nil)
	}
	for _, name := range []string{path, filepath.Dir(path) + "/files"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may look into %s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestManyOpenANewDatabaseAtOnce(t *testing.T) {
	dir := folder(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := Open(t.Context(), filepath.Join(dir, "x.db"), filepath.Join(dir, "files"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.CreateProject(t.Context(), project.Project{Name: "a"}); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, err := openStore2(t, filepath.Join(dir, "x.db")).Projects(t.Context()); err != nil || len(all) != 6 {
		t.Errorf("%d projects, %v", len(all), err)
	}
}

func openStore2(t *testing.T, path string) *Store {
	t.Helper()
	s, err := reopen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestMigrationsDownAndUp(t *testing.T) {
	path, _ := filled(t, 1)
	s := openStore2(t, path)
	p, err := provider(s.write.DB)
	is(t, "provider", err, nil)
	_, err = p.DownTo(t.Context(), 0)
	is(t, "down", err, nil)
	var left []string
	err = s.write.NewRaw("SELECT name FROM sqlite_master WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'").Scan(t.Context(), &left)
	if err != nil || len(left) != 0 {
		t.Errorf("left are %q, %v", left, err)
	}
	is(t, "up", s.migrate(t.Context(), s.write.DB), nil)
	newProject(t, s, "b")
}

func TestNewerDatabase(t *testing.T) {
	path, _ := filled(t, 1)
	s, err := reopen(t.Context(), path)
	is(t, "open", err, nil)
	_, err = s.write.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	is(t, "pretend", err, nil)
	is(t, "close", s.Close(), nil)
	_, err = reopen(t.Context(), path)
	is(t, "open a newer one", err, ErrNewer)
}

func TestBackup(t *testing.T) {
	path, picture := filled(t, 2)
	s := openStore2(t, path)
	if n := len(s.copies()); n != 1 {
		t.Fatalf("opening made %d copies, want 1", n)
	}
	move := clock(s, time.Now())
	is(t, "not due", s.backupWhenDue(t.Context()), nil)
	if n := len(s.copies()); n != 1 {
		t.Errorf("%d copies within a day", n)
	}
	for range 9 {
		move(backupEvery + time.Minute)
		is(t, "due", s.backupWhenDue(t.Context()), nil)
	}
	copies := s.copies()
	if len(copies) != backupsKept || !copies[len(copies)-1].made.Equal(s.now().UTC().Truncate(time.Millisecond)) {
		t.Errorf("copies %v", copies)
	}
	if info, err := os.Stat(copies[0].path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read a copy: %v, %v", info.Mode(), err)
	}
	save(t, s, picture, 2, boxes(9))
	// A copy is a database that opens.
	moved := filepath.Join(folder(t), "semirest.db")
	b, err := os.ReadFile(copies[3].path)
	is(t, "read", err, nil)
	is(t, "write", os.WriteFile(moved, b, 0o600), nil)
	if r, err := openStore2(t, moved).Labels(t.Context(), picture); err != nil || r.Revision != 2 {
		t.Errorf("labels in the copy: %+v, %v", r, err)
	}
	if rest, _ := filepath.Glob(path + "*unfinished*"); len(rest) != 0 {
		t.Errorf("left over: %q", rest)
	}
}

// Every page of a database is overwritten in turn: either the damage is seen at
// opening, or it is seen when what lies there is read. Labels that are not those
// that were saved never come out.
func TestDamagedPages(t *testing.T) {
	path, picture := filled(t, 30)
	s, err := reopen(t.Context(), path) // makes a copy
	is(t, "open", err, nil)
	is(t, "close", s.Close(), nil)
	whole, err := os.ReadFile(path)
	is(t, "read", err, nil)
	const page = 4096
	atOpen, atRead, unseen := 0, 0, 0
	for at := 0; at < len(whole); at += page {
		damaged := bytes.Clone(whole)
		for i := range page {
			damaged[at+i] ^= byte(i*7 + 1)
		}
		is(t, "write", os.WriteFile(path, damaged, 0o600), nil)
		s, err := reopen(t.Context(), path)
		var known *DamagedError
		if errors.As(err, &known) {
			atOpen++
			if after, _ := os.ReadFile(path); !bytes.Equal(after, damaged) {
				t.Errorf("page %d: opening changed the database", at/page)
			}
			if known.File != path || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), known.Backup) || known.Backup == "" {
				t.Errorf("page %d: the error does not tell what to do: %v", at/page, err)
			}
			continue
		}
		is(t, fmt.Sprintf("open with page %d damaged", at/page), err, nil)
		seen := false
		for n := uint64(1); n <= 30; n++ {
			r, err := s.LabelsAt(t.Context(), picture, n)
			switch {
			case errors.As(err, &known):
				seen = true
			case err != nil:
				t.Errorf("page %d, revision %d: %v", at/page, n, err)
			case !bytes.Equal(r.Data, revisionData(n)):
				t.Errorf("page %d: other labels came out as revision %d", at/page, n)
			}
		}
		if seen {
			atRead++
		} else {
			unseen++
		}
		is(t, "close", s.Close(), nil)
	}
	t.Logf("of %d pages: %d seen at opening, %d at reading, %d hold nothing", len(whole)/page, atOpen, atRead, unseen)
	if atOpen < 10 || unseen > 2 {
		t.Error("damage is not seen")
	}

	// The way back that the error tells.
	is(t, "write", os.WriteFile(path, whole[:len(whole)/2], 0o600), nil)
	_, err = reopen(t.Context(), path)
	var known *DamagedError
	if !errors.As(err, &known) {
		t.Fatalf("a database cut in half: %v", err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, path+".damaged"+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(known.Backup)
	is(t, "read", err, nil)
	is(t, "write", os.WriteFile(path, b, 0o600), nil)
	if r, err := openStore2(t, path).Labels(t.Context(), picture); err != nil || r.Revision != 30 {
		t.Errorf("restored: %+v, %v", r.State, err)
	}
}

func TestDamageWithoutACopy(t *testing.T) {
	path := filepath.Join(folder(t), "semirest.db")
	is(t, "write", os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600), nil)
	_, err := reopen(t.Context(), path)
	var known *DamagedError
	if !errors.As(err, &known) || known.Backup != "" || !strings.Contains(err.Error(), "no copy") {
		t.Errorf("got %v", err)
	}
}
