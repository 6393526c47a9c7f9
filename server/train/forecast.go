package train

import (
	"time"

	"semirest/server/detect"
)

// Forecast guesses how long a run still takes, all of its stages counted. A stage has a cost in seconds on the machine
// that the costs below were measured on; what the run's own seconds have been worth so far says how much slower or
// faster this machine is, and within a stage its own course says more than its cost.
//
// People plan by what they are told, so once the first stage is over the guess never rises by more than a quarter above
// the least that was told: where a stage turns out dearer than its cost says, the guess stands still until it is true
// again. It falls as fast as the run does. The zero Forecast knows nothing. Not for several goroutines.
type Forecast struct {
	stages  []stageCost
	at      int       // index of the present stage, -1 before the first
	entry   time.Time // into the present stage
	first   float64   // share of the present stage that was done at its entry: a run that goes on
	spent   float64   // real seconds of whole stages
	cost    float64   // their costs
	lowest  float64   // least that was told, from the second stage on; 0: nothing yet
	entered int       // stages
}

type stageCost struct {
	name detect.Stage
	cost float64
}

// Costs in seconds on two quiet cores, for an input of 512x512 pixels.
const (
	costFeatures = 0.02   // a picture through the backbone
	costNearest  = 0.07   // the same and a search in the whole bank
	costRow      = 0.0009 // a row of the bank, of a pool of 60,000
	costSwin     = 0.3    // a step
	costMLP      = 0.02
	costLook     = 0.02 // a held-out picture's map
)

// rise is the most that a guess may rise above the least that was told.
const rise = 1.25

// Expect lists the stages of a run on a number of normal and of labelled defective pictures; without a classifier where
// c.Supervision is empty.
func Expect(c Config, normal, defective int) *Forecast {
	area := float64(c.Fit.Ref*c.Fit.Ref) / (512 * 512)
	f := &Forecast{at: -1, entry: time.Now()}
	if c.Init == nil {
		if c.Profile == AutoProfile {
			of := float64(min(normal, profileNormal))
			f.Then(StageProfile, area*costFeatures*of+costRow*profileRows*profileRows/60_000+area*costNearest*of/4)
		}
		rows := float64(c.Fit.BankRows)
		pool := area * 4096 * float64(normal)
		if rows == 0 {
			rows = c.Fit.BankFraction * pool
		}
		if c.Fit.PoolRows > 0 {
			pool = min(pool, float64(c.Fit.PoolRows))
		}
		f.Then(detect.StageFeatures, area*costFeatures*float64(normal))
		f.Then(detect.StageCoreset, costRow*min(rows, pool)*pool/60_000)
		f.Then(detect.StageThreshold, area*costNearest*max(2, c.Fit.HoldOut*float64(normal)))
	}
	s := c.Settings
	if s.Supervision == "" {
		return f
	}
	pictures := s.NormalCount(normal) + s.SimulatedCount(normal) + defective*(1+s.Variants) + 3*s.HeldOut
	f.Then(StagePictures, area*costNearest*float64(pictures))
	step, looks := costSwin, 1
	if s.Classifier == MLP {
		step = costMLP
	}
	if s.Start != nil && c.Init == nil {
		f.Then(StageStart, step*float64(s.Start.StepCount(normal)))
	}
	steps := s.StepCount(normal)
	if s.EvalEvery > 0 {
		looks += steps / s.EvalEvery
	}
	look := area * costLook * float64(3*s.HeldOut)
	f.Then(StageTraining, step*float64(steps)+float64(looks)*look)
	f.Then(StageChoosing, 4*look)
	return f
}

// Then adds a stage to the end, of a cost in seconds on two quiet cores.
func (f *Forecast) Then(stage detect.Stage, seconds float64) {
	f.stages = append(f.stages, stageCost{stage, seconds})
}

// Measures adds a stage that measures a model, and its distance besides, on pictures.
func (f *Forecast) Measures(pictures, ref int, stage detect.Stage) {
	f.Then(stage, 2*float64(ref*ref)/(512*512)*costNearest*float64(pictures))
}

// Left is the guess when done of total of a stage's items are finished; negative where there is none.
func (f *Forecast) Left(stage detect.Stage, done, total int) time.Duration {
	seconds := f.left(stage, done, total)
	if f.entered > 1 && seconds >= 0 {
		if f.lowest > 0 {
			seconds = min(seconds, rise*f.lowest)
			f.lowest = min(f.lowest, seconds)
		} else {
			f.lowest = seconds
		}
	}
	return time.Duration(seconds * float64(time.Second))
}

func (f *Forecast) left(stage detect.Stage, done, total int) float64 {
	at := f.at
	for i, s := range f.stages {
		if s.name == stage {
			at = i
		}
	}
	if at < 0 || at >= len(f.stages) || total <= 0 { // a run that goes on at its very end has no stages
		return -1
	}
	now, share := time.Now(), float64(done)/float64(total)
	if at != f.at {
		if f.at >= 0 {
			f.spent += now.Sub(f.entry).Seconds()
			f.cost += (1 - f.first) * f.stages[f.at].cost
		}
		f.at, f.entry, f.first = at, now, share
		f.entered++
	}
	cost := f.stages[at].cost
	own := now.Sub(f.entry).Seconds()
	spent, known := f.spent+own, f.cost+(share-f.first)*cost
	pace := 1.0 // real seconds a second of cost
	if known > 1 {
		pace = spent / known
	}
	later := 0.0
	for _, s := range f.stages[at+1:] {
		later += s.cost
	}
	here := pace * (1 - share) * cost
	if share-f.first > 0.05 { // the stage itself knows best
		here = own * (1 - share) / (share - f.first)
	}
	return here + pace*later
}
