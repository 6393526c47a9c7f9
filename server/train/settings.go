package train

import (
	"slices"

	"semirest/server/detect"
	"semirest/server/synth"
)

// Supervision says what is known of the defects.
type Supervision string

// The three settings of the paper, section 3.1.
const (
	Un   Supervision = "un"   // normal pictures only
	Sup  Supervision = "sup"  // block labels of a few defective pictures
	Semi Supervision = "semi" // boxes around the defects of the same pictures
)

// Classifiers. Swin is the method; the others are its ablation's.
const (
	Swin = "swin"
	MLP  = "mlp"
	ViT  = "vit"
	UNet = "unet"
)

// Transforms of the residual, the classifier's first step.
const (
	Square = "square"
	Abs    = "abs"
)

// Who guesses unknown blocks.
const (
	GuessSelf  = "self"  // the network as it is trained, from the copies (METHOD section 7)
	GuessStart = "start" // the network that training starts from, bagged and aligned: see teach
)

// Settings are every number that decides a training run. They are stored whole in the
// model's metadata, as one flat JSON object: the groups are embedded, and their order
// is the file's, which a run's identity hashes. METHOD's symbols stand beside the fields.
type Settings struct {
	Preset      string      `json:"preset"`
	Supervision Supervision `json:"supervision"`
	Seed        uint64      `json:"seed"`
	Network
	Windows
	Sampling
	Loss
	Optimiser
	ResMixMatch
	// Start is how the unsupervised model is trained that this one starts from, where
	// none is given; nil: from random weights.
	Start *Settings `json:"start,omitempty"`
	Choosing
}

// Network is the classifier's shape (METHOD section 5).
type Network struct {
	Classifier string `json:"classifier"`
	Width      int    `json:"width"`
	Heads      int    `json:"heads"`
	Blocks     int    `json:"blocks"`
	Attention  int    `json:"attention_window"` // blocks a side
}

// Windows are what the network looks at, and how it sees it (METHOD sections 3 and 5).
type Windows struct {
	Block    int     `json:"block"`          // pixels, 8 or 16
	Residual string  `json:"residual"`       // Square or Abs
	Level    float64 `json:"residual_level"` // mean value of a normal block's residual after scaling
	Window   int     `json:"window"`         // mu, blocks a side
	Step     int     `json:"window_step"`    // s, of the sliding window in training
	Bagging  int     `json:"bagging_step"`   // s when scoring; 0: a single pass over the whole map
}

// Sampling is what a step is made of, and from how many pictures (METHOD sections 4
// and 6).
type Sampling struct {
	Normal        int     `json:"normal_images"`              // b1 a step
	Simulated     int     `json:"simulated_images"`           // b2
	Real          int     `json:"real_images"`                // b3
	Disturbed     int     `json:"disturbed_images,omitempty"` // normal ones whose residuals are disturbed (see disturb.go); with PerImage only
	SimulateViews bool    `json:"simulate_views,omitempty"`   // where a detector has several views, too, learn from simulated pictures, not from disturbed ones
	Fraction      float64 `json:"window_fraction"`            // p
	PerImage      bool    `json:"one_window_an_image"`        // instead of p: one window of every image
	Flips         bool    `json:"flips"`                      // mirror windows at random
	FlipSurfaces  bool    `json:"flip_surfaces"`              // Flips where the foreground is the whole picture: a surface has no right way up
	Recipe        string  `json:"recipe,omitempty"`           // of simulated defects, see synth.Recipes; "": synth.Gaps
	PerNormal     float64 `json:"simulated_per_normal"`       // simulated defective pictures a normal one
	MaxNormal     int     `json:"max_normal"`                 // normal pictures that classifier training uses; 0: all
	MinSim        int     `json:"min_simulated"`              // simulated pictures at least: a few normal ones must serve often
	MaxSim        int     `json:"max_simulated"`              // simulated pictures at most; 0: no limit
	Variants      int     `json:"real_variants"`              // of every real defective picture, besides itself
	EpsPlus       float64 `json:"eps_plus"`                   // eps+
	EpsMinus      float64 `json:"eps_minus"`                  // eps-
	A1            float64 `json:"a1"`                         // up to a1: the 1st neighbour
	A2            float64 `json:"a2"`                         // from a1 to a2: the 2nd; then the 3rd
	KNN           bool    `json:"knn_augmentation"`           // else always the 1st neighbour
	Dropout       float64 `json:"dropout"`                    // fraction of blocks a step: uniform from 0 to this
	Foreground    string  `json:"foreground"`                 // auto, object or all
	Settled       string  `json:"foreground_is,omitempty"`    // what auto came to
}

// Loss is the focal loss of labelled (X) and unlabelled (U) blocks (METHOD section 6).
type Loss struct {
	AlphaX float64 `json:"alpha_x"`
	GammaX float64 `json:"gamma_x"`
	AlphaU float64 `json:"alpha_u"`
	GammaU float64 `json:"gamma_u"`
}

