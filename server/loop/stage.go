package loop

import (
	"semirest/server/project"
	"semirest/shared/wire"
)

// phases are the stages of a job as the wire tells of them: the page draws the
// same for several.
var phases = map[project.Stage]wire.Phase{
	project.StageProfile:    wire.PhaseFeatures,
	project.StageFeatures:   wire.PhaseFeatures,
	project.StageCoreset:    wire.PhaseBank,
	project.StageThreshold:  wire.PhaseEvaluate,
	project.StagePictures:   wire.PhaseSimulate,
	project.StageStart:      wire.PhaseLearn,
	project.StageTraining:   wire.PhaseLearn,
	project.StageChoosing:   wire.PhaseEvaluate,
	project.StageEvaluating: wire.PhaseEvaluate,
	project.StageSaving:     wire.PhaseSave,
}

// Phase is a stage as the wire tells of it. A job that has told of no stage yet
// reads pictures first.
func Phase(s project.Stage) wire.Phase {
	if p, ok := phases[s]; ok {
		return p
	}
	return wire.PhaseFeatures
}
