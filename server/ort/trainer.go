package ort

import (
	"context"
	"fmt"
	"slices"

	"semirest/models/graph"
)

// State is everything an optimiser knows: flat vectors as graph.Layout orders
// them, and the number of steps done.
type State struct {
	Params, Mean, Square []float32
	Step                 int
}

// NewState returns the state before the first step.
func NewState(params []float32) State {
	return State{Params: params, Mean: make([]float32, len(params)), Square: make([]float32, len(params))}
}

// Clone returns a copy that shares nothing.
func (s State) Clone() State {
	return State{slices.Clone(s.Params), slices.Clone(s.Mean), slices.Clone(s.Square), s.Step}
}

// Trainer steps a training graph (graph.Trainable.Step). It keeps the state in
// two sets of buffers: a step reads one and writes the other, and only a step
// that has succeeded exchanges them. A cancelled or failed step therefore
// leaves the state of the step before, bit for bit. Not for concurrent use.
type Trainer struct {
	session *Session
	now     State
	next    State
}

// NewTrainer starts from a copy of state.
func NewTrainer(s *Session, state State) (*Trainer, error) {
	n := len(state.Params)
	if len(state.Mean) != n || len(state.Square) != n {
		return nil, fmt.Errorf("ort: trainer: vectors of %d, %d and %d elements", n, len(state.Mean), len(state.Square))
	}
	for _, io := range s.Inputs() {
		if io.Name == graph.InParams && (len(io.Dims) != 1 || io.Dims[0].Size != int64(n)) {
			return nil, fmt.Errorf("ort: trainer: the graph has %s parameters, the state %d", shapeString(io.Dims), n)
		}
	}
	if !slices.ContainsFunc(s.Outputs(), func(io IO) bool { return io.Name == graph.OutParams }) {
		return nil, fmt.Errorf("ort: trainer: the model has no output %q: it is no training graph", graph.OutParams)
	}
	return &Trainer{session: s, now: housed(state), next: housed(State{Params: state.Params})}, nil
}

// housed copies a state into buffers the runtime can use in place.
func housed(s State) State {
	n := len(s.Params)
	h := State{makeAligned[float32](n), makeAligned[float32](n), makeAligned[float32](n), s.Step}
	copy(h.Params, s.Params)
	copy(h.Mean, s.Mean)
	copy(h.Square, s.Square)
	return h
}

// State returns the present state. Its slices are the trainer's: they change
// with the next step but one; clone what must stay.
func (t *Trainer) State() State { return t.now }

// Step runs one step at a learning rate with a batch, and returns the graph's
// outputs other than the state ("loss", "gradient_norm", and the caller's own).
// After an error, ctx.Err() included, the state is that before the call.
func (t *Trainer) Step(ctx context.Context, rate float64, batch Feeds) (Feeds, error) {
	n := len(t.now.Params)
	in := Feeds{
		graph.InParams: Of(t.now.Params, n), graph.InMean: Of(t.now.Mean, n), graph.InSquare: Of(t.now.Square, n),
		graph.InRate: Scalar(float32(rate)), graph.InStep: Scalar(int64(t.now.Step + 1)),
	}
	for name, v := range batch {
		if _, taken := in[name]; taken {
			return nil, fmt.Errorf("ort: step: the batch may not hold %q", name)
		}
		in[name] = v
	}
	out := Feeds{
		graph.OutParams: Of(t.next.Params, n), graph.OutMean: Of(t.next.Mean, n), graph.OutSquare: Of(t.next.Square, n),
	}
	if err := t.session.RunInto(ctx, in, out); err != nil {
		return nil, err
	}
	t.next.Step = t.now.Step + 1
	t.now, t.next = t.next, t.now
	for _, name := range []string{graph.OutParams, graph.OutMean, graph.OutSquare} {
		delete(out, name)
	}
	return out, nil
}
