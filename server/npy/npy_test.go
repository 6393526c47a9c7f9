package npy

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The fixtures were written by NumPy: testdata/README.md.
func TestReadNumPyFiles(t *testing.T) {
	ramp := make([]float32, 24)
	for i := range ramp {
		ramp[i] = (float32(i) - 7.5) / 4
	}
	cases := []struct {
		file string
		want Array
	}{
		{"f32_v1.npy", Array{Float32, []int{2, 3, 4}, ramp, nil}},
		{"f32_v2.npy", Array{Float32, []int{2, 3, 4}, ramp, nil}},
		{"f32_v3.npy", Array{Float32, []int{2, 3, 4}, ramp, nil}},
		{"u8.npy", Array{Uint8, []int{3, 4}, nil, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}},
		{"bool.npy", Array{Bool, []int{3}, nil, []byte{1, 0, 1}}},
		{"scalar.npy", Array{Float32, []int{}, []float32{1.5}, nil}},
		{"empty.npy", Array{Float32, []int{0, 3}, nil, nil}},
	}
	for _, c := range cases {
		path := filepath.Join("testdata", c.file)
		got, err := ReadFile(path)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if got.DType != c.want.DType || !slices.Equal(got.Shape, c.want.Shape) || !slices.Equal(got.F32, c.want.F32) || !slices.Equal(got.U8, c.want.U8) {
			t.Errorf("%s: got %v, want %v", c.file, got, c.want)
		}
		if c.file == "f32_v2.npy" || c.file == "f32_v3.npy" {
			continue // we write version 1
		}
		var out bytes.Buffer
		if err := Write(&out, got); err != nil {
			t.Fatal(err)
		}
		if file, _ := os.ReadFile(path); !bytes.Equal(out.Bytes(), file) {
			t.Errorf("%s: written again it has other bytes:\n%q\n%q", c.file, out.Bytes(), file)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole, err := os.ReadFile("testdata/f32_v1.npy")
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) []byte { return bytes.Replace(whole, []byte(old), []byte(new), 1) }
	fortran, _ := os.ReadFile("testdata/fortran.npy")
	double, _ := os.ReadFile("testdata/f64.npy")
	cases := []struct {
		name string
		data []byte
		says string
	}{
		{"nothing", nil, "magic"},
		{"text", []byte("hello, this is text"), "magic"},
		{"cut in the header", whole[:20], "cut short in the header"},
		{"cut in the data", whole[:len(whole)-1], "cut short after 0 of 24"},
		{"a byte too many", append(slices.Clone(whole), 0), "more bytes"},
		{"version 9", with("NUMPY\x01", "NUMPY\x09"), "version 9"},
		{"fortran order", fortran, "ascontiguousarray"},
		{"float64", double, "convert it to float32"},
		{"a shape that lies", with("(2, 3, 4), ", "(99999,4), "), "cut short"},
		{"a shape beyond memory", with("(2, 3, 4), ", "(99999999999999,"), "shape"},
		{"a negative shape", with("(2, 3, 4)", "(2,-3, 4)"), "shape"},
		{"no dictionary", with("{", " "), "no dictionary"},
		{"a key twice", with("'shape'", "'descr'"), "twice"},
	}
	for _, c := range cases {
		_, err := Read(bytes.NewReader(c.data))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.says)
		}
	}
}

// FuzzRead: any bytes give an array that is written and read back the same, or ErrFormat.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.npy")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Read(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v is no ErrFormat", err)
			}
			return
		}
		var out bytes.Buffer
		if err := Write(&out, a); err != nil {
			t.Fatal(err)
		}
		b, err := Read(&out)
		if err != nil || !slices.Equal(a.Shape, b.Shape) || !bytes.Equal(a.U8, b.U8) || len(a.F32) != len(b.F32) {
			t.Fatalf("round trip: %v, %v, %v", a, b, err)
		}
	})
}
