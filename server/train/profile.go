package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"semirest/models/nets"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Profile says how much each of the backbone's maps counts in the search of the
// memory bank, or banks. It decides more than anything behind it, and no profile is best
// everywhere: fine maps serve where one part looks like the next, cell by cell;
// where surfaces vary, they find variation, and coarse maps find the defects.
type Profile struct {
	Name   string
	Fine   bool    // with the stage before the first
	Smooth bool    // one more 3x3 mean
	Decay  float64 // a layer's weight as a multiple of the finer one's
	// Views, where there are several, stand in the place of the one feature that the three
	// above describe. They need a backbone with a stage of stride 32.
	Views []detect.ViewPlan
	Late  detect.Late
}

// The profiles. Automatically fine is chosen, or views, or flat below a classifier.
var (
	fineProfile   = Profile{Name: "fine", Fine: true, Smooth: true, Decay: 0.5} // what a surface looks like
	flatProfile   = Profile{Name: "flat", Decay: 1}                             // all alike, as METHOD section 1 has it
	coarseProfile = Profile{Name: "coarse", Fine: true, Decay: 2}               // what a part is

	// Maps by themselves, in which what is small speaks; the three of the flat profile
	// together, and together at half the picture's size, which finds what is large or in the
	// wrong place. Each is searched on the grid of its own cells: on a finer one neighbours
	// are found no better, for four or sixteen times the work.
	viewsProfile = Profile{Name: "views", Late: detect.Late{Power: -1, Offset: 0.05}, Views: []detect.ViewPlan{
		{Name: "s4", Layers: []int{0}, Share: 0.2, Weight: 0.5},
		{Name: "s8", Layers: []int{1}, Share: 0.2, Weight: 0.5},
		{Name: "s16", Layers: []int{3}, Cell: 16, Share: 0.4, Weight: 1},
		{Name: "s32", Layers: []int{4}, Cell: 32, Share: 0.8, Weight: 0.5},
		{Name: "half", Layers: []int{1, 2, 3}, Half: true, Cell: 32, Share: 0.8, Weight: 1},
		{Name: "joint", Layers: []int{1, 2, 3}, Cell: 16, Share: 0.8, Weight: 2},
	}}

	Profiles = []Profile{fineProfile, flatProfile, coarseProfile, viewsProfile}
)

// repetitive is the unexplained share (see Unexplained) below which pictures repeat
// each other so closely that fine maps are to be trusted. Measured: 0.08 for bottles
// photographed from above, 0.32 to 0.36 for cookies, 0.56 to 0.58 for metal surfaces;
// where a threshold lies between is of little import.
const repetitive = 0.16

// Apply puts the profile into a fit's settings.
func (p Profile) Apply(fit *detect.FitConfig) {
	fit.Fine, fit.Smooth, fit.LayerDecay, fit.Profile = p.Fine, p.Smooth, p.Decay, p.Name
	fit.Views, fit.Late = p.Views, p.Late
}

// FindProfile finds a profile by its name.
func FindProfile(name string) (Profile, error) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("train: no profile is called %q: use auto, fine, flat, coarse or views", name)
}

// On how many pictures and rows the unexplained share is measured.
const (
	profileNormal = 48 // normal pictures at most, of which a quarter is held out of the bank
	profileRows   = 4000
)

// WithProfile returns the fit's settings with the profile that the run asks for, for a
// detector that gets a classifier.
func (c Config) WithProfile(ctx context.Context, source detect.Source, report func(Progress)) (detect.FitConfig, error) {
	return c.withProfile(ctx, false, source, report)
}

// WithViews is WithProfile for a detector that stays without a classifier: there several
// views may be chosen. They are measured on three seeds; a classifier over them is not, and
// with labelled pictures it lost on cookies what it gained on transistors (docs/learning.md).
func (c Config) WithViews(ctx context.Context, source detect.Source, report func(Progress)) (detect.FitConfig, error) {
	return c.withProfile(ctx, true, source, report)
}

func (c Config) withProfile(ctx context.Context, views bool, source detect.Source, report func(Progress)) (detect.FitConfig, error) {
	fit := c.Fit
	switch c.Profile {
	case "":
		return fit, nil
	case AutoProfile:
		if fit.Preset == Paper { // every value is the paper's: nothing is chosen
			return fit, nil
		}
		fit.Run = c.Run
		return ChooseProfile(ctx, fit, views, source, report)
	}
	p, err := FindProfile(c.Profile)
	p.Apply(&fit)
	return fit, err
}

