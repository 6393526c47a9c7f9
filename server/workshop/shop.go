// Package workshop is where people label and train: the store of projects, the
// loop that makes detectors of them, and the pages that show both, joined.
//
// Words:
//
//   - A shop is one folder of projects at work, which one process has at a time.
//     In it lie semirest.db, the database; files, what was dropped and what was
//     trained; training, what a run needs to go on after a restart; served, the
//     models in use; incoming, what is being sent.
//   - Pages are whoever shows the shop's work to people: they are told of
//     detectors, and of what happens in a project. The shop knows no socket and no
//     page; package main joins it with package web.
//   - A deployed model is served as the detector project.DetectorName. It sleeps:
//     it is in memory while it is used and for a while after.
//
// What somebody may do is asked before the shop is.
package workshop

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"semirest/server/account"
	"semirest/server/detect"
	"semirest/server/loop"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/train"
	"semirest/shared/wire"
)

// Pages show the shop's work. Install shows a detector in place of the one of its project, if there is one, and closes
// its Scorer once nothing uses it any more; the Scorer of one that is refused stays the caller's. Notify tells those who
// watch a project; a newer message of the same key takes the place of one that was not sent yet.
type Pages interface {
	Install(d Detector) error
	Remove(of project.ID)
	Notify(of project.ID, key string, m wire.Message)
}

// Detector is a project's deployed model, ready to be shown.
type Detector struct {
	Project project.Project
	Model   project.Model
	Spec    detect.Spec // what its file says of it
	Scorer  *Sleeper
}

// Options say how a Shop works.
type Options struct {
	Version  string          // of the program, for models' provenance
	Run      ort.Options     // how models run
	Accounts account.Options // who may sign in, and how much each may send
	Tune     func(*train.Config)
	Log      *slog.Logger
}

// Shop is a folder of projects at work. Its methods may be called from any goroutine.
type Shop struct {
	Store    *store.Store
	Accounts *account.Accounts
	Loop     *loop.Loop

	dir   string
	run   ort.Options
	log   *slog.Logger
	pages Pages // given to Start
	load  func(path string) (*detect.Model, error)

	lock    io.Closer  // of dir: two servers would run the same jobs
	serving sync.Mutex // held from a change of what is deployed until it is served
	ends    context.CancelFunc
	done    sync.WaitGroup
}

// Open makes a shop of the folder dir, whose projects s keeps. The shop closes s, also where there is an error.
func Open(s *store.Store, dir string, o Options) (_ *Shop, err error) {
	w := &Shop{Store: s, dir: dir, run: o.Run, log: o.Log, load: detect.Load}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.lock, err = Lock(dir); err != nil {
		return nil, err
	}
	if err := s.DropUnfinished(context.Background()); err != nil {
		return nil, err
	}
	if w.Accounts, err = account.New(s, o.Accounts); err != nil {
		return nil, err
	}
	for _, name := range []string{"training", "served", "incoming"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	if err := emptyDir(w.Incoming()); err != nil {
		return nil, err
	}
	w.Loop = loop.New(s, loop.Options{
		Dir: filepath.Join(dir, "training"), Run: o.Run, Version: o.Version, Log: o.Log, Tune: o.Tune,
		Deployed: w.deployed,
	})
	return w, nil
}

// Dir is the shop's folder.
func (w *Shop) Dir() string { return w.dir }

// Incoming is the folder for what is being sent, until it is read. It is emptied when the shop opens.
func (w *Shop) Incoming() string { return filepath.Join(w.dir, "incoming") }

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

// Start shows on the pages what is deployed, and takes up the jobs that were not ended when the server last was. It is
// called once, before any method that changes what is deployed. The work goes on until ctx ends.
func (w *Shop) Start(ctx context.Context, pages Pages) error {
	ctx, w.ends = context.WithCancel(ctx)
	w.pages = pages
	projects, err := w.Store.Projects(ctx)
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
	w.done.Go(func() { w.Loop.Watch(ctx, "", w.tell) })
	return w.Loop.Start(ctx)
}

// Close stops training, which saves its checkpoint, and closes the store.
func (w *Shop) Close() error {
	if w.ends != nil {
		w.ends()
		w.Loop.Wait()
		w.done.Wait()
	}
	err := w.Store.Close()
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
	}
	return err
}
