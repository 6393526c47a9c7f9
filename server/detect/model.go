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
//	backbone.NAME   ...             the backbone's trunk, names as in its source
//	classifier.NAME ...             the classifier, where there is one
//
// and the Spec as JSON under the metadata key "semirest".
type Model struct {
	Spec
	Bank      []float32 // [rows, d]
	BankImage []int32   // [rows], index into Spec.Images

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
	set.Tensors[tensorBank] = weights.NewF32(m.Bank, m.BankSize.Rows, m.Feature.Dim)
	set.Tensors[tensorBankImage] = weights.NewI32(m.BankImage, m.BankSize.Rows)
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
	rows := m.BankSize.Rows
	var err error
	if rows < 1 {
		return nil, errors.New("the bank is empty")
	}
	if m.Bank, err = set.Floats(tensorBank, rows, m.Feature.Dim); err != nil {
		return nil, err
	}
	ids, err := set.Get(tensorBankImage)
	if err != nil {
		return nil, err
	}
	if m.BankImage, err = ids.Ints32(); err != nil {
		return nil, fmt.Errorf("%s: %w", tensorBankImage, err)
	}
	if len(m.BankImage) != rows {
		return nil, fmt.Errorf("%s: %d ids for %d rows", tensorBankImage, len(m.BankImage), rows)
	}
	for _, id := range m.BankImage {
		if id < 0 || int(id) >= len(m.Images) {
			return nil, fmt.Errorf("%s: id %d of %d images", tensorBankImage, id, len(m.Images))
		}
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

// setBackbone checks and folds the weights of Spec.Backbone.
func (m *Model) setBackbone(set *weights.Set) error {
	arch, err := nets.Lookup(m.Backbone)
	if err != nil {
		return err
	}
	if m.trunk, err = arch.Trunk(set); err != nil {
		return err
	}
	m.net, err = arch.Load(m.trunk)
	return err
}
