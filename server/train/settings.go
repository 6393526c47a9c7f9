package train

import (
	"errors"
	"fmt"
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

// Settings are every number that decides a training run. They are stored whole
// in the model's metadata. METHOD's symbols stand beside the fields.
type Settings struct {
	Preset      string      `json:"preset"`
	Supervision Supervision `json:"supervision"`
	Seed        uint64      `json:"seed"`

	// The network (METHOD section 5).
	Classifier string `json:"classifier"`
	Width      int    `json:"width"`
	Heads      int    `json:"heads"`
	Blocks     int    `json:"blocks"`
	Attention  int    `json:"attention_window"` // blocks a side

	// What it looks at.
	Block    int     `json:"block"`          // pixels, 8 or 16
	Residual string  `json:"residual"`       // Square or Abs
	Level    float64 `json:"residual_level"` // mean value of a normal block's residual after scaling
	Window   int     `json:"window"`         // mu, blocks a side
	Step     int     `json:"window_step"`    // s, of the sliding window in training
	Bagging  int     `json:"bagging_step"`   // s when scoring; 0: a single pass over the whole map

	// Sampling (METHOD section 6).
	Normal       int     `json:"normal_images"`           // b1 a step
	Simulated    int     `json:"simulated_images"`        // b2
	Real         int     `json:"real_images"`             // b3
	Fraction     float64 `json:"window_fraction"`         // p
	PerImage     bool    `json:"one_window_an_image"`     // instead of p: one window of every image
	Flips        bool    `json:"flips"`                   // mirror windows at random
	FlipSurfaces bool    `json:"flip_surfaces"`           // Flips where the foreground is the whole picture: a surface has no right way up
	PerNormal    float64 `json:"simulated_per_normal"`    // simulated defective pictures a normal one
	MaxNormal    int     `json:"max_normal"`              // normal pictures that classifier training uses; 0: all
	MinSim       int     `json:"min_simulated"`           // simulated pictures at least: a few normal ones must serve often
	MaxSim       int     `json:"max_simulated"`           // simulated pictures at most; 0: no limit
	Variants     int     `json:"real_variants"`           // of every real defective picture, besides itself
	EpsPlus      float64 `json:"eps_plus"`                // eps+
	EpsMinus     float64 `json:"eps_minus"`               // eps-
	A1           float64 `json:"a1"`                      // up to a1: the 1st neighbour
	A2           float64 `json:"a2"`                      // from a1 to a2: the 2nd; then the 3rd
	KNN          bool    `json:"knn_augmentation"`        // else always the 1st neighbour
	Dropout      float64 `json:"dropout"`                 // fraction of blocks a step: uniform from 0 to this
	Foreground   string  `json:"foreground"`              // auto, object or all
	Settled      string  `json:"foreground_is,omitempty"` // what auto came to

	// Loss and optimiser.
	AlphaX float64 `json:"alpha_x"`
	GammaX float64 `json:"gamma_x"`
	AlphaU float64 `json:"alpha_u"`
	GammaU float64 `json:"gamma_u"`

	Steps        int     `json:"steps"`
	ManySteps    int     `json:"many_steps"` // instead of Steps where there are more than 400 normal pictures, which differ more; 0: Steps
	LearningRate float64 `json:"learning_rate"`
	Warmup       int     `json:"warmup_steps"`
	Cosine       bool    `json:"cosine"` // to 0 at the last step; else constant
	WeightDecay  float64 `json:"weight_decay"`
	Clip         float64 `json:"clip_norm"`
	Average      float64 `json:"weight_average"` // decay of the averaged weights that are kept; 0: the last weights

	// ResMixMatch (METHOD section 7), used by Semi.
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
	// Start is how the unsupervised model is trained that this one starts from, where
	// none is given; nil: from random weights.
	Start *Settings `json:"start,omitempty"`

	// Choosing.
	Alone     bool `json:"classifier_alone"` // never fuse with the distance
	EvalEvery int  `json:"eval_every"`       // steps between looks at the held-out pictures; 0: only at the end
	HeldOut   int  `json:"held_out"`         // simulated pictures on held-out normal ones, of each recipe
}

// Presets.
const (
	Lite  = "lite"  // a Swin narrow enough for a laptop
	Fast  = "fast"  // an MLP that judges each block alone, trained in seconds
	Paper = "paper" // every value of METHOD, for a GPU
)

// Preset returns the settings of a preset under a supervision.
func Preset(name string, sup Supervision) (Settings, error) {
	s := paper()
	switch sup {
	case Un:
	case Sup:
		s.Normal, s.Simulated, s.Real = 2, 2, 2
		s.EpsPlus = 0.25
		s.Residual = Abs // with real defects labelled (METHOD section 3)
	case Semi:
		s.Normal, s.Simulated, s.Real = 3, 3, 2
		s.EpsPlus, s.LearningRate, s.Fraction = 0.25, 3e-5, 1.0/10
		s.Steps = 2000
	default:
		return Settings{}, fmt.Errorf("train: no supervision is called %q: use un, sup or semi", sup)
	}
	s.Preset, s.Supervision = name, sup
	switch name {
	case Paper:
	case Lite:
		s.lite()
	case Fast:
		s.lite()
		s.fast()
	default:
		return Settings{}, fmt.Errorf("train: no preset is called %q: use lite, fast or paper", name)
	}
	if sup == Semi || sup == Sup && name != Paper {
		start, err := Preset(name, Un)
		if err != nil {
			return Settings{}, err
		}
		s.Start = &start
	}
	return s, nil
}

// paper holds the values of METHOD for the unsupervised setting.
func paper() Settings {
	return Settings{
		Classifier: Swin, Width: 1024, Heads: 32, Blocks: 4, Attention: 8,
		Block: 8, Residual: Square, Level: 0.01, Window: 32, Step: 8, Bagging: 8,
		Normal: 4, Simulated: 2, Fraction: 1.0 / 4, PerNormal: 2, Variants: 20,
		EpsPlus: 0.5, EpsMinus: 0.08, A1: 0.5, A2: 0.8, KNN: true, Dropout: 0.25, Foreground: "auto",
		AlphaX: 0.25, GammaX: 4, AlphaU: 0.75, GammaU: 4,
		Steps: 4000, LearningRate: 1e-4, WeightDecay: 0.05, Clip: 1,
		MixMatch: true, Copies: 3, NoiseVar: 0.2, NoiseClamp: 0.223, Temperature: 0.5,
		MixAlpha: 0.75, MixLabelled: 0.5, LambdaU: 5, Ramp: 400, Guess: GuessSelf,
		EvalEvery: 500, HeldOut: 40,
	}
}

// lite changes the paper's values to what two cores train in minutes.
func (s *Settings) lite() {
	s.Width, s.Heads, s.Bagging = 128, 8, 16
	s.Normal, s.Simulated, s.PerImage, s.Step = 3, 5, true, 4
	s.MaxNormal, s.MinSim, s.MaxSim, s.Variants = 200, 320, 320, 4
	s.Steps, s.LearningRate, s.Warmup, s.Cosine, s.Average = 600, 1e-3, 30, true, 0.99
	s.EvalEvery, s.HeldOut = 200, 40
	s.ManySteps, s.FlipSurfaces = 1800, true
	s.Residual = Square
	switch s.Supervision {
	case Sup:
		s.Normal, s.Simulated, s.Real = 2, 2, 4
		s.tune()
		s.Steps, s.EvalEvery = 300, 100
	case Semi:
		s.Normal, s.Simulated, s.Real, s.Copies = 2, 2, 2, 2
		s.tune()
		s.Steps, s.EvalEvery = 300, 100
		s.Guess, s.Ramp = GuessStart, 40
		// A box holds a few hundred blocks, a batch thousands: a mean over the few,
		// times 5, would outweigh all that is known for sure.
		s.LambdaU = 0.3
	}
}

// tune shortens a training that starts from the unsupervised weights.
func (s *Settings) tune() {
	s.Steps, s.LearningRate, s.Warmup, s.Average, s.EvalEvery = 80, 2e-4, 10, 0.95, 40
	s.ManySteps = 0
}

// fast puts a per-block MLP in the Swin's place.
func (s *Settings) fast() {
	s.Classifier, s.Width = MLP, 128
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
	n := max(int(s.PerNormal*float64(normal)+0.5), s.MinSim)
	if s.MaxSim > 0 {
		n = min(n, s.MaxSim)
	}
	return max(n, 1)
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

// Batch returns how many windows a step takes from pictures whose map has perImage
// sliding windows, before any copies.
func (s Settings) Batch(perImage int) int {
	images := s.Normal + s.Simulated + s.Real
	if s.PerImage {
		return images
	}
	return max(1, int(s.Fraction*float64(images*perImage)+0.5))
}

// Check returns what is wrong with the settings, nil if nothing is.
func (s Settings) Check() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("train: "+format, args...))
		}
	}
	unit := func(name string, v float64) {
		bad(v >= 0 && v <= 1, "%s is %g, must be between 0 and 1", name, v)
	}
	bad(slices.Contains([]Supervision{Un, Sup, Semi}, s.Supervision), "no supervision is called %q: use un, sup or semi", s.Supervision)
	bad(slices.Contains([]string{Swin, MLP, ViT, UNet}, s.Classifier), "no classifier is called %q: use swin, mlp, vit or unet", s.Classifier)
	bad(slices.Contains([]string{Square, Abs}, s.Residual), "no residual is called %q: use square or abs", s.Residual)
	bad(s.Width > 0 && s.Blocks > 0 && s.Heads > 0, "width, blocks and heads must be positive")
	bad(s.Heads <= 0 || s.Width%s.Heads == 0, "width %d is not a multiple of %d heads", s.Width, s.Heads)
	bad(s.Window > 0 && s.Step > 0 && s.Step <= s.Window, "the window step %d must lie between 1 and the window's side %d", s.Step, s.Window)
	bad(s.Attention > 0 && s.Window%max(s.Attention, 1) == 0, "the window's side %d is not a multiple of the attention window's %d", s.Window, s.Attention)
	bad(s.Bagging >= 0 && s.Bagging <= s.Window, "the bagging step %d must lie between 0 (single pass) and the window's side %d", s.Bagging, s.Window)
	bad(s.Normal >= 0 && s.Simulated >= 0 && s.Real >= 0 && s.Normal+s.Simulated+s.Real > 0, "a step must take at least one image")
	bad(s.PerImage || s.Fraction > 0 && s.Fraction <= 1, "window fraction is %g, must be above 0 and at most 1", s.Fraction)
	bad(s.EpsMinus >= 0 && s.EpsMinus < s.EpsPlus && s.EpsPlus <= 1, "0 <= eps- < eps+ <= 1 does not hold for %g and %g", s.EpsMinus, s.EpsPlus)
	bad(s.A1 >= 0 && s.A1 <= s.A2 && s.A2 <= 1, "0 <= a1 <= a2 <= 1 does not hold for %g and %g", s.A1, s.A2)
	bad(s.Dropout >= 0 && s.Dropout < 1, "dropout is %g, must be at least 0 and below 1", s.Dropout)
	bad(s.Block == 8 || s.Block == 16, "blocks of %d pixels: give 8 or 16", s.Block)
	bad(s.Block == 8 || s.Window%2 == 0 && s.Step%2 == 0 && s.Bagging%2 == 0, "blocks of 16 pixels need even window sides and steps")
	bad(s.Level > 0, "the residual level is %g, must be positive", s.Level)
	bad(s.ManySteps >= 0, "the number of steps on many pictures must not be negative")
	bad(s.Steps > 0, "the number of steps is %d, must be positive", s.Steps)
	bad(s.LearningRate > 0 && s.WeightDecay >= 0 && s.Clip > 0, "learning rate and clip norm must be positive, weight decay not negative")
	bad(s.Average >= 0 && s.Average < 1, "weight average is %g, must be at least 0 and below 1", s.Average)
	bad(s.GammaX >= 0 && s.GammaU >= 0, "gamma must not be negative")
	unit("alpha_x", s.AlphaX)
	unit("alpha_u", s.AlphaU)
	unit("mix_labelled", s.MixLabelled)
	if s.Supervision == Semi && s.MixMatch {
		bad(s.Copies > 0, "ResMixMatch needs at least one copy, not %d", s.Copies)
		bad(s.Guess == GuessSelf || s.Guess == GuessStart, "nobody is called %q to guess: use self or start", s.Guess)
		bad(s.Temperature > 0, "the temperature is %g, must be positive", s.Temperature)
		bad(s.NoiseVar >= 0 && s.NoiseClamp >= 0 && s.MixAlpha > 0 && s.LambdaU >= 0, "noise and lambda_u must not be negative, mix_alpha positive")
	}
	bad(s.EvalEvery >= 0 && s.HeldOut > 0, "at least one held-out picture is needed to choose by")
	if s.Start != nil {
		errs = append(errs, s.Start.Check())
		bad(s.Start.Classifier == s.Classifier && s.Start.Width == s.Width && s.Start.Blocks == s.Blocks && s.Start.Residual == s.Residual && s.Start.Block == s.Block,
			"the unsupervised start has another network than what follows")
	}
	return errors.Join(errs...)
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
