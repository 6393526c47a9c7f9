package detect

import (
	"fmt"
	"math"
	"time"

	"semirest/models/nets"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Format is the number of the model file's layout; another one is refused.
const Format = 1

// Spec is everything about a detector but its tensors: the JSON metadata of the
// model file, under the key "semirest".
type Spec struct {
	Format      int         `json:"format"`
	Preset      string      `json:"preset"`
	Supervision string      `json:"supervision"` // none: the distance head
	Backbone    string      `json:"backbone"`
	Input       prep.Size   `json:"input"` // pixels of one crop
	Tile        prep.Tile   `json:"tile"`  // zero: the whole picture is the crop
	Block       int         `json:"block"` // pixels of the input
	Feature     Feature     `json:"feature"`
	BankSize    BankSize    `json:"bank"`
	Images      []string    `json:"images"`   // that fed the bank; ids index it
	HeldOut     []string    `json:"held_out"` // normal images kept for the threshold
	Threshold   Threshold   `json:"threshold"`
	Classifier  *Classifier `json:"classifier,omitempty"` // nil: the distance head
	Provenance  Provenance  `json:"provenance"`
}

// Feature says how PCFs are made of the backbone's maps.
type Feature struct {
	Dim            int       `json:"dim"`
	Profile        string    `json:"profile,omitempty"` // what fine, smooth and the scales together are called
	Why            string    `json:"why,omitempty"`     // it was chosen
	Fine           bool      `json:"fine"`              // the backbone's fine map is the first layer
	Smooth         bool      `json:"smooth"`            // all layers are averaged over 3x3 cells once more
	LayerScales    []float64 `json:"layer_scales"`      // each layer's numbers are divided by its scale
	PositionWeight float64   `json:"position_weight"`   // lambda_PE, on the scaled features
}

// BankSize says how the memory bank was chosen.
type BankSize struct {
	Rows int `json:"rows"`
	Pool int `json:"pool"` // rows it was chosen from
	Of   int `json:"of"`   // rows of all training images
}

// Threshold is the image threshold and how it was found.
type Threshold struct {
	Value          float64 `json:"value"` // raw score
	FalseAlarmRate float64 `json:"false_alarm_rate"`
	Method         string  `json:"method"` // see threshold.go
	Images         int     `json:"images"` // normal images it was set from
}

// Provenance says where a model came from.
type Provenance struct {
	Command string    `json:"command"`
	Seed    uint64    `json:"seed"`
	Data    string    `json:"data"` // fingerprint of the training images
	Version string    `json:"version"`
	Created time.Time `json:"created"`
	Seconds float64   `json:"seconds"` // of fitting
}

// Grid is the block grid over one crop.
func (s *Spec) Grid() block.Grid { return block.For(s.Input.W, s.Input.H, s.Block) }

// cells is the grid of features over one crop.
func (s *Spec) cells() block.Grid { return block.For(s.Input.W, s.Input.H, stride) }

// Cells is the grid of features over one crop, one each 8x8 pixels.
func (s *Spec) Cells() block.Grid { return s.cells() }

// Tiled reports whether pictures are cut into overlapping crops.
func (s *Spec) Tiled() bool { return s.Tile != prep.Tile{} }

// reach is how many cells a picture's grid may have along an axis.
func (s *Spec) reach() int {
	return max(s.Tile.Ref, s.Input.W, s.Input.H) / stride
}

// check holds a Spec that was read from a file to what the rest relies on.
func (s *Spec) check() error {
	if s.Format != Format {
		return fmt.Errorf("the model's format is %d, this program reads %d: train it again, or use the program of version %s", s.Format, Format, s.Provenance.Version)
	}
	arch, err := nets.Lookup(s.Backbone)
	if err != nil {
		return err
	}
	layers, d := Layers(arch, s.Feature.Fine)
	switch {
	case s.Feature.Dim != d || len(s.Feature.LayerScales) != len(layers):
		return fmt.Errorf("features of %d numbers and %d layers, the backbone %s gives %d and %d",
			s.Feature.Dim, len(s.Feature.LayerScales), s.Backbone, d, len(layers))
	case s.Block != stride && (s.Block != 2*stride || s.Classifier == nil):
		return fmt.Errorf("blocks of %d pixels", s.Block)
	case !positive(s.Threshold.Value):
		return fmt.Errorf("the threshold is %v", s.Threshold.Value)
	case s.Feature.PositionWeight < 0 || s.Feature.PositionWeight > 1e6 || s.Feature.PositionWeight != s.Feature.PositionWeight:
		return fmt.Errorf("the position weight is %v", s.Feature.PositionWeight)
	case s.Input.W < 1 || s.Input.H < 1 || s.Input.W > maxInput || s.Input.H > maxInput:
		return fmt.Errorf("an input of %v pixels", s.Input)
	}
	for _, v := range s.Feature.LayerScales {
		if !positive(v) {
			return fmt.Errorf("a layer's scale is %v", v)
		}
	}
	if s.Classifier != nil {
		if err := s.Classifier.check(s); err != nil {
			return err
		}
	}
	// The plan of any picture checks input and tile.
	if _, err := prep.NewPlan(s.Input, s.Input, s.Tile); err != nil {
		return err
	}
	return nil
}

// maxInput bounds the side of one crop, pixels: larger pictures are cut in tiles.
const maxInput = 4096

func positive(v float64) bool { return v > 0 && v <= math.MaxFloat32 }
