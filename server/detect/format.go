package detect

import (
	"encoding/json"
	"slices"

	"semirest/models/nets"
)

// The numbers of the model file's layouts; others are refused. A detector of one view whose
// feature is the joint one is written as format 1, which older programs read.
const (
	FormatJoint = 1
	FormatViews = 2
)

// fields is a Spec without its methods.
type fields Spec

// spec1 is how format 1 writes a Spec: the one view's feature and bank stand in the places
// of the list of views, and the profile stands in the feature.
type spec1 struct {
	fields
	Views   []View    `json:"views,omitempty"`
	Profile string    `json:"profile,omitempty"`
	Why     string    `json:"why,omitempty"`
	Feature *feature1 `json:"feature,omitempty"`
	Bank    *BankSize `json:"bank,omitempty"`
}

type feature1 struct {
	Dim            int       `json:"dim"`
	Profile        string    `json:"profile,omitempty"`
	Why            string    `json:"why,omitempty"`
	Fine           bool      `json:"fine"` // the backbone's fine map is the first layer
	Smooth         bool      `json:"smooth"`
	LayerScales    []float64 `json:"layer_scales"`
	PositionWeight float64   `json:"position_weight"`
}

// MarshalJSON writes the layout that Format names.
func (s Spec) MarshalJSON() ([]byte, error) {
	if s.Format != FormatJoint || len(s.Views) != 1 {
		return json.Marshal(fields(s))
	}
	f := s.Views[0].Feature
	return json.Marshal(spec1{fields: fields(s), Bank: &s.Views[0].Bank, Feature: &feature1{
		Dim: f.Dim, Profile: s.Profile, Why: s.Why, Fine: slices.Contains(f.Layers, 0), Smooth: f.Smooth,
		LayerScales: f.LayerScales, PositionWeight: f.PositionWeight}})
}

// UnmarshalJSON reads either layout.
func (s *Spec) UnmarshalJSON(text []byte) error {
	var one spec1
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*s = Spec(one.fields)
	s.Views, s.Profile, s.Why = one.Views, one.Profile, one.Why
	if s.Format != FormatJoint || one.Feature == nil || one.Bank == nil {
		return nil
	}
	arch, err := nets.Lookup(s.Backbone)
	if err != nil {
		return err
	}
	f := one.Feature
	s.Profile, s.Why = f.Profile, f.Why
	s.Views = []View{{Name: "joint", Bank: *one.Bank, Feature: Feature{
		Dim: f.Dim, Layers: Joint(arch, f.Fine), Cell: stride, Smooth: f.Smooth,
		LayerScales: f.LayerScales, PositionWeight: f.PositionWeight}}}
	return nil
}
