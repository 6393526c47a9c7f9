package store

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"semirest/server/project"
)

func newJob(t *testing.T, s *Store, in project.ID) project.Job {
	t.Helper()
	j, err := s.CreateJob(t.Context(), project.Job{Project: in, Author: "anna", Request: project.Request{Supervision: "semi", Seed: math.MaxUint64}})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestJobs(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in, other := newProject(t, s, "a"), newProject(t, s, "b")
	a, b, c := newJob(t, s, in.ID), newJob(t, s, other.ID), newJob(t, s, in.ID)
	if a.State != project.Queued || a.Ahead != 0 || b.Ahead != 1 || c.Ahead != 2 || a.Request.Seed != math.MaxUint64 || !a.Started.IsZero() {
		t.Errorf("queued %+v, %+v, %+v", a, b, c)
	}
	got, err := s.ClaimJob(ctx)
	if err != nil || got.ID != a.ID || got.State != project.Running || got.Started.IsZero() {
		t.Fatalf("claimed %+v, %v", got, err)
	}
	if c, _ = s.Job(ctx, c.ID); c.Ahead != 2 {
		t.Errorf("%d jobs are before the last", c.Ahead)
	}
	ap := 0.5
	a, err = s.UpdateJob(ctx, a.ID, func(j *project.Job) error {
		j.Progress = project.Progress{Stage: "train", Step: 7, Total: 9, Loss: 0.25, Left: -1, AP: &ap}
		return nil
	})
	if err != nil || a.Progress.Step != 7 || *a.Progress.AP != 0.5 || a.State != project.Running {
		t.Errorf("progress %+v, %v", a, err)
	}
	a, err = s.UpdateJob(ctx, a.ID, func(j *project.Job) error {
		j.State, j.Error, j.Ended = project.Failed, "no memory\nat all", time.UnixMilli(1234)
		return nil
	})
	if err != nil || a.Error != "no memory\nat all" || !a.Ended.Equal(time.UnixMilli(1234)) {
		t.Errorf("failed %+v, %v", a, err)
	}
	left, err := s.Unended(ctx)
	if err != nil || len(left) != 2 || left[0].ID != b.ID || left[1].ID != c.ID || left[1].Ahead != 1 {
		t.Errorf("not ended: %+v, %v", left, err)
	}
	all, err := s.Jobs(ctx, in.ID)
	if err != nil || len(all) != 2 || all[0].ID != c.ID || all[1].ID != a.ID {
		t.Errorf("listed %+v, %v", all, err)
	}
	_, err = s.UpdateJob(ctx, b.ID, func(j *project.Job) error { j.Progress.Loss = math.NaN(); return nil })
	is(t, "a loss that is no number", err, project.ErrInvalid)
	_, err = s.UpdateJob(ctx, b.ID, func(j *project.Job) error { j.State = "odd"; return nil })
	is(t, "state", err, project.ErrInvalid)
	_, err = s.UpdateJob(ctx, "none", func(*project.Job) error { return nil })
	is(t, "no job", err, project.ErrNotFound)
	_, err = s.Job(ctx, "none")
	is(t, "no job", err, project.ErrNotFound)
	_, err = s.CreateJob(ctx, project.Job{Project: "none", Author: "anna"})
	is(t, "no project", err, project.ErrNotFound)
	is(t, "delete", s.DeleteProject(ctx, in.ID), nil)
	if left, err := s.Unended(ctx); err != nil || len(left) != 1 {
		t.Errorf("after the deletion: %+v, %v", left, err)
	}
}

func TestEachJobIsClaimedOnce(t *testing.T) {
	dir := folder(t)
	stores := []*Store{openStore(t, dir), openStore(t, dir)}
	in := newProject(t, stores[0], "a")
	for range 20 {
		newJob(t, stores[0], in.ID)
	}
	var mu sync.Mutex
	claimed := map[project.ID]int{}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for {
				j, err := stores[w%2].ClaimJob(t.Context())
				if errors.Is(err, project.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				claimed[j.ID]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(claimed) != 20 {
		t.Errorf("%d jobs were claimed, want 20", len(claimed))
	}
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("job %s was claimed %d times", id, n)
		}
	}
}
