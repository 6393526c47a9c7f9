package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"semirest/models/nets"
	"semirest/models/nets/netstest"
	"semirest/models/weights"
)

// Checkpoints made by PyTorch: testdata/make.py.
func TestCheckpoint(t *testing.T) {
	for _, name := range []string{"old.pth", "new.pth"} {
		t.Run(name, func(t *testing.T) {
			set, err := checkpoint(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]weights.Tensor{
				"plain":      weights.NewF32([]float32{0, 1, 2, 3, 4, 5}, 2, 3),
				"transposed": weights.NewF32([]float32{0, 2, 4, 1, 3, 5}, 2, 3),
				"part":       weights.NewF32([]float32{4, 5, 6}, 3),
				"half":       weights.NewF32([]float32{1.5, -2}, 2),
			}
			if len(set.Tensors) != len(want) {
				t.Errorf("tensors %v", set.Names())
			}
			for name, w := range want {
				got, err := set.Floats(name, w.Shape()...)
				if err != nil {
					t.Error(err)
					continue
				}
				if v, _ := w.Floats(); !slices.Equal(got, v) {
					t.Errorf("%s: %v, want %v", name, got, v)
				}
			}
		})
	}
	if _, err := checkpoint(filepath.Join("testdata", "other.pth")); err == nil || !strings.Contains(err.Error(), `"epoch"`) {
		t.Errorf("a value that is no tensor: error %v", err)
	}
	if _, err := checkpoint(filepath.Join("testdata", "make.py")); err == nil {
		t.Error("a text: no error")
	}
}

func TestGatherRefuses(t *testing.T) {
	data := make([]float32, 6)
	for name, c := range map[string]struct {
		offset       int
		size, stride []int
	}{
		"too long":        {0, []int{7}, []int{1}},
		"offset":          {3, []int{2, 2}, []int{2, 1}},
		"negative offset": {-1, []int{2}, []int{1}},
		"negative stride": {5, []int{2}, []int{-1}},
		"repeated":        {0, []int{100}, []int{0}},
	} {
		if _, err := gather(data, c.offset, c.size, c.stride); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A checkpoint that is not the network's makes no file.
func TestRunRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.safetensors")
	err := run(context.Background(), nets.EfficientNetLite0, filepath.Join("testdata", "new.pth"), out)
	if err == nil || !strings.Contains(err.Error(), nets.EfficientNetLite0) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
	if err := run(context.Background(), nets.WideResNet50, "", out); err == nil || !strings.Contains(err.Error(), "--from") {
		t.Errorf("no known package: error %v", err)
	}
}

// The manifest's entry for a file is replaced, others stay.
func TestUpdateManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(path, []byte(`[{"file":"a","bytes":1},{"file":"b","bytes":2}]`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := updateManifest(path, weights.Source{File: "b", Bytes: 3}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"file": "a"`, `"bytes": 1`, `"file": "b"`, `"bytes": 3`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

// The pinned packages are those of the architectures, and the embedded one is Lite2's.
func TestPins(t *testing.T) {
	for name := range pins {
		if _, err := nets.Lookup(name); err != nil {
			t.Error(err)
		}
	}
	list, err := weights.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if pin := pins[weights.DefaultBackbone]; list[0].SHA256 != pin.SHA256 || list[0].Package != pin.Package {
		t.Errorf("manifest %+v, pin %+v", list[0], pin)
	}
	plain, err := nets.Lookup(weights.DefaultBackbone)
	if err != nil {
		t.Fatal(err)
	}
	a, err := plain.Deep()
	if err != nil {
		t.Fatal(err)
	}
	set, err := weights.Default()
	if err != nil {
		t.Fatal(err)
	}
	if trunk, err := a.Trunk(set); err != nil || len(trunk.Tensors) != len(set.Tensors) || len(set.Tensors) != len(netstest.Backbone(a).Tensors) {
		t.Errorf("the embedded weights are not the deep trunk and nothing else: %v", err)
	}
}
