package workshop

import (
	"math"

	"semirest/server/loop"
	"semirest/server/project"
	"semirest/shared/wire"
)

// tell shows a job's news to those who watch its project.
func (w *Shop) tell(u loop.Update) {
	j := u.Job
	w.pages.Notify(j.Project, "job "+string(j.ID), jobMessage(j))
	if j.State == project.Running {
		// Maps come seldom and progress often: a map must not be lost to the progress after it.
		key := "training " + string(j.ID)
		m := trainingMessage(j)
		if u.Sample != nil {
			key += " sample"
			s := u.Sample.Scores
			m.Sample = string(j.ID)
			m.Map = wire.Grid{Rows: s.Rows, Cols: s.Cols, Encoding: wire.Float16, Values: s.Values}
		}
		w.pages.Notify(j.Project, key, m)
	}
	if j.State == project.Done {
		w.pages.Notify(j.Project, "models", wire.Changed{Subject: wire.SubjectModels, Project: string(j.Project), Author: j.Author})
	}
}

// jobMessage tells of a job's state. Its text is what went wrong; empty where nothing did.
func jobMessage(j project.Job) wire.Job {
	kind := wire.JobTrain
	if j.Request.Supervision == "none" {
		kind = wire.JobFit
	}
	states := map[project.JobState]wire.JobState{
		project.Queued: wire.JobQueued, project.Running: wire.JobRunning, project.Done: wire.JobDone,
		project.Failed: wire.JobFailed, project.Canceled: wire.JobCancelled,
	}
	return wire.Job{
		Job: j.ID.Number(), Kind: kind, State: states[j.State], Ahead: uint32(max(j.Ahead, 0)),
		Project: string(j.Project), Model: string(j.Model), Text: j.Error,
	}
}

// trainingMessage tells how far a running job is.
func trainingMessage(j project.Job) wire.Training {
	ap := math.NaN()
	if j.Progress.AP != nil {
		ap = *j.Progress.AP
	}
	return wire.Training{
		Job: j.ID.Number(), Phase: loop.Phase(j.Progress.Stage),
		Step: uint32(max(j.Progress.Step, 0)), Total: uint32(max(j.Progress.Total, 0)),
		Loss: float32(j.Progress.Loss), SecondsLeft: float32(j.Progress.Left), HeldOutAP: float32(ap),
	}
}
