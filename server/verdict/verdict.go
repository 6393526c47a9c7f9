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
	"semirest/shared/block"
	"semirest/shared/durable"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// GreyTop is the score that is white in the raw heat map.
const GreyTop = 2

// Verdict is what is written of a picture.
type Verdict struct {
	Image   string     `json:"image"`
	Model   string     `json:"model"`
	Width   int        `json:"width"`
	Height  int        `json:"height"`
	Score   float64    `json:"score"`   // the largest block score
	Defect  bool       `json:"defect"`  // score >= 1
	Hottest block.Area `json:"hottest"` // the block of that score
	Rows    int        `json:"rows"`
	Cols    int        `json:"cols"`
	Blocks  []float32  `json:"blocks"`   // [rows, cols]
	GreyTop float64    `json:"grey_top"` // the score that 65535 in the raw map stands for; 0 is 0
	Overlay string     `json:"overlay,omitempty"`
	Heat    string     `json:"heat,omitempty"`
	Note    string     `json:"note,omitempty"` // what the model may have seen otherwise than it is

	took time.Duration
}

// Scorer gives verdicts by one model.
type Scorer struct {
	Name    string // of the model, as the verdicts call it
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

// File scores one picture and writes, below dir, STEM.json, STEM_overlay.png and STEM_heat.png.
func (s *Scorer) File(ctx context.Context, in Input, dir string) (Verdict, error) {
	begun := time.Now()
	rgb, err := picture.DecodeFile(in.Path, prep.DefaultLimits, s.model.Depth)
	if err != nil {
		return Verdict{}, err
	}
	note := ""
	if own, deep, err := picture.FileDepth(in.Path, prep.DefaultLimits); err == nil && deep {
		note = picture.DepthNote(s.model.Depth, own)
	}
	plan, crops, err := s.model.Crops(rgb.Pix, rgb.Size)
	if err != nil {
		return Verdict{}, err
	}
	scores, err := s.session.Planned(ctx, plan, crops)
	if err != nil {
		return Verdict{}, err
	}
	scores.Calibrate(s.model.Threshold.Value)
	top, hottest := scores.Hottest(rgb.W, rgb.H)
	v := Verdict{
		Image: in.Path, Model: s.Name, Width: rgb.W, Height: rgb.H, Score: float64(top), Defect: top >= 1, Hottest: hottest,
		Rows: scores.Rows, Cols: scores.Cols, Blocks: scores.Values, GreyTop: GreyTop, Note: note, took: time.Since(begun),
	}
	stem := filepath.Join(dir, in.Stem)
	if err := os.MkdirAll(filepath.Dir(stem), 0o755); err != nil {
		return v, err
	}
	if !s.NoHeat {
		v.Overlay, v.Heat = filepath.Base(stem)+"_overlay.png", filepath.Base(stem)+"_heat.png"
		values := heat.New(scores.Rows, scores.Cols, rgb.W, rgb.H).Map(nil, scores.Values)
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

// overlay lays a map over its picture, as the page does.
func overlay(rgb picture.RGB, values []float32) image.Image {
	out := rgb.Image()
	var table heat.Table
	table.Fill(heat.Look{Palette: heat.Inferno, Opacity: 0.7, Threshold: heat.Level(1, 0, GreyTop), Below: 0.5})
	table.Over(out.Pix, heat.Quantize(nil, values, 0, GreyTop))
	return out
}
