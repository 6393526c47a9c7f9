package loop

import (
	"slices"
	"testing"

	"semirest/server/detect"
	"semirest/server/project"
	"semirest/server/train"
)

// Packages detect and train know no projects and name their stages themselves: a
// page has words for project.Stages only.
func TestEveryStageIsKnown(t *testing.T) {
	for _, s := range []detect.Stage{detect.StageFeatures, detect.StageCoreset, detect.StageThreshold,
		train.StageProfile, train.StagePictures, train.StageStart, train.StageTraining, train.StageChoosing} {
		if !slices.Contains(project.Stages, project.Stage(s)) {
			t.Errorf("stage %q is none of %v", s, project.Stages)
		}
	}
	for _, s := range project.Stages {
		if phases[s] == 0 {
			t.Errorf("stage %q has no phase on the wire", s)
		}
	}
	if len(phases) != len(project.Stages) {
		t.Errorf("%d stages have phases, there are %d", len(phases), len(project.Stages))
	}
}
