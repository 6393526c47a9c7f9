package main

import (
	"archive/zip"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/keep"
	"semirest/server/workshop"
)

// TestProjectsFromTheCommandLine takes pictures in, a project out, back in and away, and
// a whole server to another folder.
func TestProjectsFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s, _, err := keep.Folders{Projects: at("projects")}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	projects := "--projects=" + at("projects")
	if out := succeed(t, "project", "list", projects); !strings.Contains(out, "there is no project in "+at("projects")) {
		t.Error(out)
	}
	// Pictures of a demonstration, zipped by the program itself: out of one project as MVTec's folders, into another.
	labelled := labelsOnly(t, at("labels.zip"))
	if out := succeed(t, "project", "import", labelled, "--format", "mask", "--into", "cloth", projects); !strings.Contains(out, "2 pictures added, labels of 2 set") {
		t.Error(out)
	}
	if out := succeed(t, "project", "list", projects); !strings.Contains(out, "cloth") || !strings.Contains(out, "2 pictures") {
		t.Error(out)
	}
	for _, format := range []string{"project", "coco", "yolo-seg"} {
		succeed(t, "project", "export", "cloth", "--format", format, "--out", at(format+".zip"), projects)
	}
	fails(t, 2, "is there already", "project", "export", "cloth", "--out", at("project.zip"), projects)
	fails(t, 2, "no project is called", "project", "export", "other", "--out", at("x.zip"), projects)
	fails(t, 1, `no format is called "tiff"`, "project", "export", "cloth", "--format", "tiff", "--out", at("x.zip"), projects)
	if _, err := os.Stat(at("x.zip")); err == nil {
		t.Error("a failed export leaves a file")
	}
	if out := succeed(t, "project", "import", at("coco.zip"), "--format", "coco", "--into", "cloth", projects); !strings.Contains(out, "2 had them already") {
		t.Error(out)
	}
	if out := succeed(t, "project", "import", at("project.zip"), projects); !strings.Contains(out, "is project cloth (") {
		t.Error(out)
	}
	fails(t, 2, "2 projects are called", "project", "delete", "cloth", "--yes", projects)
	fails(t, 2, "2 projects are called", "project", "import", at("coco.zip"), "--format", "coco", "--into", "cloth", projects)
	fails(t, 2, "say with --into", "project", "import", at("coco.zip"), "--format", "coco", projects)
	fails(t, 1, "not a zip file", "project", "import", at("projects/semirest.db"), "--format", "coco", "--into", "cloth2", projects)

	succeed(t, "backup", at("copy.zip"), projects)
	succeed(t, "restore", at("copy.zip"), "--projects", at("elsewhere"))
	there := "--projects=" + at("elsewhere")
	list := succeed(t, "project", "list", there)
	if list != succeed(t, "project", "list", projects) || strings.Count(list, "cloth") != 2 {
		t.Error(list)
	}
	fails(t, 2, "is not empty", "restore", at("copy.zip"), "--projects", at("elsewhere"))
	fails(t, 2, "leave --database", "restore", at("copy.zip"), "--projects", at("third"), "--files", at("f"))

	id := strings.Fields(list)[1]
	fails(t, 2, "would be gone for good", "project", "delete", id, there)
	lock, err := workshop.Lock(at("elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	fails(t, 1, "delete the project on the page", "project", "delete", id, "--yes", there)
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	succeed(t, "project", "delete", id, "--yes", there)
	if list := succeed(t, "project", "list", there); strings.Count(list, "cloth") != 1 || strings.Contains(list, id) {
		t.Error(list)
	}
	fails(t, 2, "no such file", "project", "list", "--projects", at("nowhere"))
}

// labelsOnly is a zip of two pictures with masks.
func labelsOnly(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"images/a.png", "masks/a.png", "images/b.png", "masks/b.png"} {
		m := image.NewGray(image.Rect(0, 0, 40, 30))
		for i := range 90 {
			m.Pix[i] = 255
		}
		if name == "images/b.png" {
			m.Pix[600] = 7
		}
		w, err := z.Create(name)
		if err == nil {
			err = png.Encode(w, m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
