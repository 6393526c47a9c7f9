package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"semirest/models/weights"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/synth"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// cloth is a source of synthetic pictures: a striped texture, a little different
// each time; the defective ones have a dark square.
type cloth struct {
	normal, defective int
	change            func(i int, d *Defect)
}

const clothSide = 256

func (c cloth) Len() int          { return c.normal }
func (c cloth) Name(i int) string { return fmt.Sprintf("good/%02d.png", i) }
func (c cloth) Defects() int      { return c.defective }

func (c cloth) Picture(i int) ([]byte, prep.Size, error) {
	rng := seeded(uint64(1000 + i))
	texture := synth.Procedural()[16+2] // stripes
	shift, gain := rng.IntN(texture.W), 0.9+0.2*rng.Float64()
	pix := make([]byte, clothSide*clothSide*3)
	for k := range pix {
		x, y, ch := k/3%clothSide, k/3/clothSide, k%3
		v := float64(texture.Pix[3*(y*texture.W+(x+shift)%texture.W)+ch])*gain + 6*rng.NormFloat64()
		pix[k] = byte(min(max(v, 0), 255))
	}
	return pix, prep.Size{W: clothSide, H: clothSide}, nil
}

func (c cloth) Defect(i int) (Defect, error) {
	pix, size, err := c.Picture(500 + i)
	d := Defect{Name: fmt.Sprintf("cut/%02d.png", i), Pix: pix, Size: size, Mask: make([]byte, size.W*size.H)}
	x0, y0 := 40+20*i, 60+10*i
	for y := y0; y < y0+50; y++ {
		for x := x0; x < x0+40; x++ {
			for ch := range 3 {
				d.Pix[3*(y*size.W+x)+ch] /= 4
			}
			d.Mask[y*size.W+x] = 1
		}
	}
	if c.change != nil {
		c.change(i, &d)
	}
	return d, err
}

// boxed hides the masks behind boxes.
func boxed(_ int, d *Defect) {
	r := synth.Regions(d.Mask, d.Size.W, d.Size.H)[0]
	d.Mask, d.Boxes = nil, []block.Box{{
		X: float64(r.X0+r.X1) / 2, Y: float64(r.Y0+r.Y1) / 2, HalfW: float64(r.X1-r.X0) / 2, HalfH: float64(r.Y1-r.Y0) / 2,
	}}
}

func config(t testing.TB, sup Supervision) Config {
	t.Helper()
	s, err := Preset(Lite, sup)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Settings{&s, s.Start} {
		if p == nil {
			continue
		}
		p.Width, p.Heads, p.Blocks, p.Window, p.Bagging = 16, 2, 2, 16, 8
		p.MaxSim, p.HeldOut, p.Steps, p.EvalEvery, p.Variants = 8, 4, 12, 6, 2
	}
	w, err := weights.Default()
	if err != nil {
		t.Fatal(err)
	}
	fit := detect.Lite()
	fit.Ref, fit.BankRows, fit.PoolRows, fit.Weights, fit.Seed = 256, 200, 2000, w, 3
	return Config{Settings: s, Fit: fit, Run: ort.Options{Threads: 1}}
}

