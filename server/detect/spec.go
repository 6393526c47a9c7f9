package detect

import (
	"errors"
	"fmt"
	"math"
	"time"

	"semirest/shared/block"
	"semirest/shared/prep"
)

// Spec is everything about a detector but its tensors: the JSON metadata of the
// model file, under the key "semirest".
type Spec struct {
	Format      int         `json:"format"`
	Preset      string      `json:"preset"`
	Supervision string      `json:"supervision"` // none: the distance head
	Backbone    string      `json:"backbone"`
	Input       prep.Size   `json:"input"`             // pixels of one crop
	Tile        prep.Tile   `json:"tile"`              // zero: the whole picture is the crop
	Block       int         `json:"block"`             // pixels of the input
	Depth       prep.Depth  `json:"depth,omitempty"`   // bits that 16-bit pictures use; 0: all
	Profile     string      `json:"profile,omitempty"` // what the views together are called
	Why         string      `json:"why,omitempty"`     // it was chosen
	Views       []View      `json:"views"`             // at least one
	Late        Late        `json:"late,omitzero"`     // how several views are fused
	Images      []string    `json:"images"`            // that fed the bank; ids index it
	HeldOut     []string    `json:"held_out"`          // normal images kept for the threshold
	Threshold   Threshold   `json:"threshold"`
	Likeness    *Likeness   `json:"likeness,omitempty"`   // nil: of a model that cannot tell other pictures from its own
	Classifier  *Classifier `json:"classifier,omitempty"` // nil: the distance head
	Provenance  Provenance  `json:"provenance"`
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

// Dim is how many numbers a residual of all views has.
func (s *Spec) Dim() (d int) {
	for i := range s.Views {
		d += s.Views[i].Feature.Dim
	}
	return d
}

// BankSize is the size of all views' banks together.
func (s *Spec) BankSize() (b BankSize) {
	for i := range s.Views {
		v := &s.Views[i].Bank
		b.Rows, b.Pool, b.Of = b.Rows+v.Rows, b.Pool+v.Pool, b.Of+v.Of
	}
	return b
}

// Tiled reports whether pictures are cut into overlapping crops.
func (s *Spec) Tiled() bool { return s.Tile != prep.Tile{} }

// reach is how many cells a picture's grid may have along an axis.
func (s *Spec) reach() int {
	return max(s.Tile.Ref, s.Input.W, s.Input.H) / stride
}

// check holds a Spec that was read from a file to what the rest relies on.
func (s *Spec) check() error {
	if s.Format != FormatJoint && s.Format != FormatViews {
		return fmt.Errorf("the model's format is %d, this program reads %d and %d: train it again, or use the program of version %s",
			s.Format, FormatJoint, FormatViews, s.Provenance.Version)
	}
	if err := s.checkViews(); err != nil {
		return err
	}
	switch {
	case s.Block != stride && (s.Block != 2*stride || s.Classifier == nil):
		return fmt.Errorf("blocks of %d pixels", s.Block)
	case !s.Depth.Valid():
		return fmt.Errorf("16-bit pictures of %d bits", s.Depth)
	case !positive(s.Threshold.Value):
		return fmt.Errorf("the threshold is %v", s.Threshold.Value)
	case s.Input.W < 1 || s.Input.H < 1 || s.Input.W > maxInput || s.Input.H > maxInput:
		return fmt.Errorf("an input of %v pixels", s.Input)
	}
	if err := s.Likeness.check(); err != nil {
		return err
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

// checkViews checks the views and their fusion.
func (s *Spec) checkViews() error {
	arch, err := s.architecture()
	if err != nil {
		return err
	}
	if err := s.checkNames(); err != nil {
		return err
	}
	for i := range s.Views {
		v := &s.Views[i]
		if err := v.check(s, arch); err != nil {
			return fmt.Errorf("view %q: %w", v.Name, err)
		}
	}
	if s.Format == FormatJoint && (len(s.Views) > 1 || !s.Views[0].Feature.joint(arch)) {
		return fmt.Errorf("format %d with views", FormatJoint)
	}
	return nil
}

// checkNames checks how many views there are, what they are called and how they are fused.
func (s *Spec) checkNames() error {
	names := map[string]bool{}
	for i := range s.Views {
		name := s.Views[i].Name
		if name == "" || names[name] {
			return fmt.Errorf("view %d is called %q as another, or not at all", i+1, name)
		}
		names[name] = true
	}
	switch {
	case len(s.Views) == 0:
		return errors.New("it has no features")
	case len(s.Views) > maxViews:
		return fmt.Errorf("it has %d views", len(s.Views))
	case len(s.Views) > 1:
		return s.Late.check()
	}
	return nil
}

// maxViews bounds the views of a detector.
const maxViews = 32

// maxInput bounds the side of one crop, pixels: larger pictures are cut in tiles.
const maxInput = 4096

func positive(v float64) bool { return v > 0 && v <= math.MaxFloat32 }
