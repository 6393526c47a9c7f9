package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"semirest/server/detect"
	"semirest/shared/prep"
)

// Profile says how much each of the backbone's maps counts in the search of the
// memory bank. It decides more than anything behind it (measured with the distance
// score alone, pixel AP: bottle 0.85 flat, 0.90 fine; mtd 0.26 flat, 0.17 fine, 0.32
// coarse), and no profile is best everywhere.
type Profile struct {
	Name   string
	Fine   bool    // with the stage before the first
	Smooth bool    // one more 3x3 mean
	Decay  float64 // a layer's weight as a multiple of the finer one's
}

// Profiles, from coarse to fine.
var Profiles = []Profile{
	{Name: "coarse", Fine: true, Decay: 2},               // what a part is
	{Name: "flat", Decay: 1},                             // all alike, as METHOD section 1 has it
	{Name: "fine", Fine: true, Smooth: true, Decay: 0.5}, // what a surface looks like
}

// Apply puts the profile into a fit's settings.
func (p Profile) Apply(fit *detect.FitConfig) {
	fit.Fine, fit.Smooth, fit.LayerDecay, fit.Profile = p.Fine, p.Smooth, p.Decay, p.Name
}

// FindProfile finds a profile by its name.
func FindProfile(name string) (Profile, error) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("train: no profile is called %q: use coarse, flat, fine or auto", name)
}

// profileMargin is the held-out AP that a finer profile must be better by.
// Simulated defects have sharper edges than real ones, which flatters fine maps.
const profileMargin = 0.03

// Of how many pictures a profile is judged.
const (
	profileNormal    = 48 // normal ones at most, of which a quarter is held out of the bank
	profileSimulated = 16 // simulated, and as many probes
	profileRows      = 1500
)

// WithProfile returns the fit's settings with the profile that the run asks for.
func (c Config) WithProfile(ctx context.Context, source detect.Source, report func(Progress)) (detect.FitConfig, error) {
	switch c.Profile {
	case "":
		return c.Fit, nil
	case AutoProfile:
		return ChooseProfile(ctx, c, source, report)
	}
	p, err := FindProfile(c.Profile)
	fit := c.Fit
	p.Apply(&fit)
	return fit, err
}

// ChooseProfile fits a small memory bank for every profile and measures the distance
// score on held-out pictures with simulated defects and probes. It returns fit with
// the best profile, and in words why.
func ChooseProfile(ctx context.Context, cfg Config, source detect.Source, report func(Progress)) (detect.FitConfig, error) {
	if report == nil {
		report = func(Progress) {}
	}
	fit := cfg.Fit
	few := subset(source, profileNormal, cfg.Seed)
	scores := make([]float64, len(Profiles))
	begun := time.Now()
	for i, p := range Profiles {
		report(Progress{Stage: "profiles", Done: i, Total: len(Profiles), Left: left(begun, i, len(Profiles))})
		score, err := judge(ctx, cfg, few, p)
		if err != nil {
			return fit, err
		}
		scores[i] = score
	}
	report(Progress{Stage: "profiles", Done: len(Profiles), Total: len(Profiles)})
	best := slices.IndexFunc(scores, func(s float64) bool { return s >= slices.Max(scores)-profileMargin })
	Profiles[best].Apply(&fit)
	fit.ProfileWhy = "held-out pixel AP of the distance score:"
	for i, p := range Profiles {
		fit.ProfileWhy += fmt.Sprintf(" %s %.3f", p.Name, scores[i])
	}
	return fit, nil
}

// judge is the mean held-out AP of a profile's distance score.
func judge(ctx context.Context, cfg Config, source detect.Source, p Profile) (float64, error) {
	fit := cfg.Fit
	p.Apply(&fit)
	fit.BankRows, fit.BankFraction, fit.PoolRows, fit.HoldOut = profileRows, 0, 10*profileRows, 0.25
	fit.Run = cfg.Run
	m, err := detect.Fit(ctx, fit, source, nil)
	if err != nil {
		return 0, err
	}
	s := cfg.Settings
	s.HeldOut = profileSimulated
	g, err := newGatherer(&s, m, unlabelled{source}, cfg.Textures, cfg.Run)
	if err != nil {
		return 0, err
	}
	defer g.close()
	h, err := g.heldOut(ctx)
	if err != nil {
		return 0, err
	}
	distance := scores{}
	for _, list := range [][]Map{h.normal, h.simulated, h.probes} {
		for i := range list {
			distance[&list[i]] = list[i].squared
		}
	}
	held, err := h.measure(distance, 8)
	return held.Score(), err
}

// unlabelled is a source without defective pictures.
type unlabelled struct{ detect.Source }

func (unlabelled) Defects() int               { return 0 }
func (unlabelled) Defect(int) (Defect, error) { panic("train: there is no defect") }

// few are some of a source's pictures.
type few struct {
	detect.Source
	at []int
}

func subset(source detect.Source, n int, seed uint64) detect.Source {
	at := rand.New(rand.NewPCG(seed, 0x70726f66696c65)).Perm(source.Len())
	if len(at) > n {
		at = at[:n]
	}
	slices.Sort(at)
	return few{source, at}
}

func (f few) Len() int                                 { return len(f.at) }
func (f few) Name(i int) string                        { return f.Source.Name(f.at[i]) }
func (f few) Picture(i int) ([]byte, prep.Size, error) { return f.Source.Picture(f.at[i]) }
