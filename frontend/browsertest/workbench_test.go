package browsertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/frontend"
	"semirest/server/account"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/web"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// workbench is a server with projects: a real store and real accounts, and in
// place of training, measuring and formats what the test lays down.
type workbench struct {
	t      *testing.T
	url    string
	server *web.Server
	store  *store.Store
	people *account.Accounts
	jobs   *jobs
	lay    laid
	scorer *contrast
}

// laid is what the test has the server answer.
type laid struct {
	mu     sync.Mutex
	advice any
	next   []any
	curve  any
	report any
	many   int // pictures that every project has besides its own
}

type ticket map[string]any // a JSON object

// newWorkbench serves an empty store. auth turns accounts on; there is an admin
// "ada" and a person "bob" then, with their names and "correct horse" as
// passwords.
func newWorkbench(t *testing.T, auth bool) *workbench {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	people, err := account.New(s, account.Options{Enabled: auth, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if auth {
		for _, name := range []string{"ada", "bob"} {
			if _, err := people.AddUser(t.Context(), name, name+" correct horse", name == "ada"); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := &workbench{t: t, store: s, people: people, jobs: &jobs{}, scorer: &contrast{input: prep.Size{W: 256, H: 256}, block: 8}}
	w.lay.advice = ticket{"supervision": "un", "ready": true, "reason": "No defect is labelled yet: simulated ones do.", "todo": []string{}, "normal": 0}
	w.server, err = web.New(web.Config{Version: "test", Page: frontend.Handler(), Decode: decode, Mask: picture.MaskFile, Patience: time.Second, Log: log, Accounts: people,
		Workshop: &web.Workshop{Projects: s, Pictures: shelf{w}, Labels: s, Models: shelf{w}, Files: s, Training: w.jobs,
			Exchange: exchange{}, Advice: &w.lay, Reports: &w.lay, Spool: dir}, Line: onLine(t, w)})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.server.Serve(ctx, listener); err != nil {
			t.Log(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done; _ = s.Close() })
	return w
}

// shelf is the store as web wants it.
type shelf struct{ *workbench }

func (s shelf) FindPictures(ctx context.Context, p project.ID, f project.PictureFilter) ([]project.Picture, error) {
	list, err := s.store.FindPictures(ctx, p, f)
	s.lay.mu.Lock()
	defer s.lay.mu.Unlock()
	for i := range s.lay.many {
		like := list[0]
		like.ID, like.Name, like.Labels = manyID(i), fmt.Sprintf("many %05d.png", i), nil
		list = append(list, like)
	}
	return list, err
}

func (s shelf) CountPictures(ctx context.Context, p project.ID) (project.Counts, error) {
	n, err := s.store.CountPictures(ctx, p)
	s.lay.mu.Lock()
	defer s.lay.mu.Unlock()
	n.Pictures += s.lay.many
	return n, err
}

const manyLetters = "abcdefghijklmnopqrstuvwxyz234567"

// manyID is the ID of a picture that only the list knows.
func manyID(i int) project.ID {
	b := []byte("manyaaaaaaaaaaaa")
	for k := 15; i > 0; k, i = k-1, i/32 {
		b[k] = manyLetters[i%32]
	}
	return project.ID(b)
}

func (s shelf) Picture(ctx context.Context, id project.ID) (project.Picture, error) {
	if strings.HasPrefix(string(id), "manya") {
		projects, err := s.store.Projects(ctx)
		if err != nil {
			return project.Picture{}, err
		}
		list, err := s.store.Pictures(ctx, projects[0].ID)
		if err != nil {
			return project.Picture{}, err
		}
		like := list[0]
		like.ID = id
		return like, nil
	}
	return s.store.Picture(ctx, id)
}

func (s shelf) AddPicture(ctx context.Context, p project.Picture, r io.Reader) (project.Picture, error) {
	return s.store.AddPicture(ctx, p, r)
}

func (s shelf) UpdatePicture(ctx context.Context, id project.ID, change func(*project.Picture) error) (project.Picture, error) {
	return s.store.UpdatePicture(ctx, id, change)
}

func (s shelf) DeletePicture(ctx context.Context, id project.ID) error {
	return s.store.DeletePicture(ctx, id)
}

func (s shelf) Models(ctx context.Context, p project.ID) ([]project.Model, error) {
	return s.store.Models(ctx, p)
}

func (s shelf) Model(ctx context.Context, id project.ID) (project.Model, error) {
	return s.store.Model(ctx, id)
}

func (s shelf) DeleteModel(ctx context.Context, id project.ID) error {
	return s.store.DeleteModel(ctx, id)
}

func (s shelf) SetThreshold(ctx context.Context, id project.ID, v float64) (project.Model, error) {
	return s.store.UpdateModel(ctx, id, func(m *project.Model) error { m.Threshold = v; return nil })
}

func (s shelf) Deploy(ctx context.Context, p, model project.ID) (project.Project, error) {
	out, err := s.store.Deploy(ctx, p, model)
	if err == nil {
		err = s.serve(out)
	}
	return out, err
}

func (s shelf) Rollback(ctx context.Context, p project.ID) (project.Project, error) {
	out, err := s.store.Rollback(ctx, p)
	if err == nil {
		err = s.serve(out)
	}
	return out, err
}

func (w *workbench) serve(p project.Project) error {
	return w.server.Install(web.Detector{Name: project.DetectorName(p.ID), Model: string(p.Deployed), Preset: "lite", Supervision: "semi",
		Created: time.Unix(1700000000, 0), Input: w.scorer.input, Block: 8, Kind: wire.Fused, Threshold: threshold, FalseAlarms: 0.01, Scorer: w.scorer})
}

// jobs are training jobs that do nothing but what the test says.
type jobs struct {
	mu      sync.Mutex
	list    []project.Job
	log     string
	sample  []byte
	refused error
}

func (j *jobs) Submit(_ context.Context, p project.ID, r project.Request, author string) (project.Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.refused != nil {
		return project.Job{}, j.refused
	}
	job := project.Job{ID: project.ID(fmt.Sprintf("job2222222222%03d", len(j.list)+222)), Project: p, State: project.Queued, Request: r, Author: author, Created: time.Now()}
	for _, o := range j.list {
		if !o.State.Ended() {
			job.Ahead++
		}
	}
	j.list = append(j.list, job)
	return job, nil
}

func (j *jobs) Cancel(_ context.Context, id project.ID) error {
	return j.change(id, func(x *project.Job) { x.State, x.Ended = project.Canceled, time.Now() })
}

func (j *jobs) change(id project.ID, f func(*project.Job)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.list {
		if j.list[i].ID == id {
			f(&j.list[i])
			return nil
		}
	}
	return project.ErrNotFound
}

func (j *jobs) Jobs(_ context.Context, p project.ID) (out []project.Job, _ error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, x := range j.list {
		if x.Project == p {
			out = append(out, x)
		}
	}
	return out, nil
}

func (j *jobs) Job(_ context.Context, id project.ID) (out project.Job, err error) {
	err = j.change(id, func(x *project.Job) { out = *x })
	return out, err
}

func (j *jobs) Log(context.Context, project.ID) (io.ReadCloser, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return io.NopCloser(strings.NewReader(j.log)), nil
}

func (j *jobs) SamplePicture(project.ID) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.sample == nil {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(j.sample), nil
}

// exchange knows one format, COCO, of which it takes in nothing.
type exchange struct{}

func (exchange) Formats() []project.Format { return []project.Format{{Name: "coco", Title: "COCO"}} }

func (exchange) Export(_ context.Context, _ project.ID, _ string, w io.Writer) error {
	_, err := io.WriteString(w, "PK")
	return err
}

func (exchange) Import(context.Context, project.ID, string, io.ReaderAt, int64, string) (project.Imported, error) {
	return project.Imported{Labels: 2, Skipped: []string{"<b>nobody.png</b>: no picture is called so"}}, nil
}

func (exchange) Restore(context.Context, io.ReaderAt, int64, string) (project.Project, error) {
	return project.Project{}, errors.New("not here")
}

func (l *laid) set(f func(l *laid)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
}

func (l *laid) Advise(context.Context, project.ID) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.advice, nil
}

func (l *laid) Next(context.Context, project.ID, int) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == nil {
		return []any{}, nil
	}
	return l.next, nil
}

func (l *laid) Curve(context.Context, project.ID) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.curve, nil
}

func (l *laid) Evaluation(context.Context, project.ID) (any, error) { return ticket{}, nil }

func (l *laid) Report(context.Context, project.ID) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.report, nil
}

