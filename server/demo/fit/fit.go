// Package fit makes the demonstration's detectors: one for each surface that
// package demo draws, fitted when it is first needed and kept in a folder.
package fit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"semirest/models/weights"
	"semirest/server/demo"
	"semirest/server/detect"
	"semirest/shared/prep"
)

// Edition is part of the names of the models' files. Raise it when the pictures or the settings below change, so that
// models fitted on the old ones are not shown.
const Edition = 1

// Settings are the lite preset at a smaller input and bank: a first start should not keep anybody waiting, and drawn
// pictures vary less than real ones. A quarter of them sets the threshold, since they cost nothing. version is the
// program's, for the models' provenance.
func Settings(version string) (detect.FitConfig, error) {
	set, err := weights.Default()
	if err != nil {
		return detect.FitConfig{}, err
	}
	cfg := detect.Lite()
	cfg.Weights = set
	cfg.Ref = 384
	cfg.BankRows = 3000
	cfg.HoldOut = 0.25
	cfg.Seed = Edition
	cfg.Provenance = detect.Provenance{Command: "semirest serve", Data: "synthetic pictures of package demo", Version: version}
	return cfg, nil
}

// Pictures are the first Count normal pictures of a surface, as detect.Source.
type Pictures struct {
	Surface demo.Surface
	Count   int
}

// Len, Name and Picture implement detect.Source.
func (p Pictures) Len() int { return p.Count }

func (p Pictures) Name(i int) string { return demo.FileName(p.Surface.Name, demo.Good, i) }

func (p Pictures) Picture(i int) ([]byte, prep.Size, error) {
	return p.Surface.Draw(demo.Good, i).RGB, prep.Size{W: demo.Side, H: demo.Side}, nil
}

// Detectors are the demonstration's.
type Detectors struct {
	Dir      string // where their files are kept
	Settings detect.FitConfig
	Pictures int // that each is fitted on
	Log      *slog.Logger

	// Show has people see a surface's detector. file is its model's; "" where it could not be saved.
	Show func(s demo.Surface, m *detect.Model, file string) error
	// Tell shows people how far a fit is; nil: nobody.
	Tell func(s demo.Surface, p Progress)
}

// Progress is how far the fit of one surface is.
type Progress struct {
	Percent int
	Left    time.Duration // 0: unknown
	Ended   bool
	Err     error // why it ended without a detector; nil where it did not, or was stopped
}

// Load shows the detectors that are kept, and returns the surfaces of the others.
func (d Detectors) Load() (missing []demo.Surface) {
	for _, s := range demo.Surfaces() {
		m, err := detect.Load(d.file(s))
		if err == nil {
			err = d.Show(s, m, d.file(s))
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			d.Log.Warn("the demonstration's model is fitted anew", "surface", s.Name, "reason", err)
		}
		missing = append(missing, s)
	}
	return missing
}

// Fit fits, keeps and shows the detectors of surfaces, one after another: each takes all cores. One that fails is told
// of, and the next is begun. It returns within a picture of ctx's end.
func (d Detectors) Fit(ctx context.Context, surfaces []demo.Surface) {
	for _, s := range surfaces {
		d.tell(s, Progress{})
	}
	for _, s := range surfaces {
		err := d.fit(ctx, s)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			d.Log.Error("the demonstration's model cannot be fitted", "surface", s.Name, "error", err)
		}
		d.tell(s, Progress{Ended: true, Err: err})
	}
}

func (d Detectors) tell(s demo.Surface, p Progress) {
	if d.Tell != nil {
		d.Tell(s, p)
	}
}

func (d Detectors) file(s demo.Surface) string {
	return filepath.Join(d.Dir, fmt.Sprintf("%s-%d.safetensors", s.Name, Edition))
}

// fit fits a surface's detector, saves it and shows it. A panic is an error: the demonstration must not take the server
// with it.
func (d Detectors) fit(ctx context.Context, s demo.Surface) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.Log.Error("the demonstration panicked", "surface", s.Name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("fit: it broke off by a fault of the program: %v", p)
		}
	}()
	start := time.Now()
	cfg := d.Settings
	cfg.Provenance.Created = start.UTC()
	m, err := detect.Fit(ctx, cfg, Pictures{s, d.Pictures}, func(p detect.Progress) { d.tell(s, progress(p, time.Since(start))) })
	if err != nil {
		return err
	}
	d.Log.Info("demonstration fitted", "surface", s.Name, "seconds", time.Since(start).Seconds())
	file := d.file(s)
	if err := save(m, file); err != nil {
		// The page works all the same; the next start fits again.
		d.Log.Warn("the demonstration's model could not be saved", "error", err)
		file = ""
	}
	return d.Show(s, m, file)
}

func save(m *detect.Model, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return m.Save(path)
}

// progress turns a stage's progress into that of the whole. The stages' shares of the time are measured: features 0.45,
// bank 0.35, threshold 0.2 on two cores.
func progress(p detect.Progress, spent time.Duration) Progress {
	share := map[detect.Stage][2]float64{detect.StageFeatures: {0, 0.45}, detect.StageCoreset: {0.45, 0.35}, detect.StageThreshold: {0.80, 0.20}}[p.Stage]
	at := share[0]
	if p.Total > 0 {
		at += share[1] * float64(p.Done) / float64(p.Total)
	}
	out := Progress{Percent: int(100 * at)}
	if at > 0.02 {
		out.Left = time.Duration(float64(spent) * (1 - at) / at)
	}
	return out
}
