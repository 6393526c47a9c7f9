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

// leastChance keeps the logarithm of a hopelessly wrong answer finite. With it a
// block adds at most 18 times its weight.
const leastChance = 1e-8

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
		pt := b.ReduceSum(b.Mul(b.Softmax(logits, 1), target), false, 1)
		loss := b.ReduceSum(b.Mul(wx, focal(b, pt, s.GammaX)), false)
		b.Output(outX, b.Identity(loss))
		if unlabelled {
			wu := b.Input(inU, graph.Float32, n.tokens())
			lu := b.ReduceSum(b.Mul(wu, focal(b, pt, s.GammaU)), false)
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

// focal is (1 - pt)^gamma * -log pt, element by element.
func focal(b *graph.Builder, pt *graph.Value, gamma float64) *graph.Value {
	log := b.Neg(b.Log(b.Clip(pt, leastChance, 1)))
	rest := b.Clip(b.Sub(b.Scalar(1), pt), 0, 1)
	switch gamma {
	case 0:
		return log
	case 1:
	case 2:
		rest = b.Square(rest)
	case 4:
		rest = b.Square(b.Square(rest))
	default:
		rest = b.Pow(rest, b.Scalar(gamma))
	}
	return b.Mul(rest, log)
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
