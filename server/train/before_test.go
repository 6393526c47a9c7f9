package train

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"semirest/models/weights"
	"semirest/server/detect"
	"semirest/server/ort"
)

// What the program of commit be77aae wrote is read by this one: testdata/README.md.
const before = "testdata/be77aae/"

// whole puts the embedded backbone back into a model's file.
func whole(t *testing.T, from, to string) {
	t.Helper()
	set, err := weights.Load(from)
	if err != nil {
		t.Fatal(err)
	}
	trunk, err := weights.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, tensor := range trunk.Tensors {
		set.Tensors["backbone."+name] = tensor
	}
	if err := weights.Save(to, set); err != nil {
		t.Fatal(err)
	}
}

// Settings are read, and written again byte for byte: models hold them, and a run's
// identity is a hash of them. They were one flat struct when they were written.
func TestSettingsOfBefore(t *testing.T) {
	old, err := os.ReadFile(before + "settings.json")
	if err != nil {
		t.Fatal(err)
	}
	var s Settings
	if err := json.Unmarshal(old, &s); err != nil {
		t.Fatal(err)
	}
	if s.Supervision != Semi || s.Width != 128 || s.Bagging != 16 || s.Real != 2 || s.AlphaU != 0.75 || s.Average != 0.95 ||
		s.LambdaU != 0.3 || s.Start == nil || s.Start.Steps != 600 || s.HeldOut != 40 {
		t.Errorf("read as %+v", s)
	}
	again, err := json.Marshal(s)
	if err != nil || string(again) != string(old) {
		t.Errorf("written again:\n%s, %v\nwant\n%s", again, err, old)
	}
}

// A detector scores as it did, and says what it said of its training.
func TestDetectorsOfBefore(t *testing.T) {
	library(t)
	for _, c := range []struct {
		sup    Supervision
		weight float64 // of the distance
	}{{Un, 0}, {Semi, 0.5}} {
		t.Run(string(c.sup), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.safetensors")
			whole(t, before+string(c.sup)+".safetensors", path)
			m, err := detect.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ReadRecord(m)
			if err != nil || r.Settings.Supervision != c.sup || r.Settings.Width != 8 || len(r.Choices) == 0 || r.Why == "" {
				t.Errorf("its record of the training is %+v, %v", r, err)
			}
			if m.Classifier.Fusion.Weight != c.weight {
				t.Errorf("fusion %+v, want the weight %g", m.Classifier.Fusion, c.weight)
			}
			text, err := os.ReadFile(before + string(c.sup) + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Threshold float64
				Scores    []float32
			}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if m.Threshold.Value != want.Threshold {
				t.Errorf("threshold %v, want %v", m.Threshold.Value, want.Threshold)
			}
			s, err := detect.NewScorer(m, ort.Options{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			d, err := cloth{change: boxed}.Defect(0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Picture(context.Background(), d.Pix, d.Size)
			if err != nil || len(got.Values) != len(want.Scores) {
				t.Fatalf("%d scores, %v; want %d", len(got.Values), err, len(want.Scores))
			}
			for i, v := range got.Values {
				if math.Abs(float64(v-want.Scores[i])) > 1e-5 { // processors differ in the last digits
					t.Fatalf("block %d scores %v, scored %v", i, v, want.Scores[i])
				}
			}
		})
	}
}

// A training that was stopped goes on where it was: a field that Settings or
// detect.FitConfig gains must leave its JSON alone while it is zero.
func TestRunsOfBeforeGoOn(t *testing.T) {
	library(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(before+"run")); err != nil {
		t.Fatal(err)
	}
	whole(t, filepath.Join(dir, detectorFile), filepath.Join(dir, detectorFile))
	c, err := loadCheckpoint(dir)
	if err == nil {
		c.Seconds = 1e6
		err = c.save(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, Un)
	cfg.Width = 8
	cfg.Fit.BankRows, cfg.Fit.PoolRows = 64, 1000
	cfg.Fit.Provenance.Data = "12 pictures"
	cfg.Dir, cfg.Resume, cfg.SaveEvery = dir, true, time.Hour
	var steps []int
	m, err := Run(context.Background(), cfg, cloth{normal: 12}, func(p Progress) {
		if p.Stage == "training" {
			steps = append(steps, p.Done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []int{8, 9, 10, 11, 12}) {
		t.Errorf("it took the steps %v", steps)
	}
	if r, err := ReadRecord(m); err != nil || r.Seconds < 1e6 || len(r.Looks) != 2 || r.Looks[0].Step != 6 || math.Abs(r.Looks[0].Simulated.AP-0.42371) > 1e-5 {
		t.Errorf("its record of the training is %+v, %v", r, err)
	}
	log, err := readLog(filepath.Join(dir, LogFile))
	if err != nil || len(log) != 14 || log[0].Point == nil || math.Abs(log[0].Loss-0.0321844) > 1e-6 {
		t.Errorf("the log has %d lines, %v; want 12 steps and 2 looks", len(log), err)
	}
}
