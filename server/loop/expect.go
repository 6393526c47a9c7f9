package loop

import (
	"time"

	"semirest/server/project"
	"semirest/server/train"
)

// expected guesses how long a job still takes. Every stage has a cost in seconds on
// the machine that the costs below were measured on; what the stages so far have
// really taken says how much slower or faster this machine is.
type expected struct {
	stages []stageCost
	at     int // index of the present stage
	begun  time.Time
	entry  time.Time // into the present stage
	first  float64   // share of the present stage that was done at its entry: a run that goes on
	spent  float64   // real seconds of whole stages
	cost   float64   // their costs
}

type stageCost struct {
	name project.Stage
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

// expect lists a run's stages.
func expect(c train.Config, supervision string, normal, defective, measured int) expected {
	area := float64(c.Fit.Ref*c.Fit.Ref) / (512 * 512)
	s := c.Settings
	step := costSwin
	if s.Classifier == train.MLP {
		step = costMLP
	}
	pool := min(float64(c.Fit.PoolRows), area*4096*float64(normal))
	stages := []stageCost{
		{project.StageFeatures, area * costFeatures * float64(normal)},
		{project.StageCoreset, costRow * float64(c.Fit.BankRows) * pool / 60_000},
		{project.StageThreshold, area * costNearest * max(2, 0.1*float64(normal))},
	}
	if supervision != "none" {
		pictures := s.NormalCount(normal) + s.SimulatedCount(normal) + defective*(1+s.Variants) + 3*s.HeldOut
		stages = append(stages, stageCost{project.StagePictures, area * costNearest * float64(pictures)})
		if s.Start != nil {
			stages = append(stages, stageCost{project.StageStart, step * float64(s.Start.StepCount(normal))})
		}
		looks, steps := 1.0, s.StepCount(normal)
		if s.EvalEvery > 0 {
			looks += float64(steps / s.EvalEvery)
		}
		stages = append(stages,
			stageCost{project.StageTraining, step*float64(steps) + looks*area*costLook*float64(3*s.HeldOut)},
			stageCost{project.StageChoosing, 4 * area * costLook * float64(3*s.HeldOut)})
	}
	stages = append(stages, stageCost{project.StageEvaluating, 2 * area * costNearest * float64(measured)}, stageCost{project.StageSaving, 0.5})
	now := time.Now()
	return expected{stages: stages, at: -1, begun: now, entry: now}
}

// left is the guess in seconds, -1 where there is none.
func (e *expected) left(stage project.Stage, done, total int) float64 {
	at := e.at
	for i, s := range e.stages {
		if s.name == stage {
			at = i
		}
	}
	if at < 0 || at >= len(e.stages) || total <= 0 { // a run that goes on at its very end has no stages
		return -1
	}
	now, share := time.Now(), float64(done)/float64(total)
	if at != e.at {
		if e.at >= 0 {
			e.spent += now.Sub(e.entry).Seconds()
			e.cost += (1 - e.first) * e.stages[e.at].cost
		}
		e.at, e.entry, e.first = at, now, share
	}
	cost := e.stages[at].cost
	own := now.Sub(e.entry).Seconds()
	spent, known := e.spent+own, e.cost+(share-e.first)*cost
	pace := 1.0 // real seconds a second of cost
	if known > 1 {
		pace = spent / known
	}
	later := 0.0
	for _, s := range e.stages[at+1:] {
		later += s.cost
	}
	here := pace * (1 - share) * cost
	if share-e.first > 0.05 { // the stage itself knows best
		here = own * (1 - share) / (share - e.first)
	}
	return here + pace*later
}
