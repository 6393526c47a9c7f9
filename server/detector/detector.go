// Package detector makes of a model what the server serves: it joins package detect, which scores, with package web, which
// shows.
package detector

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/web"
	"semirest/shared/wire"
)

// Load reads the models of the --model flags. The caller closes what it returns, also with an error.
func Load(models []string, run ort.Options) (list []web.Detector, err error) {
	named := make(map[string]string)
	for _, flag := range models {
		name, path := Name(flag)
		if other, twice := named[name]; twice {
			return list, fmt.Errorf("--model %s: %s is called %q too; name one of them, as --model NAME=%s", flag, other, name, path)
		}
		named[name] = path
		m, err := detect.Load(path)
		if err != nil {
			return list, fmt.Errorf("--model %s: %w", flag, err)
		}
		d, err := Of(name, path, m, run)
		if err != nil {
			return list, fmt.Errorf("--model %s: %w", flag, err)
		}
		list = append(list, d)
	}
	return list, nil
}

// Name splits a --model flag, NAME=FILE or FILE, which names it.
func Name(flag string) (name, path string) {
	name, path, ok := strings.Cut(flag, "=")
	if !ok || strings.ContainsAny(name, `/\`) { // a path may hold a '=' too
		return strings.TrimSuffix(filepath.Base(flag), filepath.Ext(flag)), flag
	}
	return name, path
}

// Of makes a model ready to be served. path is its file, "" for one that could not be saved.
func Of(name, path string, m *detect.Model, run ort.Options) (web.Detector, error) {
	scorer, err := detect.NewScorer(m, run)
	if err != nil {
		return web.Detector{}, err
	}
	id := fmt.Sprintf("unsaved-%d", m.Provenance.Created.UnixNano())
	if path != "" {
		if id, err = FileID(path); err != nil {
			return web.Detector{}, errors.Join(err, scorer.Close())
		}
	}
	d := Describe(name, id, &m.Spec)
	d.Batch = Batch(scorer.Device())
	d.Scorer = scorer
	d.Close = func() { _ = scorer.Close() } // nothing can be done about a session that does not close
	return d, nil
}

// Batch is the most crops in one run on a device. On a processor runs of several do not pay: see web.Detector.
func Batch(device string) int {
	if device == ort.CUDA {
		return 8
	}
	return 1
}

// Describe is all of a detector but what runs it.
func Describe(name, id string, m *detect.Spec) web.Detector {
	kind := wire.Distance
	if m.Supervision != "none" {
		kind = wire.Probability
	}
	return web.Detector{
		Name: name, Model: id, Preset: m.Preset, Supervision: m.Supervision, Created: m.Provenance.Created,
		Input: m.Input, Tile: m.Tile, Block: m.Block, Depth: m.Depth, Kind: kind,
		Threshold: m.Threshold.Value, FalseAlarms: m.Threshold.FalseAlarmRate,
		Method: fmt.Sprintf("%g %% false alarms, %s of %d normal pictures", 100*m.Threshold.FalseAlarmRate, m.Threshold.Method, m.Threshold.Images),
	}
}

// FileID tells one model file from another: the head of its SHA-256.
func FileID(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
