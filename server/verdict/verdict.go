package verdict

import (
	"encoding/json"
	"time"

	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// GreyTop is the score that is white in the raw heat map.
const GreyTop = 2

// Verdict is what is said of a picture: in the files of semirest score, and to whoever a line tells of its pictures.
type Verdict struct {
	ID     string    `json:"id,omitempty"`     // of the picture on a line: whoever is told of it twice sees the same one
	Source string    `json:"source,omitempty"` // what the picture came from on a line
	Time   time.Time `json:"time,omitzero"`    // when it was taken in on a line

	Image   string `json:"image"` // its file, or its name within the source
	Model   string `json:"model"`
	Version string `json:"version,omitempty"` // tells one model of that name from the next
	Width   int    `json:"width"`             // upright
	Height  int    `json:"height"`

	// Score and Defect are null in JSON where Error says why there is none.
	Score   float64    `json:"score"`            // the largest block score
	Defect  bool       `json:"defect"`           // score >= 1
	Unlike  float64    `json:"unlike,omitempty"` // from 1 on the picture is not like those that the model learnt from; 0: it cannot tell
	Hottest block.Area `json:"hottest"`          // the block of that score
	Regions []Region   `json:"regions"`          // where the score reaches 1, the hottest first
	Error   string     `json:"error,omitempty"`

	LatencyMS float64 `json:"latency_ms"`     // from the picture's taking in to its verdict
	Late      bool    `json:"late,omitempty"` // whoever is told was not told at once

	Rows    int       `json:"rows,omitempty"`
	Cols    int       `json:"cols,omitempty"`
	Blocks  []float32 `json:"blocks,omitempty"`   // [rows, cols]
	GreyTop float64   `json:"grey_top,omitempty"` // the score that 65535 in the raw map stands for; 0 is 0
	Overlay string    `json:"overlay,omitempty"`  // file
	Heat    string    `json:"heat,omitempty"`     // file
	Note    string    `json:"note,omitempty"`     // what the model may have seen otherwise than it is
}

// Region is a connected set of blocks whose scores reach the threshold: its bounds in the upright picture's pixels.
type Region struct {
	X0    float64 `json:"x0"`
	Y0    float64 `json:"y0"`
	X1    float64 `json:"x1"`
	Y1    float64 `json:"y1"`
	Score float64 `json:"score"` // the largest of its blocks'
}

// Of is the verdict of calibrated block scores of an upright picture of a size.
func Of(scores block.Scores, size prep.Size) Verdict {
	top, hottest := scores.Hottest(size.W, size.H)
	v := Verdict{
		Width: size.W, Height: size.H, Score: float64(top), Defect: top >= 1, Hottest: hottest, Regions: []Region{},
		Unlike: float64(scores.Unlike), Rows: scores.Rows, Cols: scores.Cols, Blocks: scores.Values, GreyTop: GreyTop,
	}
	for _, r := range annot.Regions(scores, 1) {
		x0, y0, _, _ := scores.Area(r.Cells.Min.Y, r.Cells.Min.X, size.W, size.H)
		_, _, x1, y1 := scores.Area(r.Cells.Max.Y-1, r.Cells.Max.X-1, size.W, size.H)
		v.Regions = append(v.Regions, Region{x0, y0, x1, y1, float64(r.Peak)})
	}
	return v
}

// Word is "normal", "defect" or, where there is no score, "error".
func (v Verdict) Word() string {
	switch {
	case v.Error != "":
		return "error"
	case v.Defect:
		return "defect"
	}
	return "normal"
}

// MarshalJSON makes a score that there is not null: a picture that could not be read is not taken for a normal one.
func (v Verdict) MarshalJSON() ([]byte, error) {
	type plain Verdict
	if v.Error == "" {
		return json.Marshal(plain(v))
	}
	return json.Marshal(struct {
		plain
		Score   *float64    `json:"score"`
		Defect  *bool       `json:"defect"`
		Hottest *block.Area `json:"hottest"`
	}{plain: plain(v)})
}
