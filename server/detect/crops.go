package detect

import (
	"fmt"

	"semirest/shared/block"
	"semirest/shared/prep"
)

// Crops prepares an upright RGB picture [h, w, 3] for the detector: the plan and
// each crop's pixels, [Input.H, Input.W, 3]. Fitting, training and scoring on
// the server all come through here; the browser runs the same prep code.
func (s *Spec) Crops(rgb []byte, size prep.Size) (prep.Plan, [][]byte, error) {
	plan, err := prep.NewPlan(size, s.Input, s.Tile)
	if err != nil {
		return prep.Plan{}, nil, fmt.Errorf("detect: %w", err)
	}
	scaled, err := prep.Resize(rgb, size, plan.Scaled)
	if err != nil {
		return prep.Plan{}, nil, fmt.Errorf("detect: %w", err)
	}
	crops := make([][]byte, len(plan.Crops))
	for i, c := range plan.Crops {
		crops[i] = plan.Cut(nil, scaled, c)
	}
	return plan, crops, nil
}

// origin is the cell of the picture's grid where a crop begins.
func origin(c prep.Crop) block.Cell { return block.Cell{Row: c.Row, Col: c.Col} }
