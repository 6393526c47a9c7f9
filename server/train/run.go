package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"semirest/models/graph"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/shared/durable"
)

// ErrUnfinished is returned when a run's folder holds another run's checkpoint, or
// one's own without Resume: nothing of it is overwritten.
var ErrUnfinished = errors.New("train: the folder holds an unfinished run")

// Run trains a detector's classifier and returns the whole detector. It stops within
// one step of ctx's end, saves a checkpoint where there is a folder, and returns
// ctx.Err(). The checkpoint stays until Finish. report may be nil.
func Run(ctx context.Context, cfg Config, source Source, report func(Progress)) (*detect.Model, error) {
	if report == nil {
		report = func(Progress) {}
	}
	r := &run{cfg: cfg, source: source, report: report, begun: time.Now()}
	m, err := r.do(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return m, err
}

// run carries one Run through its stages.
type run struct {
	cfg     Config
	source  Source
	report  func(Progress)
	begun   time.Time
	id      string
	phases  []Settings
	model   *detect.Model
	maps    *Maps
	held    *held
	scale   float64
	start   *checkpoint // to go on from; nil: from the beginning
	best    []float32
	teacher []float32 // that guesses in the present phase; nil: none
	layout  graph.Layout
	at      progress // of the present phase
	journal *journal
	saved   time.Time
}

func (r *run) do(ctx context.Context) (*detect.Model, error) {
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if err := r.detector(ctx); err != nil {
		return nil, err
	}
	if err := r.gather(ctx); err != nil {
		return nil, err
	}
	if err := r.train(ctx); err != nil {
		return nil, err
	}
	return r.model, nil
}

// train takes maps and detector to a whole model.
func (r *run) train(ctx context.Context) error {
	if err := r.rescale(); err != nil {
		return err
	}
	if err := r.learn(ctx); err != nil {
		return err
	}
	return r.choose(ctx)
}

// Prepared are a run's pictures, features and neighbours, from which classifiers can
// be trained under several settings: an ablation's rows share what takes long.
type Prepared struct{ run *run }

// Prepare does the part of Run that comes before the training. cfg.Dir is not used.
func Prepare(ctx context.Context, cfg Config, source Source, report func(Progress)) (*Prepared, error) {
	if report == nil {
		report = func(Progress) {}
	}
	cfg.Dir = ""
	r := &run{cfg: cfg, source: source, report: report, begun: time.Now()}
	for _, step := range []func() error{r.prepare, func() error { return r.detector(ctx) }, func() error { return r.gather(ctx) }} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &Prepared{r}, nil
}

// Detector is the fitted detector without a classifier.
func (p *Prepared) Detector() *detect.Model {
	m := *p.run.model
	return &m
}

// Train is the rest of Run, under other settings, from the weights of init where it
// is not nil; init must have been fitted with the same bank. What Prepare used of its
// own (the number and kind of simulated defects, the input) stays.
func (p *Prepared) Train(ctx context.Context, s Settings, init *detect.Model, report func(Progress)) (*detect.Model, error) {
	if report == nil {
		report = func(Progress) {}
	}
	from := p.run
	r := &run{cfg: from.cfg, source: from.source, report: report, begun: time.Now(), held: from.held, model: p.Detector(), journal: &journal{}}
	r.cfg.Settings, r.cfg.Init = s, init
	if err := r.settings(); err != nil {
		return nil, err
	}
	maps := *from.maps
	r.maps = &maps
	r.settle(from.phases[len(from.phases)-1].Settled)
	err := r.train(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return r.model, err
}

// prepare checks settings and pictures, and opens the run's folder.
func (r *run) prepare() error {
	if err := r.settings(); err != nil {
		return err
	}
	if r.cfg.SaveEvery == 0 {
		r.cfg.SaveEvery = 30 * time.Second
	}
	var err error
	if r.id, err = r.identity(); err != nil {
		return err
	}
	if r.cfg.Dir == "" {
		r.journal = &journal{}
		return nil
	}
	return r.folder()
}

// settings checks the settings and makes the phases.
func (r *run) settings() error {
	s := &r.cfg.Settings
	if err := s.Check(); err != nil {
		return err
	}
	n := r.source.Defects()
	if s.Supervision != Un && n == 0 {
		return fmt.Errorf("train: supervision %s needs labelled defective pictures and there are none: label some, or train with supervision un", s.Supervision)
	}
	if s.Start != nil && r.cfg.Init == nil {
		start := *s.Start
		start.Seed, start.EvalEvery = s.Seed, 0
		r.phases = append(r.phases, start)
	}
	s.Start = nil
	r.phases = append(r.phases, *s)
	for i := range r.phases {
		r.phases[i].Steps = r.phases[i].StepCount(r.source.Len())
	}
	return nil
}

// settle tells every phase what the foreground came to.
func (r *run) settle(foreground string) {
	for i := range r.phases {
		r.phases[i].settle(foreground)
	}
}

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

// runFile names the run that a folder belongs to.
const runFile = "run.json"

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
	going, err := r.unfinished()
	if err != nil {
		return err
	}
	switch {
	case going && !r.cfg.Resume:
		return fmt.Errorf("%w: %s: go on with --resume, or delete the folder", ErrUnfinished, dir)
	case going && of.Run != r.id:
		return fmt.Errorf("%w: %s, but of other settings or pictures: give the same ones, or delete the folder", ErrUnfinished, dir)
	}
	if going {
		if r.start, err = loadCheckpoint(dir); err != nil {
			return err
		}
	} else {
		if err := os.Remove(filepath.Join(dir, LogFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("train: %w", err)
		}
		of.Run = r.id
		err := durable.Replace(filepath.Join(dir, runFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(of) })
		if err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	phase, step := 0, 0
	if r.start != nil {
		if r.start.Run != r.id {
			return fmt.Errorf("%w: %s, but of other settings or pictures: give the same ones, or delete the folder", ErrUnfinished, dir)
		}
		phase, step = r.start.Phase, r.start.progress.Step
	}
	r.journal, err = openJournal(dir, phase, step)
	return err
}

// unfinished tells whether the folder holds a detector or a checkpoint.
func (r *run) unfinished() (bool, error) {
	for _, name := range []string{detectorFile, checkpointFile} {
		_, err := os.Stat(filepath.Join(r.cfg.Dir, name))
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("train: %w", err)
		}
	}
	return false, nil
}

// detector fits the memory bank, or takes the one it was fitted on before.
func (r *run) detector(ctx context.Context) error {
	if r.cfg.Init != nil {
		copied := *r.cfg.Init // its tensors are not written to
		r.model = &copied
		return nil
	}
	path := filepath.Join(r.cfg.Dir, detectorFile)
	if r.cfg.Dir != "" && r.cfg.Resume {
		m, err := detect.Load(path)
		if err == nil {
			r.model = m
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	fit, err := r.cfg.WithProfile(ctx, r.source, r.report)
	if err != nil {
		return err
	}
	fit.Run = r.cfg.Run
	begun, stage := time.Now(), ""
	r.model, err = detect.Fit(ctx, fit, r.source, func(p detect.Progress) {
		if p.Stage != stage {
			begun, stage = time.Now(), p.Stage
		}
		r.report(Progress{Stage: p.Stage, Done: p.Done, Total: p.Total, Left: left(begun, p.Done, p.Total)})
	})
	if err == nil && r.cfg.Dir != "" {
		err = r.model.Save(path)
	}
	return err
}

// left is the time that total-done items will take if they take as long as done did.
func left(begun time.Time, done, total int) time.Duration {
	if done <= 0 {
		return 0
	}
	return time.Duration(float64(time.Since(begun)) * float64(total-done) / float64(done))
}

// gather makes the maps of all pictures, and takes the residuals' scale from the
// normal ones.
func (r *run) gather(ctx context.Context) error {
	last := &r.phases[len(r.phases)-1]
	g, err := newGatherer(last, r.model, r.source, r.cfg.Textures, r.cfg.Run)
	if err != nil {
		return err
	}
	defer g.close()
	r.settle(last.Settled)
	cells := r.model.Cells()
	r.maps = &Maps{Rows: cells.Rows, Cols: cells.Cols, Block: 1, Dim: r.model.Feature.Dim, Bank: r.model.Bank}
	normals := len(r.model.Images)
	heldNormal := len(r.model.HeldOut)
	if heldNormal == 0 {
		heldNormal = len(r.model.Images)
	}
	total := last.NormalCount(normals) + last.SimulatedCount(normals) + r.source.Defects()*(1+last.Variants) + min(heldNormal, max(last.HeldOut, 20)) + 2*last.HeldOut
	begun := time.Now()
	g.progress = func(done int) {
		r.report(Progress{Stage: "pictures", Done: done, Total: total, Left: left(begun, done, total)})
	}
	g.progress(0)
	if r.maps.Normal, err = g.normals(ctx); err != nil {
		return err
	}
	if r.maps.Simulated, err = g.simulated(ctx); err != nil {
		return err
	}
	if r.maps.Real, err = g.real(ctx); err != nil {
		return err
	}
	if r.held, err = g.heldOut(ctx); err != nil {
		return err
	}
	return r.maps.check()
}

// rescale takes the residuals' scale from the normal pictures.
func (r *run) rescale() error {
	last := r.phases[len(r.phases)-1]
	r.maps.Block = last.Block / 8
	if r.maps.Rows%r.maps.Block != 0 || r.maps.Cols%r.maps.Block != 0 {
		return fmt.Errorf("train: an input of %v pixels cannot be cut in blocks of %d", r.model.Input, last.Block)
	}
	if init := r.cfg.Init; init != nil && init.Classifier != nil {
		r.scale = init.Classifier.Scale // the weights were trained on it
		return nil
	}
	r.maps.label(last.EpsPlus, last.EpsMinus)
	var err error
	r.scale, err = r.maps.Scale(r.maps.Normal, last.Residual, last.Level)
	return err
}

// learn runs the phases, from the checkpoint on where there is one.
func (r *run) learn(ctx context.Context) error {
	first := 0
	var start state
	if r.start != nil {
		first, start, r.scale = r.start.Phase, r.start.state, r.start.Scale
	} else if r.cfg.Init != nil && r.cfg.Init.Classifier != nil {
		params, err := r.initial()
		if err != nil {
			return err
		}
		start.State = ort.NewState(params)
	}
	for phase := first; phase < len(r.phases); phase++ {
		kept, err := r.phase(ctx, phase, start)
		if err != nil {
			return err
		}
		// The next phase starts from the kept weights, its optimiser fresh.
		start = state{State: ort.NewState(slices.Clone(kept))}
	}
	return nil
}

// initial are the parameters of the detector to start from.
func (r *run) initial() ([]float32, error) {
	want := r.cfg.classifier(r.scale)
	have := *r.cfg.Init.Classifier
	if want.Net != have.Net || want.Width != have.Width || want.Heads != have.Heads || want.Blocks != have.Blocks ||
		want.Attention != have.Attention || want.Window != have.Window || want.Abs != have.Abs {
		return nil, fmt.Errorf("train: the detector to start from has another classifier (%s, width %d, window %d, abs %v) than the settings (%s, %d, %d, %v)",
			have.Net, have.Width, have.Window, have.Abs, want.Net, want.Width, want.Window, want.Abs)
	}
	net, err := want.Network(r.maps.Dim)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	n := shape{windows: 1, side: r.cfg.Window, block: r.maps.Block, dim: r.maps.Dim}
	_, layout, err := stepGraph(r.cfg.Settings, net, n, false)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return flat(layout, r.cfg.Init.ClassifierWeights())
}

// phase trains under one phase's settings and returns the parameters to keep.
func (r *run) phase(ctx context.Context, phase int, start state) ([]float32, error) {
	s := r.phases[phase]
	net, err := s.classifier(r.scale).Network(r.maps.Dim)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	l, err := newLearner(s, r.maps, net, start, r.cfg.Run)
	if err != nil {
		return nil, err
	}
	defer l.close()
	r.layout, r.best = l.layout, nil
	if err := r.guess(ctx, phase, l); err != nil {
		return nil, err
	}
	r.at = progress{Run: r.id, Phase: phase, Scale: r.scale}
	if r.start != nil && r.start.Phase == phase {
		r.at, r.best = r.start.progress, r.start.Best
		r.at.Scale = r.scale
	}
	stage := "training"
	if phase < len(r.phases)-1 {
		stage = "start"
	}
	r.saved = time.Now()
	begun, from := time.Now(), l.trainer.State().Step
	for done := from; done < s.Steps; {
		before, err := l.random.MarshalBinary()
		if err != nil {
			return nil, err
		}
		p, err := l.step(ctx)
		if ctx.Err() != nil {
			// The state is the last step's; so must be the random one.
			return nil, errors.Join(ctx.Err(), l.random.UnmarshalBinary(before), r.save(l))
		}
		if err != nil {
			return nil, err
		}
		done = p.Step
		if err := r.journal.add(entry{Phase: phase, Point: &p}); err != nil {
			return nil, err
		}
		report := Progress{Stage: stage, Done: done, Total: s.Steps, Left: left(begun, done-from, s.Steps-from), Point: &p}
		looked := done == s.Steps || s.EvalEvery > 0 && done%s.EvalEvery == 0
		if looked {
			if err := r.look(ctx, l, &report); err != nil {
				return nil, err
			}
		} else if n := r.cfg.Samples; n > 0 && done%max(1, s.Steps/n) == 0 {
			if report.Sample, err = r.sample(ctx, l); err != nil {
				return nil, err
			}
		}
		r.report(report)
		if looked || time.Since(r.saved) >= r.cfg.SaveEvery {
			if err := r.save(l); err != nil {
				return nil, err
			}
		}
	}
	if r.best == nil { // a checkpoint of the last step without a look
		r.best = slices.Clone(l.kept())
	}
	return r.best, r.journal.plot()
}

// save writes a checkpoint, where there is a folder.
func (r *run) save(l *learner) error {
	if r.cfg.Dir == "" {
		return nil
	}
	s, err := l.state()
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	c := checkpoint{state: s, Best: r.best, Teacher: r.teacher, progress: r.at}
	r.saved = time.Now()
	return c.save(r.cfg.Dir)
}

// look measures the present weights on the held-out pictures, in a single pass, and
// keeps the best; under Sup and Semi the last.
func (r *run) look(ctx context.Context, l *learner, report *Progress) error {
	if err := r.wear(l); err != nil {
		return err
	}
	p, err := r.held.classify(ctx, r.model, r.maps, r.cfg.Run)
	if err != nil {
		return err
	}
	h, err := r.held.measure(p, l.Block)
	if err != nil {
		return err
	}
	h.Step = l.trainer.State().Step
	// Held-out pictures know simulated defects only, and would like what has just
	// begun to learn real ones best: there the last weights are kept.
	best := l.Supervision != Un || !slices.ContainsFunc(r.at.Looks, func(old Held) bool { return old.Score() >= h.Score() })
	r.at.Looks = append(r.at.Looks, h)
	if best {
		r.best, r.at.BestStep = slices.Clone(l.kept()), h.Step
	}
	report.Held, report.Sample = &h, r.held.show(p, l.Block)
	return r.journal.add(entry{Phase: r.at.Phase, Held: &h})
}

// sample scores the held-out picture that is shown, in a single pass, with the present
// weights.
func (r *run) sample(ctx context.Context, l *learner) (*Sample, error) {
	if len(r.held.simulated) == 0 {
		return nil, nil
	}
	if err := r.wear(l); err != nil {
		return nil, err
	}
	p, err := classify(ctx, r.model, r.maps, []*Map{&r.held.simulated[0]}, r.cfg.Run)
	if err != nil {
		return nil, err
	}
	return r.held.show(p, l.Block), nil
}

// wear puts the present weights into the model, to be used in a single pass.
func (r *run) wear(l *learner) error {
	c := l.classifier(r.scale)
	c.Bagging = 0
	return r.model.SetClassifier(*c, l.Block, named(l.layout, l.kept()))
}
