package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"semirest/models/graph"
	"semirest/server/ort"
)

// library loads ONNX Runtime; without it no test here means anything.
func library(t testing.TB) {
	t.Helper()
	path, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	if err := ort.Init(path); err != nil {
		t.Fatal(err)
	}
}

// noisyMaps are maps of 16x16 cells of 12 numbers whose anomalous square stands out
// by three standard deviations of some channels.
func noisyMaps(real int) *Maps {
	const side, dim = 16, 12
	rng := seeded(77)
	bank := make([]float32, 8*dim)
	for i := range bank {
		bank[i] = float32(0.2 * rng.NormFloat64())
	}
	m := oneView(side, side, dim, bank)
	picture := func(name string, defect, boxed bool) Map {
		features, near := make([]float32, side*side*dim), make([]int32, side*side*3)
		known := Known{Fraction: make([]float64, side*side)}
		if boxed {
			known.Inside = make([]float64, side*side)
		}
		r0, c0 := rng.IntN(10), rng.IntN(10)
		for i := range side * side {
			in := defect && i/side >= r0 && i/side < r0+6 && i%side >= c0 && i%side < c0+6
			for j := range dim {
				v := rng.NormFloat64()
				if in && j < 6 {
					v += 3
				}
				features[i*dim+j] = float32(v)
			}
			for k := range 3 {
				near[3*i+k] = int32(rng.IntN(8))
			}
			if in && boxed {
				known.Inside[i] = 1
			} else if in {
				known.Fraction[i] = 1
			}
		}
		return NewMap(name, [][]float32{features}, [][]int32{near}, known)
	}
	for range 6 {
		m.Normal = append(m.Normal, picture("normal", false, false))
		m.Simulated = append(m.Simulated, picture("simulated", true, false))
	}
	for range real {
		m.Real = append(m.Real, picture("real", true, true))
	}
	return m
}

// tiny are settings that train in a second.
func tiny(t *testing.T, sup Supervision) Settings {
	t.Helper()
	s, err := Preset("lite", sup)
	if err != nil {
		t.Fatal(err)
	}
	s.Width, s.Heads, s.Blocks, s.Attention, s.Window, s.Step = 16, 2, 2, 4, 8, 4
	s.Steps, s.Warmup, s.LearningRate, s.Ramp, s.Average = 30, 3, 5e-3, 10, 0.9
	return s
}

