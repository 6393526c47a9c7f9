package train

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"semirest/server/detect"
)

// Record is what a model's metadata says of its training: the settings, the looks at
// the held-out pictures, and what was chosen from them.
type Record struct {
	Settings Settings `json:"settings"`
	// Start are the settings of the unsupervised training that came first.
	Start    *Settings `json:"start,omitempty"`
	Pictures Pictures  `json:"pictures"`
	Looks    []Held    `json:"looks"` // single pass
	BestStep int       `json:"best_step"`
	Choices  []Choice  `json:"choices"`
	Why      string    `json:"why"` // the choice in words
	Seconds  float64   `json:"seconds"`
}

// Pictures counts what training saw and what was held out.
type Pictures struct {
	Normal     int `json:"normal"`
	Simulated  int `json:"simulated"`
	Real       int `json:"real"` // with variants
	HeldNormal int `json:"held_out_normal"`
	HeldOut    int `json:"held_out_simulated"` // of each recipe
}

// Choice is a way to fuse with the distance, and how it did on held-out pictures.
type Choice struct {
	Weight float64 `json:"weight"` // see detect.Fusion
	Held
	Chosen bool `json:"chosen"`
}

// fusionWeights are the ways that are compared: the classifier alone, and more and
// more of the distance. 1 is the order of the distance score itself.
var fusionWeights = []float64{0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1}

// premium is the held-out AP, Held.Score, that is given up for the distance, which has
// learnt nothing of what a defect looks like, as an insurance against real defects being
// unlike simulated ones. A classifier that has seen real ones needs less of it.
func premium(s Supervision) float64 {
	if s == Un {
		return 0.01
	}
	return 0.005
}

// worth is the share of the distance's error, 1 - AP on probes, that a classifier
// which has seen simulated defects only may leave. See weak.
const worth = 0.75

// weak says that a classifier is not to be trusted with real defects: it has seen none,
// and is hardly better than the distance on defects of a recipe it was not trained on.
func weak(choices []Choice, s Supervision) bool {
	probes := 0.0
	for _, c := range choices {
		probes = max(probes, c.Probes.AP)
	}
	return s == Un && 1-probes > worth*(1-choices[len(choices)-1].Probes.AP)
}

// halfOfNormal is Fusion.Half in units of the mean squared distance of held-out
// normal blocks.
const halfOfNormal = 10

// disturbedWeights are the ways that are compared where the classifier has learnt from
// disturbed residuals of several views.
var disturbedWeights = []float64{0, 0.3, 0.5, 0.9, 1}

// disturbedWeight is the one that is taken, as held-out paint does not tell what such a
// classifier is worth: it would keep the distance alone on all of six sets. Where no real
// defect was seen, the distance orders, and what was learnt adds a tenth (an MLP, seed 0, AP
// by the distance / with 0.15 of it: transistor 57.8 / 70.4, tiles 30.6 / 33.8, cookie
// 58.2 / 58.8, aitex 46.5 / 46.5, leather 79.6 / 79.2, crackforest 17.0 / 16.3). With ten
// labelled pictures it has more to say (transistor, by the distance 51.3, at 0.3 72.6;
// cookie 56.1 and 57.5).
func disturbedWeight(s Supervision) float64 {
	if s == Un {
		return 0.9
	}
	return 0.3
}

// best is the index of the choice: the largest weight of the distance that costs at
// most the premium in AP, by the figure that checkpoints are chosen by; the distance
// alone, which comes last, where the classifier is weak.
func best(choices []Choice, s Supervision) int {
	if weak(choices, s) {
		return len(choices) - 1
	}
	top, premium := 0.0, premium(s)
	for _, c := range choices {
		top = max(top, c.Score())
	}
	at := 0
	for i, c := range choices {
		if c.Score() >= top-premium && c.Weight >= choices[at].Weight {
			at = i
		}
	}
	return at
}

