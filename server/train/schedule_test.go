package train

import (
	"math"
	"testing"
)

func TestRampUp(t *testing.T) {
	for _, c := range []struct {
		step, ramp int
		want       float64
	}{{0, 400, 0}, {100, 400, 1.25}, {400, 400, 5}, {9999, 400, 5}, {0, 0, 5}} {
		if got := RampUp(c.step, c.ramp, 5); got != c.want {
			t.Errorf("step %d of %d: %g, want %g", c.step, c.ramp, got, c.want)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, name := range []string{"lite", "fast", "paper"} {
		for _, sup := range []Supervision{Un, Sup, Semi} {
			s, err := Preset(name, sup)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(); err != nil {
				t.Errorf("%s %s: %v", name, sup, err)
			}
		}
	}
	// The paper's section 3.2.
	un, _ := Preset("paper", Un)
	sup, _ := Preset("paper", Sup)
	semi, _ := Preset("paper", Semi)
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"un rate", un.LearningRate, 1e-4}, {"sup rate", sup.LearningRate, 1e-4}, {"semi rate", semi.LearningRate, 3e-5},
		{"un p", un.Fraction, 0.25}, {"sup p", sup.Fraction, 0.25}, {"semi p", semi.Fraction, 0.1},
		{"un eps+", un.EpsPlus, 0.5}, {"sup eps+", sup.EpsPlus, 0.25}, {"semi eps+", semi.EpsPlus, 0.25},
		{"eps-", un.EpsMinus, 0.08},
		{"un b", [3]int{un.Normal, un.Simulated, un.Real}, [3]int{4, 2, 0}},
		{"sup b", [3]int{sup.Normal, sup.Simulated, sup.Real}, [3]int{2, 2, 2}},
		{"semi b", [3]int{semi.Normal, semi.Simulated, semi.Real}, [3]int{3, 3, 2}},
		{"windows a step", un.Batch(25), 38}, // a quarter of 6 x 25 = 37.5
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if _, err := Preset("huge", Un); err == nil {
		t.Error("an unknown preset was taken")
	}
	if _, err := Preset("lite", "all"); err == nil {
		t.Error("an unknown supervision was taken")
	}
}

func TestSettingsCheckNamesWhatIsWrong(t *testing.T) {
	good, _ := Preset("lite", Semi)
	for name, spoil := range map[string]func(*Settings){
		"heads":          func(s *Settings) { s.Heads = 7 },
		"window":         func(s *Settings) { s.Window = 30 },
		"eps":            func(s *Settings) { s.EpsMinus = 0.9 },
		"level":          func(s *Settings) { s.Level = 0 },
		"NaN level":      func(s *Settings) { s.Level = math.NaN() },
		"copies":         func(s *Settings) { s.Copies = 0 },
		"no images":      func(s *Settings) { s.Normal, s.Simulated, s.Real = 0, 0, 0 },
		"classifier":     func(s *Settings) { s.Classifier = "forest" },
		"residual":       func(s *Settings) { s.Residual = "cube" },
		"steps":          func(s *Settings) { s.Steps = 0 },
		"dropout":        func(s *Settings) { s.Dropout = 1 },
		"neighbour odds": func(s *Settings) { s.A1 = 0.9 },
	} {
		s := good
		spoil(&s)
		if s.Check() == nil {
			t.Errorf("%s: nothing was said", name)
		}
	}
}

func TestManyPicturesTakeMoreSteps(t *testing.T) {
	s, err := Preset(Lite, Un)
	if err != nil {
		t.Fatal(err)
	}
	if few, lots := s.StepCount(400), s.StepCount(401); few != s.Steps || lots <= few {
		t.Errorf("%d steps on 400 pictures, %d on 401", few, lots)
	}
	s.ManySteps = 0 // as where --steps says how many
	if got := s.StepCount(5000); got != s.Steps {
		t.Errorf("%d steps, want the %d asked for", got, s.Steps)
	}
}

func TestFlipsAreForSurfaces(t *testing.T) {
	for _, c := range []struct {
		preset     string
		foreground string
		want       bool
	}{{Lite, "all", true}, {Lite, "object", false}, {Paper, "all", false}} {
		s, err := Preset(c.preset, Un)
		if err != nil {
			t.Fatal(err)
		}
		s.settle(c.foreground)
		if s.Flips != c.want || s.Settled != c.foreground {
			t.Errorf("%s, foreground %s: flips %v, settled %q", c.preset, c.foreground, s.Flips, s.Settled)
		}
	}
}
