package nets_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/models/weights"
	"semirest/server/ort"
)

// load is a backbone with the weights that its fixture was made with.
func load(t testing.TB, name string) *nets.Backbone {
	t.Helper()
	a, err := nets.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	set := netstest.Backbone(a)
	if name == weights.DefaultBackbone {
		if set, err = weights.Default(); err != nil {
			t.Fatal(err)
		}
	}
	n, err := a.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The maps equal those of a float32 PyTorch run on the same weights (testdata/make.py).
func TestBackboneEqualsPyTorch(t *testing.T) {
	for _, name := range []string{nets.EfficientNetLite2, nets.WideResNet50} {
		t.Run(name, func(t *testing.T) {
			n := load(t, name)
			want := fixture(t, name)
			x := tensor(t, want, "input")
			got := run(t, ort.Feeds{"x": x}, func(b *graph.Builder) {
				in := b.Input("x", graph.Float32, -1, 3, x.Shape[2], x.Shape[3])
				for i, stage := range n.Maps(b, in)[1:] {
					b.Output(fmt.Sprint("stage", i), stage)
				}
			})
			if len(got) != len(n.Stages) {
				t.Fatalf("%d maps, want %d", len(got), len(n.Stages))
			}
			for i, stage := range n.Stages {
				key := fmt.Sprint("stage", i)
				if e := relative(t, got[key], tensor(t, want, key)); e > 1e-5 {
					t.Errorf("%s: relative L2 error %.2g", key, e)
				} else {
					t.Logf("%s: relative L2 error %.2g", key, e)
				}
				shape := []int{1, stage.Channels, x.Shape[2] / stage.Stride, x.Shape[3] / stage.Stride}
				if !slices.Equal(got[key].Shape, shape) {
					t.Errorf("%s: shape %v, Stages say %v", key, got[key].Shape, shape)
				}
			}
		})
	}
}

func TestStages(t *testing.T) {
	for name, want := range map[string][]nets.Stage{
		nets.EfficientNetLite0: {{40, 8}, {80, 16}, {112, 16}},
		nets.EfficientNetLite2: {{48, 8}, {88, 16}, {120, 16}}, // 256 channels (TUNING)
		nets.WideResNet50:      {{512, 8}, {1024, 16}},
	} {
		a, err := nets.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Stages, want) {
			t.Errorf("%s: stages %v, want %v", name, a.Stages, want)
		}
	}
	if _, err := nets.Lookup("resnet18"); err == nil || !strings.Contains(err.Error(), nets.WideResNet50) {
		t.Errorf("unknown backbone: error %v", err)
	}
}

