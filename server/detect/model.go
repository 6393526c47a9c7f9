package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"semirest/models/nets"
	"semirest/models/weights"
)

// ErrModel is wrapped by the error of a file that is no usable model.
var ErrModel = errors.New("not a usable SemiREST model")

// Model is a detector. Its file is a safetensors file:
//
//	bank            F32 [rows, d]   the PCFs of the memory bank
//	bank.image      I32 [rows]      the image each row came from
//	view.NAME.bank, view.NAME.bank.image
//	                                the same a view, in place of the two, in format 2
//	backbone.NAME   ...             the backbone's trunk, names as in its source
//	classifier.NAME ...             the classifier, where there is one
//
// and the Spec as JSON under the metadata key "semirest".
type Model struct {
	Spec
	Banks []Bank // one a view

	trunk *weights.Set
	net   *nets.Backbone

	classifier *weights.Set // names without the prefix; nil: the distance head
}

const (
	tensorBank      = "bank"
	tensorBankImage = "bank.image"
	backbonePrefix  = "backbone."
	metadataKey     = "semirest"
)

// Save writes the model's file, whole or not at all.
func (m *Model) Save(path string) error {
	set, err := m.pack()
	if err != nil {
		return err
	}
	if err := weights.Save(path, set); err != nil {
		return fmt.Errorf("detect: save the model: %w", err)
	}
	return nil
}

func (m *Model) pack() (*weights.Set, error) {
	spec, err := json.Marshal(&m.Spec)
	if err != nil {
		return nil, fmt.Errorf("detect: the model's metadata: %w", err)
	}
	set := weights.NewSet()
	set.Metadata[metadataKey] = string(spec)
	for i := range m.Views {
		v, prefix := &m.Views[i], m.bankPrefix(i)
		set.Tensors[prefix+tensorBank] = weights.NewF32(m.Banks[i].Rows, v.Bank.Rows, v.Feature.Dim)
		set.Tensors[prefix+tensorBankImage] = weights.NewI32(m.Banks[i].Image, v.Bank.Rows)
	}
	for name, t := range m.trunk.Tensors {
		set.Tensors[backbonePrefix+name] = t
	}
	if m.classifier != nil {
		for name, t := range m.classifier.Tensors {
			set.Tensors[classifierPrefix+name] = t
		}
	}
	return set, nil
}

// Load reads a model's file and checks all of it: a truncated file, another kind
// of file, a missing or misshapen tensor and a number that is not finite are
// errors that wrap ErrModel.
func Load(path string) (*Model, error) {
	set, err := weights.Load(path)
	if errors.Is(err, weights.ErrFormat) {
		return nil, fmt.Errorf("detect: %w: %w", ErrModel, err)
	}
	if err != nil {
		return nil, fmt.Errorf("detect: open the model: %w", err)
	}
	m, err := unpack(set)
	if err != nil {
		return nil, fmt.Errorf("detect: %s: %w: %w", path, ErrModel, err)
	}
	return m, nil
}

func unpack(set *weights.Set) (*Model, error) {
	text, ok := set.Metadata[metadataKey]
	if !ok {
		return nil, fmt.Errorf("it is a safetensors file without the metadata %q", metadataKey)
	}
	m := &Model{}
	if err := json.Unmarshal([]byte(text), &m.Spec); err != nil {
		return nil, fmt.Errorf("metadata %q: %w", metadataKey, err)
	}
	if err := m.Spec.check(); err != nil {
		return nil, err
	}
	for i := range m.Views {
		b, err := m.unpackBank(set, i)
		if err != nil {
			return nil, err
		}
		m.Banks = append(m.Banks, b)
	}
	trunk := weights.NewSet()
	for name, t := range set.Tensors {
		if rest, ok := strings.CutPrefix(name, backbonePrefix); ok {
			trunk.Tensors[rest] = t
		}
	}
	if m.Classifier != nil {
		if err := m.setClassifier(set, classifierPrefix); err != nil {
			return nil, err
		}
	}
	return m, m.setBackbone(trunk)
}

// bankPrefix stands before the names of a view's tensors.
func (s *Spec) bankPrefix(view int) string {
	if s.Format == FormatJoint {
		return ""
	}
	return "view." + s.Views[view].Name + "."
}

// unpackBank checks and takes a view's bank.
func (m *Model) unpackBank(set *weights.Set, view int) (b Bank, err error) {
	v, prefix := &m.Views[view], m.bankPrefix(view)
	rows := v.Bank.Rows
	if b.Rows, err = set.Floats(prefix+tensorBank, rows, v.Feature.Dim); err != nil {
		return b, err
	}
	ids, err := set.Get(prefix + tensorBankImage)
	if err != nil {
		return b, err
	}
	if b.Image, err = ids.Ints32(); err != nil {
		return b, fmt.Errorf("%s: %w", prefix+tensorBankImage, err)
	}
	if len(b.Image) != rows {
		return b, fmt.Errorf("%s: %d ids for %d rows", prefix+tensorBankImage, len(b.Image), rows)
	}
	for _, id := range b.Image {
		if id < 0 || int(id) >= len(m.Images) {
			return b, fmt.Errorf("%s: id %d of %d images", prefix+tensorBankImage, id, len(m.Images))
		}
	}
	return b, nil
}

// setBackbone checks and folds the weights of Spec.Backbone, as far as the views need it.
func (m *Model) setBackbone(set *weights.Set) error {
	arch, err := m.architecture()
	if err != nil {
		return err
	}
	if m.trunk, err = arch.Trunk(set); err != nil {
		return err
	}
	m.net, err = arch.Load(m.trunk)
	return err
}
