package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// folder is a folder of the test's own, in memory where the machine has such: a
// disk that others keep busy takes a second to sync what these tests write, and
// none of them pulls its plug.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "semirest-store-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newStore opens a store in an empty folder and closes it after the test.
func newStore(t *testing.T) *Store {
	t.Helper()
	return openStore(t, folder(t))
}

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// clock sets the store's clock; the returned function moves it.
func clock(s *Store, start time.Time) (move func(time.Duration)) {
	now := start
	s.now = func() time.Time { return now }
	return func(d time.Duration) { now = now.Add(d) }
}

func newProject(t *testing.T, s *Store, name string) project.Project {
	t.Helper()
	p, err := s.CreateProject(t.Context(), project.Project{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newPicture adds a picture of 64x48 pixels whose file is its name.
func newPicture(t *testing.T, s *Store, in project.ID, name string) project.Picture {
	t.Helper()
	p, err := s.AddPicture(t.Context(), project.Picture{Project: in, Name: name, Width: 64, Height: 48}, strings.NewReader(name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// boxes are labels of a picture of 64x48 pixels with n boxes.
func boxes(n int) []byte {
	e := annot.New(64, 48)
	for i := range n {
		b := block.Box{X: 4 + float64(i%50), Y: 4 + float64(i/50), HalfW: 2, HalfH: 2}
		if _, err := e.AddBox(b, ""); err != nil {
			panic(err)
		}
	}
	return e.Labels().Append(nil)
}

func save(t *testing.T, s *Store, picture project.ID, base uint64, data []byte) project.Revision {
	t.Helper()
	r, err := s.SaveLabels(t.Context(), project.Revision{
		Picture: picture, Base: base, SaveID: fmt.Sprintf("save-%d", base), Data: data,
		State: project.State{Author: "anna"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// is fails the test where err is not want; a nil want is no error.
func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

func TestProjects(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	move := clock(s, time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.FixedZone("CET", 3600)))
	a := newProject(t, s, "Flaschen")
	move(time.Second)
	b, err := s.CreateProject(ctx, project.Project{Name: "Flaschen", Settings: []byte(`{ "a": "<b>" }`)})
	is(t, "create", err, nil)
	if want := time.Date(2026, 3, 4, 4, 6, 7, 891_000_000, time.UTC); !a.Created.Equal(want) || a.Created.Location() != time.UTC {
		t.Errorf("created %v, want %v", a.Created, want)
	}
	if len(a.ID) != 16 || a.ID == b.ID || strings.Trim(string(a.ID), "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("ids %q and %q", a.ID, b.ID)
	}
	all, err := s.Projects(ctx)
	is(t, "list", err, nil)
	if len(all) != 2 || all[0].ID != a.ID || all[1].ID != b.ID || string(all[1].Settings) != `{"a":"<b>"}` {
		t.Errorf("listed %+v", all)
	}
	got, err := s.UpdateProject(ctx, a.ID, func(p *project.Project) error {
		p.Name, p.Deployed = "Bottles", "not by this way"
		return nil
	})
	is(t, "update", err, nil)
	if again, err := s.Project(ctx, a.ID); err != nil || again.Name != "Bottles" || got.Name != "Bottles" || again.Deployed != "" {
		t.Errorf("got %+v, then %+v (%v)", got, again, err)
	}
	stop := errors.New("stop")
	_, err = s.UpdateProject(ctx, a.ID, func(p *project.Project) error { p.Name = "lost"; return stop })
	is(t, "update that fails", err, stop)

	for _, c := range []struct {
		what string
		p    project.Project
	}{
		{"empty", project.Project{}},
		{"space", project.Project{Name: " a"}},
		{"newline", project.Project{Name: "a\nb"}},
		{"nul", project.Project{Name: "a\x00b"}},
		{"bytes", project.Project{Name: "a\xff"}},
		{"long", project.Project{Name: strings.Repeat("a", MaxName+1)}},
		{"settings", project.Project{Name: "a", Settings: []byte(`{"a":`)}},
		{"large settings", project.Project{Name: "a", Settings: []byte(`"` + strings.Repeat("a", MaxSettings) + `"`)}},
	} {
		_, err := s.CreateProject(ctx, c.p)
		is(t, "create with "+c.what, err, project.ErrInvalid)
	}
	_, err = s.Project(ctx, "'; DROP TABLE projects; --")
	is(t, "no such project", err, project.ErrNotFound)
	is(t, "delete none", s.DeleteProject(ctx, "none"), project.ErrNotFound)
	is(t, "delete", s.DeleteProject(ctx, a.ID), nil)
	if all, _ := s.Projects(ctx); len(all) != 1 || all[0].ID != b.ID {
		t.Errorf("after the deletion: %+v", all)
	}
}

func TestNamesThatLookLikeStatements(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	for _, name := range []string{`'; DROP TABLE projects; --`, `a''b`, `?0 ?`, `\'`, "x'00'", `"`, "😀 ß"} {
		p := newProject(t, s, name)
		if got, err := s.Project(ctx, p.ID); err != nil || got.Name != name {
			t.Errorf("kept %q as %q (%v)", name, got.Name, err)
		}
		pic := newPicture(t, s, p.ID, strings.ReplaceAll(name, `\`, "")+".png")
		if got, err := s.FindPictures(ctx, p.ID, project.PictureFilter{Name: pic.Name}); err != nil || len(got) != 1 {
			t.Errorf("by the name %q: %v, %v", pic.Name, got, err)
		}
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	s := newStore(t)
	all, err := s.Projects(t.Context())
	if err != nil || all == nil {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestCanceledContext(t *testing.T) {
	s := newStore(t)
	p := newProject(t, s, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.CreateProject(ctx, project.Project{Name: "b"})
	is(t, "create", err, context.Canceled)
	_, err = s.AddPicture(ctx, project.Picture{Project: p.ID, Name: "a", Width: 1, Height: 1}, bytes.NewReader([]byte{1}))
	is(t, "add", err, context.Canceled)
	if all, err := s.Projects(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestDatabaseNames(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"/a/b.db", "/a/b.db"},
		{"sqlite:///a/b%20c.db", "/a/b c.db"},
		{"sqlite://a/b.db", ""},
		{"postgres://host/db", ""},
		{"", ""},
	} {
		got, err := databasePath(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: got %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	dir := filepath.Join(folder(t), "a folder?with #odd%20 names&x=1")
	s, err := Open(t.Context(), filepath.Join(dir, "x.db"), "file://"+strings.ReplaceAll(strings.ReplaceAll(filepath.Join(dir, "f"), "%", "%25"), "?", "%3F"))
	is(t, "open", err, nil)
	p := newProject(t, s, "a")
	newPicture(t, s, p.ID, "a.png")
	is(t, "close", s.Close(), nil)
	if got, _ := filepath.Glob(filepath.Join(strings.ReplaceAll(dir, "?", "[?]"), "*")); len(got) != 2 {
		t.Errorf("the folder holds %q", got)
	}
}
