// Package graphtest holds the cases every execution provider has to pass: each
// operator of models/graph, forwards and backwards, against PyTorch's values and
// against central differences. A provider's test calls Run; server/ort does so
// for every device it finds.
//
// The reference values lie in testdata/ops.onnx (see testdata/README.md).
package graphtest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"semirest/models/graph"
	"semirest/models/onnx"
)

// Array is a tensor outside of any runtime: raw little-endian elements.
type Array struct {
	DType graph.DType
	Shape []int
	Raw   []byte
}

// F32s returns the elements as float32.
func (a Array) F32s() []float32 {
	out := make([]float32, len(a.Raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.Raw[4*i:]))
	}
	return out
}

// FromF32s makes a float32 array.
func FromF32s(data []float32, shape ...int) Array {
	return Array{graph.Float32, shape, bytes.Clone(onnx.Raw(data))}
}

// Runner opens a model on one execution provider and returns a function that runs it.
type Runner func(t *testing.T, model []byte) func(in map[string]Array) (map[string]Array, error)

//go:embed testdata/ops.onnx
var fixture []byte

// Fixture returns the reference tensors by name.
func Fixture(t *testing.T) map[string]Array {
	t.Helper()
	m, err := onnx.Unmarshal(fixture)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Array{}
	for _, x := range m.Graph.Initializers {
		a := Array{DType: x.Type, Raw: x.Raw}
		for _, d := range x.Dims {
			a.Shape = append(a.Shape, int(d))
		}
		out[x.Name] = a
	}
	return out
}

// A Case is one operator or small network. Its inputs, its result and, where
// it has them, its gradients are in the fixture under its name.
type Case struct {
	Name  string
	Build func(b *graph.Builder, in []*graph.Value) *graph.Value
	Batch bool // also built with the first axis of input 0 unknown
	Kinks bool // not differentiable everywhere: no central differences
}

// Tolerance is the largest error allowed against PyTorch in float64, relative
// to the largest element of the reference.
const Tolerance = 1e-5

// Run runs every case on one provider.
func Run(t *testing.T, run Runner) {
	ref := Fixture(t)
	for _, c := range Cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t, ref, run) })
	}
}

func (c Case) inputs(ref map[string]Array) (in []Array, grads []int) {
	for i := 0; ; i++ {
		a, ok := ref[fmt.Sprintf("%s/in%d", c.Name, i)]
		if !ok {
			return in, grads
		}
		if _, ok := ref[fmt.Sprintf("%s/grad%d", c.Name, i)]; ok {
			grads = append(grads, i)
		}
		in = append(in, a)
	}
}

func (c Case) run(t *testing.T, ref map[string]Array, run Runner) {
	in, grads := c.inputs(ref)
	if len(in) == 0 {
		t.Fatal("no such case in the fixture; run make.py again")
	}
	feeds := map[string]Array{}
	for i, a := range in {
		feeds[fmt.Sprintf("in%d", i)] = a
	}
	model := c.model(t, in, grads, ref, false)
	call := run(t, model)
	got, err := call(feeds)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "out", got["out"], ref[c.Name+"/out"])
	for _, i := range grads {
		compare(t, fmt.Sprintf("grad%d", i), got[fmt.Sprintf("grad%d", i)], ref[fmt.Sprintf("%s/grad%d", c.Name, i)])
	}
	if len(grads) > 0 && !c.Kinks {
		c.differences(t, call, feeds, got, grads, ref[c.Name+"/seed"].F32s())
	}
	again, err := call(feeds)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range got {
		if !bytes.Equal(a.Raw, again[name].Raw) {
			t.Errorf("%s: a second run gives other bits", name)
		}
	}
	if c.Batch {
		got, err := run(t, c.model(t, in, nil, ref, true))(feeds)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "out with a batch", got["out"], ref[c.Name+"/out"])
	}
}

