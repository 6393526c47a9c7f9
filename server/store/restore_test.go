package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
)

// inParts makes every part of a restore a single row.
func inParts(t testing.TB, d time.Duration) {
	t.Helper()
	was := partTime
	partTime = d
	t.Cleanup(func() { partTime = was })
}

// manyPictures is a project of n pictures with a revision each; between is called before every revision.
func manyPictures(t testing.TB, s *Store, n int, between func(i int) error) project.Snapshot {
	t.Helper()
	sha, _, err := s.PutBlob(context.Background(), strings.NewReader("a"))
	if err != nil {
		t.Fatal(err)
	}
	x := project.Snapshot{Project: project.Project{Name: "restored"}}
	for i := range n {
		x.Pictures = append(x.Pictures, project.Picture{ID: project.ID(fmt.Sprint(i)), Name: fmt.Sprint(i), SHA256: sha, Width: 64, Height: 48})
	}
	data := boxes(20)
	x.Revisions = func(yield func(project.Revision, error) bool) {
		for i, p := range x.Pictures {
			if !yield(project.Revision{Picture: p.ID, SaveID: "1", Data: data, State: project.State{Revision: 1, Author: "anna"}}, between(i)) {
				return
			}
		}
	}
	return x
}

// While a project is restored others save, and see nothing of it before it is whole.
func TestARestoreKeepsNobodyWaiting(t *testing.T) {
	inParts(t, 0)
	s, ctx := newStore(t), t.Context()
	mine, err := s.CreateProject(ctx, project.Project{Name: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.AddPicture(ctx, project.Picture{Project: mine.ID, Name: "a", Width: 64, Height: 48}, strings.NewReader("b"))
	if err != nil {
		t.Fatal(err)
	}
	x := manyPictures(t, s, 20, func(i int) error {
		// It would wait for ever if the restore held the database meanwhile.
		_, err := s.SaveLabels(ctx, project.Revision{Picture: p.ID, Base: uint64(i), Data: boxes(i + 1), State: project.State{Author: "anna"}})
		if all, err := s.Projects(ctx); err != nil || len(all) != 1 {
			t.Errorf("%d projects are seen, %v", len(all), err)
		}
		return err
	})
	in, err := s.Restore(ctx, x)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Pictures(ctx, in.ID); err != nil || len(list) != 20 || list[19].Labels == nil {
		t.Errorf("restored %d pictures, %v", len(list), err)
	}
	if all, err := s.Projects(ctx); err != nil || len(all) != 2 {
		t.Errorf("%d projects in the end, %v", len(all), err)
	}
}

// A restore that fails half way leaves nothing, and neither does one whose process was killed, once the folder is opened
// to be served.
func TestHalfARestoreLeavesNothing(t *testing.T) {
	inParts(t, 0)
	s, ctx := newStore(t), t.Context()
	rows := func() (n int) {
		t.Helper()
		for _, table := range []string{"projects", "pictures", "revisions"} {
			k, err := s.read.NewSelect().Table(table).Count(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n += int(k)
		}
		return n
	}
	broken := errors.New("the zip is damaged here")
	_, err := s.Restore(ctx, manyPictures(t, s, 500, func(i int) error {
		if i == 10 {
			return broken
		}
		return nil
	}))
	if !errors.Is(err, broken) || rows() != 0 {
		t.Errorf("%v, %d rows are left", err, rows())
	}
	ending, end := context.WithCancel(ctx)
	_, err = s.Restore(ending, manyPictures(t, s, 20, func(i int) error {
		if i == 10 {
			end()
		}
		return ending.Err()
	}))
	if !errors.Is(err, context.Canceled) || rows() != 0 {
		t.Errorf("ended: %v, %d rows are left", err, rows())
	}

	killed := projectRow{ID: newID(), Name: "half", Restoring: true}
	if _, err := s.write.NewInsert().Model(&killed).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Project(ctx, killed.ID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("half a project is seen: %v", err)
	}
	if err := s.DropUnfinished(ctx); err != nil || rows() != 0 {
		t.Errorf("%v, %d rows are left", err, rows())
	}
}

// BenchmarkSaveWhileRestoring tells how long saves take while 22,000 pictures with their labels are restored.
func BenchmarkSaveWhileRestoring(b *testing.B) {
	if os.Getenv("SEMIREST_BENCH") == "" {
		b.Skip("SEMIREST_BENCH is not set: it takes minutes")
	}
	s, in := benchStore(b)
	ctx := context.Background()
	p, err := s.AddPicture(ctx, project.Picture{Project: in.ID, Name: "a", Width: 64, Height: 48}, strings.NewReader("b"))
	if err != nil {
		b.Fatal(err)
	}
	base := uint64(0)
	for b.Loop() {
		restored := make(chan error, 1)
		begun := time.Now()
		go func() {
			_, err := s.Restore(ctx, manyPictures(b, s, 22_000, func(int) error { return nil }))
			restored <- err
		}()
		var took []time.Duration
		for going := true; going; time.Sleep(20 * time.Millisecond) {
			start := time.Now()
			if _, err := s.SaveLabels(ctx, project.Revision{Picture: p.ID, Base: base, Data: boxes(int(base%20) + 1), State: project.State{Author: "anna"}}); err != nil {
				b.Fatal(err)
			}
			base++
			took = append(took, time.Since(start))
			select {
			case err := <-restored:
				if err != nil {
					b.Fatal(err)
				}
				going = false
			default:
			}
		}
		slices.Sort(took)
		b.ReportMetric(float64(len(took)), "saves")
		b.ReportMetric(time.Since(begun).Seconds(), "restore-s")
		b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
		b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "worst-ms")
	}
}
