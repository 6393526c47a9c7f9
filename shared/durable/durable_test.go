package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// holds checks what path holds, and that its folder holds nothing else.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("the file holds %q, %v; want %q", b, err, want)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v; want one file", files, err)
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	for _, want := range []string{"first", "", "a longer second"} {
		if err := Replace(path, text(want)); err != nil {
			t.Fatal(err)
		}
		holds(t, path, want)
	}
}

// A write that fails half way leaves the old file, or none, and nothing else.
func TestAFailedWriteChangesNothing(t *testing.T) {
	full := errors.New("no space left on device")
	half := func(w io.Writer) error { return errors.Join(text("half")(w), full) }
	path := filepath.Join(t.TempDir(), "a.json")
	refused := func() {
		t.Helper()
		if err := Replace(path, half); !errors.Is(err, full) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want the write's own with the path", err)
		}
	}
	refused()
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 0 {
		t.Errorf("left in the folder: %v, %v", files, err)
	}
	if err := Replace(path, text("old")); err != nil {
		t.Fatal(err)
	}
	refused()
	holds(t, path, "old")
	if err := Replace(filepath.Join(t.TempDir(), "absent", "a"), text("")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

// While one writer is at work its temporary name is taken: the other's file is whole
// too, and the last to end wins.
func TestTwoWritersAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	err := Replace(path, func(w io.Writer) error {
		if err := Replace(path, text("inner")); err != nil {
			return err
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "inner" {
			t.Errorf("the inner writer's file holds %q, %v", b, err)
		}
		return text("outer")(w)
	})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, path, "outer")
}

// The file may be read by whom the user's mask allows, not by its owner alone.
func TestReplacedFilesAreOrdinary(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := errors.Join(Replace(path, text("")), os.WriteFile(other, nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	var modes []os.FileMode
	for _, p := range []string{path, other} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		modes = append(modes, info.Mode())
	}
	if modes[0] != modes[1] {
		t.Errorf("mode %v, an ordinary file has %v", modes[0], modes[1])
	}
}
