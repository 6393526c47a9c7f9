package detect

import (
	"math"
	"slices"
	"testing"

	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/models/weights"
	"semirest/server/ort"
	"semirest/shared/prep"
)

// Hypercolumns equal those of a float32 PyTorch run on the same weights: the
// embedded ones of EfficientNet-Lite2, and Wide-ResNet-50-2 with made-up weights
// through PatchCore's own steps (models/nets/testdata/README.md says how).
func TestHypercolumnsEqualPyTorch(t *testing.T) {
	startORT(t)
	for _, name := range []string{nets.EfficientNetLite2, nets.WideResNet50} {
		t.Run(name, func(t *testing.T) {
			arch, err := nets.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			set := netstest.Backbone(arch)
			if name == weights.DefaultBackbone {
				if set, err = weights.Default(); err != nil {
					t.Fatal(err)
				}
			}
			net, err := arch.Load(set)
			if err != nil {
				t.Fatal(err)
			}
			fixture, err := weights.Load("../../models/nets/testdata/" + name + ".safetensors")
			if err != nil {
				t.Fatal(err)
			}
			floats := func(key string) ([]float32, []int) {
				x, err := fixture.Get(key)
				if err != nil {
					t.Fatal(err)
				}
				v, err := x.Floats()
				if err != nil {
					t.Fatal(err)
				}
				return v, x.Shape()
			}
			input, in := floats("input")
			want, shape := floats("hypercolumn")
			got, is, err := HyperColumns(t.Context(), net, prep.Size{W: in[3], H: in[2]}, ort.Of(input, in...), true, ort.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(is[:], shape) {
				t.Fatalf("hypercolumns %v, PyTorch has %v", is, shape)
			}
			var off, all float64
			for i, w := range want {
				d := float64(got[i]) - float64(w)
				off += d * d
				all += float64(w) * float64(w)
			}
			e := math.Sqrt(off / all)
			t.Logf("relative L2 error %.2g", e)
			if !(e <= 1e-5) {
				t.Errorf("relative L2 error %.2g, want at most 1e-5", e)
			}
		})
	}
}
