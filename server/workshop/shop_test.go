package workshop

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/demo"
	"semirest/server/demo/fit"
	"semirest/server/detect"
	"semirest/server/loop/looptest"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/block"
	"semirest/shared/wire"
)

// shown are pages that keep what they are given. They close what they replace, as package web does.
type shown struct {
	detectors map[project.ID]Detector
	refuse    error
}

func (s *shown) Install(d Detector) error {
	if s.refuse != nil {
		return s.refuse
	}
	s.Remove(d.Project.ID)
	s.detectors[d.Project.ID] = d
	return nil
}

func (s *shown) Remove(of project.ID) {
	if d, ok := s.detectors[of]; ok {
		d.Scorer.Close()
	}
	delete(s.detectors, of)
}

func (*shown) Notify(project.ID, string, wire.Message) {}

// open opens the shop of a folder and starts it. looks counts the models that were loaded.
func open(t *testing.T, dir string) (w *Shop, pages *shown, looks *int) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	w, err = Open(s, dir, Options{Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	looks = new(int)
	w.load = func(path string) (*detect.Model, error) { *looks++; return detect.Load(path) }
	pages = &shown{detectors: map[project.ID]Detector{}}
	if err := w.Start(t.Context(), pages); err != nil {
		t.Fatal(err)
	}
	return w, pages, looks
}

func closed(t *testing.T, w *Shop) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// small is a detector's file, fitted on four drawn pictures.
func small(t *testing.T, seed uint64) (*detect.Model, []byte) {
	t.Helper()
	looptest.Library(t)
	cfg, err := fit.Settings("test")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Ref, cfg.BankRows, cfg.Seed = 256, 200, seed
	surface, _ := demo.Find("brushed-metal")
	m, err := detect.Fit(t.Context(), cfg, fit.Pictures{Surface: surface, Count: 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return m, file
}

// add lists a model in a project.
func (w *Shop) add(t *testing.T, p project.ID, name string, file []byte) project.Model {
	t.Helper()
	m, err := w.Store.AddModel(t.Context(), project.Model{Project: p, Name: name, Supervision: "none"}, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// scores has a detector score a black crop.
func scores(t *testing.T, d Detector) block.Scores {
	t.Helper()
	got, err := d.Scorer.Score(t.Context(), make([]byte, 3*d.Spec.Input.Pixels()), make([]block.Cell, 1))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d scores: %v", len(got), err)
	}
	return got[0]
}

// TestAModelIsLookedAtOnce counts how often a model is loaded from its file on its way to the pages and to its first
// crop: once where somebody deploys it, never where the job that made it still has it.
func TestAModelIsLookedAtOnce(t *testing.T) {
	dir := t.TempDir()
	w, pages, looks := open(t, dir)
	p, err := w.Store.CreateProject(t.Context(), project.Project{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	trained, one := small(t, 1)
	_, two := small(t, 2)
	first, second := w.add(t, p.ID, "first", one), w.add(t, p.ID, "second", two)
	step := func(what string, want int, err error, model project.Model, threshold float64) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		d := pages.detectors[p.ID]
		if d.Model.ID != model.ID || d.Project.Deployed != model.ID || d.Model.Threshold != threshold {
			t.Errorf("%s: the pages show %+v of %+v", what, d.Model, d.Project)
		}
		scores(t, d)
		if *looks != want {
			t.Errorf("%s: %d looks, want %d", what, *looks, want)
		}
		*looks = 0
	}
	_, err = w.Models().Deploy(t.Context(), p.ID, first.ID)
	step("deployed", 1, err, first, 1)
	_, err = w.Models().Deploy(t.Context(), p.ID, second.ID)
	step("another deployed", 1, err, second, 1)
	_, err = w.Models().Rollback(t.Context(), p.ID)
	step("rolled back", 1, err, first, 1)
	_, err = w.Models().SetThreshold(t.Context(), first.ID, 2)
	step("another threshold, and used", 2, err, first, 2) // it sleeps until it is used
	first.Threshold = 2
	if p, err = w.Store.Project(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	w.deployed(t.Context(), p, first, trained)
	step("deployed by its job", 0, nil, first, 2)
	closed(t, w)

	// At the next start it is shown, and sleeps.
	w, pages, looks = open(t, dir)
	defer closed(t, w)
	d := pages.detectors[p.ID]
	if *looks != 1 || d.Model.ID != first.ID || d.Scorer.model != nil || d.Scorer.scorer != nil {
		t.Errorf("at the next start: %d looks at %+v", *looks, d.Model)
	}
}

// TestWhatCannotBeServedIsRefused deploys a damaged model, one that the pages refuse, and goes back to none.
func TestWhatCannotBeServedIsRefused(t *testing.T) {
	w, pages, _ := open(t, t.TempDir())
	defer closed(t, w)
	p, err := w.Store.CreateProject(t.Context(), project.Project{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	_, file := small(t, 1)
	good, bad := w.add(t, p.ID, "good", file), w.add(t, p.ID, "bad", file[:len(file)/2])
	if _, err := w.Models().Deploy(t.Context(), p.ID, good.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Models().Deploy(t.Context(), p.ID, bad.ID); !errors.Is(err, project.ErrInvalid) || strings.Contains(err.Error(), "weights:") {
		t.Errorf("a damaged model: %v", err)
	}
	if _, err := w.Models().Rollback(t.Context(), p.ID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("back to nothing: %v", err)
	}
	now, err := w.Store.Project(t.Context(), p.ID)
	if err != nil || now.Deployed != good.ID || pages.detectors[p.ID].Model.ID != good.ID {
		t.Errorf("deployed %q, shown %q (%v)", now.Deployed, pages.detectors[p.ID].Model.ID, err)
	}
	pages.refuse = errors.New("no room")
	if _, err := w.Models().Deploy(t.Context(), p.ID, good.ID); !errors.Is(err, pages.refuse) {
		t.Errorf("pages without room: %v", err)
	}
	pages.refuse = nil
	if err := w.Projects().DeleteProject(t.Context(), p.ID); err != nil || len(pages.detectors) != 0 {
		t.Errorf("after its project was deleted %d detectors are shown (%v)", len(pages.detectors), err)
	}
}

// TestAModelSleepsAndWakes uses a model, waits until it lets go of its memory, and uses it again. One that is kept for
// its first crop is let go of all the same where none comes.
func TestAModelSleepsAndWakes(t *testing.T) {
	m, file := small(t, 1)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Sleeper{path: path, run: ort.Options{}, load: detect.Load, idle: 30 * time.Millisecond}
	asleep := func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.scorer == nil && s.model == nil }
	sleeps := func() {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !asleep(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("it does not fall asleep")
			}
		}
	}
	d := Detector{Spec: m.Spec, Scorer: s}
	for range 2 {
		if !asleep() {
			t.Error("it is awake before it is used")
		}
		scores(t, d)
		if asleep() {
			t.Error("it sleeps at once")
		}
		sleeps()
	}
	s.keep(m)
	sleeps()
	s.Close()
	if _, err := s.Score(t.Context(), nil, nil); err == nil {
		t.Error("it is used after it was closed")
	}
}

// TestOneShopAFolder has two servers want the same folder, and leaves what is not its own alone.
func TestOneShopAFolder(t *testing.T) {
	dir := t.TempDir()
	w, _, _ := open(t, dir)
	left := filepath.Join(w.Incoming(), "import-1")
	if err := os.WriteFile(left, []byte("half a zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s, dir, Options{Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("two shops work in one folder")
	}
	if _, err := os.Stat(left); err != nil {
		t.Errorf("the second one emptied the first one's folder: %v", err)
	}
	closed(t, w)
	w, _, _ = open(t, dir)
	defer closed(t, w)
	if _, err := os.Stat(left); err == nil {
		t.Error("what was half sent is there after a restart")
	}
}
