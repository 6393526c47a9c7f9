package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"semirest/server/account"
	"semirest/server/detect"
	"semirest/server/loop"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/train"
	"semirest/server/web"
)

// The workshop is where people label and train: the store of projects, the loop that makes detectors of them, and the
// server that shows both, joined. Started by
//
//	semirest serve --projects DIR [--addr localhost:8080] [--auth]
//
// it keeps everything in DIR (by default the folder "projects" in the data folder): semirest.db, the database; files,
// what was dropped and what was trained; training, what a run needs to go on after a restart; served, the models in
// use. Projects are under /api/v1/projects, as server/web/openapi.yaml describes; a deployed model is the detector
// "project/ID". Without --auth whoever is on this machine may everything.

// storeOptions are the flags that say where projects are kept.
type storeOptions struct {
	projects string // folder
	database string // URL or path; "": in the folder
	files    string // URL or folder; "": in the folder
}

func storeFlags(f *pflag.FlagSet, o *storeOptions) {
	f.StringVar(&o.projects, "projects", "", "folder of projects (default projects in the data folder)")
	f.StringVar(&o.database, "database", "", "database of projects, as a file or sqlite:///file (default semirest.db in the folder of projects)")
	f.StringVar(&o.files, "files", "", "where pictures and models are kept, as a folder or file:///folder (default files in the folder of projects)")
}

