package detect

import (
	"errors"
	"fmt"
	"slices"

	"semirest/models/nets"
	"semirest/shared/block"
)

// View is one look at a crop: one map of the backbone, or several in one feature, of the
// picture or of the picture at half its size. It has a bank and a distance of its own. A
// detector of one view scores by that distance; one of several fuses theirs (see Late):
// what is small speaks in one map only, and a feature of all maps drowns it.
type View struct {
	Name    string   `json:"name"`
	Feature Feature  `json:"feature"`
	Bank    BankSize `json:"bank"`
	// Level is the mean distance of the cells of normal pictures that the bank has not seen;
	// it makes the views' distances comparable. Of no effect, and 0, in a detector of one view.
	Level  float64 `json:"level"`
	Weight float64 `json:"weight"` // in the late fusion
}

// Feature says how PCFs are made of the backbone's maps.
type Feature struct {
	Dim            int       `json:"dim"`
	Layers         []int     `json:"layers"`          // indices into nets.Architecture.Maps, fine to coarse
	Half           bool      `json:"half,omitempty"`  // of the picture at half its size
	Cell           int       `json:"cell"`            // pixels of the input from one feature to the next: 8, 16 or 32
	Smooth         bool      `json:"smooth"`          // all layers are averaged over 3x3 cells once more
	LayerScales    []float64 `json:"layer_scales"`    // each layer's numbers are divided by its scale
	PositionWeight float64   `json:"position_weight"` // lambda_PE, on the scaled features
}

// BankSize says how a memory bank was chosen.
type BankSize struct {
	Rows int `json:"rows"`
	Pool int `json:"pool"` // rows it was chosen from
	Of   int `json:"of"`   // rows of all training images
}

// Bank is a view's memory bank.
type Bank struct {
	Rows  []float32 // [n, d], PCFs
	Image []int32   // [n], index into Spec.Images
}

// maxCell bounds the cells of a view; every input's sides are multiples of it.
const maxCell = 32

// Joint lists the layers of the one feature of a detector with one view: the backbone's
// Stages and, with fine, the map before them.
func Joint(a *nets.Architecture, fine bool) []int {
	var layers []int
	for i := range len(a.Stages) + 1 {
		if i > 0 || fine {
			layers = append(layers, i)
		}
	}
	return layers
}

// sizes is how many numbers of a hypercolumn come from each of the layers; d is their
// sum.
func sizes(a *nets.Architecture, layers []int) (numbers []int, d int) {
	maps := a.Maps()
	for _, l := range layers {
		n := maps[l].Channels
		if l > 0 && reduced(a) {
			n = 512
		}
		numbers = append(numbers, n)
		d += n
	}
	return numbers, d
}

// architecture is the backbone with the trunk that the views need.
func (s *Spec) architecture() (*nets.Architecture, error) {
	arch, err := nets.Lookup(s.Backbone)
	if err != nil {
		return nil, err
	}
	for i := range s.Views {
		if layers := s.Views[i].Feature.Layers; len(layers) > 0 && layers[len(layers)-1] > len(arch.Stages) {
			return arch.Deep()
		}
	}
	return arch, nil
}

// ViewGrid is the grid of a view's features over one crop.
func (s *Spec) ViewGrid(view int) block.Grid { return s.grid(&s.Views[view]) }

// grid is the grid of a view's features over one crop.
func (s *Spec) grid(v *View) block.Grid { return block.For(s.Input.W, s.Input.H, v.Feature.Cell) }

// joint reports whether the feature is one that format 1 can hold.
func (f *Feature) joint(a *nets.Architecture) bool {
	return !f.Half && f.Cell == stride && (slices.Equal(f.Layers, Joint(a, false)) || slices.Equal(f.Layers, Joint(a, true)))
}

// check holds a view that was read from a file to what the graph relies on.
func (v *View) check(s *Spec, a *nets.Architecture) error {
	f := &v.Feature
	if len(f.Layers) == 0 {
		return errors.New("it has no layers")
	}
	for i, l := range f.Layers {
		if l < 0 || l >= len(a.Maps()) || i > 0 && l <= f.Layers[i-1] {
			return fmt.Errorf("layers %v of the backbone's %d", f.Layers, len(a.Maps()))
		}
	}
	layers, d := sizes(a, f.Layers)
	switch {
	case f.Dim != d || len(f.LayerScales) != len(layers):
		return fmt.Errorf("features of %d numbers and %d layers, the backbone %s gives %d and %d",
			f.Dim, len(f.LayerScales), a.Name, d, len(layers))
	case f.Cell != stride && f.Cell != 2*stride && f.Cell != maxCell:
		return fmt.Errorf("cells of %d pixels", f.Cell)
	case f.PositionWeight < 0 || f.PositionWeight > 1e6 || f.PositionWeight != f.PositionWeight:
		return fmt.Errorf("the position weight is %v", f.PositionWeight)
	case v.Bank.Rows < 1:
		return errors.New("its bank is empty")
	case len(s.Views) > 1 && (s.Input.W%maxCell != 0 || s.Input.H%maxCell != 0):
		return fmt.Errorf("an input of %v pixels: several views need multiples of %d", s.Input, maxCell)
	case len(s.Views) > 1 && (!positive(v.Level) || !positive(v.Weight)):
		return fmt.Errorf("its level is %v and its weight %v", v.Level, v.Weight)
	}
	for _, scale := range f.LayerScales {
		if !positive(scale) {
			return fmt.Errorf("a layer's scale is %v", scale)
		}
	}
	return nil
}
