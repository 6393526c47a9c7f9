package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files (content: their own name) below a temporary folder.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range files {
		path := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func names(items []Item) string {
	var s []string
	for _, i := range items {
		s = append(s, i.Name+":"+i.Kind)
	}
	return strings.Join(s, " ")
}

func TestOpenMVTec(t *testing.T) {
	root := tree(t,
		"train/good/b.png", "train/good/a.JPG", "train/good/Thumbs.db", "train/good/.hidden.png", "train/other/x.png",
		"test/good/g.png", "test/crack/c1.png", "test/crack/c2.jpg", "test/blob/d.png", "test/empty/readme.txt", "test/stray.png",
		"ground_truth/crack/c1_mask.png", "ground_truth/blob/d.png")
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s.Train), "train/good/a.JPG:good train/good/b.png:good"; got != want {
		t.Errorf("train %q, want %q", got, want)
	}
	if got, want := names(s.Test), "test/good/g.png:good test/blob/d.png:blob test/crack/c1.png:crack test/crack/c2.jpg:crack"; got != want {
		t.Errorf("test %q, want %q", got, want)
	}
	if got, want := strings.Join(s.Kinds, " "), "blob crack"; got != want {
		t.Errorf("kinds %q, want %q", got, want)
	}
	masks := map[string]string{}
	for _, i := range s.Test {
		masks[i.Name] = i.Mask
	}
	if got, want := masks["test/crack/c1.png"], filepath.Join(root, "ground_truth/crack/c1_mask.png"); got != want {
		t.Errorf("mask %q, want %q", got, want)
	}
	if got, want := masks["test/blob/d.png"], filepath.Join(root, "ground_truth/blob/d.png"); got != want {
		t.Errorf("mask without suffix %q, want %q", got, want)
	}
	if got := masks["test/crack/c2.jpg"]; got != "" {
		t.Errorf("mask %q where there is none", got)
	}
}

func TestOpenPlainFolder(t *testing.T) {
	s, err := Open(tree(t, "b.png", "a.jpeg", "notes.txt", "sub/c.png"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s.Train), "a.jpeg:good b.png:good"; got != want || len(s.Test) != 0 {
		t.Errorf("train %q, want %q; %d test images", got, want, len(s.Test))
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(tree(t, "a.png"), "a.png")
	cases := []struct{ name, dir, says string }{
		{"nothing there", filepath.Join(t.TempDir(), "gone"), "gone"},
		{"a file", file, "is a file"},
		{"an empty folder", t.TempDir(), "no images"},
		{"no pictures", tree(t, "readme.txt"), "expected either images"},
		{"empty train and test", tree(t, "train/good/x.txt", "test/a/y.txt"), "expected train/good"},
	}
	for _, c := range cases {
		if _, err := Open(c.dir); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.says)
		}
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoImages) {
		t.Errorf("error %v is no ErrNoImages", err)
	}
}

func TestFingerprint(t *testing.T) {
	root := tree(t, "a.png", "b.png")
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Fingerprint(s.Train)
	if err != nil {
		t.Fatal(err)
	}
	same, _ := Open(tree(t, "a.png", "b.png"))
	if again, _ := Fingerprint(same.Train); again != first {
		t.Error("the same bytes in another folder have another fingerprint")
	}
	if err := os.WriteFile(filepath.Join(root, "b.png"), []byte("b.pnG"), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed, _ := Fingerprint(s.Train); changed == first {
		t.Error("a changed file leaves the fingerprint as it was")
	}
	if part, _ := Fingerprint(s.Train[:1]); part == first {
		t.Error("fewer files leave the fingerprint as it was")
	}
}
