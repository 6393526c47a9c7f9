package ort

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	onnxruntime "github.com/yalue/onnxruntime_go"

	"semirest/models/onnx"
)

// Options say how a session runs.
type Options struct {
	Device  string // "cpu" (also when empty), "cuda", or "auto": CUDA if it is there
	Threads int    // threads inside an operator; 0 lets ONNX Runtime take every core
	// Training turns the memory arena and memory patterns off: a training step
	// allocates gigabytes once each, and keeping them halves what fits. The time
	// is the same. It also suits a scoring session whose input shapes vary, as
	// the runtime keeps a pattern for every shape.
	Training bool
	// Outputs opens the model for some of its outputs only; what the others
	// need is not computed. nil means all.
	Outputs []string
}

// Feeds are tensors by the names of a model's inputs or outputs.
type Feeds = map[string]Tensor

// IO describes an input or output: onnx.Dim.Param names a size known at run time.
type IO = onnx.ValueInfo

// Session is a model ready to run. Run may be called concurrently.
type Session struct {
	device   string
	why      string
	inputs   []IO
	outputs  []IO
	metadata map[string]string
	onnx     *onnxruntime.DynamicAdvancedSession

	mu     sync.RWMutex // held for reading while running, for writing to close
	closed bool
}

// ErrClosed is returned by a Run after Close.
var ErrClosed = errors.New("ort: the session is closed")

// Open makes a session of a serialised ONNX model. Init must have been called.
// model is not kept. The session must be closed.
func Open(model []byte, o Options) (*Session, error) {
	if LibraryVersion() == "" {
		return nil, fmt.Errorf("ort: open: %w: it is not loaded; %s", ErrLibrary, remedy())
	}
	if len(model) > math.MaxInt32 {
		return nil, fmt.Errorf("ort: open: the model has %d bytes; protobuf allows 2 GiB", len(model))
	}
	m, err := onnx.Unmarshal(model)
	if err != nil {
		return nil, fmt.Errorf("ort: open: %w", err)
	}
	s := &Session{inputs: feedable(&m.Graph), metadata: m.Metadata}
	if s.outputs, err = pick(m.Graph.Outputs, o.Outputs); err != nil {
		return nil, fmt.Errorf("ort: open %s: %w", m.Graph.Name, err)
	}
	if len(s.inputs) == 0 || len(s.outputs) == 0 {
		return nil, fmt.Errorf("ort: open %s: a model without inputs or without outputs cannot be run", m.Graph.Name)
	}
	switch o.Device {
	case "", CPU:
		err = s.open(model, CPU, o)
	case CUDA:
		err = s.open(model, CUDA, o)
	case Auto:
		if err = s.open(model, CUDA, o); err != nil {
			s.why = err.Error()
			err = s.open(model, CPU, o)
		}
	default:
		err = fmt.Errorf("unknown device %q: use cpu, cuda or auto", o.Device)
	}
	if err != nil {
		return nil, fmt.Errorf("ort: open %s: %w", m.Graph.Name, err)
	}
	return s, nil
}

// feedable returns the inputs that are not initializers (old models list those too).
func feedable(g *onnx.Graph) []IO {
	constant := map[string]bool{}
	for i := range g.Initializers {
		constant[g.Initializers[i].Name] = true
	}
	return slices.DeleteFunc(slices.Clone(g.Inputs), func(v IO) bool { return constant[v.Name] })
}

func pick(all []IO, names []string) ([]IO, error) {
	if names == nil {
		return all, nil
	}
	var out []IO
	for _, name := range names {
		i := slices.IndexFunc(all, func(v IO) bool { return v.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("the model has no output %q", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// Device returns "cpu" or "cuda": where the session runs.
func (s *Session) Device() string { return s.device }

// Why returns why a session opened with device "auto" does not run on CUDA, or "".
func (s *Session) Why() string { return s.why }

// Inputs returns what the model takes, in its order.
func (s *Session) Inputs() []IO { return slices.Clone(s.inputs) }

// Outputs returns what the session gives, in its order.
func (s *Session) Outputs() []IO { return slices.Clone(s.outputs) }

// Metadata returns a copy of the model's metadata properties.
func (s *Session) Metadata() map[string]string { return maps.Clone(s.metadata) }

// Close frees the session, after waiting for runs under way. It may be called twice.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if err := s.onnx.Destroy(); err != nil {
		return fmt.Errorf("ort: close: %w", err)
	}
	return nil
}

// Run computes the model's outputs. Input shapes and types are checked against
// the model; the returned tensors are the caller's. When ctx ends first, the
// run stops within milliseconds and ctx.Err() is returned.
func (s *Session) Run(ctx context.Context, in Feeds) (Feeds, error) {
	out := Feeds{}
	if err := s.RunInto(ctx, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RunInto is Run into tensors of the caller's: an output found in out is
// written there (without a copy, if it begins at a multiple of 64 bytes, as
// slices of 32 KB and more do); the others are allocated and added to out. An
// output may not share memory with an input. After an error, the contents of
// the caller's output tensors are undefined.
func (s *Session) RunInto(ctx context.Context, in, out Feeds) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	r := &call{session: s, in: in, out: out, sizes: map[string]int{}}
	defer r.destroy()
	if err := r.prepare(); err != nil {
		return fmt.Errorf("ort: run: %w", err)
	}
	if err := r.run(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("ort: run: %w", err)
	}
	return nil
}