func learn(t *testing.T, s Settings, maps *Maps, start state) *learner {
	t.Helper()
	library(t)
	maps.label(s.EpsPlus, s.EpsMinus)
	scale, err := maps.Scale(maps.Normal, s.Residual, s.Level)
	if err != nil {
		t.Fatal(err)
	}
	net, err := s.classifier(scale).Network(maps.Dim)
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLearner(s, maps, net, start, ort.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func TestLearnerLearns(t *testing.T) {
	for _, c := range []struct {
		name string
		sup  Supervision
		set  func(*Settings)
	}{
		{"un", Un, nil},
		{"un, mlp", Un, func(s *Settings) { s.Classifier = MLP }},
		{"un, vit", Un, func(s *Settings) { s.Classifier = ViT }},
		{"un, unet", Un, func(s *Settings) { s.Classifier = UNet }},
		{"un, abs, fraction of windows", Un, func(s *Settings) { s.Residual, s.PerImage, s.Fraction = Abs, false, 0.1 }},
		{"sup", Sup, nil},
		{"semi", Semi, nil},
		{"semi, guess without drop path", Semi, func(s *Settings) { s.GuessEval = true }},
		{"semi, no mixmatch", Semi, func(s *Settings) { s.MixMatch = false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tiny(t, c.sup)
			if c.set != nil {
				c.set(&s)
			}
			l := learn(t, s, noisyMaps(4), state{})
			var loss []float64
			for range s.Steps {
				p, err := l.step(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				loss = append(loss, p.Labelled)
			}
			first, last := average(loss[:3]), average(loss[len(loss)-5:])
			if !(last < 0.8*first) {
				t.Errorf("the labelled loss went from %.4g to %.4g", first, last)
			}
		})
	}
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

// The loss that the graph gives is the one of package comment's formula, on the
// batch that was composed.
func TestStepLossIsFocal(t *testing.T) {
	s := tiny(t, Semi)
	s.GammaX, s.GammaU = 2.5, 4 // one by Pow, one by squaring
	l := learn(t, s, noisyMaps(4), state{})
	g, err := guessGraph(l.net, l.batch.shape, true)
	if err != nil {
		t.Fatal(err)
	}
	forward, err := ort.Open(g.Marshal(), ort.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer forward.Close()
	for range 5 {
		before := slices.Clone(l.trainer.State().Params)
		// The same factors are drawn again from a copy of the random state.
		random, err := l.state()
		if err != nil {
			t.Fatal(err)
		}
		p, err := l.step(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.random.UnmarshalBinary(random.Random); err != nil {
			t.Fatal(err)
		}
		now := l.trainer
		l.trainer = mustTrainer(t, l, before, p.Step-1)
		if err := l.compose(context.Background(), p.Step-1); err != nil {
			t.Fatal(err)
		}
		feeds := l.residuals()
		l.keep(feeds)
		feeds[graph.InParams] = ort.Of(before, len(before))
		out, err := forward.Run(context.Background(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		l.trainer = now
		var x, u float64
		for i, p1 := range out[outChance].F32() {
			target := [2]float64{float64(l.batch.Target[2*i]), float64(l.batch.Target[2*i+1])}
			logits := [2]float64{0, math.Log(float64(p1)) - math.Log1p(-float64(p1))}
			fx, _ := Focal(logits, target, 0, s.GammaX)
			fu, _ := Focal(logits, target, 0, s.GammaU)
			// With alpha 0 a normal block weighs 1 and an anomalous one 0: use the
			// batch's own weights over the unweighted loss.
			if target[1] > target[0] {
				fx, _ = Focal(logits, target, 1, s.GammaX)
				fu, _ = Focal(logits, target, 1, s.GammaU)
			}
			x += float64(l.batch.X[i]) * fx
			u += float64(l.batch.U[i]) * fu
		}
		if d := math.Abs(x-p.Labelled) / x; d > 1e-5 {
			t.Errorf("step %d: labelled loss %.9g, want %.9g", p.Step, p.Labelled, x)
		}
		if d := math.Abs(u - p.Unknown); d > 1e-5*(u+1e-3) {
			t.Errorf("step %d: unlabelled loss %.9g, want %.9g", p.Step, p.Unknown, u)
		}
	}
}

func mustTrainer(t *testing.T, l *learner, params []float32, step int) *ort.Trainer {
	t.Helper()
	s := ort.NewState(slices.Clone(params))
	s.Step = step
	tr, err := ort.NewTrainer(l.session, s)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// snapshot copies a state as a checkpoint would.
func snapshot(t *testing.T, l *learner) state {
	t.Helper()
	s, err := l.state()
	if err != nil {
		t.Fatal(err)
	}
	return state{State: s.State.Clone(), Average: slices.Clone(s.Average), Random: slices.Clone(s.Random)}
}

func TestLearnerGoesOnBitForBit(t *testing.T) {
	for _, sup := range []Supervision{Un, Semi} {
		s := tiny(t, sup)
		s.Flips = true
		run := func(l *learner, n int) {
			for range n {
				if _, err := l.step(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
		}
		whole := learn(t, s, noisyMaps(3), state{})
		run(whole, 12)
		part := learn(t, s, noisyMaps(3), state{})
		run(part, 5)
		rest := learn(t, s, noisyMaps(3), snapshot(t, part))
		run(rest, 7)
		a, b := snapshot(t, whole), snapshot(t, rest)
		if a.Step != b.Step || !slices.Equal(a.Params, b.Params) || !slices.Equal(a.Mean, b.Mean) ||
			!slices.Equal(a.Square, b.Square) || !slices.Equal(a.Average, b.Average) || !slices.Equal(a.Random, b.Random) {
			t.Errorf("%s: going on from a snapshot differs from going through", sup)
		}
	}
}

func TestStepIsCancelled(t *testing.T) {
	s := tiny(t, Un)
	s.Width, s.Window, s.Step = 128, 16, 4 // a step of some tenths of a second
	l := learn(t, s, noisyMaps(0), state{})
	if _, err := l.step(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, l)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	var err error
	for err == nil {
		_, err = l.step(ctx)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("cancelled: %v", err)
	}
	if after := snapshot(t, l); after.Step == before.Step && !slices.Equal(after.Params, before.Params) {
		t.Error("a cancelled step changed the parameters")
	}
}

func TestNaNParametersAreAnError(t *testing.T) {
	l := learn(t, tiny(t, Un), noisyMaps(0), state{})
	bad := snapshot(t, l)
	bad.Params[0] = float32(math.NaN())
	l2 := learn(t, tiny(t, Un), noisyMaps(0), bad)
	if _, err := l2.step(context.Background()); err == nil {
		t.Error("a step from weights that are not numbers went well")
	}
}

func TestFlatAndNamed(t *testing.T) {
	l := learn(t, tiny(t, Un), noisyMaps(0), state{})
	v := l.kept()
	back, err := flat(l.layout, named(l.layout, v))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v, back) {
		t.Error("parameters changed their places")
	}
	set := named(l.layout, v)
	delete(set.Tensors, "head.weight")
	if _, err := flat(l.layout, set); err == nil {
		t.Error("a missing parameter was not noticed")
	}
}
