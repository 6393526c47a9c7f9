package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/server/ort"
)

// Point is what one step did.
type Point struct {
	Step     int     `json:"step"` // counted from 1
	Loss     float64 `json:"loss"`
	Labelled float64 `json:"loss_labelled"`
	Unknown  float64 `json:"loss_unknown"`
	Gradient float64 `json:"gradient_norm"` // before it is clipped
	Rate     float64 `json:"rate"`
}

// learner trains one classifier under one set of settings. It holds the whole state
// of the training but the maps: see state.
type learner struct {
	Settings
	maps     *Maps
	net      nets.Classifier
	sampler  *sampler
	random   *rand.PCG // the state behind rng
	rng      *rand.Rand
	batch    *Batch
	copies   int
	layout   graph.Layout
	schedule graph.Schedule
	session  *ort.Session
	guesser  *ort.Session // nil unless the network itself guesses
	trainer  *ort.Trainer
	average  []float32 // of the parameters; nil where they are not averaged
}

// state is what a learner must know to go on bit for bit.
type state struct {
	ort.State
	Average []float32
	Random  []byte
}

// newLearner makes the graphs. start is where to go on from; its Random is empty
// for a fresh start, whose parameters are drawn where Params is nil.
func newLearner(s Settings, maps *Maps, net nets.Classifier, start state, o ort.Options) (*learner, error) {
	maps.label(s.EpsPlus, s.EpsMinus)
	l := &learner{
		Settings: s, maps: maps, net: net, sampler: newSampler(s, maps), copies: 1,
		random:   rand.NewPCG(s.Seed, seedOf(s.Supervision)),
		schedule: graph.Schedule{Rate: s.LearningRate, WarmUp: s.Warmup, Steps: s.Steps, Cosine: s.Cosine},
	}
	l.rng = rand.New(l.random)
	if l.mixing() {
		l.copies = s.Copies
	}
	n := shape{windows: s.Batch(len(l.sampler.windows)) * l.copies, side: s.Window, block: maps.Block, dim: maps.Dim}
	l.batch = newBatch(n)
	m, layout, err := stepGraph(s, net, n, l.mixing())
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	l.layout = layout
	if start.Params == nil {
		start.State = ort.NewState(layout.Init(l.rng))
	}
	if s.Average > 0 {
		l.average = start.Average
		if l.average == nil {
			l.average = append([]float32(nil), start.Params...)
		}
	}
	if len(start.Random) > 0 {
		if err := l.random.UnmarshalBinary(start.Random); err != nil {
			return nil, fmt.Errorf("train: the checkpoint's random state: %w", err)
		}
	}
	o.Training = true
	if l.session, err = ort.Open(m.Marshal(), o); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if l.mixing() && l.Guess == GuessSelf {
		g, err := guessGraph(net, n, !s.GuessEval)
		if err == nil {
			l.guesser, err = ort.Open(g.Marshal(), o)
		}
		if err != nil {
			l.close()
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	if l.trainer, err = ort.NewTrainer(l.session, start.State); err != nil {
		l.close()
		return nil, fmt.Errorf("train: %w", err)
	}
	return l, nil
}

// seedOf gives each supervision its own random sequence.
func seedOf(s Supervision) uint64 {
	seed := uint64(0)
	for _, c := range s {
		seed = seed<<8 | uint64(c)
	}
	return seed
}

// mixing tells whether unknown blocks are guessed and mixed.
func (l *learner) mixing() bool { return l.Supervision == Semi && l.MixMatch }

func (l *learner) close() {
	l.session.Close()
	if l.guesser != nil {
		l.guesser.Close()
	}
}

// state returns the present state. Its slices are the learner's own.
func (l *learner) state() (state, error) {
	random, err := l.random.MarshalBinary()
	return state{State: l.trainer.State(), Average: l.average, Random: random}, err
}

// kept are the parameters that a model would get now: averaged where they are.
func (l *learner) kept() []float32 {
	if l.average != nil {
		return l.average
	}
	return l.trainer.State().Params
}

// step composes a batch and takes one training step. After an error, ctx.Err()
// included, the state is that of the step before, but for the random state: go on
// from a checkpoint.
func (l *learner) step(ctx context.Context) (Point, error) {
	done := l.trainer.State().Step
	if err := l.compose(ctx, done); err != nil {
		return Point{}, err
	}
	b := l.batch
	feeds := l.residuals()
	feeds[inTarget] = ort.Of(b.Target, b.tokens(), 2)
	feeds[inX] = ort.Of(b.X, b.tokens())
	if l.mixing() {
		feeds[inU] = ort.Of(b.U, b.tokens())
	}
	l.keep(feeds)
	p := Point{Step: done + 1, Rate: l.schedule.At(done + 1)}
	out, err := l.trainer.Step(ctx, p.Rate, feeds)
	if err != nil {
		return Point{}, err
	}
	first := func(name string) float64 {
		if t, ok := out[name]; ok {
			return float64(t.F32()[0])
		}
		return 0
	}
	p.Loss, p.Labelled, p.Unknown = first(graph.OutLoss), first(outX), first(outU)
	p.Gradient = first(graph.OutNorm)
	if math.IsNaN(p.Loss+p.Gradient) || math.IsInf(p.Loss+p.Gradient, 0) {
		return p, fmt.Errorf("train: step %d: the loss is %v and its gradient %v: the training diverged; lower the learning rate", p.Step, p.Loss, p.Gradient)
	}
	if l.average != nil {
		decay := float32(AverageDecay(done, l.Average))
		for i, v := range l.trainer.State().Params {
			l.average[i] = decay*l.average[i] + (1-decay)*v
		}
	}
	return p, nil
}

// compose fills the batch (METHOD sections 6 and 7).
func (l *learner) compose(ctx context.Context, done int) error {
	b, places := l.batch, l.sampler.draw(l.rng)
	for m := range l.copies {
		for w, p := range places {
			l.sampler.fill(l.rng, b, m*len(places)+w, p)
		}
	}
	lambdaU := 0.0
	if l.mixing() {
		b.noise(l.rng, l.NoiseVar, l.NoiseClamp)
	}
	b.setTargets()
	if l.mixing() {
		lambdaU = RampUp(done, l.Ramp, l.LambdaU)
		chance := b.Guess
		if l.guesser != nil {
			var err error
			if chance, err = l.selfGuess(ctx); err != nil {
				return err
			}
		}
		b.guess(chance, l.copies, l.Temperature)
		b.mix(l.rng, mixRatio(l.rng, l.MixAlpha), l.MixLabelled)
	}
	b.drop(l.rng, l.Dropout)
	b.weigh(l.Settings, lambdaU)
	return nil
}

// selfGuess are the probabilities that the network gives the batch's tokens now.
func (l *learner) selfGuess(ctx context.Context) ([]float32, error) {
	feeds := l.residuals()
	feeds[graph.InParams] = ort.Of(l.trainer.State().Params, len(l.trainer.State().Params))
	if !l.GuessEval {
		l.keep(feeds)
	}
	out, err := l.guesser.Run(ctx, feeds)
	if err != nil {
		return nil, err
	}
	return out[outChance].F32(), nil
}

// residuals feeds the batch's windows.
func (l *learner) residuals() ort.Feeds {
	b := l.batch
	return ort.Feeds{inResidual: ort.Of(b.Residual, b.windows, b.cells(), b.dim)}
}

// keep feeds freshly drawn drop path factors to a network that has any.
func (l *learner) keep(feeds ort.Feeds) {
	if drop := l.net.DropPath(); len(drop) > 0 {
		feeds[inKeep] = ort.Of(keeps(l.rng, drop, l.batch.windows), len(drop), l.batch.windows)
	}
}
