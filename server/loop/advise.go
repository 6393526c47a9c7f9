package loop

import (
	"context"
	"fmt"

	"semirest/server/detect"
	"semirest/server/project"
)

// Advice is a proposal which supervision fits what is labelled.
type Advice struct {
	Supervision string   `json:"supervision"` // un, sup or semi: what would fit, even where Ready is false
	Ready       bool     `json:"ready"`       // to train
	Reason      string   `json:"reason"`
	Todo        []string `json:"todo"`   // what to do first, or what would help
	Normal      int      `json:"normal"` // pictures to learn from
	Boxes       int      `json:"boxes"`  // defective pictures with boxes only
	Blocks      int      `json:"blocks"` // with block labels
	Pixels      int      `json:"pixels"` // with marked pixels or polygons, and no blocks
	Held        int      `json:"held"`   // pictures kept for evaluation
}

// How many normal pictures are needed, and wished for.
const (
	normalLeast  = 2
	normalWished = 20
)

// Advise proposes how to train a project.
func (l *Loop) Advise(ctx context.Context, of project.ID) (Advice, error) {
	pictures, err := l.store.Pictures(ctx, of)
	if err != nil {
		return Advice{}, err
	}
	return Advise(pictures), nil
}

// Advise proposes how to train on pictures, from the sums of their labels.
func Advise(pictures []project.Picture) Advice {
	a := Advice{Todo: []string{}}
	unlabelled := 0
	for _, p := range pictures {
		s := p.Labels
		marked := s != nil && !s.Normal && s.Boxes+s.Polygons+s.Blocks > 0 || s != nil && s.Pixels > 0
		switch {
		case p.Held:
			a.Held++
		case s != nil && s.Normal, p.Role == project.Normal && !marked:
			a.Normal++
		case !marked && p.Truth == "":
			unlabelled++
		case !marked: // measured on
			a.Held++
		case s.Blocks > 0:
			a.Blocks++
		case s.Pixels > 0 || s.Polygons > 0:
			a.Pixels++
		default:
			a.Boxes++
		}
	}
	a.choose()
	todo := func(format string, args ...any) { a.Todo = append(a.Todo, fmt.Sprintf(format, args...)) }
	a.Ready = a.Normal >= normalLeast
	switch {
	case a.Normal < normalLeast:
		todo("Add normal pictures: there %s, and a detector needs at least %d to compare with; %d and more are better.", areN(a.Normal), normalLeast, normalWished)
	case a.Normal < detect.Few:
		todo("Add normal pictures: with %d the threshold is set on the pictures that the detector was made of; from %d on some are kept for it.", a.Normal, detect.Few)
	case a.Normal < normalWished:
		todo("More normal pictures would make the detector steadier: %d and more are better than %d.", normalWished, a.Normal)
	}
	labelled := a.Boxes + a.Blocks + a.Pixels
	if labelled == 0 && unlabelled > 0 {
		todo("Label a few defective pictures: a box takes about 5 seconds, and lets the detector learn from real defects.")
	}
	if labelled == 1 && a.Held == 0 {
		todo("Label a second defective picture: one can then be kept to measure with.")
	}
	if labelled == 0 && a.Held == 0 && unlabelled == 0 {
		todo("Add a few defective pictures: without any, nothing can be measured.")
	}
	return a
}

// choose decides about the supervision.
func (a *Advice) choose() {
	fine := a.Blocks + a.Pixels
	switch {
	case fine+a.Boxes == 0:
		a.Supervision = "un"
		a.Reason = "No defect is labelled: the detector learns from normal pictures and simulated defects."
	case fine == 0:
		a.Supervision = "semi"
		a.Reason = fmt.Sprintf("%s boxes around their defects: the blocks inside are guessed, those outside are normal.", picturesHave(a.Boxes))
	case a.Boxes > fine:
		a.Supervision = "semi"
		a.Reason = fmt.Sprintf("%s boxes only, more than the %d labelled by blocks or pixels: what is in boxes is guessed, the rest is taken as labelled.", picturesHave(a.Boxes), fine)
	default:
		a.Supervision = "sup"
		what := "block labels"
		if a.Blocks == 0 {
			what = "marked pixels"
		} else if a.Pixels > 0 {
			what = "block labels or marked pixels"
		}
		a.Reason = fmt.Sprintf("%s %s: the detector learns from them directly.", picturesHave(fine), what)
		if a.Boxes > 0 {
			a.Reason += fmt.Sprintf(" What lies in the boxes of %d more is left out.", a.Boxes)
		}
	}
}

func picturesHave(n int) string {
	if n == 1 {
		return "1 defective picture has"
	}
	return fmt.Sprintf("%d defective pictures have", n)
}

func areN(n int) string {
	switch n {
	case 0:
		return "are none"
	case 1:
		return "is 1"
	}
	return fmt.Sprintf("are %d", n)
}

// check returns what keeps a request from being trained.
func (a Advice) check(r project.Request) error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", project.ErrInvalid, fmt.Sprintf(format, args...))
	}
	if !a.Ready {
		return invalid("%s", a.Todo[0])
	}
	switch r.Supervision {
	case "sup":
		if a.Blocks+a.Pixels == 0 && a.Boxes > 0 {
			return invalid("only boxes are drawn, which say that there is a defect but not where: choose semi, or label blocks")
		}
		if a.Blocks+a.Pixels == 0 {
			return invalid("no defective picture is labelled: label blocks or pixels of some, or choose un")
		}
	case "semi":
		if a.Boxes+a.Blocks+a.Pixels == 0 {
			return invalid("no defective picture is labelled: draw boxes around the defects of some, or choose un")
		}
	}
	return nil
}
