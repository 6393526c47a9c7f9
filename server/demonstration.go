package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"semirest/models/weights"
	"semirest/server/demo"
	"semirest/server/detect"
	"semirest/server/job"
	"semirest/server/ort"
	"semirest/server/web"
	"semirest/shared/prep"
)

// demoEdition is part of the names of the demonstration's model files. Raise it when the pictures or the settings below
// change, so that models fitted on the old ones are not served.
const demoEdition = 1

// demonstration serves one detector for each synthetic surface.
type demonstration struct {
	dir      string // where the models are kept
	fitting  detect.FitConfig
	pictures int // that each is fitted on
	log      *slog.Logger
	install  func(web.Detector) error
}

func newDemonstration(dir string, run ort.Options, log *slog.Logger, install func(web.Detector) error) (demonstration, error) {
	cfg, err := demoConfig()
	cfg.Run = run
	return demonstration{dir: dir, fitting: cfg, pictures: demo.FitCount, log: log, install: install}, err
}

// start installs the detectors that are there and queues jobs to fit the others.
func (d demonstration) start(jobs *job.Queue) error {
	for _, s := range demo.Surfaces() {
		err := d.load(s)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			d.log.Warn("the demonstration's model is fitted anew", "surface", s.Name, "reason", err)
		}
		name := fmt.Sprintf("Fitting the detector for %s (synthetic pictures)", strings.ToLower(s.Title))
		if _, err := jobs.Submit(name, func(ctx context.Context, report func(job.Progress)) error { return d.fit(ctx, s, report) }); err != nil {
			return err
		}
	}
	return nil
}

func (d demonstration) path(s demo.Surface) string {
	return filepath.Join(d.dir, fmt.Sprintf("%s-%d.safetensors", s.Name, demoEdition))
}

// load serves a surface's saved model.
func (d demonstration) load(s demo.Surface) error {
	m, err := detect.Load(d.path(s))
	if err != nil {
		return err
	}
	return d.serve(s, m, d.path(s))
}

// fit fits a surface's detector, saves it and serves it.
func (d demonstration) fit(ctx context.Context, s demo.Surface, report func(job.Progress)) error {
	start := time.Now()
	cfg := d.fitting
	cfg.Provenance.Created = start.UTC()
	m, err := detect.Fit(ctx, cfg, surfacePictures{s, d.pictures}, func(p detect.Progress) {
		report(demoProgress(p, time.Since(start)))
	})
	if err != nil {
		return err
	}
	d.log.Info("demonstration fitted", "surface", s.Name, "seconds", time.Since(start).Seconds())
	path := d.path(s)
	if err := save(m, path); err != nil {
		// The page works all the same; the next start fits again.
		d.log.Warn("the demonstration's model could not be saved", "error", err)
		path = ""
	}
	return d.serve(s, m, path)
}

func save(m *detect.Model, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return m.Save(path)
}

func (d demonstration) serve(s demo.Surface, m *detect.Model, path string) error {
	det, err := webDetector(s.Name, path, m, d.fitting.Run)
	if err != nil {
		return err
	}
	det.Title = s.Title
	det.Note = "Demonstration, fitted on synthetic pictures"
	if err := d.install(det); err != nil {
		det.Close()
		return err
	}
	return nil
}

// demoConfig is the lite preset at a smaller input and bank: a first start should not keep anybody waiting, and drawn
// pictures vary less than real ones. A quarter of them sets the threshold, since they cost nothing.
func demoConfig() (detect.FitConfig, error) {
	set, err := weights.Default()
	if err != nil {
		return detect.FitConfig{}, err
	}
	cfg := detect.Lite()
	cfg.Weights = set
	cfg.Ref = 384
	cfg.BankRows = 3000
	cfg.HoldOut = 0.25
	cfg.Seed = demoEdition
	cfg.Provenance = detect.Provenance{Command: "semirest serve", Data: "synthetic pictures of package demo", Version: version}
	return cfg, nil
}

// demoProgress turns a stage's progress into that of the whole, in per cent. The stages' shares of the time are
// measured: features 0.45, bank 0.35, threshold 0.2 on two cores.
func demoProgress(p detect.Progress, spent time.Duration) job.Progress {
	share := map[detect.Stage][2]float64{detect.StageFeatures: {0, 0.45}, detect.StageCoreset: {0.45, 0.35}, detect.StageThreshold: {0.80, 0.20}}[p.Stage]
	at := share[0]
	if p.Total > 0 {
		at += share[1] * float64(p.Done) / float64(p.Total)
	}
	out := job.Progress{Stage: string(p.Stage), Done: int(100 * at), Total: 100}
	if at > 0.02 {
		out.Left = time.Duration(float64(spent) * (1 - at) / at)
	}
	return out
}

// surfacePictures are the normal pictures that a surface's detector is fitted on; it implements detect.Source.
type surfacePictures struct {
	surface demo.Surface
	count   int
}

func (p surfacePictures) Len() int { return p.count }

func (p surfacePictures) Name(i int) string { return demo.FileName(p.surface.Name, demo.Good, i) }

func (p surfacePictures) Picture(i int) ([]byte, prep.Size, error) {
	return p.surface.Draw(demo.Good, i).RGB, prep.Size{W: demo.Side, H: demo.Side}, nil
}

// gallery is the demonstration's pictures as package web wants them.
type gallery struct{ *demo.Gallery }

func newGallery() gallery { return gallery{demo.NewGallery()} }

// Pictures implements web.Gallery.
func (g gallery) Pictures() []web.Sample {
	var list []web.Sample
	for _, e := range g.Entries() {
		list = append(list, web.Sample{
			Name: e.Name, Title: e.Title, Detector: e.Surface, Kind: e.Kind, Size: prep.Size{W: demo.Side, H: demo.Side},
		})
	}
	return list
}

// File implements web.Gallery.
func (g gallery) File(name string, view web.View) ([]byte, bool) {
	switch view {
	case web.ViewMask:
		return g.Mask(name)
	case web.ViewThumbnail:
		return g.Thumb(name)
	}
	return g.Image(name)
}