// ChooseProfile returns the fit's settings with the profile that suits how alike
// the normal pictures are, and in words why. Nothing else is looked at. Several views are
// chosen only where views says so, and of a backbone whose weights reach its last stage.
func ChooseProfile(ctx context.Context, fit detect.FitConfig, views bool, source detect.Source, report func(Progress)) (detect.FitConfig, error) {
	if report == nil {
		report = func(Progress) {}
	}
	share, err := Unexplained(ctx, fit, source, report)
	if err != nil {
		return fit, err
	}
	p := flatProfile
	switch {
	case share < repetitive:
		p = fineProfile
	case views && deep(fit):
		p = viewsProfile
	}
	p.Apply(&fit)
	fit.ProfileWhy = fmt.Sprintf("normal pictures leave %.0f %% of the features' variance unexplained by one another", 100*share)
	return fit, nil
}

// deep reports whether the fit's weights reach the stage of stride 32.
func deep(fit detect.FitConfig) bool {
	arch, err := nets.Lookup(fit.Backbone)
	if err != nil {
		return false
	}
	if arch, err = arch.Deep(); err != nil {
		return false
	}
	_, err = arch.Trunk(fit.Weights)
	return err == nil
}

// Unexplained is the share of the features' variance, all layers alike, that a bank
// of some normal pictures leaves unexplained of others: the mean squared distance of
// a held-out cell to its nearest row, over the mean squared deviation of a cell from
// the mean. Near 0 where every picture shows the same in the same place.
func Unexplained(ctx context.Context, fit detect.FitConfig, source detect.Source, report func(Progress)) (float64, error) {
	few := subset(source, profileNormal, fit.Seed)
	flatProfile.Apply(&fit)
	fit.ScaleLayers, fit.PositionWeight = true, 0
	fit.BankRows, fit.BankFraction, fit.PoolRows, fit.HoldOut = profileRows, 0, profileRows, 0.25
	m, err := detect.Fit(ctx, fit, few, func(p detect.Progress) {
		if p.Stage == detect.StageFeatures {
			report(Progress{Stage: StageProfile, Done: p.Done, Total: p.Total + 1})
		}
	})
	if err != nil {
		return 0, err
	}
	of := m.HeldOut
	if len(of) == 0 {
		of = m.Images
	}
	squared, err := squaredDistances(ctx, m, few, of, fit.Run)
	report(Progress{Stage: StageProfile, Done: 1, Total: 1})
	// Every number of a feature was scaled to a mean squared deviation of 1.
	return squared / float64(m.Dim()), err
}

// squaredDistances is the mean squared distance of the named pictures' cells to the
// nearest row of the bank that is not their own.
func squaredDistances(ctx context.Context, m *detect.Model, source detect.Source, names []string, o ort.Options) (mean float64, err error) {
	extract, err := detect.NewExtractor(m, o)
	if err != nil {
		return 0, err
	}
	defer extract.Close()
	search, err := detect.NewSearcher(m, o)
	if err != nil {
		return 0, err
	}
	defer search.Close()
	n := 0
	for i := range source.Len() {
		if !slices.Contains(names, source.Name(i)) {
			continue
		}
		rgb, size, err := source.Picture(i)
		if err != nil {
			return 0, fmt.Errorf("train: %s: %w", source.Name(i), err)
		}
		plan, crops, err := m.Crops(rgb, size)
		if err != nil {
			return 0, fmt.Errorf("train: %s: %w", source.Name(i), err)
		}
		var own []int32
		if id := slices.Index(m.Images, source.Name(i)); id >= 0 {
			own = []int32{int32(id)}
		}
		for k, c := range plan.Crops {
			features, err := extract.Features(ctx, crops[k], []block.Cell{{Row: c.Row, Col: c.Col}})
			if err != nil {
				return 0, err
			}
			found, err := search.Search(ctx, features, own...)
			if err != nil {
				return 0, err
			}
			for j := 0; j < len(found[0].Squared); j += found[0].K {
				mean += float64(found[0].Squared[j])
				n++
			}
		}
	}
	return mean / float64(max(n, 1)), nil
}

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
