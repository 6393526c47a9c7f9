package graph

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"semirest/models/onnx"
)

// The one door: how a graph's mistakes become errors.

// panicf panics as programmer errors of this package do.
func panicf(format string, args ...any) {
	panic(failure(fmt.Sprintf("graph: "+format, args...)))
}

// failure marks this package's own panics, so that Build passes foreign ones on.
type failure string

// refusal carries an error through Fail.
type refusal struct{ err error }

// Fail stops the building with an error of the caller's: a missing weight, a
// wrong file. Build returns it wrapped. Fail does not return.
func (b *Builder) Fail(err error) { panic(refusal{err}) }

// Build calls f with an empty Builder and returns the finished model. A panic
// of this package inside f (a wrong shape, say) and Fail become an error
// that names the graph; any other panic goes on.
func Build(name string, f func(b *Builder)) (model *onnx.Model, err error) {
	b := &Builder{
		name: name, names: map[string]int{}, consts: map[string]*Value{},
		named: map[string]*Value{}, metadata: map[string]string{},
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			model, err = nil, fmt.Errorf("build %s: %s%s", name, string(p), caller())
		case refusal:
			model, err = nil, fmt.Errorf("build %s: %w", name, p.err)
		default:
			panic(p)
		}
	}()
	f(b)
	for len(b.pending) > 0 {
		late := b.pending[0]
		b.pending = b.pending[1:]
		late()
	}
	if len(b.outputs) == 0 {
		return nil, fmt.Errorf("build %s: %w", name, errNoOutput)
	}
	return b.model(), nil
}

var errNoOutput = errors.New("graph: no output")

// caller names the first line outside this package's operators: where the
// wrong shape was given, which the message alone does not say.
func caller() string {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") &&
			!strings.HasPrefix(f.Function, "semirest/models/graph.") {
			file := f.File
			if i := strings.LastIndex(file, "/"); i >= 0 {
				file = file[i+1:]
			}
			return fmt.Sprintf(" (at %s:%d)", file, f.Line)
		}
		if !more {
			return ""
		}
	}
}