func TestRunMakesAWholeDetector(t *testing.T) {
	library(t)
	for _, c := range []struct {
		name   string
		sup    Supervision
		source cloth
		change func(*Config)
	}{
		{"un", Un, cloth{normal: 12}, nil},
		{"un, 16-pixel blocks, single pass", Un, cloth{normal: 12}, func(c *Config) { c.Block, c.Bagging = 16, 0 }},
		{"un, few pictures", Un, cloth{normal: 6}, nil},
		{"un, tiles", Un, cloth{normal: 12}, func(c *Config) {
			c.Fit.Ref, c.Fit.TileSide, c.Fit.Tile = 320, 192, prep.Tile{Ref: 320, Overlap: 64}
		}},
		{"sup", Sup, cloth{normal: 12, defective: 3}, nil},
		{"semi", Semi, cloth{normal: 12, defective: 3, change: boxed}, func(c *Config) { c.Start.Steps = 5 }},
		{"semi, guessing itself", Semi, cloth{normal: 12, defective: 3, change: boxed}, func(c *Config) {
			c.Start.Steps, c.Guess, c.Temperature = 5, GuessSelf, 0.5
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(t, c.sup)
			if c.change != nil {
				c.change(&cfg)
			}
			stages := map[detect.Stage]int{}
			var last Progress
			m, err := Run(context.Background(), cfg, c.source, func(p Progress) {
				stages[p.Stage]++
				if p.Done > p.Total || p.Done < 0 {
					t.Errorf("%s: %d of %d", p.Stage, p.Done, p.Total)
				}
				if p.Sample != nil {
					last = p
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if stages["pictures"] == 0 || stages["training"] != cfg.Steps || stages["choosing"] == 0 || (stages["start"] > 0) != (c.sup != Un) {
				t.Errorf("stages: %v", stages)
			}
			if last.Sample == nil || len(last.Sample.Scores.Values) != last.Sample.Scores.Len() {
				t.Error("no sample was shown")
			}
			path := filepath.Join(t.TempDir(), "m.safetensors")
			if err := m.Save(path); err != nil {
				t.Fatal(err)
			}
			back, err := detect.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if back.Supervision != string(c.sup) || len(back.Classifier.Moved) != c.source.defective {
				t.Errorf("supervision %q, moved %v", back.Supervision, back.Classifier.Moved)
			}
			record, err := ReadRecord(back)
			if err != nil || len(record.Choices) != len(fusionWeights) || record.Settings.Steps != cfg.Steps || record.Why == "" {
				t.Errorf("record %+v, %v", record, err)
			}
			// Cloth is a surface: it has no right way up, in no phase.
			if s := record.Settings; s.Settled != "all" || !s.Flips || record.Start != nil && !record.Start.Flips {
				t.Errorf("foreground %q, flips %v, start %+v", s.Settled, s.Flips, record.Start)
			}
			pixels(t, back, c.source)
		})
	}
}

// pixels scores a picture with the one graph, from bytes to block scores.
func pixels(t *testing.T, m *detect.Model, source cloth) {
	t.Helper()
	s, err := detect.NewScorer(m, ort.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d, _ := cloth{}.Defect(1)
	bad, err := s.Picture(context.Background(), d.Pix, d.Size)
	if err != nil {
		t.Fatal(err)
	}
	pix, size, _ := source.Picture(0)
	good, err := s.Picture(context.Background(), pix, size)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Picture(context.Background(), noise(d.Size), d.Size)
	if err != nil {
		t.Fatal(err)
	}
	if !(bad.Unlike > 0 && bad.Unlike < 1 && good.Unlike > 0 && good.Unlike < 1 && other.Unlike >= 1) {
		t.Errorf("a defective picture is unlike by %v, a normal one by %v, one of something else by %v", bad.Unlike, good.Unlike, other.Unlike)
	}
	top, row, col := bad.Max()
	normal, _, _ := good.Max()
	x, y := (float64(col)+0.5)*float64(size.W)/float64(bad.Cols), (float64(row)+0.5)*float64(size.H)/float64(bad.Rows)
	if !(top > normal) || x < 60-8 || x > 100+8 || y < 70-8 || y > 120+8 {
		t.Errorf("the hottest block is %.3g at (%.0f, %.0f), a normal picture's %.3g", top, x, y, normal)
	}
}

// noise is a picture of nothing that a detector learnt.
func noise(size prep.Size) []byte {
	rng := rand.New(rand.NewPCG(3, 3))
	pix := make([]byte, 3*size.W*size.H)
	for i := range pix {
		pix[i] = byte(rng.IntN(256))
	}
	return pix
}

// The scores of the training's own path (kept features, classifier alone, fusion in
// Go) are those of the one graph.
func TestHeldOutScoresAreTheDetectors(t *testing.T) {
	library(t)
	for _, profile := range []string{"", "views"} {
		t.Run("profile "+profile, func(t *testing.T) { heldOutScores(t, profile) })
	}
}

func heldOutScores(t *testing.T, profile string) {
	cfg := config(t, Un)
	cfg.Steps, cfg.Profile = 3, profile
	r := &run{cfg: cfg, source: cloth{normal: 12}, report: func(Progress) {}, begun: time.Now()}
	m, err := r.do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, weight := range []float64{0, 0.5, 1} {
		f := detect.Fusion{Weight: weight, Half: 2}
		c := *m.Classifier
		c.Fusion = f
		if err := m.SetClassifier(c, m.Block, m.ClassifierWeights()); err != nil {
			t.Fatal(err)
		}
		p, err := r.held.classify(context.Background(), m, r.maps, cfg.Run)
		if err != nil {
			t.Fatal(err)
		}
		fused := r.held.fuse(p, r.maps, f)
		s, err := detect.NewScorer(m, cfg.Run)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.held.normal {
			held := &r.held.normal[i]
			var at int
			fmt.Sscanf(held.Name, "good/%d.png", &at)
			pix, size, _ := cloth{}.Picture(at)
			want, err := s.Picture(context.Background(), pix, size)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range fused[held] {
				// Features are kept as half floats, hence the tolerance.
				if d := math.Abs(float64(v - want.Values[k])); d > 5e-3*(1e-3+math.Abs(float64(want.Values[k]))) {
					t.Fatalf("weight %g, block %d: %g, the detector says %g", weight, k, v, want.Values[k])
				}
			}
		}
		s.Close()
	}
}

// same compares what training decided, bit for bit.
func same(t *testing.T, what string, a, b *detect.Model) {
	t.Helper()
	for name, v := range a.ClassifierWeights().Tensors {
		x, _ := v.Floats()
		y, err := b.ClassifierWeights().Floats(name, v.Shape()...)
		if err != nil || !slices.Equal(x, y) {
			t.Errorf("%s: tensor %s differs (%v)", what, name, err)
		}
	}
	if a.Threshold != b.Threshold || a.Classifier.Scale != b.Classifier.Scale || a.Classifier.Fusion != b.Classifier.Fusion {
		t.Errorf("%s: %+v and %+v", what, a.Threshold, b.Threshold)
	}
	ra, _ := ReadRecord(a)
	rb, _ := ReadRecord(b)
	if !slices.Equal(ra.Looks, rb.Looks) || !slices.Equal(ra.Choices, rb.Choices) {
		t.Errorf("%s: looks %v and %v", what, ra.Looks, rb.Looks)
	}
}

func TestCancelSavesAndResumeGoesOnBitForBit(t *testing.T) {
	library(t)
	source := cloth{normal: 12, defective: 2, change: boxed}
	cfg := config(t, Semi)
	cfg.Start.Steps = 4
	whole, err := Run(context.Background(), cfg, source, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir = filepath.Join(t.TempDir(), "work")
	cfg.Resume = true
	var got *detect.Model
	// Stopped in the start, in training, and right after a look.
	for _, stop := range []Progress{{Stage: "start", Done: 2}, {Stage: "training", Done: 3}, {Stage: "training", Done: 6}, {}} {
		ctx, cancel := context.WithCancel(context.Background())
		got, err = Run(ctx, cfg, source, func(p Progress) {
			if p.Stage == stop.Stage && p.Done == stop.Done {
				cancel()
			}
		})
		cancel()
		if stop.Stage != "" && !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at %+v: %v", stop, err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "resumed", whole, got)
	entries, err := readLog(filepath.Join(cfg.Dir, LogFile))
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]int{}
	for _, e := range entries {
		if e.Held == nil {
			steps[fmt.Sprint(e.Phase, e.step())]++
		}
	}
	if len(steps) != 4+12 {
		t.Errorf("the log has %d steps, want 16", len(steps))
	}
	for k, n := range steps {
		if n != 1 {
			t.Errorf("step %s is in the log %d times", k, n)
		}
	}
	if _, err := os.Stat(filepath.Join(cfg.Dir, PlotFile)); err != nil {
		t.Error(err)
	}
	// Until the model is on the disk the checkpoint is all there is of it.
	again, err := Run(context.Background(), cfg, source, func(p Progress) {
		if p.Point != nil {
			t.Errorf("a step of a finished run was made again: %+v", p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "made again from its last checkpoint", whole, again)
	if err := Finish(cfg.Dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{checkpointFile, detectorFile} {
		if _, err := os.Stat(filepath.Join(cfg.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of a finished run is still there: %v", name, err)
		}
	}
}

// TestChild is not a test: it is the process that TestKilled kills and that
// TestFullDisk limits.
func TestChild(t *testing.T) {
	dir := os.Getenv("TRAIN_TEST_DIR")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	library(t)
	cfg := config(t, Un)
	cfg.Dir, cfg.Resume, cfg.SaveEvery = dir, true, time.Nanosecond // after every step
	limit := os.Getenv("TRAIN_TEST_LIMIT")
	m, err := Run(context.Background(), cfg, cloth{normal: 12}, func(p Progress) {
		if limit != "" && p.Stage == "training" && p.Done == 4 {
			// From now on no file may grow beyond a kilobyte, as on a full disk.
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1024, Max: 1 << 40}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err != nil {
		t.Fatalf("RUN: %v", err)
	}
	if err := m.Save(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
}

func child(dir string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(append(os.Environ(), "TRAIN_TEST_DIR="+dir), env...)
	return cmd
}

func TestKilledRunGoesOnBitForBit(t *testing.T) {
	library(t)
	whole, err := Run(context.Background(), config(t, Un), cloth{normal: 12}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, step := range []int{2, 7} {
		cmd := child(dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Killed as soon as the log shows the step, wherever the process is then.
		for range 3000 {
			entries, _ := readLog(filepath.Join(dir, LogFile))
			if n := len(entries); n > 0 && entries[n-1].step() >= step {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if c, err := loadCheckpoint(dir); err != nil || c == nil {
			t.Fatalf("killed after step %d: checkpoint %v, %v", step, c, err)
		}
	}
	if out, err := child(dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := detect.Load(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "killed twice", whole, got)
}

func TestFullDiskLeavesTheLastCheckpoint(t *testing.T) {
	library(t)
	dir := t.TempDir()
	out, err := child(dir, "TRAIN_TEST_LIMIT=1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the last one is intact") && !strings.Contains(string(out), "train: log") {
		t.Fatalf("a full disk: %v\n%s", err, out)
	}
	c, err := loadCheckpoint(dir)
	if err != nil || c == nil || c.progress.Step < 3 {
		t.Fatalf("checkpoint %+v, %v", c, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if out, err := child(dir).CombinedOutput(); err != nil { // there is room again
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestRunRefuses(t *testing.T) {
	library(t)
	never := func(p Progress) { t.Errorf("it began: %+v", p) }
	for _, c := range []struct {
		name, text string
		sup        Supervision
		source     cloth
		report     func(Progress)
	}{
		{"no defects", "needs labelled defective pictures", Sup, cloth{normal: 12}, never},
		{"no normal pictures", "at least 2", Un, cloth{}, nil},
		{"empty mask", "empty mask", Sup, cloth{normal: 12, defective: 1, change: func(_ int, d *Defect) { clear(d.Mask) }}, never},
		{"mask of another size", "mask has 9 pixels", Sup, cloth{normal: 12, defective: 1, change: func(_ int, d *Defect) { d.Mask = make([]byte, 9) }}, never},
		{"box outside", "outside the picture", Semi, cloth{normal: 12, defective: 1, change: func(_ int, d *Defect) {
			d.Mask, d.Boxes = nil, []block.Box{{X: 300, Y: 20, HalfW: 10, HalfH: 10}}
		}}, never},
		{"box that is no number", "outside the picture", Semi, cloth{normal: 12, defective: 1, change: func(_ int, d *Defect) {
			d.Mask, d.Boxes = nil, []block.Box{{X: math.NaN(), Y: 20, HalfW: 10, HalfH: 10}}
		}}, never},
		{"no boxes", "nothing of it is labelled", Semi, cloth{normal: 12, defective: 1, change: func(_ int, d *Defect) { d.Mask = nil }}, never},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(t, c.sup)
			_, err := Run(context.Background(), cfg, c.source, c.report)
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %q", err, c.text)
			}
		})
	}
}

func TestOneDefectIsEnough(t *testing.T) {
	library(t)
	cfg := config(t, Sup)
	cfg.Steps = 2
	if _, err := Run(context.Background(), cfg, cloth{normal: 12, defective: 1}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestUnfinishedRunsAreNotOverwritten(t *testing.T) {
	library(t)
	cfg := config(t, Un)
	cfg.Dir = t.TempDir()
	stop := func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if _, err := Run(ctx, cfg, cloth{normal: 12}, func(p Progress) {
			if p.Stage == "training" && p.Done == 2 {
				cancel()
			}
		}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	stop()
	before, err := os.ReadFile(filepath.Join(cfg.Dir, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), cfg, cloth{normal: 12}, nil); !errors.Is(err, ErrUnfinished) {
		t.Errorf("without resume: %v", err)
	}
	cfg.Resume = true
	cfg.LearningRate *= 2
	if _, err := Run(context.Background(), cfg, cloth{normal: 12}, nil); !errors.Is(err, ErrUnfinished) {
		t.Errorf("with other settings: %v", err)
	}
	cfg.LearningRate /= 2
	if _, err := Run(context.Background(), cfg, cloth{normal: 13}, nil); !errors.Is(err, ErrUnfinished) {
		t.Errorf("with other pictures: %v", err)
	}
	after, err := os.ReadFile(filepath.Join(cfg.Dir, checkpointFile))
	if err != nil || !slices.Equal(before, after) {
		t.Error("the checkpoint changed")
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"cut short": func(b []byte) []byte { return b[:len(b)/2] },
		"NaN":       func(b []byte) []byte { copy(b[len(b)-4:], []byte{0, 0, 0xc0, 0x7f}); return b },
	} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, checkpointFile), spoil(slices.Clone(before)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), cfg, cloth{normal: 12}, nil); err == nil {
			t.Errorf("a checkpoint that is %s was taken", name)
		}
	}
}

func TestInitGoesOnFromAModel(t *testing.T) {
	library(t)
	un := config(t, Un)
	m, err := Run(context.Background(), un, cloth{normal: 12}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, Semi)
	cfg.Init, cfg.Steps, cfg.LearningRate = m, 1, 1e-12 // so small that nothing moves
	cfg.Average = 0
	got, err := Run(context.Background(), cfg, cloth{normal: 12, defective: 2, change: boxed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.ClassifierWeights().Floats("embed.weight", -1, -1)
	b, _ := got.ClassifierWeights().Floats("embed.weight", -1, -1)
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-6 {
			t.Fatal("the weights are not those of the model to start from")
		}
	}
	if m.Supervision != string(Un) || got.Classifier.Scale != m.Classifier.Scale {
		t.Error("the model to start from changed, or its scale was not kept")
	}
	other := config(t, Semi)
	other.Init, other.Width = m, 32
	if _, err := Run(context.Background(), other, cloth{normal: 12, defective: 2, change: boxed}, nil); err == nil {
		t.Error("weights of another width were taken")
	}
	if _, err := Run(context.Background(), cfg, cloth{normal: 5, defective: 2, change: boxed}, nil); err == nil {
		t.Error("other normal pictures were taken")
	}
}

func TestRecordIsJSON(t *testing.T) {
	text, err := json.Marshal(Record{Choices: []Choice{{Weight: 0.5, Chosen: true}}})
	if err != nil || !strings.Contains(string(text), `"weight":0.5`) {
		t.Errorf("%s, %v", text, err)
	}
}
