package onnx

import (
	"bytes"
	"flag"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// sample is relu(x w), x [n, 3]; make.py checks what is written of it.
func sample() *Model {
	return &Model{
		IRVersion: IRVersion, Opsets: map[string]int64{"": Opset}, ProducerName: "semirest", Producer: "1", Doc: "a sample",
		Metadata: map[string]string{"b": "zwei", "a": "1"},
		Graph: Graph{
			Name: "sample",
			Nodes: []Node{
				{Name: "mul", Op: "Gemm", Inputs: []string{"x", "w"}, Outputs: []string{"h"},
					Attrs: []Attribute{Float("alpha", 1), Int("transB", 0)}},
				{Name: "act", Op: "Clip", Inputs: []string{"h", "", "top"}, Outputs: []string{"c"}},
				{Name: "turn", Op: "Transpose", Inputs: []string{"c"}, Outputs: []string{"t"}, Attrs: []Attribute{Ints("perm", 0, 1)}},
				{Name: "pad", Op: "Pad", Inputs: []string{"t", "pads"}, Outputs: []string{"y"}, Attrs: []Attribute{String("mode", "constant")}},
			},
			Initializers: []Tensor{
				{Name: "w", Type: Float32, Dims: []int64{3, 2}, Raw: Raw([]float32{1, 2, 3, 4, 5, 6})},
				{Name: "top", Type: Float32, Raw: Raw([]float32{100})},
				{Name: "pads", Type: Int64, Dims: []int64{4}, Raw: Raw(make([]int64, 4))},
			},
			Inputs:  []ValueInfo{{Name: "x", Type: Float32, Dims: []Dim{{Param: "n"}, {Size: 3}}}},
			Outputs: []ValueInfo{{Name: "y", Type: Float32, Dims: []Dim{{Param: "n"}, {Size: 2}}}},
		},
	}
}

func TestMarshalGolden(t *testing.T) {
	const golden = "testdata/written.onnx"
	got := sample().Marshal()
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the bytes changed: %d, were %d; run with -update, then make.py", len(got), len(want))
	}
}

// TestRoundTrip holds Unmarshal(Marshal(m)) = m for everything Marshal writes.
func TestRoundTrip(t *testing.T) {
	m := sample()
	m.Graph.Nodes = append(m.Graph.Nodes, Node{Name: "all", Op: "All", Domain: "test", Outputs: []string{"a", "", "b"}, Attrs: []Attribute{
		Int("negative", -5), Floats("floats", 1, -2.5, float32(math.Inf(1))),
		{Name: "t", Kind: AttrTensor, T: &m.Graph.Initializers[0]},
		{Name: "strings", Kind: AttrStrings, Strings: []string{"", "x"}},
		{Name: "long", Kind: AttrString, S: strings.Repeat("long ", 10000)},
	}})
	m.Graph.Initializers = append(m.Graph.Initializers, Tensor{Name: "big", Type: Uint8, Dims: []int64{70000}, Raw: make([]byte, 70000)})
	got, err := Unmarshal(m.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, m) {
		for i := range m.Graph.Nodes {
			if !reflect.DeepEqual(got.Graph.Nodes[i], m.Graph.Nodes[i]) {
				t.Errorf("got  %.200v\nwant %.200v", got.Graph.Nodes[i], m.Graph.Nodes[i])
			}
		}
		got.Graph.Initializers, got.Graph.Nodes = nil, nil
		t.Errorf("it changes; the rest is %+v", got)
	}
}

// TestForeign reads a model of the onnx package, see testdata/README.md.
func TestForeign(t *testing.T) {
	data, err := os.ReadFile("testdata/foreign.onnx")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if m.Metadata["more"] != "größer" || m.Opsets["com.example"] != 2 || m.Doc != "made by make.py" || m.Producer != "1" {
		t.Errorf("head: %+v", m)
	}
	if got := m.Graph.Inputs; !reflect.DeepEqual(got, []ValueInfo{{"x", Float32, []Dim{{Param: "n"}, {Size: 3}, {Size: -1}}}}) {
		t.Errorf("inputs: %+v", got)
	}
	tensors := map[string]Tensor{}
	for _, x := range m.Graph.Initializers {
		tensors[x.Name] = x
	}
	for name, want := range map[string][]byte{
		"floats":  Raw([]float32{1.5, -2}),
		"doubles": Raw([]float64{1.5, -2}),
		"longs":   Raw([]int64{-1, 0, 1 << 40}),
		"ints":    Raw([]int32{-7, 7}),
		"bytes":   {0, 128, 255},
		"bools":   {1, 0},
		"scalar":  Raw([]float32{3}),
	} {
		if !bytes.Equal(tensors[name].Raw, want) {
			t.Errorf("%s: % x, want % x", name, tensors[name].Raw, want)
		}
	}
	x := tensors["raw"]
	if f, err := x.F32s(); err != nil || !slices.Equal(f, []float32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("raw: %v, %v", f, err)
	}
	if _, err := x.I64s(); err == nil {
		t.Error("float32 was read as int64")
	}
	n := m.Graph.Nodes[1]
	if n.Domain != "com.example" || !slices.Equal(n.Inputs, []string{"x", "", "raw"}) || len(n.Attrs) != 4 {
		t.Errorf("node: %+v", n)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	good := sample().Marshal()
	lie := sample()
	lie.Graph.Initializers[0].Dims = []int64{3, 1 << 40}
	odd := sample()
	odd.Graph.Initializers[0].Dims = []int64{-3, 2}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("not a model"), "cut": good[:len(good)-9],
		"shape beyond data": lie.Marshal(), "negative shape": odd.Marshal(),
	} {
		if _, err := Unmarshal(data); err == nil || !strings.HasPrefix(err.Error(), "onnx: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(sample().Marshal())
	if data, err := os.ReadFile("testdata/foreign.onnx"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Unmarshal(data)
		if err != nil {
			return
		}
		// What was read can be written, and is read again as the same.
		once := m.Marshal()
		n, err := Unmarshal(once)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(n.Marshal(), once) {
			t.Error("writing what was read changes it")
		}
	})
}
