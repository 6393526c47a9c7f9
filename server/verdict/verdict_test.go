package verdict

import (
	"encoding/json"
	"strings"
	"testing"

	"semirest/shared/block"
	"semirest/shared/prep"
)

func TestOfGivesRegionsInThePicturesPixels(t *testing.T) {
	s := block.NewScores(block.For(32, 16, 8)) // 2 rows, 4 columns
	copy(s.Values, []float32{
		0, 1.5, 0, 0.9,
		0, 1.2, 0, 1,
	})
	v := Of(s, prep.Size{W: 400, H: 100})
	if !v.Defect || v.Score != 1.5 || v.Hottest.X0 != 100 || v.Width != 400 {
		t.Errorf("%+v", v)
	}
	want := []Region{{100, 0, 200, 100, 1.5}, {300, 50, 400, 100, 1}}
	if len(v.Regions) != 2 || v.Regions[0] != want[0] || v.Regions[1] != want[1] {
		t.Errorf("regions %+v, want %+v", v.Regions, want)
	}
}

// A picture that could not be read is not taken for a normal one by whoever reads JSON.
func TestAVerdictWithoutAScoreIsNull(t *testing.T) {
	b, err := json.Marshal(Verdict{Image: "a.png", Error: "not a picture"})
	if err != nil || !strings.Contains(string(b), `"score":null,"defect":null`) {
		t.Errorf("%s, %v", b, err)
	}
	var back Verdict
	if err := json.Unmarshal(b, &back); err != nil || back.Error != "not a picture" || back.Word() != "error" {
		t.Errorf("%+v, %v", back, err)
	}
	if b, err = json.Marshal(Of(block.NewScores(block.For(8, 8, 8)), prep.Size{W: 8, H: 8})); err != nil || !strings.Contains(string(b), `"score":0,"defect":false`) ||
		!strings.Contains(string(b), `"regions":[]`) {
		t.Errorf("%s, %v", b, err)
	}
}
