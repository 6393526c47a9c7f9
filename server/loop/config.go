package loop

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"semirest/models/weights"
	"semirest/server/detect"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/shared/prep"
)

// Limits of a request.
const (
	maxSteps = 200_000
	maxSize  = 2048
	maxName  = 200 // bytes
	// DefaultSize is the longer side of the detector's input where a request does not
	// say, pixels.
	DefaultSize = 512
)

// check returns what is wrong with a request, whatever the pictures are.
func check(r project.Request) error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", project.ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch r.Preset {
	case train.Lite, train.Fast:
	case train.Paper:
		return invalid("the preset paper needs the weights of Wide-ResNet-50-2, which are not built in: choose lite or fast here, and use the command train for paper")
	default:
		return invalid("no preset is called %q: use lite or fast", r.Preset)
	}
	if r.Steps < 0 || r.Steps > maxSteps {
		return invalid("%d training steps: give 1 to %d, or 0 for the preset's", r.Steps, maxSteps)
	}
	if r.Size != 0 && (r.Size < prep.InputMin || r.Size > maxSize || r.Size%prep.InputStep != 0) {
		return invalid("a size of %d pixels: give a multiple of %d from %d to %d", r.Size, prep.InputStep, prep.InputMin, maxSize)
	}
	if r.Name != strings.TrimSpace(r.Name) || len(r.Name) > maxName || !utf8.ValidString(r.Name) ||
		strings.ContainsFunc(r.Name, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return invalid("a model's name is one line of at most %d bytes, without spaces around it", maxName)
	}
	if r.Supervision == "none" {
		return nil
	}
	if _, err := train.Preset(r.Preset, train.Supervision(r.Supervision)); err != nil {
		return invalid("no supervision is called %q: use none, un, sup or semi", r.Supervision)
	}
	return nil
}

// config turns a job's request into the settings of a run. The result is the same
// whenever it is asked, as going on from a checkpoint wants it.
func (l *Loop) config(j project.Job, p *plan) (train.Config, error) {
	r := j.Request
	if err := check(r); err != nil {
		return train.Config{}, err
	}
	fit := detect.Lite()
	var err error
	if fit.Weights, err = weights.Default(); err != nil {
		return train.Config{}, err
	}
	fit.Ref, fit.Seed, fit.Run = DefaultSize, r.Seed, l.Run
	if r.Size != 0 {
		fit.Ref = r.Size
	}
	fit.Provenance = detect.Provenance{
		Command: fmt.Sprintf("semirest serve, job %s of project %s", j.ID, j.Project),
		Data:    p.fingerprint(), Version: l.Version, Created: j.Created.UTC().Truncate(time.Second),
	}
	sup := train.Un // for "none": of no effect
	if r.Supervision != "none" {
		sup = train.Supervision(r.Supervision)
	}
	s, err := train.Preset(r.Preset, sup)
	if err != nil {
		return train.Config{}, err
	}
	s.Seed = r.Seed
	if r.Steps != 0 {
		short(&s, float64(r.Steps)/float64(s.Steps))
		s.Steps, s.ManySteps = r.Steps, 0
	}
	s.EvalEvery = max(1, min(s.EvalEvery, s.Steps/3)) // a short run has looks to choose from, too
	c := train.Config{Settings: s, Fit: fit, Profile: train.AutoProfile, Dir: l.folder(j.ID), Resume: true, Samples: samples, Run: l.Run}
	if l.Tune != nil {
		l.Tune(&c)
	}
	return c, nil
}

// samples is how often the page's sample map is renewed while a job learns.
const samples = 24

// short makes all of a run short where its steps are: fewer simulated pictures,
// fewer held out, in proportion, and never more than the preset's.
func short(s *train.Settings, share float64) {
	if share >= 1 {
		return
	}
	for p := s; p != nil; p = p.Start {
		part := func(n, least int) int { return min(n, max(least, int(share*float64(n)+0.5))) }
		p.MaxSim, p.MaxNormal = part(p.MaxSim, 40), part(p.MaxNormal, 30)
		p.HeldOut, p.Variants = part(p.HeldOut, 10), part(p.Variants, 3)
		p.Warmup, p.Ramp = part(p.Warmup, 1), part(p.Ramp, 1)
		if p != s {
			p.Steps, p.ManySteps = part(p.Steps, 1), 0
		}
	}
}
