package loop

import (
	"context"
	"testing"
	"testing/synctest"

	"semirest/server/project"
)

// A slow watcher gets the newest state of each job, in the order of their first news,
// and no sample is lost to a later update without one.
func TestWatchKeepsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(nil, Options{})
		post := func(job project.ID, of project.ID, step int, s *Sample) {
			l.board.post(Update{Job: project.Job{ID: job, Project: of, State: project.Running, Progress: project.Progress{Step: step}}, Sample: s})
		}
		ctx, cancel := context.WithCancel(t.Context())
		var got []Update
		block := make(chan struct{})
		go l.Watch(ctx, "p", func(u Update) {
			got = append(got, u)
			<-block
		})
		synctest.Wait()
		sample := new(Sample)
		post("a", "p", 1, nil)
		synctest.Wait() // the watcher is busy with it
		post("b", "p", 1, nil)
		post("a", "p", 2, sample)
		post("a", "p", 3, nil)
		post("c", "q", 1, nil)
		post("b", "p", 2, nil)
		close(block)
		synctest.Wait()
		if len(got) != 3 || got[1].Job.ID != "b" || got[1].Job.Progress.Step != 2 || got[2].Job.Progress.Step != 3 || got[2].Sample != sample {
			t.Errorf("%+v", got)
		}
		cancel()
		synctest.Wait()
		post("a", "p", 4, nil)
		synctest.Wait()
		if len(got) != 3 || len(l.board.watchers) != 0 {
			t.Errorf("told after its end: %+v", got)
		}
		j := project.Job{ID: "a", State: project.Running}
		if l.board.fresh(&j); j.Progress.Step != 4 {
			t.Errorf("%+v", j)
		}
		l.board.post(Update{Job: project.Job{ID: "a", State: project.Done}})
		if len(l.board.progress) != 2 {
			t.Errorf("%d jobs are remembered", len(l.board.progress))
		}
	})
}
