package train

import (
	"fmt"
	"math/rand/v2"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/onnx"
	"semirest/models/weights"
)

// Names of the training graph's own inputs and outputs; graph.Trainable names
// the rest. Shapes are fixed: a step always has as many windows.
const (
	inResidual = "residual"    // [windows, cells, d], signed
	inTarget   = "target"      // [tokens, 2]; a token is a block of a window
	inX        = "weight.x"    // [tokens]
	inU        = "weight.u"    // [tokens], where there is an unlabelled loss
	inKeep     = "keep"        // [branches, windows], see nets.Training
	outX       = "loss.x"      // scalar
	outU       = "loss.u"      // scalar
	outChance  = "probability" // [tokens] of "anomalous"
)

// shape of a training run's windows.
type shape struct {
	windows int
	side    int // cells of a window's side
	block   int // cells of a block's side, 1 or 2
	dim     int
}

func (n shape) cells() int  { return n.side * n.side }
func (n shape) blocks() int { return n.cells() / (n.block * n.block) }
func (n shape) tokens() int { return n.windows * n.blocks() }

// stepGraph is one training step: forward, both focal losses, backward, AdamW.
func stepGraph(s Settings, c nets.Classifier, n shape, unlabelled bool) (m *onnx.Model, layout graph.Layout, err error) {
	m, err = graph.Build("semirest.step", func(b *graph.Builder) {
		t := b.Trainable()
		logits := forward(b, t, c, n, true)
		target := b.Input(inTarget, graph.Float32, n.tokens(), 2)
		wx := b.Input(inX, graph.Float32, n.tokens())
		log := logChance(b, logits, target)
		loss := b.ReduceSum(b.Mul(wx, focal(b, log, s.GammaX)), false)
		b.Output(outX, b.Identity(loss))
		if unlabelled {
			wu := b.Input(inU, graph.Float32, n.tokens())
			lu := b.ReduceSum(b.Mul(wu, focal(b, log, s.GammaU)), false)
			b.Output(outU, b.Identity(lu))
			loss = b.Add(loss, lu)
		}
		layout = t.Step(loss, graph.AdamW{Decay: s.WeightDecay, Clip: s.Clip})
	})
	return m, layout, err
}

// forward adds the classifier over a batch of windows: logits [tokens, 2]. With
// keep, residual branches are dropped as the input "keep" says.
func forward(b *graph.Builder, src graph.Source, c nets.Classifier, n shape, keep bool) *graph.Value {
	x := b.Input(inResidual, graph.Float32, n.windows, n.cells(), n.dim)
	t := &nets.Training{}
	if drop := c.DropPath(); keep && len(drop) > 0 {
		t.Keep = b.Input(inKeep, graph.Float32, len(drop), n.windows)
	}
	return b.Reshape(nets.Blocks(b, c.Logits(b, src, x, t), n.side, n.block), n.tokens(), 2)
}

// logChance is log p_t [tokens], p_t = <softmax(logits), target>, of logits and target
// [tokens, 2]: the log-sum-exp of log softmax + log target. The logarithm of p_t itself
// has no gradient where p_t is too small for a float32's softmax, or clipped, and
// a block that is hopelessly wrong would teach nothing. A target of 0 has logarithm
// -Inf, which the exponential makes 0 again; the larger of the two sums is finite, as the
// targets sum to 1.
func logChance(b *graph.Builder, logits, target *graph.Value) *graph.Value {
	sum := b.Add(b.LogSoftmax(logits, 1), b.Log(target))
	// The derivative does not depend on what is taken out and put in again.
	top := b.StopGradient(b.ReduceMax(sum, true, 1))
	rest := b.Log(b.ReduceSum(b.Exp(b.Sub(sum, top)), true, 1)) // between 0 and log 2
	return b.Reshape(b.Add(top, rest), logits.Shape()[0])
}

// focal is (1 - p_t)^gamma * -log p_t, element by element, of log p_t.
func focal(b *graph.Builder, log *graph.Value, gamma float64) *graph.Value {
	loss := b.Neg(log)
	if gamma == 0 {
		return loss
	}
	rest := b.Relu(b.Sub(b.Scalar(1), b.Exp(log))) // rounding may leave p_t a little above 1
	return b.Mul(b.Pow(rest, b.Scalar(gamma)), loss)
}

// guessGraph is the forward pass over a batch with the training run's own
// parameters, for ResMixMatch's guesses.
func guessGraph(c nets.Classifier, n shape, keep bool) (*onnx.Model, error) {
	return graph.Build("semirest.guess", func(b *graph.Builder) {
		chance := b.Softmax(forward(b, b.Trainable(), c, n, keep), 1)
		b.Output(outChance, b.Reshape(b.Slice(chance, 1, 1, 2), n.tokens()))
	})
}

// keeps draws drop path factors [branches, windows]: 0 where a residual branch is
// left out for a window, else 1/(1-p), so that the mean stays.
func keeps(rng *rand.Rand, drop []float64, windows int) []float32 {
	f := make([]float32, len(drop)*windows)
	for i, p := range drop {
		for w := range windows {
			if rng.Float64() >= p {
				f[i*windows+w] = float32(1 / (1 - p))
			}
		}
	}
	return f
}

// flat gathers parameters by name into one vector.
func flat(layout graph.Layout, set *weights.Set) ([]float32, error) {
	v := make([]float32, layout.Size())
	var failed error
	layout.Each(v, func(p graph.Param, data []float32) {
		from, err := set.Floats(p.Name, p.Shape...)
		if err != nil && failed == nil {
			failed = fmt.Errorf("train: the classifier's %w", err)
		}
		copy(data, from)
	})
	return v, failed
}

// named cuts a flat vector into parameters by name; the set shares its memory.
func named(layout graph.Layout, v []float32) *weights.Set {
	set := weights.NewSet()
	layout.Each(v, func(p graph.Param, data []float32) {
		set.Tensors[p.Name] = weights.NewF32(data, p.Shape...)
	})
	return set
}
