package loop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/loop/looptest"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/train"
)

var small = project.Request{Supervision: "semi", Preset: train.Fast, Steps: 18, Size: 256, Seed: 1, Deploy: true}

// start starts a Loop on a store and returns what stops it.
func start(t *testing.T, s Store, o Options) (l *Loop, stop func()) {
	t.Helper()
	o.Run = ort.Options{Threads: 2}
	if o.Tune == nil {
		o.Tune = looptest.Small
	}
	l = New(s, o)
	l.retry, l.tellEvery = 10*time.Millisecond, 0
	ctx, cancel := context.WithCancel(t.Context())
	if err := l.Start(ctx); err != nil {
		t.Fatal(err)
	}
	stop = func() { cancel(); l.Wait() }
	t.Cleanup(stop)
	return l, stop
}

// ended waits for a job's end.
func ended(t *testing.T, l *Loop, id project.ID) project.Job {
	t.Helper()
	deadline := time.Now().Add(10 * time.Minute) // a machine may have much else to do
	for time.Now().Before(deadline) {
		j, err := l.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if j.State.Ended() {
			return j
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("job %s does not end", id)
	return project.Job{}
}

// labelledProject is a project of ten normal and four labelled defective pictures.
func labelledProject(t *testing.T, s looptest.Shelf, granule string) looptest.Project {
	t.Helper()
	p := s.Brushed(t, 10, 4)
	person := looptest.Person{Shelf: s}
	for _, x := range p.Defective {
		person.Label(t, x, p.Masks[x.ID], granule)
	}
	return p
}

// seen collects what a watcher is told.
type seen struct {
	mu      sync.Mutex
	updates []Update
}

func (s *seen) add(u Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, u)
}

// One job from labels to a deployed model, and all that is asked of it afterwards.
func TestTrainingMakesADeployedModel(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p := labelledProject(t, s, evaluation.Box)
	deployed := make(chan project.Model, 1)
	dir := t.TempDir()
	l, _ := start(t, s, Options{Dir: dir, Deployed: func(_ context.Context, _ project.Project, m project.Model, _ *detect.Model) { deployed <- m }})
	var told seen
	watching, unwatch := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	watch.Go(func() { l.Watch(watching, p.ID, told.add) })
	j, err := l.Submit(t.Context(), p.ID, small, "ann")
	if err != nil {
		t.Fatal(err)
	}
	j = ended(t, l, j.ID)
	if j.State != project.Done || j.Author != "ann" || j.Model == "" {
		t.Fatalf("%+v", j)
	}
	m := <-deployed
	row, err := s.Model(t.Context(), j.Model)
	if err != nil || m.ID != row.ID {
		t.Fatal(m, err)
	}
	x := row.Metrics
	if x == nil || x.AP == nil || x.Distance == nil || x.ImageAUROC == nil || x.Latency <= 0 || x.Granule != evaluation.Box || x.Learnt != evaluation.Box {
		t.Fatalf("%+v", x)
	}
	// One of four defective pictures and two of ten normal ones are held out.
	if x.Pictures != 3 || x.Defective != 1 || x.Labelled != 3 || row.LabelMillis != 3*5000 || row.Note == "" {
		t.Errorf("%+v, label time %d, note %q", x, row.LabelMillis, row.Note)
	}
	now, err := s.Project(t.Context(), p.ID)
	if err != nil || now.Deployed != row.ID {
		t.Errorf("deployed %q, %v", now.Deployed, err)
	}
	held := 0
	pictures, err := s.Pictures(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range pictures {
		if q.Held {
			held++
		}
	}
	if held != 3 {
		t.Errorf("%d pictures are marked as held", held)
	}
	time.Sleep(50 * time.Millisecond) // the watcher's goroutine
	unwatch()
	watch.Wait()
	told.mu.Lock()
	last := told.updates[len(told.updates)-1].Job
	samples, stages := 0, map[project.Stage]bool{}
	for _, u := range told.updates {
		stages[u.Job.Progress.Stage] = true
		if u.Sample != nil {
			samples++
			if u.Sample.Scores.Len() != 32*32 {
				t.Errorf("a sample of %d blocks", u.Sample.Scores.Len())
			}
		}
	}
	told.mu.Unlock()
	if last.State != project.Done || last.Model != row.ID || samples < small.Steps || !stages["training"] || !stages["evaluating"] {
		t.Errorf("last told %+v, %d samples, stages %v", last, samples, stages)
	}
	if png, err := l.SamplePicture(j.ID); err != nil || len(png) < 1000 {
		t.Errorf("sample of %d bytes, %v", len(png), err)
	}
	if n := len(steps(t, l, j.ID)); n != small.Steps {
		t.Errorf("%d steps of the last phase in the log, want %d", n, small.Steps)
	}

	r, err := l.Evaluation(t.Context(), row.ID)
	if err != nil || len(r.Pictures) != 3 || len(r.Kinds) != 1 || *r.Metrics.AP != *x.AP || len(r.PrecisionRecall) == 0 || len(r.Overlap) == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	c, err := l.Curve(t.Context(), row.ID)
	// The two held-out normal pictures: of eight none is kept for the threshold.
	if err != nil || c.Defective != 1 || c.Normal != 2 || c.Now.Threshold != 1 || c.Verdict == "" {
		t.Errorf("%+v, %v", c, err)
	}
	if row, err = l.SetThreshold(t.Context(), row.ID, c.Suggested); err != nil || row.Threshold != c.Suggested {
		t.Errorf("%v, %v", row.Threshold, err)
	}
	if _, err := l.SetThreshold(t.Context(), row.ID, 0); !errors.Is(err, project.ErrInvalid) {
		t.Errorf("threshold 0: %v", err)
	}
	next, err := l.Next(t.Context(), p.ID, 5)
	if err != nil || len(next) != 0 {
		t.Errorf("all are labelled, yet next are %+v, %v", next, err)
	}
}

// steps are the numbers of the log's steps of the last phase.
func steps(t *testing.T, l *Loop, id project.ID) []int {
	t.Helper()
	f, err := l.Log(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []int
	phase := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e struct {
			Phase int  `json:"phase"`
			Step  *int `json:"step"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Phase > phase {
			phase, out = e.Phase, nil
		}
		if e.Step != nil {
			out = append(out, *e.Step)
		}
	}
	return out
}

// A job that its server left goes on from its checkpoint: no step is done twice, none
// is left out, and what was labelled meanwhile does not matter to it.
func TestAJobSurvivesRestarts(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p := labelledProject(t, s, evaluation.Pixel)
	o := Options{Dir: t.TempDir(), Tune: func(c *train.Config) {
		looptest.Small(c)
		c.SaveEvery = time.Millisecond
	}}
	r := small
	r.Supervision, r.Steps = "sup", 40
	l, stop := start(t, s, o)
	j, err := l.Submit(t.Context(), p.ID, r, "")
	if err != nil {
		t.Fatal(err)
	}
	for restart := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		l.Watch(ctx, "", func(u Update) {
			if u.Job.Progress.Stage == "training" && u.Job.Progress.Step >= 3+10*restart {
				cancel()
			}
			if u.Job.State.Ended() {
				cancel()
			}
		})
		stop()
		cancel()
		row, err := s.Job(t.Context(), j.ID)
		if err != nil || row.State != project.Running {
			t.Fatalf("stop %d left %+v, %v", restart, row, err)
		}
		person := looptest.Person{Shelf: s}
		person.Label(t, p.Defective[restart], p.Masks[p.Defective[restart].ID], evaluation.Box)
		l, stop = start(t, s, o)
	}
	if j = ended(t, l, j.ID); j.State != project.Done {
		t.Fatalf("%+v", j)
	}
	want := make([]int, r.Steps)
	for i := range want {
		want[i] = i + 1
	}
	if got := steps(t, l, j.ID); !slices.Equal(got, want) {
		t.Errorf("steps %v", got)
	}
	m, err := s.Model(t.Context(), j.Model)
	if err != nil || m.Metrics == nil || m.Metrics.Learnt != evaluation.Pixel || m.LabelMillis != 3*32000 {
		t.Errorf("%+v, %v", m, err)
	}
	if list, err := s.Models(t.Context(), p.ID); err != nil || len(list) != 1 {
		t.Errorf("%d models, %v", len(list), err)
	}
}

// Several jobs wait their turn; any of them can be canceled.
func TestJobsQueueAndCancel(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p := labelledProject(t, s, evaluation.Box)
	l, _ := start(t, s, Options{Dir: t.TempDir()})
	r := small
	r.Supervision, r.Steps = "un", 20_000
	var ids []project.ID
	for i := range 3 {
		if i == 2 {
			r.Supervision, r.Steps = "none", 0
		}
		j, err := l.Submit(t.Context(), p.ID, r, "")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, j.ID)
		if j.Ahead != i {
			t.Errorf("job %d has %d ahead", i, j.Ahead)
		}
	}
	if err := l.Cancel(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	l.Watch(ctx, p.ID, func(u Update) {
		if u.Job.ID == ids[0] && u.Job.Progress.Step > 3 && u.Job.Progress.Stage == "training" {
			cancel()
		}
	})
	asked := time.Now()
	if err := l.Cancel(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	for i, want := range []project.JobState{project.Canceled, project.Canceled, project.Done} {
		j := ended(t, l, ids[i])
		if j.State != want {
			t.Errorf("job %d: %s %s, want %s", i, j.State, j.Error, want)
		}
		if i == 1 && !j.Started.IsZero() {
			t.Error("a canceled job that waited was started")
		}
		if i == 2 {
			if wait := j.Started.Sub(asked); wait > 5*time.Second {
				t.Errorf("the next job started %v after the cancel", wait)
			}
			if m, err := s.Model(t.Context(), j.Model); err != nil || m.Supervision != "none" || m.LabelMillis != 0 || math.Abs(*m.Metrics.AP-*m.Metrics.Distance) > 1e-3 {
				t.Errorf("%+v, %v", m, err)
			}
		}
	}
	if list, err := s.Models(t.Context(), p.ID); err != nil || len(list) != 1 {
		t.Errorf("%d models, %v", len(list), err)
	}
}

// broken is a store that fails at times.
type broken struct {
	looptest.Shelf
	mu           sync.Mutex
	ends, models int // how many times the disk is full for a job's end, for a model
}

func (b *broken) fails(n *int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	*n--
	return *n >= 0
}

func (b *broken) UpdateJob(ctx context.Context, id project.ID, change func(*project.Job) error) (project.Job, error) {
	return b.Shelf.UpdateJob(ctx, id, func(j *project.Job) error {
		if err := change(j); err != nil {
			return err
		}
		if j.State == project.Done && b.fails(&b.ends) {
			return project.ErrFull
		}
		return nil
	})
}

func (b *broken) AddModel(ctx context.Context, m project.Model, r io.Reader) (project.Model, error) {
	if b.fails(&b.models) {
		return project.Model{}, project.ErrFull
	}
	return b.Shelf.AddModel(ctx, m, r)
}

// A full disk loses nothing: the job waits, says so, and goes on; and a model that is
// listed is not listed again.
func TestAFullDisk(t *testing.T) {
	looptest.Library(t)
	s := &broken{Shelf: looptest.Open(t), ends: 1, models: 2}
	p := s.Brushed(t, 4, 0)
	fits := 0
	l, _ := start(t, s, Options{Dir: t.TempDir(), Tune: func(c *train.Config) { fits++; looptest.Small(c) }})
	r := small
	r.Supervision, r.Steps = "none", 0
	ctx, cancel := context.WithCancel(t.Context())
	var told seen
	var watch sync.WaitGroup
	watch.Go(func() { l.Watch(ctx, p.ID, told.add) })
	j, err := l.Submit(t.Context(), p.ID, r, "")
	if err != nil {
		t.Fatal(err)
	}
	j = ended(t, l, j.ID)
	cancel()
	watch.Wait()
	list, err := s.Models(t.Context(), p.ID)
	if err != nil || len(list) != 1 || j.State != project.Done || j.Error != "" || j.Model != list[0].ID || list[0].Metrics != nil {
		t.Errorf("%+v of %+v, %v", j, list, err)
	}
	if s.ends >= 0 || s.models >= 0 || fits != 1 {
		t.Errorf("%d ends and %d models to fail, fitted %d times", s.ends, s.models, fits)
	}
	if !slices.ContainsFunc(told.updates, func(u Update) bool { return strings.Contains(u.Job.Error, "no space left") }) {
		t.Error("nobody was told of the full disk")
	}
}

// A checkpoint that another program wrote, or that is damaged, is thrown away; the job
// begins anew.
func TestAStaleCheckpoint(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p := s.Brushed(t, 4, 0)
	dir := t.TempDir()
	r := small
	r.Supervision, r.Steps = "un", 3
	for name, file := range map[string]string{"another's": "run.json", "damaged": "checkpoint.safetensors"} {
		j, err := s.CreateJob(t.Context(), project.Job{Project: p.ID, Request: r})
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(dir, "jobs", string(j.ID))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{file, "checkpoint.safetensors"} {
			if err := os.WriteFile(filepath.Join(folder, f), []byte(`{"run": "1"}`), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, stop := start(t, s, Options{Dir: dir})
		if j = ended(t, l, j.ID); j.State != project.Done {
			t.Errorf("%s: %+v", name, j)
		}
		stop()
		if list, err := os.ReadDir(folder); err != nil || len(list) > 3 {
			t.Errorf("%s: left behind: %v, %v", name, list, err)
		}
	}
}

// A project that is deleted takes its running job along.
func TestADeletedProjectEndsItsJob(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p, other := s.Brushed(t, 4, 0), s.Brushed(t, 4, 0)
	dir := t.TempDir()
	l, _ := start(t, s, Options{Dir: dir})
	r := small
	r.Supervision, r.Steps = "un", 20_000
	j, err := l.Submit(t.Context(), p.ID, r, "")
	if err != nil {
		t.Fatal(err)
	}
	r.Supervision, r.Steps = "none", 0
	next, err := l.Submit(t.Context(), other.ID, r, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	l.Watch(ctx, p.ID, func(u Update) {
		if u.Job.State == project.Running && u.Job.Progress.Stage == "training" {
			cancel()
		}
	})
	if err := s.DeleteProject(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if next = ended(t, l, next.ID); next.State != project.Done {
		t.Errorf("%+v", next)
	}
	if _, err := os.Stat(filepath.Join(dir, "jobs", string(j.ID), "checkpoint.safetensors")); err == nil {
		t.Error("the deleted project's checkpoint is still there")
	}
}

func TestSubmitRefuses(t *testing.T) {
	s := looptest.Open(t)
	p := s.Brushed(t, 3, 2)
	l := New(s, Options{Dir: t.TempDir()})
	person := looptest.Person{Shelf: s}
	person.Label(t, p.Defective[0], p.Masks[p.Defective[0].ID], evaluation.Box)
	empty, err := s.CreateProject(t.Context(), project.Project{Name: "empty"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		of     project.ID
		change func(*project.Request)
		want   error
	}{
		"sup with boxes only": {p.ID, func(r *project.Request) { r.Supervision = "sup" }, project.ErrInvalid},
		"no normal picture":   {empty.ID, func(r *project.Request) { r.Supervision = "un" }, project.ErrInvalid},
		"another preset":      {p.ID, func(r *project.Request) { r.Preset = "huge" }, project.ErrInvalid},
		"paper":               {p.ID, func(r *project.Request) { r.Preset = "paper" }, project.ErrInvalid},
		"steps":               {p.ID, func(r *project.Request) { r.Steps = -1 }, project.ErrInvalid},
		"size":                {p.ID, func(r *project.Request) { r.Size = 300 }, project.ErrInvalid},
		"name":                {p.ID, func(r *project.Request) { r.Name = "two\nlines" }, project.ErrInvalid},
		"supervision":         {p.ID, func(r *project.Request) { r.Supervision = "full" }, project.ErrInvalid},
	} {
		r := small
		c.change(&r)
		if _, err := l.Submit(t.Context(), c.of, r, ""); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if jobs, err := l.Jobs(t.Context(), p.ID); err != nil || len(jobs) != 0 {
		t.Errorf("%d jobs, %v", len(jobs), err)
	}
}

// However many are submitted at once, no more wait than may.
func TestJobsAreBoundedAtOnce(t *testing.T) {
	s := looptest.Open(t)
	p := labelledProject(t, s, evaluation.Box)
	l := New(s, Options{Dir: t.TempDir()}) // not started: nothing ends
	for range mostWaiting - 2 {
		if _, err := s.CreateJob(t.Context(), project.Job{Project: p.ID, State: project.Queued}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	var taken, busy atomic.Int64
	for range 10 {
		wg.Go(func() {
			switch _, err := l.Submit(t.Context(), p.ID, small, ""); {
			case err == nil:
				taken.Add(1)
			case errors.Is(err, project.ErrBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 2 || busy.Load() != 8 {
		t.Errorf("%d were taken, %d told 'busy'; two had room", taken.Load(), busy.Load())
	}
}
