package detector

import (
	"context"

	"semirest/server/picture"
	"semirest/server/verdict"
	"semirest/server/web"
	"semirest/shared/prep"
)

// Scorer scores a line's pictures by the detectors that a server serves.
type Scorer struct{ *web.Server }

// Score gives the verdict of a picture's file by the detector of a name, and its upright pixels.
func (s Scorer) Score(ctx context.Context, name string, data []byte) (v verdict.Verdict, rgb picture.RGB, err error) {
	served, model, scores, err := s.ScoreFrame(ctx, name, func(d prep.Depth) (prep.Size, []byte, error) {
		rgb, err = picture.DecodeDepth(data, prep.DefaultLimits, d)
		return rgb.Size, rgb.Pix, err
	})
	if err != nil {
		return v, rgb, err
	}
	v = verdict.Of(scores, rgb.Size)
	v.Model, v.Version = served, model
	return v, rgb, nil
}