// model builds the case with its gradients of sum(out * seed).
func (c Case) model(t *testing.T, in []Array, grads []int, ref map[string]Array, batch bool) []byte {
	t.Helper()
	m, err := graph.Build(c.Name, func(b *graph.Builder) {
		xs := make([]*graph.Value, len(in))
		for i, a := range in {
			shape := append([]int{}, a.Shape...)
			if batch && i == 0 {
				shape[0] = -1
			}
			xs[i] = b.Input(fmt.Sprintf("in%d", i), a.DType, shape...)
		}
		out := c.Build(b, xs)
		b.Output("out", out)
		if len(grads) == 0 {
			return
		}
		seed := b.F32("seed", ref[c.Name+"/seed"].F32s(), ref[c.Name+"/seed"].Shape...)
		loss := b.ReduceSum(b.Mul(out, seed), false)
		var wrt []*graph.Value
		for _, i := range grads {
			wrt = append(wrt, xs[i])
		}
		for k, g := range b.Gradients(loss, wrt...) {
			b.Output(fmt.Sprintf("grad%d", grads[k]), g)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.Marshal()
}

// compare holds got against want: equal types and shapes, and equal numbers
// within Tolerance of the largest one.
func compare(t *testing.T, what string, got, want Array) {
	t.Helper()
	if got.DType != want.DType || fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
		t.Errorf("%s: %v%v, want %v%v", what, got.DType, got.Shape, want.DType, want.Shape)
		return
	}
	if want.DType != graph.Float32 {
		if !bytes.Equal(got.Raw, want.Raw) {
			t.Errorf("%s: % x, want % x", what, got.Raw, want.Raw)
		}
		return
	}
	if e := RelativeError(got.F32s(), want.F32s()); !(e <= Tolerance) {
		t.Errorf("%s: relative error %.2g\n got %v\nwant %v", what, e, head(got.F32s()), head(want.F32s()))
	}
}

func head(xs []float32) []float32 { return xs[:min(len(xs), 24)] }

// RelativeError is the largest difference over the largest magnitude of want; NaN where a number is not finite.
func RelativeError(got, want []float32) float64 {
	var diff, scale float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return math.NaN()
		}
		diff = max(diff, d)
		scale = max(scale, math.Abs(float64(w)))
	}
	if diff == 0 {
		return 0
	}
	return diff / max(scale, 1e-30)
}

// differences holds the gradients against central differences of the forward
// pass along random directions. The loss is summed in float64 outside of the
// graph; what remains of float32's rounding allows no more than three digits.
func (c Case) differences(t *testing.T, call func(map[string]Array) (map[string]Array, error), feeds, got map[string]Array, grads []int, seed []float32) {
	t.Helper()
	const h = 1.0 / 128
	rng := rand.New(rand.NewPCG(1, uint64(len(c.Name))))
	for _, i := range grads {
		name := fmt.Sprintf("in%d", i)
		x, g := feeds[name].F32s(), got[fmt.Sprintf("grad%d", i)].F32s()
		for range 2 {
			var slope, scale float64
			dir := make([]float32, len(x))
			for j := range dir {
				dir[j] = float32(rng.IntN(2)*2 - 1)
				slope += float64(g[j]) * float64(dir[j])
				scale += math.Abs(float64(g[j]))
			}
			loss := func(sign float32) float64 {
				moved := make([]float32, len(x))
				for j := range moved {
					moved[j] = x[j] + sign*h*dir[j]
				}
				in := map[string]Array{}
				for k, v := range feeds {
					in[k] = v
				}
				in[name] = FromF32s(moved, feeds[name].Shape...)
				out, err := call(in)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for j, v := range out["out"].F32s() {
					sum += float64(v) * float64(seed[j])
				}
				return sum
			}
			numeric := (loss(1) - loss(-1)) / (2 * h)
			if d := math.Abs(numeric - slope); d > 4e-3*scale+1e-4 {
				t.Errorf("grad%d: slope %.6g, central differences %.6g", i, slope, numeric)
			}
		}
	}
}
