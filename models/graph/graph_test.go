package graph

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"semirest/models/onnx"
)

func mustBuild(t *testing.T, f func(b *Builder)) *onnx.Model {
	t.Helper()
	m, err := Build(t.Name(), f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestShapes holds shape inference, the batch included; the runtime's own
// shapes are held against these in the operators' cases.
func TestShapes(t *testing.T) {
	mustBuild(t, func(b *Builder) {
		x := b.Input("x", Float32, -1, 64, 64, 8)
		s := b.Input("s", Float32, 2, 3, 4)
		b.Output("out", x)
		for _, c := range []struct {
			name string
			got  *Value
			want []int
		}{
			{"batch into rows", b.Reshape(x, -64*64, 8), []int{-4096, 8}},
			{"inferred batch", b.Reshape(x, 0, 8), []int{-4096, 8}},
			{"inferred size", b.Reshape(x, -1, 0, 8), []int{-1, 4096, 8}},
			{"and back", b.Reshape(b.Reshape(x, -4096, 8), -1, 64, 512), []int{-1, 64, 512}},
			{"scalar", b.ReduceSum(x, false), []int{}},
			{"kept axes", b.ReduceMean(x, true, 1, -1), []int{-1, 1, 64, 1}},
			{"batch twice", b.Concat(0, x, x), []int{-2, 64, 64, 8}},
			{"broadcast", b.Add(x, b.Full(1, 64, 1)), []int{-1, 64, 64, 8}},
			{"transposed", b.Transpose(x, 0, 3, 1, 2), []int{-1, 8, 64, 64}},
			{"conv", b.Conv(b.Transpose(x, 0, 3, 1, 2), b.Full(1, 5, 8, 3, 3), nil, ConvOptions{Stride: 2, Pads: Same(1)}), []int{-1, 5, 32, 32}},
			{"pool", b.MaxPool(b.Transpose(x, 0, 3, 1, 2), PoolOptions{Kernel: 3, Stride: 2, Pads: Same(1)}), []int{-1, 8, 32, 32}},
			{"gather", b.Take(s, 1, 2, 0, 0, 1), []int{2, 4, 4}},
			{"gather matrix", b.Gather(s, b.I64("", make([]int64, 6), 2, 3), 2), []int{2, 3, 2, 3}},
			{"slice step", b.SliceStep(s, 2, 0, 4, 3), []int{2, 3, 2}},
			{"flatten", b.Flatten(x, 1), []int{-1, 32768}},
			{"unsqueeze", b.Unsqueeze(s, -1), []int{2, 3, 4, 1}},
			{"matmul", b.MatMul(s, b.Full(1, 4, 5)), []int{2, 3, 5}},
			{"linear", b.Linear(x, b.Full(1, 3, 8), nil), []int{-1, 64, 64, 3}},
			{"resize", b.Resize(x, 128, 16), []int{-1, 64, 128, 16}},
		} {
			if !slices.Equal(c.got.Shape(), c.want) {
				t.Errorf("%s: %v, want %v", c.name, c.got.Shape(), c.want)
			}
		}
	})
}

// TestRefuses: every mistake becomes one error at Build that says what and where.
func TestRefuses(t *testing.T) {
	for name, f := range map[string]func(b *Builder, x, y *Value){
		"broadcast":        func(b *Builder, x, y *Value) { b.Add(x, b.Full(1, 3)) },
		"batch broadcast":  func(b *Builder, x, y *Value) { b.Add(x, b.Full(1, 5, 4)) },
		"types":            func(b *Builder, x, y *Value) { b.Add(x, b.I64("", []int64{1})) },
		"reshape":          func(b *Builder, x, y *Value) { b.Reshape(x, -1, 5) },
		"reshape to batch": func(b *Builder, x, y *Value) { b.Reshape(y, -1, 4) },
		"two batches":      func(b *Builder, x, y *Value) { b.Input("z", Float32, -1, -1) },
		"empty dimension":  func(b *Builder, x, y *Value) { b.Input("z", Float32, 0, 2) },
		"axis":             func(b *Builder, x, y *Value) { b.Softmax(x, 2) },
		"slice":            func(b *Builder, x, y *Value) { b.Slice(y, 0, 2, 2) },
		"slice of batch":   func(b *Builder, x, y *Value) { b.Slice(x, 0, 0, 1) },
		"split":            func(b *Builder, x, y *Value) { b.Split(y, 1, 1, 2) },
		"concat":           func(b *Builder, x, y *Value) { b.Concat(0, x, y) },
		"gather":           func(b *Builder, x, y *Value) { b.Take(y, 0, 3) },
		"transpose":        func(b *Builder, x, y *Value) { b.Transpose(x, 0, 0) },
		"matmul":           func(b *Builder, x, y *Value) { b.MatMul(x, y) },
		"conv channels": func(b *Builder, x, y *Value) {
			b.Conv(b.Full(1, 1, 3, 8, 8), b.Full(1, 2, 4, 3, 3), nil, ConvOptions{})
		},
		"conv kernel": func(b *Builder, x, y *Value) {
			b.Conv(b.Full(1, 1, 3, 2, 2), b.Full(1, 2, 3, 3, 3), nil, ConvOptions{})
		},
		"pad":               func(b *Builder, x, y *Value) { b.Pad(y, []int{-1, 0}, []int{0, 0}, 0) },
		"constant":          func(b *Builder, x, y *Value) { b.F32("", []float32{1, 2}, 3) },
		"name twice":        func(b *Builder, x, y *Value) { b.Output("x", y) },
		"weights of a name": func(b *Builder, x, y *Value) { b.F32("w", []float32{1}, 1); b.F32("w", []float32{2}, 1) },
		"top k":             func(b *Builder, x, y *Value) { b.TopK(y, 5, 1, true) },
		"integers":          func(b *Builder, x, y *Value) { b.Exp(b.I64("", []int64{1})) },
		"loss":              func(b *Builder, x, y *Value) { b.Gradients(y, y) },
		"no dependence":     func(b *Builder, x, y *Value) { b.Gradients(b.ReduceSum(x, false), y) },
		"through nothing":   func(b *Builder, x, y *Value) { b.Gradients(b.ReduceSum(b.StopGradient(y), false), y) },
		"no gradient": func(b *Builder, x, y *Value) {
			v, _ := b.TopK(y, 2, 1, true)
			b.Gradients(b.ReduceSum(v, false), y)
		},
		"parameter after": func(b *Builder, x, y *Value) {
			p := b.Trainable()
			p.Step(b.ReduceSum(p.Param(Param{Name: "p", Shape: []int{2}}), false), AdamW{})
			p.Param(Param{Name: "q", Shape: []int{2}})
		},
		"parameter unused": func(b *Builder, x, y *Value) {
			p := b.Trainable()
			p.Param(Param{Name: "q", Shape: []int{2}})
			p.Step(b.ReduceSum(p.Param(Param{Name: "p", Shape: []int{2}}), false), AdamW{})
		},
		"parameter twice": func(b *Builder, x, y *Value) {
			p := b.Trainable()
			p.Param(Param{Name: "q", Shape: []int{2}})
			p.Param(Param{Name: "q", Shape: []int{3}})
		},
	} {
		m, err := Build("net", func(b *Builder) {
			x, y := b.Input("x", Float32, -1, 4), b.Input("y", Float32, 3, 4)
			b.Output("out", b.ReduceSum(b.Concat(1, x, x), false))
			f(b, x, y)
		})
		if err == nil || m != nil || !strings.HasPrefix(err.Error(), "build net: graph: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Build("net", func(*Builder) {}); err == nil {
		t.Error("a graph without outputs was built")
	}
	var other *Value
	mustBuild(t, func(b *Builder) { other = b.Input("x", Float32, 1); b.Output("y", other) })
	if _, err := Build("net", func(b *Builder) { b.Output("y", other) }); err == nil {
		t.Error("another graph's value was taken")
	}
}

func TestFail(t *testing.T) {
	missing := errors.New("no such weight")
	_, err := Build("net", func(b *Builder) {
		src := Frozen(b, func(p Param) ([]float32, error) { return nil, fmt.Errorf("%s: %w", p.Name, missing) })
		src.Param(Param{Name: "w", Shape: []int{1}})
	})
	if !errors.Is(err, missing) || !strings.HasPrefix(err.Error(), "build net: w: ") {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a foreign panic was swallowed")
		}
	}()
	_, _ = Build("net", func(*Builder) { panic("not ours") })
}

// sampleNet has shared constants, dead nodes, a scope and a trainable part.
func sampleNet(b *Builder) {
	p := b.Trainable()
	x := b.Input("x", Float32, 4, 3)
	b.Scope("dead", func() { b.Exp(x) })
	b.Scope("a", func() { x = b.Add(b.Mul(x, b.Scalar(2)), b.Scalar(2)) })
	w := p.Param(Param{Name: "w", Shape: []int{2, 3}, Decay: true})
	y := b.Linear(x, w, p.Param(Param{Name: "c", Shape: []int{2}}))
	p.Step(b.ReduceMean(b.Square(y), false), AdamW{Decay: 0.1, Clip: 1})
	b.Metadata("k", "v")
}

func TestModelIsSmallAndDeterministic(t *testing.T) {
	m := mustBuild(t, sampleNet)
	again := mustBuild(t, sampleNet)
	if !slices.Equal(m.Marshal(), again.Marshal()) {
		t.Error("two builds differ")
	}
	made := map[string]bool{}
	for _, in := range m.Graph.Inputs {
		made[in.Name] = true
	}
	twos := 0
	for _, c := range m.Graph.Initializers {
		if made[c.Name] {
			t.Errorf("%s is there twice", c.Name)
		}
		made[c.Name] = true
		if slices.Equal(c.Raw, onnx.Raw([]float32{2})) && len(c.Dims) == 0 {
			twos++
		}
	}
	if twos != 1 {
		t.Errorf("%d constants 2", twos)
	}
	scoped := false
	for _, n := range m.Graph.Nodes {
		if strings.HasPrefix(n.Name, "dead.") {
			t.Errorf("dead node %s was written", n.Name)
		}
		scoped = scoped || n.Name == "a.Mul"
		for _, in := range n.Inputs {
			if in != "" && !made[in] {
				t.Errorf("%s reads %q before it is there", n.Name, in)
			}
		}
		for _, out := range n.Outputs {
			if made[out] {
				t.Errorf("%s makes %q again", n.Name, out)
			}
			made[out] = true
		}
	}
	if !scoped {
		t.Error("no node named a.Mul")
	}
	if m.Metadata["k"] != "v" {
		t.Errorf("metadata %v", m.Metadata)
	}
	if !reflect.DeepEqual(m.Opsets, map[string]int64{"": onnx.Opset}) {
		t.Errorf("opsets %v", m.Opsets)
	}
}

func TestBatchNames(t *testing.T) {
	m := mustBuild(t, func(b *Builder) {
		x := b.Input("x", Uint8, -1, 4, 3)
		b.Output("rows", b.Reshape(b.Cast(x, Float32), -4, 3))
	})
	if got := m.Graph.Inputs[0].Dims; !reflect.DeepEqual(got, []onnx.Dim{{Param: "n"}, {Size: 4}, {Size: 3}}) {
		t.Errorf("input %+v", got)
	}
	if got := m.Graph.Outputs[0].Dims; !reflect.DeepEqual(got, []onnx.Dim{{Param: "4*n"}, {Size: 3}}) {
		t.Errorf("output %+v", got)
	}
}

func TestLayout(t *testing.T) {
	l := Layout{
		{Name: "w", Shape: []int{2, 3}, Decay: true, Init: Ones},
		{Name: "u", Shape: []int{2000}, Decay: true, Init: TruncNormal(0.02)},
		{Name: "b", Shape: []int{2}},
	}
	if l.Size() != 2008 || l.Decayed() != 2006 {
		t.Errorf("size %d, decayed %d", l.Size(), l.Decayed())
	}
	flat := l.Init(rand.New(rand.NewPCG(1, 2)))
	if !slices.Equal(flat, l.Init(rand.New(rand.NewPCG(1, 2)))) {
		t.Error("one seed, two starts")
	}
	var names []string
	var sum, square float64
	l.Each(flat, func(p Param, data []float32) {
		names = append(names, p.Name)
		for _, v := range data {
			switch p.Name {
			case "w":
				if v != 1 {
					t.Errorf("w holds %g", v)
				}
			case "b":
				if v != 0 {
					t.Errorf("b holds %g", v)
				}
			default:
				sum += float64(v)
				square += float64(v) * float64(v)
			}
		}
	})
	if !slices.Equal(names, []string{"w", "u", "b"}) {
		t.Errorf("order %v", names)
	}
	if mean, std := sum/2000, math.Sqrt(square/2000); math.Abs(mean) > 0.002 || math.Abs(std-0.02) > 0.002 {
		t.Errorf("mean %g, deviation %g", mean, std)
	}
}

func TestSchedule(t *testing.T) {
	cosine := Schedule{Rate: 1, WarmUp: 4, Steps: 24, Cosine: true, Final: 0.1}
	constant := Schedule{Rate: 2}
	for _, c := range []struct {
		s    Schedule
		step int
		want float64
	}{
		{cosine, 0, 0.25}, {cosine, 1, 0.25}, {cosine, 4, 1}, {cosine, 14, 0.55}, {cosine, 24, 0.1}, {cosine, 99, 0.1},
		{constant, 1, 2}, {constant, 1000, 2},
		{Schedule{Rate: 1, WarmUp: 2, Steps: 2, Cosine: true}, 3, 0},
	} {
		if got := c.s.At(c.step); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v at %d: %g, want %g", c.s, c.step, got, c.want)
		}
	}
}
