package weights

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a set with every kind of tensor Go code makes.
func sample() *Set {
	s := NewSet()
	s.Metadata["format"] = "pt"
	s.Metadata["spec"] = "{\"size\": 512}\n<é>"
	s.Tensors["bank"] = NewF32([]float32{1, -2, 3.5, 0, 5, 6}, 2, 3)
	s.Tensors["ids"] = NewI32([]int32{-1, 7}, 2)
	s.Tensors["origin"] = NewI64([]int64{-1 << 40, 9}, 1, 2)
	s.Tensors["pixels"] = NewU8([]byte{1, 2, 255}, 3)
	s.Tensors["scale"] = NewF32([]float32{0.25})
	s.Tensors["none"] = NewF32(nil, 0, 4)
	s.Tensors["a/half"] = NewRaw(F16, []byte{0x00, 0x3c}, 1)
	return s
}

func encode(t testing.TB, s *Set) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(b []byte) (*Set, error) { return Read(bytes.NewReader(b), int64(len(b))) }

func TestRoundTrip(t *testing.T) {
	got, err := decode(encode(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	if !reflect.DeepEqual(got.Metadata, want.Metadata) {
		t.Errorf("metadata %v, want %v", got.Metadata, want.Metadata)
	}
	if !reflect.DeepEqual(got.Names(), want.Names()) {
		t.Errorf("names %v, want %v", got.Names(), want.Names())
	}
	for name, w := range want.Tensors {
		g := got.Tensors[name]
		if g.DType() != w.DType() || len(g.Shape()) != len(w.Shape()) || !bytes.Equal(numbers(g), numbers(w)) {
			t.Errorf("%s: %v %v, want %v %v", name, g.DType(), g.Shape(), w.DType(), w.Shape())
		}
		for i, d := range w.Shape() {
			if g.Shape()[i] != d {
				t.Errorf("%s: shape %v, want %v", name, g.Shape(), w.Shape())
			}
		}
	}
}

// numbers are a tensor's bytes as they stand in a file.
func numbers(t Tensor) []byte {
	var b bytes.Buffer
	s := NewSet()
	s.Tensors["x"] = t
	if err := Write(&b, s); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	path := filepath.Join("testdata", "written.safetensors")
	got := encode(t, sample())
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the bytes of a set have changed: %d, golden %d", len(got), len(want))
	}
}

// Expected values: testdata/make.py.
func TestReference(t *testing.T) {
	s, err := Load(filepath.Join("testdata", "reference.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Metadata["ключ"] != "wert\n2" || s.Metadata["format"] != "pt" {
		t.Errorf("metadata %q", s.Metadata)
	}
	inf := float32(math.Inf(1))
	floats := map[string][]float32{
		"f32":           {0, float32(math.Copysign(0, -1)), 1, -2.5, 65504, 6e-8, 3.14159, inf},
		"f16":           {0, float32(math.Copysign(0, -1)), 1, -2.5, 65504, 1.0 / (1 << 24), 3.140625, inf},
		"bf16":          {0, float32(math.Copysign(0, -1)), 1, -2.5, 65536, 6.0070306e-8, 3.140625, inf},
		"scalar":        {7},
		"empty":         {},
		`näme "quoted"`: {1},
	}
	for name, want := range floats {
		got, err := s.Tensors[name].Floats()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
			continue
		}
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Errorf("%s[%d] = %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	if v, err := s.Tensors["i64"].Ints64(); err != nil || !reflect.DeepEqual(v, []int64{-1 << 40, 1 << 40}) {
		t.Errorf("i64: %v, %v", v, err)
	}
	if v, err := s.Tensors["i32"].Ints32(); err != nil || !reflect.DeepEqual(v, []int32{-70000, 70000}) {
		t.Errorf("i32: %v, %v", v, err)
	}
	if v, err := s.Tensors["i32"].Ints64(); err != nil || !reflect.DeepEqual(v, []int64{-70000, 70000}) {
		t.Errorf("i32 widened: %v, %v", v, err)
	}
	if v, err := s.Tensors["u8"].Bytes(); err != nil || !bytes.Equal(v, []byte{0, 1, 2, 3, 4}) {
		t.Errorf("u8: %v, %v", v, err)
	}
	if v, err := s.Tensors["bool"].Bytes(); err != nil || !bytes.Equal(v, []byte{1, 0, 1}) {
		t.Errorf("bool: %v, %v", v, err)
	}
	if _, err := s.Tensors["f64"].Floats(); err == nil {
		t.Error("f64 as float32: no error")
	}
	if !reflect.DeepEqual(s.Tensors["i32"].Shape(), []int{2, 1}) {
		t.Errorf("i32: shape %v", s.Tensors["i32"].Shape())
	}
}

func TestFloats(t *testing.T) {
	s := NewSet()
	s.Tensors["w"] = NewF32([]float32{1, 2, 3, 4}, 2, 2)
	s.Tensors["nan"] = NewF32([]float32{1, float32(math.NaN())}, 2)
	s.Tensors["inf"] = NewRaw(F16, []byte{0x00, 0xfc}, 1)
	s.Tensors["bytes"] = NewU8([]byte{1}, 1)
	for _, c := range []struct {
		name  string
		shape []int
		want  string // part of the error; empty: none
	}{
		{"w", []int{2, 2}, ""},
		{"w", []int{-1, 2}, ""},
		{"w", []int{4}, "shape [2 2] where [4] is needed"},
		{"w", []int{2, 3}, "shape [2 2] where [2 3] is needed"},
		{"v", []int{2}, `no tensor "v"`},
		{"nan", []int{2}, `"nan" holds NaN at index 1`},
		{"inf", []int{1}, `"inf" holds -Inf at index 0`},
		{"bytes", []int{1}, `"bytes"`},
	} {
		_, err := s.Floats(c.name, c.shape...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: error %v, want %q", c.name, c.shape, err, c.want)
		}
	}
}

// Every half is itself again, and numbers between go to the nearer one.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		if h>>10&31 == 31 { // infinities and no numbers
			continue
		}
		if got := ToHalf(FromHalf(uint16(h))); got != uint16(h) {
			t.Fatalf("%#04x comes back as %#04x", h, got)
		}
	}
	for f, want := range map[float32]float32{1.0004: 1, 1.0006: 1.0009766, 1e6: 65504, -1e6: -65504, 1e-9: 0} {
		v, err := NewF16([]float32{f}, 1).Floats()
		if err != nil || v[0] != want {
			t.Errorf("%v becomes %v, want %v (%v)", f, v, want, err)
		}
	}
}

// The embedded file is the one that the manifest describes.
func TestDefault(t *testing.T) {
	list, err := Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].File != DefaultBackbone+".safetensors" {
		t.Fatalf("manifest: %+v", list)
	}
	m := list[0]
	sum := sha256.Sum256(defaultBackbone)
	if got := hex.EncodeToString(sum[:]); got != m.FileSHA256 || int64(len(defaultBackbone)) != m.Bytes {
		t.Errorf("embedded: %d bytes, SHA-256 %s; manifest: %d, %s", len(defaultBackbone), got, m.Bytes, m.FileSHA256)
	}
	if m.Licence != "Apache-2.0" || m.Package == "" || m.Version == "" || m.SHA256 == "" || m.URL == "" {
		t.Errorf("manifest: %+v", m)
	}
	s, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Floats("_conv_stem.weight", 32, 3, 3, 3); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(encode(t, s), defaultBackbone) {
		t.Error("written again, the embedded set gives other bytes")
	}
}
