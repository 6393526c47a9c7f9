package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Recipe is a mix of simulated defects: how often each kind is drawn. A kind that
// needs an object is left out where the picture shows none before a plain background.
type Recipe struct {
	Name   string
	Shares []Share
}

// Share is a kind of defect with its weight among a recipe's.
type Share struct {
	Fill   Fill
	Weight int // positive
}

// The recipes.
var (
	// Method is METHOD section 6: half of the defects are filled from textures, half from
	// the picture itself.
	Method = Recipe{"method", []Share{{FillTexture, 1}, {FillSelf, 1}}}

	// Gaps adds what the background tells of an object: a part that is broken off.
	Gaps = Recipe{"gaps", []Share{{FillTexture, 1}, {FillSelf, 1}, {FillGap, 1}}}

	// Fine adds what the large blots of the others don't teach: what is thin, small or
	// faint, and parts of an object that lie askew or are missing. Half of it is Method.
	Fine = Recipe{"fine", []Share{
		{FillTexture, 3}, {FillSelf, 3},
		{FillStroke, 2}, {FillSpot, 1}, {FillFaint, 1},
		{FillGap, 1}, {FillDisplaced, 1}, {FillMissing, 1},
	}}

	// Recipes are those that can be asked for by name.
	Recipes = []Recipe{Method, Gaps, Fine}
)

// FindRecipe finds a recipe by its name, or makes one of a single kind by the kind's.
func FindRecipe(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	for _, s := range Fine.Shares {
		if string(s.Fill) == name {
			return Recipe{name, []Share{{s.Fill, 1}}}, nil
		}
		names = append(names, string(s.Fill))
	}
	return Recipe{}, fmt.Errorf("synth: no recipe of simulated defects is called %q: use %s", name, strings.Join(names, ", "))
}

// needsObject tells whether a kind of defect is one of objects only.
func needsObject(f Fill) bool {
	return slices.Contains([]Fill{FillGap, FillDisplaced, FillMissing}, f)
}

// draw draws a kind; object says that there is an object to draw on.
func (r Recipe) draw(rng *rand.Rand, object bool) (Fill, error) {
	total := 0
	for _, s := range r.Shares {
		if object || !needsObject(s.Fill) {
			total += s.Weight
		}
	}
	if total == 0 {
		return "", fmt.Errorf("synth: the defects of recipe %q are an object's, and no object is seen before a plain background: use another recipe", r.Name)
	}
	at := rng.IntN(total)
	for _, s := range r.Shares {
		if !object && needsObject(s.Fill) {
			continue
		}
		if at -= s.Weight; at < 0 {
			return s.Fill, nil
		}
	}
	panic("synth: a recipe without positive weights")
}