// openStore opens the store that the flags name. dir is the folder of projects, made where it was not there. dataDir is
// the value of the flag of that name.
func openStore(ctx context.Context, o storeOptions, data string) (s *store.Store, dir string, err error) {
	if dir = o.projects; dir == "" {
		if data, err = dataDir(data); err != nil {
			return nil, "", err
		}
		dir = filepath.Join(data, "projects")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, "", fmt.Errorf("--projects %s: %w", o.projects, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", fmt.Errorf("--projects: %w", err)
	}
	if o.database == "" {
		o.database = filepath.Join(dir, "semirest.db")
	}
	if o.files == "" {
		o.files = filepath.Join(dir, "files")
	}
	s, err = store.Open(ctx, o.database, o.files)
	return s, dir, err
}

// workshop joins the store, the loop and the server.
type workshop struct {
	store    *store.Store
	accounts *account.Accounts
	loop     *loop.Loop
	dir      string
	run      ort.Options
	log      *slog.Logger
	server   *web.Server // set by start

	lock    io.Closer  // of dir: two servers would run the same jobs
	serving sync.Mutex // held from a change of what is deployed until it is served
	ends    context.CancelFunc
	done    sync.WaitGroup
}

// tuneTraining changes the settings of every training run; tests make them small with it.
var tuneTraining func(*train.Config)

// limits are those of every person.
func (o *serveOptions) limits(log *slog.Logger) account.Options {
	return account.Options{
		Enabled: o.auth, Log: log,
		Requests: o.userRequests, Burst: int(math.Ceil(10 * o.userRequests)), BytesPerDay: int64(o.userGiB * (1 << 30)),
	}
}

// openWorkshop opens the store that the flags name and joins it with a loop that trains from it.
func openWorkshop(ctx context.Context, o *serveOptions, log *slog.Logger) (_ *workshop, err error) {
	s, dir, err := openStore(ctx, o.store, o.dataDir)
	if err != nil {
		return nil, err
	}
	w := &workshop{store: s, dir: dir, run: o.run, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	if w.accounts, err = account.New(s, o.limits(log)); err != nil {
		return nil, err
	}
	for _, name := range []string{"training", "served", "incoming"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	if err := emptyDir(w.incoming()); err != nil {
		return nil, err
	}
	w.loop = loop.New(w.store, loop.Options{
		Dir: filepath.Join(dir, "training"), Run: o.run, Version: version, Log: log, Tune: tuneTraining,
		Deployed: w.deployed,
	})
	return w, nil
}

// deployed serves a model that a job swapped in.
func (w *workshop) deployed(ctx context.Context, p project.Project, m project.Model) {
	if err := w.serve(ctx, p.ID); err != nil {
		w.log.Error("a trained model cannot be served", "project", p.ID, "error", err)
	}
	e := project.Event{User: project.LocalName, Project: p.ID, Action: "deploy", Object: "model " + string(m.ID), Detail: m.Name + ", as its job was asked to"}
	j, err := w.store.Job(ctx, m.Job)
	if err == nil {
		e.User = j.Author
	}
	if err := errors.Join(err, w.accounts.Record(ctx, e)); err != nil {
		w.log.Error("the audit log cannot be written", "action", e.Action, "object", e.Object, "error", err)
	}
}

// greet says what is still to be done before people can sign in.
func (w *workshop) greet(ctx context.Context, out io.Writer) {
	if !w.accounts.Enabled() {
		return
	}
	people, err := w.accounts.Users(ctx)
	if err == nil && !slices.ContainsFunc(people, func(u project.User) bool { return u.Admin && !u.Blocked }) {
		fmt.Fprintf(out, "Nobody can manage this server yet: make an account with semirest user add NAME --admin --projects %s\n", w.dir)
	}
}

func (w *workshop) incoming() string { return filepath.Join(w.dir, "incoming") }

// emptyDir removes what a killed server left in a folder of temporary files.
func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// start serves what is deployed and takes up the jobs that were not ended when the server last was.
func (w *workshop) start(ctx context.Context, server *web.Server) error {
	ctx, w.ends = context.WithCancel(ctx)
	w.server = server
	projects, err := w.store.Projects(ctx)
	if err != nil {
		return err
	}
	if err := w.tidyServed(ctx, projects); err != nil {
		return err
	}
	for _, p := range projects {
		if p.Deployed == "" {
			continue
		}
		if err := w.serve(ctx, p.ID); err != nil {
			// The project's pictures and labels are there all the same.
			w.log.Error("a project's model cannot be served", "project", p.ID, "model", p.Deployed, "error", err)
		}
	}
	w.done.Go(func() { w.loop.Watch(ctx, "", w.tell) })
	return w.loop.Start(ctx)
}

// close stops training, which saves its checkpoint, and closes the store.
func (w *workshop) close() error {
	if w.ends != nil {
		w.ends()
		w.loop.Wait()
		w.done.Wait()
	}
	err := w.store.Close()
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
	}
	return err
}

// tidyServed removes copies of models that no project has deployed any more.
func (w *workshop) tidyServed(ctx context.Context, projects []project.Project) error {
	used := map[string]bool{}
	for _, p := range projects {
		if p.Deployed == "" {
			continue
		}
		m, err := w.store.Model(ctx, p.Deployed)
		if err != nil && !errors.Is(err, project.ErrNotFound) {
			return err
		}
		used[w.servedPath(m)] = true
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "served"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path := filepath.Join(w.dir, "served", e.Name()); !used[path] {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *workshop) servedPath(m project.Model) string {
	return filepath.Join(w.dir, "served", m.SHA256+".safetensors")
}

// serve has open pages see what the project has deployed now, or nothing.
func (w *workshop) serve(ctx context.Context, id project.ID) error {
	w.serving.Lock()
	defer w.serving.Unlock()
	return w.serveLocked(ctx, id)
}

func (w *workshop) serveLocked(ctx context.Context, id project.ID) error {
	p, err := w.store.Project(ctx, id)
	if errors.Is(err, project.ErrNotFound) || (err == nil && p.Deployed == "") {
		w.server.Remove(web.DetectorName(id))
		return nil
	}
	if err != nil {
		return err
	}
	m, err := w.store.Model(ctx, p.Deployed)
	if err != nil {
		return err
	}
	d, err := w.detector(ctx, p, m)
	if err != nil {
		return err
	}
	if err := w.server.Install(d); err != nil {
		d.Close()
		return err
	}
	return nil
}

// detector makes a project's model ready to be served.
func (w *workshop) detector(ctx context.Context, p project.Project, m project.Model) (web.Detector, error) {
	path := w.servedPath(m)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := w.store.SaveBlob(ctx, m.SHA256, path); err != nil {
			return web.Detector{}, fmt.Errorf("model %s: %w", m.ID, err)
		}
	}
	loaded, err := detect.Load(path)
	if err != nil {
		return web.Detector{}, fmt.Errorf("model %s: %w", m.ID, err)
	}
	d := describeDetector(web.DetectorName(p.ID), string(m.ID), loaded)
	d.Title, d.Note, d.Batch = p.Name, m.Name, batchOn(w.run.Device)
	if m.Threshold > 0 && m.Threshold != 1 {
		d.Threshold *= m.Threshold
		d.Method = fmt.Sprintf("chosen on the page: %.3g times the model's own (%s)", m.Threshold, d.Method)
	}
	s := &sleeper{path: path, run: w.run, idle: sleepAfter}
	d.Scorer, d.Close = s, s.close
	return d, nil
}

// sleepAfter is how long a project's model stays in memory unused. There may be many projects, of which few are looked
// at.
const sleepAfter = 10 * time.Minute
