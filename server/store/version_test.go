package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// older makes this package the program that knew all migrations but the last, until back is
// called.
func older(t *testing.T) (back func()) {
	t.Helper()
	entries, err := fs.ReadDir(migrations, "migrations")
	is(t, "list", err, nil)
	less := fstest.MapFS{}
	for _, e := range entries[:len(entries)-1] {
		text, err := fs.ReadFile(migrations, "migrations/"+e.Name())
		is(t, "read", err, nil)
		less["migrations/"+e.Name()] = &fstest.MapFile{Data: text}
	}
	scripts = less
	back = func() { scripts = migrations }
	t.Cleanup(back)
	return back
}

// last is the newest version of the database.
func last(t *testing.T) int {
	entries, err := fs.ReadDir(migrations, "migrations")
	is(t, "list", err, nil)
	return len(entries)
}

// TestGoingBackOneVersion: an upgrade keeps a copy of the database; the program before
// refuses what was upgraded and says how to go back; done so, it finds what was there.
func TestGoingBackOneVersion(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "a [b] semirest.db")
	back := older(t)
	s, err := reopen(t.Context(), path)
	is(t, "open as the program before", err, nil)
	_, err = s.write.ExecContext(t.Context(), // as the tables are in every version
		"INSERT INTO projects (id, seq, name, created, deployed, previous, settings) VALUES ('a', 1, 'before', 1, '', '', '')")
	is(t, "make a project", err, nil)
	is(t, "close", s.Close(), nil)
	kept := func() []string {
		names, _ := filepath.Glob(filepath.Join(dir, "*"+before+"*"))
		return names
	}
	if names := kept(); len(names) != 0 {
		t.Errorf("copies %v without an upgrade", names)
	}

	back()
	for range 2 { // the second time nothing is brought up
		s, err = reopen(t.Context(), path)
		is(t, "upgrade", err, nil)
		newProject(t, s, "after")
		is(t, "close", s.Close(), nil)
	}
	copies := kept()
	if len(copies) != 1 {
		t.Fatalf("copies %v", copies)
	}

	older(t)
	_, err = reopen(t.Context(), path)
	is(t, "the program before refuses it", err, ErrNewer)
	told := regexp.MustCompile(`move (.+), (.+)-wal and (.+)-shm to another folder, then copy (.+) to (.+)$`).FindStringSubmatch(err.Error())
	if told == nil || !slices.Equal(told[1:], []string{path, path, path, copies[0], path}) {
		t.Fatalf("%v: %q", err, told)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(copies[0])
	is(t, "read the copy", err, nil)
	is(t, "copy", os.WriteFile(path, text, 0o600), nil)
	s, err = reopen(t.Context(), path)
	is(t, "open as the program before", err, nil)
	defer s.Close()
	var names []string
	err = s.read.NewRaw("SELECT name FROM projects").Scan(t.Context(), &names)
	if err != nil || !slices.Equal(names, []string{"before"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// TestNoUpgradeWithoutACopy: a database of which no copy can be made is left as it is.
func TestNoUpgradeWithoutACopy(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "semirest.db")
	back := older(t)
	s, err := reopen(t.Context(), path)
	is(t, "open", err, nil)
	is(t, "close", s.Close(), nil)
	back()
	moment := time.Now()
	s = &Store{path: path, now: func() time.Time { return moment }}
	blocked := path + before + fmt.Sprint(last(t)-1) + "-" + moment.UTC().Format(backupTime) + ".unfinished"
	is(t, "block", os.MkdirAll(filepath.Join(blocked, "x"), 0o700), nil)
	if err = s.open(t.Context()); err == nil || !strings.Contains(err.Error(), "it was left as it is") {
		t.Errorf("%v", err)
	}
	is(t, "close", errors.Join(s.read.Close(), s.write.Close()), nil)
	older(t)
	s, err = reopen(t.Context(), path)
	is(t, "the program before still opens it", err, nil)
	is(t, "close", s.Close(), nil)
}
