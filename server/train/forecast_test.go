package train

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"semirest/server/detect"
)

// course runs a forecast's stages in n parts each, every stage at a pace of its own, and returns what was told and what
// was really left, from the second stage on.
func course(f *Forecast, n int, pace func(stage int) float64) (told, real []time.Duration) {
	begun, total := time.Now(), 0.0
	for k, c := range f.stages {
		total += pace(k) * c.cost
	}
	whole := time.Duration(total * float64(time.Second))
	for k, c := range f.stages {
		for i := range n + 1 {
			if left := f.Left(c.name, i, n); k > 0 {
				told, real = append(told, left), append(real, whole-time.Since(begun))
			}
			if i < n {
				time.Sleep(time.Duration(pace(k) * c.cost / float64(n) * float64(time.Second)))
			}
		}
	}
	return told, real
}

func expectSemi(t *testing.T) *Forecast {
	s, err := Preset(Lite, Semi)
	if err != nil {
		t.Fatal(err)
	}
	return Expect(Config{Settings: s, Fit: detect.Lite(), Profile: AutoProfile}, 60, 8)
}

// The guess comes out right on a machine that is three times slower than the costs say.
func TestForecastOnASlowMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := expectSemi(t)
		if f.Left("unknown", 0, 0) >= 0 {
			t.Error("a guess without a stage")
		}
		told, real := course(f, 10, func(int) float64 { return 3 })
		for i := range told {
			if off := (told[i] - real[i]).Abs(); off > real[i]/100+100*time.Millisecond {
				t.Errorf("%v are told, %v are left", told[i], real[i])
			}
		}
	})
}

// Whatever each stage really costs, from a third to three times what was thought, what is told never rises by more than
// a quarter above what was told before.
func TestForecastDoesNotJump(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			paces := make([]float64, 10)
			for i := range paces {
				paces[i] = []float64{1.0 / 3, 0.8, 1, 1.25, 3}[rng.IntN(5)]
			}
			told, _ := course(expectSemi(t), 20, func(stage int) float64 { return paces[stage] })
			lowest := told[0]
			for _, d := range told {
				if d > lowest*5/4+time.Millisecond {
					t.Fatalf("after %v, %v are told; paces %v", lowest, d, paces)
				}
				lowest = min(lowest, d)
			}
			if last := told[len(told)-1]; last != 0 {
				t.Fatalf("%v are left at the end", last)
			}
		})
	}
}

// A real run, slowed, keeps the promise, too.
func TestForecastOfASlowedRun(t *testing.T) {
	library(t)
	source := cloth{normal: 12, defective: 3}
	cfg := config(t, Sup)
	cfg.Profile = AutoProfile
	f := Expect(cfg, source.Len(), source.Defects())
	first, lowest := detect.Stage(""), time.Duration(0)
	_, err := Run(t.Context(), cfg, source, func(p Progress) {
		time.Sleep(5 * time.Millisecond)
		left := f.Left(p.Stage, p.Done, p.Total)
		switch {
		case first == "":
			first = p.Stage
		case p.Stage == first:
		case lowest == 0:
			lowest = left
		case left < 0 || left > lowest*5/4+time.Millisecond:
			t.Errorf("%s, %d of %d: %v are left, after %v", p.Stage, p.Done, p.Total, left, lowest)
		default:
			lowest = min(lowest, left)
		}
	})
	if err != nil || lowest > time.Second {
		t.Errorf("%v; at the end %v are left", err, lowest)
	}
}
