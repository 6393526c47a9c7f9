package loop

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"semirest/server/detect"
	"semirest/server/project"
	"semirest/server/train"
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

// The guess of the time left falls, and comes out right on a machine that is three
// times slower than the costs say.
func TestTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := train.Preset(train.Lite, train.Semi)
		if err != nil {
			t.Fatal(err)
		}
		fit := detect.Lite()
		e := expect(train.Config{Settings: s, Fit: fit}, "semi", 60, 8, 20)
		begun, total := time.Now(), 0.0
		for _, c := range e.stages {
			total += 3 * c.cost
		}
		if e.left("unknown", 0, 0) >= 0 {
			t.Error("a guess without a stage")
		}
		for k, c := range e.stages {
			const n = 10
			for i := range n + 1 {
				left := e.left(c.name, i, n)
				want := total - time.Since(begun).Seconds()
				if k > 0 && (left < 0.99*want-0.1 || left > 1.01*want+0.1) {
					t.Errorf("%s %d of %d: %.1f s left, really %.1f", c.name, i, n, left, want)
				}
				if i < n {
					time.Sleep(time.Duration(3 * c.cost / n * float64(time.Second)))
				}
			}
		}
	})
}
