package keep

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// shop is a folder of projects in a test.
func shop(t *testing.T) (Folders, *store.Store) {
	t.Helper()
	o := Folders{Projects: filepath.Join(t.TempDir(), "projects")}
	s, _, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return o, s
}

// labels are those of n boxes.
func labels(n int) []byte {
	e := annot.New(64, 48)
	for i := range n {
		_, _ = e.AddBox(block.Box{X: 8 + float64(i%40), Y: 8, HalfW: 4, HalfH: 4}, "dent")
	}
	return e.Labels().Append(nil)
}

// picture adds a picture with labels; its name is its content.
func picture(ctx context.Context, s *store.Store, p project.ID, name string) (project.Picture, error) {
	v, err := s.AddPicture(ctx, project.Picture{Project: p, Name: name + ".png", Width: 64, Height: 48, Role: project.Defective},
		strings.NewReader(strings.Repeat(name, 3000)))
	if err != nil {
		return v, err
	}
	_, err = s.SaveLabels(ctx, project.Revision{Picture: v.ID, SaveID: name, Data: labels(3), State: project.State{Author: "anna"}})
	return v, err
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// filledShop has a project with pictures, labels, ground truth and a model.
func filledShop(t *testing.T) (Folders, *store.Store, project.Project) {
	t.Helper()
	o, s := shop(t)
	ctx := t.Context()
	p := must(s.CreateProject(ctx, project.Project{Name: "bottles"}))(t)
	for i := range 5 {
		v := must(picture(ctx, s, p.ID, fmt.Sprint("picture ", i)))(t)
		if i == 0 {
			must(s.SetTruth(ctx, v.ID, strings.NewReader("a mask")))(t)
		}
	}
	j := must(s.CreateJob(ctx, project.Job{Project: p.ID, Author: "anna"}))(t)
	must(s.AddModel(ctx, project.Model{Project: p.ID, Name: "first", Supervision: "semi", Job: j.ID}, strings.NewReader("a model")))(t)
	return o, s, p
}

// dump is every row of every table of a database.
func dump(t *testing.T, path string) string {
	t.Helper()
	db := must(sql.Open("sqlite", "file:"+path+"?mode=ro"))(t)
	defer db.Close()
	query := func(q string) (out [][]any) {
		rows := must(db.QueryContext(t.Context(), q))(t)
		defer rows.Close()
		columns := must(rows.Columns())(t)
		for rows.Next() {
			row, at := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				at[i] = &row[i]
			}
			if err := rows.Scan(at...); err != nil {
				t.Fatal(err)
			}
			out = append(out, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	var b strings.Builder
	for _, table := range query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
		for _, row := range query(fmt.Sprintf("SELECT * FROM %s ORDER BY 1, 2", table[0])) {
			fmt.Fprintf(&b, "%s %q\n", table[0], fmt.Sprint(row...))
		}
	}
	return b.String()
}

// tree is the files below a folder with what is in them, without copies of the database.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, string(filepath.Separator)+filesName+string(filepath.Separator)) {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func quiet(int, int) {}

// TestBackupAndRestore: what is restored elsewhere has every row and every file of what was
// there, byte for byte, of a folder and of a zip, and only its owner may read it.
func TestBackupAndRestore(t *testing.T) {
	o, s, _ := filledShop(t)
	for _, name := range []string{"copy", "copy.zip"} {
		to := filepath.Join(t.TempDir(), name)
		m := must(Backup(t.Context(), s, to, "1.2", quiet))(t)
		if m.Files != 7 || len(m.Damaged) != 0 || m.Program != "1.2" {
			t.Errorf("%+v", m)
		}
		elsewhere := filepath.Join(t.TempDir(), "a", "projects")
		must(Restore(t.Context(), to, elsewhere, quiet))(t)
		if a, b := dump(t, filepath.Join(o.Projects, databaseName)), dump(t, filepath.Join(elsewhere, databaseName)); a != b || len(a) < 500 {
			t.Errorf("%s: rows were\n%s\nand are\n%s", name, a, b)
		}
		a, b := tree(t, o.Projects), tree(t, elsewhere)
		if len(a) != 7 || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: %d files became %d", name, len(a), len(b))
		}
		for _, path := range []string{to, elsewhere, filepath.Join(elsewhere, databaseName)} {
			if info := must(os.Stat(path))(t); info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others may read %s: %v", path, info.Mode())
			}
		}
		if left := must(filepath.Glob(filepath.Join(filepath.Dir(to), ".semirest*")))(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		// The restored folder goes on like any other.
		again, _, err := Folders{Projects: elsewhere}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p := must(Find(t.Context(), again, "bottles"))(t)
		must(picture(t.Context(), again, p.ID, "a new one"))(t)
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestBackupUnderLoad: while others add, label and delete pictures, a backup is one moment: it
// holds what was acknowledged before it began, and every file that it names.
func TestBackupUnderLoad(t *testing.T) {
	_, s := shop(t)
	p := must(s.CreateProject(t.Context(), project.Project{Name: "busy"}))(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var acknowledged atomic.Int64
	failed := make(chan error, 1)
	go func() {
		var before project.Picture
		for i := int64(1); ctx.Err() == nil; i++ {
			v, err := picture(context.WithoutCancel(ctx), s, p.ID, fmt.Sprint(i))
			if err == nil && i%5 == 0 {
				err = s.DeletePicture(context.WithoutCancel(ctx), before.ID)
			}
			if err != nil {
				failed <- err
				return
			}
			before = v
			acknowledged.Store(i)
		}
		failed <- nil
	}()
	for acknowledged.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	folder := filepath.Join(t.TempDir(), "copy")
	for i, to := range []string{folder, folder, filepath.Join(t.TempDir(), "copy.zip")} {
		first := acknowledged.Load()
		must(Backup(t.Context(), s, to, "", quiet))(t)
		elsewhere := filepath.Join(t.TempDir(), "projects")
		m := must(Restore(t.Context(), to, elsewhere, quiet))(t)
		r, _, err := Folders{Projects: elsewhere}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]project.Picture{}
		for _, v := range must(r.Pictures(t.Context(), p.ID))(t) {
			there[v.Name] = v
			f := must(r.OpenBlob(t.Context(), v.SHA256))(t)
			text := must(io.ReadAll(f))(t)
			f.Close()
			if want := strings.Repeat(strings.TrimSuffix(v.Name, ".png"), 3000); string(text) != want {
				t.Errorf("%s is another file", v.Name)
			}
		}
		for n := int64(1); n <= first; n++ {
			v, ok := there[fmt.Sprint(n, ".png")]
			if gone := n%5 == 4; ok == gone && n < first || ok && v.Labels == nil {
				t.Errorf("backup %d, picture %d of %d: there %v, labels %v", i, n, first, ok, v.Labels)
			}
		}
		if m.Files < len(there) {
			t.Errorf("%d files of %d pictures", m.Files, len(there))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

// TestBackupAgain: a folder's second backup copies only what is new, and deletes what the
// database names no more.
func TestBackupAgain(t *testing.T) {
	_, s, p := filledShop(t)
	to := filepath.Join(t.TempDir(), "copy")
	must(Backup(t.Context(), s, to, "", quiet))(t)
	old := time.Unix(1e9, 0)
	for name := range tree(t, to) { // marked, to see what is written anew
		if err := os.Chtimes(filepath.Join(to, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	must(picture(t.Context(), s, p.ID, "one more"))(t)
	first := must(s.Pictures(t.Context(), p.ID))(t)[0]
	if err := s.DeletePicture(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	m := must(Backup(t.Context(), s, to, "", quiet))(t)
	anew := 0
	for name := range tree(t, to) {
		if !must(os.Stat(filepath.Join(to, name)))(t).ModTime().Equal(old) {
			anew++
		}
	}
	if got := len(tree(t, to)); got != 6 || m.Files != 6 || anew != 1 {
		t.Errorf("%d files, %d in the manifest, %d written anew", got, m.Files, anew)
	}
}

// TestDamagedFilesAreNamed: a file that the store has lost costs the backup only this file.
func TestDamagedFilesAreNamed(t *testing.T) {
	o, s, p := filledShop(t)
	list := must(s.Pictures(t.Context(), p.ID))(t)
	path := func(sha string) string {
		name, _ := store.BlobPath(sha)
		return filepath.Join(o.Projects, filesName, name)
	}
	if err := errors.Join(os.Remove(path(list[1].SHA256)), os.WriteFile(path(list[2].SHA256), []byte("else"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"copy", "copy.zip"} {
		to := filepath.Join(t.TempDir(), name)
		m := must(Backup(t.Context(), s, to, "", quiet))(t)
		want := []string{list[1].SHA256, list[2].SHA256}
		slices.Sort(want)
		if !slices.Equal(m.Damaged, want) || m.Files != 5 {
			t.Errorf("%+v, want %v", m, want)
		}
		elsewhere := filepath.Join(t.TempDir(), "projects")
		must(Restore(t.Context(), to, elsewhere, quiet))(t)
		if n := len(tree(t, elsewhere)); n != 5 {
			t.Errorf("%d files", n)
		}
	}
}

// TestRefused: a backup overwrites nothing else, and a restore takes nothing that is not
// whole, and leaves the folder what it was.
func TestRefused(t *testing.T) {
	_, s, _ := filledShop(t)
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	must(Backup(t.Context(), s, good, "", quiet))(t)
	var blob string
	for name := range tree(t, good) {
		blob = name
	}
	for name, c := range map[string]struct {
		change func(dir string) error
		want   string
	}{
		"a file is damaged": {func(dir string) error { return os.WriteFile(filepath.Join(dir, blob), []byte("x"), 0o600) }, "is damaged"},
		"a file is missing": {func(dir string) error { return os.Remove(filepath.Join(dir, blob)) }, "a file is missing"},
		"another database":  {func(dir string) error { return appendTo(filepath.Join(dir, databaseName)) }, "semirest.db is damaged"},
		"no manifest":       {func(dir string) error { return os.Remove(filepath.Join(dir, manifestName)) }, "it is no backup of semirest"},
		"a manifest of the future": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, manifestName), []byte(`{"semirest_backup": 2, "program": "9.0"}`), 0o600)
		}, "another version of this program (9.0)"},
	} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := errors.Join(os.CopyFS(bad, os.DirFS(good)), c.change(bad)); err != nil {
			t.Fatal(err)
		}
		into := filepath.Join(t.TempDir(), "projects")
		_, err := Restore(t.Context(), bad, into, quiet)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left := must(os.ReadDir(filepath.Dir(into)))(t); len(left) != 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
	// What is there stays.
	mine := filepath.Join(dir, "mine")
	if err := errors.Join(os.Mkdir(mine, 0o700), os.WriteFile(filepath.Join(mine, "mine.txt"), []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), good, mine, quiet); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
	for _, to := range []string{mine, filepath.Join(mine, "mine.txt")} {
		if _, err := Backup(t.Context(), s, to, "", quiet); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if got := must(os.ReadFile(filepath.Join(mine, "mine.txt")))(t); !bytes.Equal(got, []byte("mine")) {
		t.Error("it is gone")
	}
	if _, err := Restore(t.Context(), filepath.Join(mine, "mine.txt"), filepath.Join(dir, "x"), quiet); err == nil || !strings.Contains(err.Error(), "neither a folder nor a zip") {
		t.Error(err)
	}
	// Stopped in the middle, nothing is left.
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Restore(ctx, good, filepath.Join(dir, "y"), func(int, int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left := must(filepath.Glob(filepath.Join(dir, "*y*")))(t); len(left) != 0 {
		t.Error(left)
	}
}

func appendTo(path string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close())
}
