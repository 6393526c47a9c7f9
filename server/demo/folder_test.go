package demo

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	s, _ := Find("woven-cloth")
	if err := s.Folder(dir, 2, 1); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, path)
		}
		return err
	})
	want := []string{
		"ground_truth/hole/synthetic-woven-cloth-hole-04_mask.png",
		"ground_truth/snag/synthetic-woven-cloth-snag-04_mask.png",
		"ground_truth/stain/synthetic-woven-cloth-stain-04_mask.png",
		"test/good/synthetic-woven-cloth-good-1005.png",
		"test/hole/synthetic-woven-cloth-hole-04.png",
		"test/snag/synthetic-woven-cloth-snag-04.png",
		"test/stain/synthetic-woven-cloth-stain-04.png",
		"train/good/synthetic-woven-cloth-good-00.png",
		"train/good/synthetic-woven-cloth-good-01.png",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %q", err, got)
	}
	seen, err := os.ReadFile(filepath.Join(dir, want[4]))
	if err != nil {
		t.Fatal(err)
	}
	g := NewGallery()
	for _, e := range g.Entries() {
		if shown, _ := g.Image(e.Name); e.Kind == "hole" && string(shown) == string(seen) {
			t.Errorf("%s is in the folder, too", e.Name)
		}
	}
}