func (l *laid) HTML(_ context.Context, _ project.ID, w io.Writer) error {
	_, err := io.WriteString(w, "<!doctype html><title>Report</title><h1>Report</h1>")
	return err
}

// project makes a project with pictures drawn by the test: normal ones, and
// defective ones with a bright spot; the first kept of each are held out.
func (w *workbench) project(name string, normal, defective, kept int) (project.Project, []project.Picture) {
	w.t.Helper()
	p, err := w.store.CreateProject(w.t.Context(), project.Project{Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	var list []project.Picture
	for i := range normal + defective {
		m := ground(320, 240, uint64(i))
		x := project.Picture{Project: p.ID, Name: fmt.Sprintf("plate %02d.png", i+1), Width: 320, Height: 240, Role: project.Normal, Held: i < kept}
		if i >= normal {
			spot(m, spotAt(i), 235)
			x.Role, x.Kind, x.Held = project.Defective, "spot", i-normal < kept
		}
		x, err := w.store.AddPicture(w.t.Context(), x, bytes.NewReader(encodePNG(w.t, m)))
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, x)
	}
	return p, list
}

// model adds a model, which no one can run.
func (w *workbench) model(p project.Project, name, supervision string, ap float64, millis int64) project.Model {
	w.t.Helper()
	v := func(x float64) *float64 { return &x }
	m, err := w.store.AddModel(w.t.Context(), project.Model{Project: p.ID, Name: name, Supervision: supervision, LabelMillis: millis,
		Metrics: &project.Metrics{AP: v(ap), PRO: v(ap + 0.1), AUROC: v(0.97), ImageAUROC: v(0.99), Distance: v(0.52), Pictures: 14, Defective: 6, Latency: 42, Granule: "pixel"}},
		strings.NewReader("model "+name))
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// train makes a job run and tells of a step with a look at the sample.
func (w *workbench) train(p project.Project, job project.ID, step, total int, loss float32) {
	w.t.Helper()
	err := w.jobs.change(job, func(j *project.Job) {
		j.State, j.Started = project.Running, time.Now().Add(-time.Minute)
		j.Progress = project.Progress{Stage: "training", Step: step, Total: total, Loss: float64(loss), Left: 75}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	grid := block.NewScores(block.Grid{Rows: 24, Cols: 32, Size: 8})
	for r := range grid.Rows {
		for c := range grid.Cols {
			d := float32((r-10)*(r-10)+(c-20)*(c-20)) / 12
			grid.Values[grid.Index(r, c)] = 2 / (1 + d)
		}
	}
	w.server.Notify(p.ID, "job", wire.Job{Job: job.Number(), Kind: wire.JobTrain, State: wire.JobRunning, Project: string(p.ID)})
	w.server.Notify(p.ID, "training", wire.Training{Job: job.Number(), Phase: wire.PhaseLearn, Step: uint32(step), Total: uint32(total), Loss: loss, SecondsLeft: 75,
		HeldOutAP: 0.41, Sample: string(job), Map: wire.Grid{Rows: grid.Rows, Cols: grid.Cols, Encoding: wire.Float16, Values: grid.Values}})
}

// truth gives a picture a ground-truth mask with its spot.
func (w *workbench) truth(p project.Picture, at image.Rectangle) {
	w.t.Helper()
	m := image.NewGray(image.Rect(0, 0, p.Width, p.Height))
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			m.SetGray(x, y, color.Gray{255})
		}
	}
	if _, err := w.store.SetTruth(w.t.Context(), p.ID, bytes.NewReader(encodePNG(w.t, m))); err != nil {
		w.t.Fatal(err)
	}
}
