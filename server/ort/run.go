package ort

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	onnxruntime "github.com/yalue/onnxruntime_go"

	"semirest/models/onnx"
)

// call is one run: the runtime's views of the tensors, to be destroyed after it.
type call struct {
	session *Session
	in, out Feeds
	sizes   map[string]int // run-time sizes by parameter name, from the inputs
	inputs  []onnxruntime.Value
	outputs []onnxruntime.Value
	feeds   []Tensor // behind inputs: the caller's, or aligned copies
	tensors []Tensor // behind outputs; no data where the runtime allocates
	copies  []Tensor // where an output of the caller's is not aligned: that one
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
		a, same := t.aligned()
		if !same {
			t.copyTo(a)
		}
		v, err := a.value()
		if err != nil {
			return fmt.Errorf("input %q: %w", io.Name, err)
		}
		c.inputs = append(c.inputs, v)
		c.feeds = append(c.feeds, a)
	}
	for _, io := range s.outputs {
		t, ok := c.out[io.Name]
		if !ok {
			shape, known := c.resolve(io)
			if !known {
				c.outputs = append(c.outputs, nil)
				c.tensors = append(c.tensors, Tensor{})
				c.copies = append(c.copies, Tensor{})
				continue
			}
			var err error
			if t, err = empty(int32(io.Type), shape); err != nil {
				return fmt.Errorf("output %q: %w", io.Name, err)
			}
		} else if err := c.check(io, t); err != nil {
			return fmt.Errorf("output %w", err)
		}
		a, same := t.aligned()
		v, err := a.value()
		if err != nil {
			return fmt.Errorf("output %q: %w", io.Name, err)
		}
		if same {
			t = Tensor{}
		}
		c.outputs = append(c.outputs, v)
		c.tensors = append(c.tensors, a)
		c.copies = append(c.copies, t)
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
	runtime.KeepAlive(c.feeds)
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
			if mine := c.copies[i]; mine.data != nil {
				t.copyTo(mine)
				t = mine
			}
		}
		c.out[io.Name] = t
	}
	return nil
}
