package train

import (
	"errors"
	"fmt"
	"slices"

	"semirest/server/synth"
)

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
	if _, err := synth.FindRecipe(s.Recipe); s.Recipe != "" && err != nil {
		errs = append(errs, fmt.Errorf("train: %w", err))
	}
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
