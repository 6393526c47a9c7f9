package plain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestError(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "m.safetensors", Err: errors.New("no such file or directory")}
	_, number := strconv.ParseInt("big", 0, 64)
	kind := json.Unmarshal([]byte(`{"images": "none"}`), &struct {
		Images []int `json:"images"`
	}{})
	for _, c := range []struct {
		err  error
		keep []string
		want string
	}{
		{fmt.Errorf("detect: fit: %w", errors.New("at least 2 pictures are needed")), nil, "at least 2 pictures are needed"},
		{fmt.Errorf("detect: open m.safetensors: weights: %w", missing), nil, "open m.safetensors: no such file or directory"},
		{fmt.Errorf("--model lids=m.safetensors: %w", missing), nil, "--model lids=m.safetensors: no such file or directory"},
		{fmt.Errorf("a/m.safetensors: %w", missing), nil, "a/m.safetensors: open m.safetensors: no such file or directory"}, // another file
		{fmt.Errorf("a.png: %w", fmt.Errorf("picture: a.png: %w", errors.New("damaged"))), nil, "a.png: damaged"},
		{fmt.Errorf("--labels a/b.json: format: b.json: %w", errors.New("it is no list")), nil, "--labels a/b.json: it is no list"},
		{&fs.PathError{Op: "mkdir", Path: "a", Err: errors.New("not a directory")}, nil, "make the folder a: not a directory"},
		{fmt.Errorf("--projects: %w", &fs.PathError{Op: "lstat", Path: "a", Err: errors.New("no such file")}), nil, "--projects: a: no such file"},
		{errors.Join(errors.New("train: no room"), errors.New("train: m.log: no room")), nil, "no room\nm.log: no room"},
		{fmt.Errorf("train: %w", errors.New("is a folder")), []string{"train"}, "train: is a folder"}, // a folder of that name
		{fmt.Errorf("--size: %w", number), nil, "--size: not a number of the kind that is wanted"},
		{fmt.Errorf("dataset: split s.json: %w", kind), nil, "split s.json: images is a string, which does not belong there (at byte 17)"},
	} {
		if got := Error(c.err, c.keep...); got != c.want {
			t.Errorf("%v:\n%q, want\n%q", c.err, got, c.want)
		}
	}
}

// Every package of this program is in the list.
func TestNames(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.Name}}", "semirest/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(out)) {
		if !slices.Contains(Names, name) {
			t.Errorf("package %s is not in Names", name)
		}
	}
}
