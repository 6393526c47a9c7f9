package loop

import (
	"cmp"
	"fmt"
	"slices"

	"semirest/server/evaluation"
	"semirest/server/project"
)

// Shares of the pictures that Hold keeps from training.
const (
	holdDefective  = 4  // one labelled defective picture of so many
	holdNormal     = 10 // one normal picture of so many, and
	holdNormalMost = 20 // at most so many
	holdNormalFrom = 8  // of fewer, none
)

// Hold says which pictures to keep from training, where nobody has chosen any, so
// that a model can be measured on what it has not seen:
//
//   - one of four labelled defective pictures, at least one of two; none where there
//     are defective pictures with a ground truth that nobody labelled, since nothing
//     can be learnt from those and they are measured on anyway;
//   - one of ten normal pictures, at least two; none of fewer than eight, which the
//     memory bank needs more.
//
// Which ones is decided by the bytes of their files, so that it is the same however
// often it is asked. why says it in words; it is empty where nothing is held.
func Hold(cases []evaluation.Case) (held []project.ID, why string) {
	if slices.ContainsFunc(cases, func(c evaluation.Case) bool { return c.Picture.Held }) {
		return nil, ""
	}
	var normal, labelled []project.Picture
	unseen := 0
	for _, c := range cases {
		switch c.Verdict() {
		case evaluation.Normal:
			normal = append(normal, c.Picture)
		case evaluation.Defective:
			if teaches(c) {
				labelled = append(labelled, c.Picture)
			} else if c.Located() {
				unseen++
			}
		}
	}
	d, n := 0, 0
	if unseen == 0 && len(labelled) >= 2 {
		d = max(1, len(labelled)/holdDefective)
	}
	if len(normal) >= holdNormalFrom {
		n = min(max(2, len(normal)/holdNormal), holdNormalMost)
	}
	for _, part := range []struct {
		of   []project.Picture
		take int
	}{{labelled, d}, {normal, n}} {
		slices.SortFunc(part.of, func(a, b project.Picture) int {
			return cmp.Or(cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.ID, b.ID))
		})
		for _, p := range part.of[:part.take] {
			held = append(held, p.ID)
		}
	}
	if len(held) > 0 {
		why = fmt.Sprintf("kept from training to measure with, as nobody had chosen any: %d of %d labelled defective pictures and %d of %d normal ones",
			d, len(labelled), n, len(normal))
	}
	return held, why
}

// teaches reports whether a classifier can learn where the picture's defects are.
func teaches(c evaluation.Case) bool {
	return c.Labels != nil && !c.Labels.Normal && len(evaluation.Marks(c.Labels)) > 0
}
