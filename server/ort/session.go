package ort

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	onnxruntime "github.com/yalue/onnxruntime_go"

	"semirest/models/onnx"
)

// Options say how a session runs.
type Options struct {
	Device  string // "cpu" (also when empty), "cuda", or "auto": CUDA if it is there
	Threads int    // threads inside an operator; 0 lets ONNX Runtime take every core
	// Training turns the memory arena and memory patterns off: a training step
	// allocates gigabytes once each, and keeping them halves what fits. Time is
	// the same.
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
		return nil, fmt.Errorf("ort: open: %w: it is not loaded; %s", ErrLibrary, remedy)
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
// written there, without a copy; the others are allocated and added to out. An
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

// call is one run: the runtime's views of the tensors, to be destroyed after it.
type call struct {
	session *Session
	in, out Feeds
	sizes   map[string]int // run-time sizes by parameter name, from the inputs
	inputs  []onnxruntime.Value
	outputs []onnxruntime.Value
	tensors []Tensor // behind outputs; no data where the runtime allocates
}

func (c *call) destroy() {
	for _, v := range slices.Concat(c.inputs, c.outputs) {
		if v != nil {
			_ = v.Destroy() // releasing a view cannot fail
		}
	}
}

func (c *call) prepare() error {
	s := c.session
	for name := range c.in {
		if !slices.ContainsFunc(s.inputs, func(v IO) bool { return v.Name == name }) {
			return fmt.Errorf("the model has no input %q", name)
		}
	}
	for _, io := range s.inputs {
		t, ok := c.in[io.Name]
		if !ok {
			return fmt.Errorf("input %q is missing", io.Name)
		}
		if err := c.check(io, t); err != nil {
			return fmt.Errorf("input %w", err)
		}
		v, err := t.value()
		if err != nil {
			return fmt.Errorf("input %q: %w", io.Name, err)
		}
		c.inputs = append(c.inputs, v)
	}
	for _, io := range s.outputs {
		t, ok := c.out[io.Name]
		if !ok {
			shape, known := c.resolve(io)
			if !known {
				c.outputs = append(c.outputs, nil)
				c.tensors = append(c.tensors, Tensor{})
				continue
			}
			var err error
			if t, err = empty(int32(io.Type), shape); err != nil {
				return fmt.Errorf("output %q: %w", io.Name, err)
			}
		} else if err := c.check(io, t); err != nil {
			return fmt.Errorf("output %w", err)
		}
		v, err := t.value()
		if err != nil {
			return fmt.Errorf("output %q: %w", io.Name, err)
		}
		c.outputs = append(c.outputs, v)
		c.tensors = append(c.tensors, t)
	}
	return nil
}

// check holds a tensor against its declaration and learns run-time sizes.
func (c *call) check(io IO, t Tensor) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%q takes %v%s, got %v: %s", io.Name, io.Type, shapeString(io.Dims), t, fmt.Sprintf(format, args...))
	}
	if want, err := empty(int32(io.Type), []int{0}); err != nil || typeName(want.data) != typeName(t.data) {
		return bad("wrong type")
	}
	if len(t.Shape) != len(io.Dims) {
		return bad("wrong rank")
	}
	if t.Len() != length(t.data) {
		return bad("its shape wants %d elements, it has %d", t.Len(), length(t.data))
	}
	for i, d := range io.Dims {
		size := t.Shape[i]
		if size < 1 {
			return bad("dimension %d is empty", i)
		}
		if d.Param == "" {
			if d.Size >= 0 && int(d.Size) != size {
				return bad("dimension %d is %d", i, size)
			}
			continue
		}
		factor, name := parseDim(d.Param)
		if size%factor != 0 {
			return bad("dimension %d is not a multiple of %d", i, factor)
		}
		if n, ok := c.sizes[name]; ok && n != size/factor {
			return bad("%s is %d elsewhere in this run", name, n)
		}
		c.sizes[name] = size / factor
	}
	return nil
}

// resolve returns an output's shape where the inputs' sizes decide it.
func (c *call) resolve(io IO) ([]int, bool) {
	shape := make([]int, len(io.Dims))
	for i, d := range io.Dims {
		shape[i] = int(d.Size)
		if d.Param != "" {
			factor, name := parseDim(d.Param)
			n, ok := c.sizes[name]
			if !ok {
				return nil, false
			}
			shape[i] = factor * n
		}
		if shape[i] < 1 {
			return nil, false
		}
	}
	return shape, true
}

// parseDim reads "n" and "64*n", as models/graph writes them.
func parseDim(param string) (factor int, name string) {
	if f, name, ok := strings.Cut(param, "*"); ok {
		if k, err := strconv.Atoi(f); err == nil && k > 0 {
			return k, name
		}
	}
	return 1, param
}

func shapeString(dims []onnx.Dim) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = d.Param
		if d.Param == "" {
			parts[i] = strconv.FormatInt(d.Size, 10)
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func (c *call) run(ctx context.Context) error {
	opts, err := onnxruntime.NewRunOptions()
	if err != nil {
		return err
	}
	// The watcher must have ended before opts is freed.
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = opts.Terminate() // fails only without options
	})
	err = c.session.onnx.RunWithOptions(c.inputs, c.outputs, opts)
	if !stop() {
		<-done
	}
	_ = opts.Destroy() // fails only without options
	runtime.KeepAlive(c.in)
	runtime.KeepAlive(c.tensors)
	if err != nil {
		return err
	}
	for i, io := range c.session.outputs {
		t := c.tensors[i]
		if t.data == nil {
			if t, err = adopt(c.outputs[i]); err != nil {
				return fmt.Errorf("output %q: %w", io.Name, err)
			}
		} else {
			t.collect(c.outputs[i])
		}
		c.out[io.Name] = t
	}
	return nil
}
