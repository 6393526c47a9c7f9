package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/project"
)

func benchStore(b *testing.B) (*Store, project.Project) {
	b.Helper()
	dir := b.TempDir() // on a disk: what is measured is its syncing
	s, err := Open(context.Background(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	p, err := s.CreateProject(context.Background(), project.Project{Name: "a"})
	if err != nil {
		b.Fatal(err)
	}
	return s, p
}

// BenchmarkSaveLabels saves 20 boxes, acknowledged on the disk.
func BenchmarkSaveLabels(b *testing.B) {
	s, in := benchStore(b)
	ctx := context.Background()
	p, err := s.AddPicture(ctx, project.Picture{Project: in.ID, Name: "a", Width: 64, Height: 48}, strings.NewReader("a"))
	if err != nil {
		b.Fatal(err)
	}
	data, base := boxes(20), uint64(0)
	for b.Loop() {
		_, err := s.SaveLabels(ctx, project.Revision{Picture: p.ID, Base: base, Data: data, State: project.State{Author: "anna"}})
		if err != nil {
			b.Fatal(err)
		}
		base++
	}
}

// BenchmarkPictures lists 2,000 pictures with where their labels stand.
func BenchmarkPictures(b *testing.B) {
	s, _ := benchStore(b)
	ctx := context.Background()
	sha, _, err := s.PutBlob(ctx, strings.NewReader("a"))
	if err != nil {
		b.Fatal(err)
	}
	x := project.Snapshot{Project: project.Project{Name: "b"}}
	for i := range 2000 {
		x.Pictures = append(x.Pictures, project.Picture{ID: project.ID(fmt.Sprint(i)), Name: fmt.Sprint(i), SHA256: sha, Width: 64, Height: 48})
	}
	data := boxes(20)
	x.Revisions = func(yield func(project.Revision, error) bool) {
		for _, p := range x.Pictures {
			if !yield(project.Revision{Picture: p.ID, SaveID: "1", Data: data, State: project.State{Revision: 1, Author: "anna"}}, nil) {
				return
			}
		}
	}
	in, err := s.Restore(ctx, x)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if all, err := s.Pictures(ctx, in.ID); err != nil || len(all) != 2000 {
			b.Fatal(len(all), err)
		}
	}
}
