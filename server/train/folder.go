package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"semirest/server/detect"
	"semirest/shared/durable"
)

// identity is a hash of everything that decides the result, but the pixels: a run
// goes on only from a checkpoint of the same.
func (r *run) identity() (string, error) {
	fit := r.cfg.Fit
	fit.Weights, fit.Provenance = nil, detect.Provenance{Data: fit.Provenance.Data}
	var names []string
	for i := range r.source.Len() {
		names = append(names, r.source.Name(i))
	}
	var defects []string
	for i := range r.source.Defects() {
		d, err := r.source.Defect(i)
		if err != nil {
			return "", err
		}
		if err := d.check(); err != nil {
			return "", err
		}
		sum := sha256.New()
		sum.Write(d.Mask)
		defects = append(defects, fmt.Sprintf("%s %x %v", d.Name, sum.Sum(nil), d.Boxes))
	}
	from := ""
	if r.cfg.Init != nil {
		from = fmt.Sprintf("%+v", r.cfg.Init.Provenance)
	}
	text, err := json.Marshal([]any{r.phases, fit, r.cfg.Profile, names, defects, from, len(r.cfg.Textures), r.cfg.Run.Device, r.cfg.Run.Threads})
	if err != nil {
		return "", fmt.Errorf("train: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Files of a run's folder.
const (
	runFile        = "run.json"               // names the run that the folder belongs to
	detectorFile   = "detector.safetensors"   // the fitted detector, without classifier
	checkpointFile = "checkpoint.safetensors" // see checkpoint
	LogFile        = "log.jsonl"              // one JSON object a step, and one a look at the held-out pictures
	PlotFile       = "loss.png"
)

// folder claims the run's folder, or finds what it holds of this run.
func (r *run) folder() error {
	dir := r.cfg.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	var of struct {
		Run string `json:"run"`
	}
	text, err := os.ReadFile(filepath.Join(dir, runFile))
	if err == nil {
		err = json.Unmarshal(text, &of)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: read %s: %w", filepath.Join(dir, runFile), err)
	}
	going, err := Unfinished(dir)
	if err != nil {
		return err
	}
	phase, step := 0, 0
	switch {
	case going && !r.cfg.Resume:
		return fmt.Errorf("%w: %s: go on with --resume, or delete the folder", ErrUnfinished, dir)
	case going:
		if r.start, err = loadCheckpoint(dir); err != nil {
			return err
		}
		same := of.Run == r.id
		if r.start != nil {
			same = same && r.start.Run == r.id
			phase, step = r.start.Phase, r.start.progress.Step
		}
		if !same {
			return fmt.Errorf("%w: %s, but of other settings or pictures: give the same ones, or delete the folder", ErrUnfinished, dir)
		}
	default:
		if err := os.Remove(filepath.Join(dir, LogFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("train: %w", err)
		}
		of.Run = r.id
		err := durable.Replace(filepath.Join(dir, runFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(of) })
		if err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	r.journal, err = openJournal(dir, phase, step)
	return err
}

// Unfinished tells whether a run's folder holds a detector or a checkpoint, so that a run can go on with Config.Resume.
func Unfinished(dir string) (bool, error) {
	for _, name := range []string{detectorFile, checkpointFile} {
		_, err := os.Stat(filepath.Join(dir, name))
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("train: %w", err)
		}
	}
	return false, nil
}

// Finish removes from a run's folder what only a run that is not finished needs; log
// and plot stay. It is for the caller of Run, once the model is on the disk: until
// then the checkpoint is all there is.
func Finish(dir string) error {
	var errs []error
	for _, name := range []string{checkpointFile, detectorFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}
