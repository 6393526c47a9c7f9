package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/shared/block"
)

// Head says which scores of a model are meant.
type Head string

// Heads.
const (
	Trained  Head = "trained"  // the model's own
	Distance Head = "distance" // its features' distances to its bank: what it was before it learnt
)

// Judge runs models on stored pictures and keeps the maps, so that a picture is
// scored once by a model. Its methods may be called from any goroutine; one picture
// is scored at a time.
type Judge struct {
	files Files
	dir   string
	run   ort.Options

	mu   sync.Mutex
	open []*opened // the last used first
}

// opened is a model that is ready to run.
type opened struct {
	sha     string
	model   *detect.Model
	scorers map[Head]*detect.Scorer
}

// mostOpen is how many models stay ready: the deployed one and the one just trained.
const mostOpen = 2

// NewJudge returns a Judge that keeps its maps in a folder.
func NewJudge(files Files, dir string, run ort.Options) *Judge {
	return &Judge{files: files, dir: dir, run: run}
}

// Close frees the models.
func (j *Judge) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for _, o := range j.open {
		errs = append(errs, o.close())
	}
	j.open = nil
	return errors.Join(errs...)
}

func (o *opened) close() error {
	var errs []error
	for _, s := range o.scorers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Use has the Judge run a model that is in memory under the name of its file's bytes.
func (j *Judge) Use(sha string, m *detect.Model) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.keep(&opened{sha: sha, model: m, scorers: map[Head]*detect.Scorer{}})
}

// keep puts a model in front and closes what is too many; j.mu is held.
func (j *Judge) keep(o *opened) {
	j.open = slices.DeleteFunc(j.open, func(old *opened) bool {
		if old != o && old.sha == o.sha {
			_ = old.close()
		}
		return old.sha == o.sha
	})
	j.open = slices.Insert(j.open, 0, o)
	for len(j.open) > mostOpen {
		_ = j.open[len(j.open)-1].close()
		j.open = j.open[:len(j.open)-1]
	}
}

// find returns the model whose file has that name; j.mu is held.
func (j *Judge) find(ctx context.Context, sha string) (*opened, error) {
	i := slices.IndexFunc(j.open, func(o *opened) bool { return o.sha == sha })
	if i >= 0 {
		o := j.open[i]
		j.keep(o)
		return o, nil
	}
	m, err := load(ctx, j.files, sha)
	if err != nil {
		return nil, err
	}
	o := &opened{sha: sha, model: m, scorers: map[Head]*detect.Scorer{}}
	j.keep(o)
	return o, nil
}

// load reads a stored model.
func load(ctx context.Context, files Files, sha string) (*detect.Model, error) {
	from, err := files.OpenBlob(ctx, sha)
	if err != nil {
		return nil, fmt.Errorf("evaluation: the model's file: %w", err)
	}
	defer from.Close()
	to, err := os.CreateTemp("", "semirest-*.safetensors")
	if err != nil {
		return nil, fmt.Errorf("evaluation: %w", err)
	}
	defer os.Remove(to.Name())
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return nil, fmt.Errorf("evaluation: the model's file: %w", err)
	}
	return detect.Load(to.Name())
}

// scorer returns what runs a head.
func (o *opened) scorer(head Head, run ort.Options) (*detect.Scorer, error) {
	if s := o.scorers[head]; s != nil {
		return s, nil
	}
	m := *o.model
	if head == Distance {
		m.Classifier, m.Block = nil, 8
	}
	s, err := detect.NewScorer(&m, run)
	if err != nil {
		return nil, err
	}
	o.scorers[head] = s
	return s, nil
}

// Spec returns a stored model's description.
func (j *Judge) Spec(ctx context.Context, sha string) (detect.Spec, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	o, err := j.find(ctx, sha)
	if err != nil {
		return detect.Spec{}, err
	}
	return o.model.Spec, nil
}

// Scores returns a picture's block scores: calibrated ones of the trained head, raw
// ones of the distance. took is the time that scoring took, 0 where the map was kept
// from before.
func (j *Judge) Scores(ctx context.Context, sha string, head Head, p project.Picture) (s block.Scores, took time.Duration, err error) {
	if s, ok := j.Kept(sha, head, p); ok {
		return s, 0, nil
	}
	spec, err := j.Spec(ctx, sha)
	if err != nil {
		return s, 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	rgb, err := Decode(ctx, j.files, p, spec.Depth) // one at a time: those who wait hold no pixels
	if err != nil {
		return s, 0, err
	}
	o, err := j.find(ctx, sha)
	if err != nil {
		return s, 0, err
	}
	scorer, err := o.scorer(head, j.run)
	if err != nil {
		return s, 0, err
	}
	begun := time.Now()
	s, err = scorer.Picture(ctx, rgb.Pix, rgb.Size)
	if err != nil {
		return s, 0, fmt.Errorf("%s: %w", p.Name, err)
	}
	took = time.Since(begun)
	if head == Trained {
		s.Calibrate(o.model.Threshold.Value)
	}
	_ = writeMap(j.path(sha, head, p), s) // on a full disk it is scored again
	return s, took, nil
}

// Kept returns the map of a picture that was scored before.
func (j *Judge) Kept(sha string, head Head, p project.Picture) (block.Scores, bool) {
	s, err := readMap(j.path(sha, head, p))
	return s, err == nil
}

func (j *Judge) path(sha string, head Head, p project.Picture) string {
	return filepath.Join(j.folder(sha), p.SHA256+"."+string(head))
}

func (j *Judge) folder(sha string) string { return filepath.Join(j.dir, "maps", sha) }

// Forget deletes what was kept of a model.
func (j *Judge) Forget(sha string) error {
	if err := os.RemoveAll(j.folder(sha)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("evaluation: %w", err)
	}
	return nil
}