// Lite0's layout, and that a whole checkpoint's head and counters are let pass.
func TestTrunkOfWholeCheckpoint(t *testing.T) {
	a, err := nets.Lookup(nets.EfficientNetLite0)
	if err != nil {
		t.Fatal(err)
	}
	set := netstest.Backbone(a)
	n := len(set.Tensors)
	for _, name := range []string{"_blocks.11._expand_conv.weight", "_blocks.15._bn2.bias", "_conv_head.weight", "_bn1.weight", "_fc.bias"} {
		set.Tensors[name] = weights.NewF32([]float32{1}, 1)
	}
	set.Tensors["_bn0.num_batches_tracked"] = weights.NewI64([]int64{0})
	trunk, err := a.Trunk(set)
	if err != nil {
		t.Fatal(err)
	}
	if len(trunk.Tensors) != n {
		t.Errorf("%d tensors in the trunk, want %d", len(trunk.Tensors), n)
	}
	backbone, err := a.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := graph.Build("lite0", func(b *graph.Builder) {
		for i, stage := range backbone.Maps(b, b.Input("x", graph.Float32, -1, 3, 64, 32))[1:] {
			if want := []int{-1, a.Stages[i].Channels, 64 / a.Stages[i].Stride, 32 / a.Stages[i].Stride}; !slices.Equal(stage.Shape(), want) {
				t.Errorf("stage %d: %v, want %v", i, stage.Shape(), want)
			}
			b.Output(fmt.Sprint("stage", i), stage)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func TestLoadRefuses(t *testing.T) {
	a, err := nets.Lookup(nets.EfficientNetLite0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(s *weights.Set)
		want   string
	}{
		{"missing", func(s *weights.Set) { delete(s.Tensors, "_blocks.3._bn1.running_var") }, `"_blocks.3._bn1.running_var"`},
		{"extra", func(s *weights.Set) { s.Tensors["_blocks.3._se_reduce.weight"] = weights.NewF32([]float32{1}, 1) }, `"_blocks.3._se_reduce.weight" is none`},
		{"shape", func(s *weights.Set) {
			s.Tensors["_conv_stem.weight"] = weights.NewF32(make([]float32, 32*3*5*5), 32, 3, 5, 5)
		}, `"_conv_stem.weight" has shape [32 3 5 5] where [32 3 3 3] is needed`},
		{"not a number", func(s *weights.Set) {
			v, _ := s.Tensors["_bn0.bias"].Floats()
			v[7] = float32(math.NaN())
		}, `"_bn0.bias" holds NaN at index 7`},
		{"infinite", func(s *weights.Set) {
			v, _ := s.Tensors["_bn0.weight"].Floats()
			v[0] = float32(math.Inf(-1))
		}, `"_bn0.weight" holds -Inf`},
		{"negative variance", func(s *weights.Set) {
			v, _ := s.Tensors["_bn0.running_var"].Floats()
			v[3] = -1
		}, "_bn0.running_var is negative"},
		{"another network", func(s *weights.Set) {
			clear(s.Tensors)
			s.Tensors["conv1.weight"] = weights.NewF32([]float32{1}, 1)
		}, "more problems"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := netstest.Backbone(a)
			c.change(set)
			_, err := a.Load(set)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), a.Name) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// The deep trunk yields the maps of the plain one, and one more; the embedded weights
// hold it. A network without such a stage says so.
func TestDeepTrunk(t *testing.T) {
	plain := load(t, nets.EfficientNetLite2)
	a, err := plain.Deep()
	if err != nil {
		t.Fatal(err)
	}
	if want := (nets.Stage{Channels: 208, Stride: 32}); a.Coarse != want || len(a.Maps()) != len(plain.Architecture.Maps())+1 {
		t.Errorf("coarse %v, maps %v", a.Coarse, a.Maps())
	}
	set, err := weights.Default()
	if err != nil {
		t.Fatal(err)
	}
	deep, err := a.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	x := tensor(t, fixture(t, nets.EfficientNetLite2), "input")
	maps := func(n *nets.Backbone) map[string]ort.Tensor {
		return run(t, ort.Feeds{"x": x}, func(b *graph.Builder) {
			for i, m := range n.Maps(b, b.Input("x", graph.Float32, -1, 3, x.Shape[2], x.Shape[3])) {
				b.Output(fmt.Sprint("map", i), m)
			}
		})
	}
	few, all := maps(plain), maps(deep)
	for key, want := range few {
		if !slices.Equal(all[key].F32(), want.F32()) {
			t.Errorf("%s differs in the deep trunk", key)
		}
	}
	last := all[fmt.Sprint("map", len(few))]
	if want := []int{1, 208, x.Shape[2] / 32, x.Shape[3] / 32}; !slices.Equal(last.Shape, want) {
		t.Errorf("the coarse map is %v, want %v", last.Shape, want)
	}
	wide, err := nets.Lookup(nets.WideResNet50)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wide.Deep(); err == nil || !strings.Contains(err.Error(), nets.WideResNet50) {
		t.Errorf("error %v", err)
	}
}

func TestMapsRefuseSizes(t *testing.T) {
	n := load(t, nets.EfficientNetLite2)
	for _, shape := range [][]int{{-1, 3, 64, 72}, {-1, 1, 64, 64}, {1, 3, 64}} {
		_, err := graph.Build("x", func(b *graph.Builder) { n.Maps(b, b.Input("x", graph.Float32, shape...)) })
		if err == nil || !strings.Contains(err.Error(), "multiples of 16") {
			t.Errorf("%v: error %v", shape, err)
		}
	}
}