// Optimiser is AdamW, its schedule and what is kept of its weights (METHOD section 6).
type Optimiser struct {
	Steps        int     `json:"steps"`
	ManySteps    int     `json:"many_steps"` // instead of Steps where there are more than 400 normal pictures, which differ more; 0: Steps
	LearningRate float64 `json:"learning_rate"`
	Warmup       int     `json:"warmup_steps"`
	Cosine       bool    `json:"cosine"`       // to 0 at the last step; else constant
	WeightDecay  float64 `json:"weight_decay"` // of matrices and kernels, see graph.Param
	Clip         float64 `json:"clip_norm"`
	Average      float64 `json:"weight_average"` // decay of the averaged weights that are kept; 0: the last weights
}

// ResMixMatch is how blocks in boxes teach, under Semi (METHOD section 7).
type ResMixMatch struct {
	MixMatch    bool    `json:"mixmatch"` // else unknown blocks are left out
	Copies      int     `json:"copies"`   // M
	NoiseVar    float64 `json:"noise_variance"`
	NoiseClamp  float64 `json:"noise_clamp"`
	Temperature float64 `json:"temperature"`  // Gamma
	Guess       string  `json:"guess"`        // GuessSelf or GuessStart
	MixAlpha    float64 `json:"mix_alpha"`    // of Beta(a, a)
	MixLabelled float64 `json:"mix_labelled"` // v
	LambdaU     float64 `json:"lambda_u"`     // at the end of the ramp
	Ramp        int     `json:"ramp_steps"`   // from 0 to LambdaU
	GuessEval   bool    `json:"guess_eval"`   // guess without drop path
}

// Choosing is what is decided on held-out pictures.
type Choosing struct {
	Alone     bool `json:"classifier_alone"` // never fuse with the distance
	EvalEvery int  `json:"eval_every"`       // steps between looks at the held-out pictures; 0: only at the end
	HeldOut   int  `json:"held_out"`         // simulated pictures on held-out normal ones, of each recipe
}

// NormalCount is how many of the normal pictures the classifier's training uses.
func (s Settings) NormalCount(normal int) int {
	if s.MaxNormal > 0 {
		return min(normal, s.MaxNormal)
	}
	return normal
}

// SimulatedCount is how many simulated pictures training makes of the normal ones.
func (s Settings) SimulatedCount(normal int) int {
	if s.Simulated == 0 {
		return 0
	}
	n := max(int(s.PerNormal*float64(normal)+0.5), s.MinSim)
	if s.MaxSim > 0 {
		n = min(n, s.MaxSim)
	}
	return max(n, 1)
}

// recipe is the recipe of simulated defects, that of models whose settings name none.
func (s Settings) recipe() synth.Recipe {
	r, err := synth.FindRecipe(s.Recipe)
	if err != nil { // "", as Check has seen to
		return synth.Gaps
	}
	return r
}

// UseRecipe changes the recipe of simulated defects. A line a pixel wide covers an eighth of
// a block: under eps+ = 0.5 the blocks of a recipe of thin defects would be ignored, and
// teach nothing.
func (s *Settings) UseRecipe(name string) {
	s.Recipe, s.SimulateViews = name, true // who names a recipe wants to learn from it
	thin := func(share synth.Share) bool { return share.Fill == synth.FillStroke || share.Fill == synth.FillSpot }
	if slices.ContainsFunc(s.recipe().Shares, thin) {
		s.EpsPlus = min(s.EpsPlus, 0.125)
	}
}

// many is from how many normal pictures on a set of them is large.
const many = 400

// StepCount is how many steps training takes on a number of normal pictures.
func (s Settings) StepCount(normal int) int {
	if normal > many {
		return max(s.Steps, s.ManySteps)
	}
	return s.Steps
}

// settle says what the foreground came to, and what follows from it.
func (s *Settings) settle(foreground string) {
	s.Settled = foreground
	s.Flips = s.Flips || s.FlipSurfaces && foreground == string(synth.ForegroundAll)
}

// see says how many views the detector has, and what follows from it: simulated pictures
// teach too much of how paint looks in each view (transistor, AP: 58 by the distance, 46 by
// an MLP that learnt from them, 74 by one that learnt from disturbed ones).
func (s *Settings) see(views int) {
	if views > 1 && s.PerImage && !s.SimulateViews {
		s.Simulated, s.Disturbed = 0, s.Disturbed+s.Simulated
	}
}

// Batch returns how many windows a step takes from pictures whose map has perImage
// sliding windows, before any copies.
func (s Settings) Batch(perImage int) int {
	images := s.Normal + s.Simulated + s.Real + s.Disturbed
	if s.PerImage {
		return images
	}
	return max(1, int(s.Fraction*float64(images*perImage)+0.5))
}

// classifier describes the head that the settings train.
func (s Settings) classifier(scale float64) *detect.Classifier {
	c := &detect.Classifier{
		Net: s.Classifier, Width: s.Width, Abs: s.Residual == Abs, Scale: scale,
		Window: s.Window, Bagging: s.Bagging,
	}
	if s.Classifier == Swin || s.Classifier == ViT {
		c.Heads, c.Blocks = s.Heads, s.Blocks
	}
	if s.Classifier == Swin {
		c.Attention = s.Attention
	}
	return c
}