// choose puts the best weights into the model, decides about the fusion, and sets
// the threshold, all on held-out pictures.
func (r *run) choose(ctx context.Context) error {
	s := r.phases[len(r.phases)-1]
	half := halfOfNormal * r.held.meanSquared()
	c := *s.classifier(r.scale)
	if err := r.model.SetClassifier(c, s.Block, named(r.layout, r.best)); err != nil {
		return err
	}
	r.report(Progress{Stage: StageChoosing, Total: 1})
	p, err := r.held.classify(ctx, r.model, r.maps, r.cfg.Run)
	if err != nil {
		return err
	}
	record := Record{
		Settings: s, Looks: r.at.Looks, BestStep: r.at.BestStep,
		Pictures: Pictures{
			Normal: len(r.maps.Normal), Simulated: len(r.maps.Simulated), Real: len(r.maps.Real),
			HeldNormal: len(r.held.normal), HeldOut: len(r.held.simulated),
		},
	}
	if len(r.phases) > 1 {
		record.Start = &r.phases[0]
	}
	blind := s.Disturbed > 0
	list := fusionWeights
	if blind {
		list = disturbedWeights
	}
	for _, w := range list {
		h, err := r.held.measure(r.held.fuse(p, r.maps, detect.Fusion{Weight: w, Half: half}), s.Block)
		if err != nil {
			return err
		}
		h.Step = record.BestStep
		record.Choices = append(record.Choices, Choice{Weight: w, Held: h})
	}
	at := 0
	switch {
	case s.Alone:
	case blind:
		at = slices.Index(disturbedWeights, disturbedWeight(s.Supervision))
	default:
		at = best(record.Choices, s.Supervision)
	}
	chosen := &record.Choices[at]
	chosen.Chosen = true
	record.Why = explain(record.Choices, at, premium(s.Supervision))
	if blind && !s.Alone {
		record.Why = fmt.Sprintf("trained on disturbed features, which no held-out defect can judge: the classifier makes %.1f of the score, the distance the rest", 1-chosen.Weight)
	}
	record.Seconds = r.seconds()

	c.Fusion = detect.Fusion{Weight: chosen.Weight, Half: half}
	for i := range r.source.Defects() {
		if s.Supervision == Un {
			break // prepared for others, see Prepare
		}
		d, err := r.source.Defect(i)
		if err != nil {
			return err
		}
		c.Moved = append(c.Moved, d.Name)
	}
	if c.Training, err = json.Marshal(record); err != nil {
		return fmt.Errorf("train: the record: %w", err)
	}
	if err := r.model.SetClassifier(c, s.Block, named(r.layout, slices.Clone(r.best))); err != nil {
		return err
	}
	r.model.Preset, r.model.Supervision = s.Preset, string(s.Supervision)
	scores := r.held.imageScores(r.held.fuse(p, r.maps, c.Fusion))
	if r.model.Threshold, err = detect.SetThreshold(scores, r.model.Threshold.FalseAlarmRate); err != nil {
		return err
	}
	r.report(Progress{Stage: StageChoosing, Done: 1, Total: 1, Held: &chosen.Held})
	return nil
}

// explain says what was chosen and why.
func explain(choices []Choice, at int, premium float64) string {
	figures := func(c Choice) string { return fmt.Sprintf("AP %.3f (probes %.3f)", c.Score(), c.Probes.AP) }
	alone, distance, c := choices[0], choices[len(choices)-1], choices[at]
	text := fmt.Sprintf("on held-out defects: classifier alone %s, distance alone %s", figures(alone), figures(distance))
	switch c.Weight {
	case 0:
		return text + "; the classifier stands alone"
	case 1:
		return text + "; the distance alone is kept: simulated defects are a poor match here"
	}
	return text + fmt.Sprintf("; fused with weight %g %s: the most insurance that costs at most %g AP", c.Weight, figures(c), premium)
}

// ReadRecord returns what a model says of its training; nil for a detector without
// a classifier.
func ReadRecord(m *detect.Model) (*Record, error) {
	if m.Classifier == nil || m.Classifier.Training == nil {
		return nil, nil
	}
	r := new(Record)
	if err := json.Unmarshal(m.Classifier.Training, r); err != nil {
		return nil, fmt.Errorf("train: the model's record of its training: %w", err)
	}
	return r, nil
}
