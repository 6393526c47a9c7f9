package evaluation

import (
	"context"

	"semirest/server/picture"
	"semirest/shared/block"
)

// View is a picture with what a model says of it and what is known of it.
type View struct {
	Picture picture.RGB
	Scores  block.Scores // calibrated
	Truth   []byte       // [H, W], 1 where it is anomalous; nil: nowhere, or not known
}

// View looks at a picture through a stored model.
func (j *Judge) View(ctx context.Context, sha string, c Case) (View, error) {
	spec, err := j.Spec(ctx, sha)
	if err != nil {
		return View{}, err
	}
	rgb, err := Decode(ctx, j.files, c.Picture, spec.Depth)
	if err != nil {
		return View{}, err
	}
	v := View{Picture: rgb}
	if v.Scores, _, err = j.Scores(ctx, sha, Trained, c.Picture); err != nil {
		return View{}, err
	}
	if c.Located() {
		v.Truth, _, err = c.truth(ctx, j.files)
	}
	return v, err
}
