package train

import (
	"time"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/synth"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Source gives a training run its pictures: normal ones, as detect.Fit wants them,
// and the labelled defective ones of Sup and Semi.
type Source interface {
	detect.Source
	Defects() int
	// Defect decodes defective picture i.
	Defect(i int) (Defect, error)
}

// Defect is a labelled defective picture, upright. What neither the mask nor a box
// covers is normal.
type Defect struct {
	Name  string
	Pix   []byte // RGB [h, w, 3]
	Size  prep.Size
	Mask  []byte      // [h, w], any byte but 0 is anomalous; nil where no pixel is known to be
	Boxes []block.Box // in pixels; a block inside is unknown
}

// Config is a training run but its pictures.
type Config struct {
	Settings
	Fit      detect.FitConfig // of the memory bank
	Profile  string           // of features: a name (Profiles), AutoProfile, or "" for what Fit says
	Textures []synth.Picture  // to fill simulated defects from; none: the built-in set
	// Init is a trained detector to go on from: its bank, scales and weights. nil: a
	// detector is fitted, and the classifier starts at random.
	Init *detect.Model
	// Dir keeps checkpoints, log and plot; "" keeps none.
	Dir string
	// Resume goes on from the checkpoint in Dir, if there is one; the result is that of
	// a run without a break, bit for bit.
	Resume bool
	// SaveEvery is the time between checkpoints; 0: half a minute.
	SaveEvery time.Duration
	// Samples is how many times in a phase, about, the sample's map is reported besides
	// the looks.
	Samples int
	Run     ort.Options
}

// AutoProfile lets the normal pictures choose the profile: see ChooseProfile.
const AutoProfile = "auto"

// The stages of Run, in their order; those of detect.Fit follow the profile.
const (
	StageProfile  detect.Stage = "profile"
	StagePictures detect.Stage = "pictures"
	StageStart    detect.Stage = "start" // semi's and sup's first phase
	StageTraining detect.Stage = "training"
	StageChoosing detect.Stage = "choosing"
)

// Progress is how far a run has come. It is reported by one goroutine.
type Progress struct {
	Stage       detect.Stage
	Done, Total int     // pictures, rows or steps
	Point       *Point  // the step just done
	Held        *Held   // the look at the held-out pictures just taken
	Sample      *Sample // with Held, and as often as Config.Samples says: one of them
}

// Sample is a held-out picture with a simulated defect and the scores its blocks get
// now, so that a viewer sees them sharpen.
type Sample struct {
	Size   prep.Size
	Pix    []byte // RGB
	Scores block.Scores
}
