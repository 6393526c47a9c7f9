package verdict

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"time"

	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/shared/durable"
	"semirest/shared/heat"
	"semirest/shared/prep"
	"semirest/wasm/client"
)

// Scorer gives verdicts by one model.
type Scorer struct {
	Name    string // of the model, as the verdicts call it
	Version string // of the model, likewise; may be empty
	NoHeat  bool   // write no pictures
	model   *detect.Model
	session *detect.Scorer
}

// NewScorer opens a model. Close it.
func NewScorer(name string, m *detect.Model, run ort.Options) (*Scorer, error) {
	s, err := detect.NewScorer(m, run)
	return &Scorer{Name: name, model: m, session: s}, err
}

// Close frees the model.
func (s *Scorer) Close() error { return s.session.Close() }

// Score gives the verdict of a picture's file, and its upright pixels. The verdict's name, source and time are the
// caller's to say.
func (s *Scorer) Score(ctx context.Context, data []byte) (Verdict, picture.RGB, error) {
	begun := time.Now()
	rgb, err := picture.DecodeDepth(data, prep.DefaultLimits, s.model.Depth)
	if err != nil {
		return Verdict{}, rgb, err
	}
	plan, crops, err := s.model.Crops(rgb.Pix, rgb.Size)
	if err != nil {
		return Verdict{}, rgb, err
	}
	scores, err := s.session.Planned(ctx, plan, crops)
	if err != nil {
		return Verdict{}, rgb, err
	}
	scores.Calibrate(s.model.Threshold.Value)
	v := Of(scores, rgb.Size)
	v.Model, v.Version, v.LatencyMS = s.Name, s.Version, float64(time.Since(begun).Microseconds())/1000
	if own, deep, err := picture.DepthOf(data, prep.DefaultLimits); err == nil && deep {
		v.Note = picture.DepthNote(s.model.Depth, own)
	}
	v.Note = client.Result{State: client.Scored, Unlike: float32(v.Unlike), Reason: v.Note}.Note()
	return v, rgb, nil
}

// File scores one picture and writes, below dir, STEM.json, STEM_overlay.png and STEM_heat.png.
func (s *Scorer) File(ctx context.Context, in Input, dir string) (Verdict, error) {
	data, err := picture.ReadFile(in.Path)
	if err != nil {
		return Verdict{}, err
	}
	v, rgb, err := s.Score(ctx, data)
	if err != nil {
		return v, err
	}
	v.Image = in.Path
	stem := filepath.Join(dir, in.Stem)
	if err := os.MkdirAll(filepath.Dir(stem), 0o755); err != nil {
		return v, err
	}
	if !s.NoHeat {
		v.Overlay, v.Heat = filepath.Base(stem)+"_overlay.png", filepath.Base(stem)+"_heat.png"
		values := heat.New(v.Rows, v.Cols, rgb.W, rgb.H).Map(nil, v.Blocks)
		if err := picture.SavePNG(stem+"_overlay.png", overlay(rgb, values)); err != nil {
			return v, err
		}
		grey := &image.Gray16{Pix: heat.Grey16(nil, values, 0, GreyTop), Stride: 2 * rgb.W, Rect: image.Rect(0, 0, rgb.W, rgb.H)}
		if err := picture.SavePNG(stem+"_heat.png", grey); err != nil {
			return v, err
		}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return v, fmt.Errorf("verdict: %w", err)
	}
	return v, durable.Write(stem+".json", append(text, '\n'))
}

// Overlay lays a verdict's heat map over its picture, as the page does.
func Overlay(rgb picture.RGB, v Verdict) image.Image {
	return overlay(rgb, heat.New(v.Rows, v.Cols, rgb.W, rgb.H).Map(nil, v.Blocks))
}

// overlay lays a map over its picture, as the page does.
func overlay(rgb picture.RGB, values []float32) image.Image {
	out := rgb.Image()
	var table heat.Table
	table.Fill(heat.Look{Palette: heat.Inferno, Opacity: 0.7, Threshold: heat.Level(1, 0, GreyTop), Below: 0.5})
	table.Over(out.Pix, heat.Quantize(nil, values, 0, GreyTop))
	return out
}
