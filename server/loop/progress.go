package loop

import (
	"context"
	"errors"
	"math"
	"time"

	"semirest/server/detect"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/shared/block"
)

// Sample is a held-out normal picture with a simulated defect (SamplePicture), and
// its map by the weights as they stand. The scores are probabilities over a half, so
// that 1.0 lies where a threshold would.
type Sample struct {
	Scores block.Scores
}

// How often a job's progress is told, and stored.
const (
	tellEvery  = 200 * time.Millisecond
	storeEvery = 3 * time.Second
)

// reporter turns the course of one job into updates. It is used by one goroutine.
type reporter struct {
	loop         *Loop
	job          project.Job
	last         project.Progress
	forecast     *train.Forecast
	told, stored time.Time
	sampled      bool
}

// training takes a training run's progress.
func (r *reporter) training(ctx context.Context, p train.Progress) {
	stage := project.Stage(p.Stage) // train's and detect's stages go by the same names
	r.last.Stage, r.last.Step, r.last.Total = stage, p.Done, p.Total
	if p.Point != nil && finite(p.Point.Loss) {
		r.last.Loss = p.Point.Loss
	}
	if p.Held != nil {
		if ap := p.Held.Score(); finite(ap) {
			r.last.AP = &ap
		}
	}
	var sample *Sample
	if p.Sample != nil {
		sample = r.sample(p.Sample)
	}
	r.last.Left = seconds(r.forecast.Left(p.Stage, p.Done, p.Total))
	r.tell(ctx, sample)
}

// finite numbers are the only ones that a store or JSON takes.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func (r *reporter) sample(s *train.Sample) *Sample {
	if !r.sampled {
		if err := r.loop.saveSample(r.job.ID, s.Pix, s.Size); err != nil {
			r.loop.Options.Log.Warn("the sample picture cannot be saved", "job", r.job.ID, "error", err)
			return nil
		}
		r.sampled = true
	}
	out := block.NewScores(s.Scores.Grid)
	for i, v := range s.Scores.Values {
		out.Values[i] = 2 * v
	}
	return &Sample{out}
}

// stage takes the progress of what follows the training.
func (r *reporter) stage(ctx context.Context, name project.Stage, done, total int) {
	r.last.Stage, r.last.Step, r.last.Total = name, done, total
	r.last.Left = seconds(r.forecast.Left(detect.Stage(name), done, total))
	r.tell(ctx, nil)
}

// tell passes the progress on, not too often.
func (r *reporter) tell(ctx context.Context, sample *Sample) {
	now := time.Now()
	if ctx.Err() != nil {
		return
	}
	if sample == nil && now.Sub(r.told) < r.loop.tellEvery && r.last.Step < r.last.Total {
		return
	}
	r.told, r.job.Progress = now, r.last
	r.loop.board.post(Update{Job: r.job, Sample: sample})
	if now.Sub(r.stored) < storeEvery {
		return
	}
	r.stored = now
	_, err := r.loop.store.UpdateJob(ctx, r.job.ID, func(j *project.Job) error { j.Progress = r.last; return nil })
	if errors.Is(err, project.ErrNotFound) { // deleted with its project
		r.loop.stop(r.job.ID)
	} else if err != nil && ctx.Err() == nil {
		r.loop.Options.Log.Warn("a training job's progress cannot be stored", "job", r.job.ID, "error", err)
	}
}

// stop ends the context of a job that runs.
func (l *Loop) stop(id project.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.running; r != nil && r.id == id {
		r.cancel(errCanceled)
	}
}

// seconds of a guess; -1 where there is none.
func seconds(left time.Duration) float64 { return max(-1, left.Seconds()) }

// expect prepares the guess of the time that a run takes, and what follows it.
func (r *reporter) expect(c train.Config, p *plan) {
	if r.job.Request.Supervision == "none" {
		c.Settings = train.Settings{}
	}
	r.forecast = train.Expect(c, len(p.Normal), len(p.Defective))
	r.forecast.Measures(len(p.Measured), c.Fit.Ref, detect.Stage(project.StageEvaluating))
	r.forecast.Then(detect.Stage(project.StageSaving), 0.5)
}
