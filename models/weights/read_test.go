package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// file joins a header and data as they stand in a file.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func TestReadRefuses(t *testing.T) {
	one := `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "0 bytes"},
		{"seven bytes", []byte("PNG....")[:7], "7 bytes"},
		{"a text", []byte("this is no weights file"), "another format"},
		{"length lies", append(binary.LittleEndian.AppendUint64(nil, 1<<62), one...), "cut short"},
		{"length negative as int64", append(binary.LittleEndian.AppendUint64(nil, 1<<63+5), one...), "cut short"},
		{"empty header", file("", 8), "'{'"},
		{"header is a list", file("[]", 0), "'{'"},
		{"header is not UTF-8", file("{\"\xff\":1}", 0), "UTF-8"},
		{"header open", file(`{"a":{"dtype":"F32"`, 0), "too early"},
		{"two objects", file(one+"{}", 8), "follows"},
		{"data cut short", file(one, 7), "cut short"},
		{"data too long", file(one, 9), "belong to no tensor"},
		{"same name twice", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "twice"},
		{"same key twice", file(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "twice"},
		{"same metadata twice", file(`{"__metadata__":{"k":"1","k":"2"}}`, 0), "twice"},
		{"metadata not a string", file(`{"__metadata__":{"k":1}}`, 0), "a string is needed"},
		{"overlap", file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, 6), "overlaps"},
		{"gap", file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}}`, 9), "gap"},
		{"offsets lie", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "say otherwise"},
		{"offsets backwards", file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}`, 4), "say otherwise"},
		{"one offset", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1]}}`, 1), "two numbers"},
		{"three offsets", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 1), "more than 2"},
		{"negative dimension", file(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1), "not a whole number"},
		{"fraction", file(`{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, 1), "not a whole number"},
		{"overflowing shape", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}`, 0), "too large"},
		{"huge shape", file(`{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}`, 8), "cut short"},
		{"many dimensions", file(`{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}`, 1), "more than 8"},
		{"unknown type", file(`{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, 1), `"F8_E4M3" is not known`},
		{"unknown key", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1), "unknown key"},
		{"no shape", file(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), "all needed"},
		{"long name", file(`{"`+strings.Repeat("a", MaxName+1)+`":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(c.file)
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v, want one that wraps ErrFormat", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

// Every prefix of a good file is refused; so is every file whose size was claimed to be
// larger than it is.
func TestReadTruncated(t *testing.T) {
	whole := encode(t, sample())
	for n := range whole {
		if _, err := decode(whole[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("the first %d of %d bytes: error %v", n, len(whole), err)
		}
		if _, err := Read(bytes.NewReader(whole[:n]), int64(len(whole))); !errors.Is(err, ErrFormat) {
			t.Fatalf("the first %d of %d bytes, size claimed whole: error %v", n, len(whole), err)
		}
	}
}

// A disk that fails is not called a bad file.
func TestReadDiskError(t *testing.T) {
	broken := errors.New("input/output error")
	whole := encode(t, sample())
	for _, n := range []int{0, 8, 40, len(whole) - 1} {
		r := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
		_, err := Read(r, int64(len(whole)))
		if !errors.Is(err, broken) || errors.Is(err, ErrFormat) {
			t.Errorf("after %d bytes: error %v", n, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, change := range map[string]func(s *Set){
		"reserved name":        func(s *Set) { s.Tensors["__metadata__"] = NewF32(nil, 0) },
		"name not UTF-8":       func(s *Set) { s.Tensors["\xff"] = NewF32(nil, 0) },
		"metadata not UTF-8":   func(s *Set) { s.Metadata["k"] = "\xff" },
		"tensor without type":  func(s *Set) { s.Tensors["x"] = Tensor{} },
		"too many dimensions":  func(s *Set) { s.Tensors["x"] = NewF32([]float32{1}, 1, 1, 1, 1, 1, 1, 1, 1, 1) },
		"name longer than 1 K": func(s *Set) { s.Tensors[strings.Repeat("n", MaxName+1)] = NewF32(nil, 0) },
	} {
		s := sample()
		change(s)
		if err := Write(io.Discard, s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := Save(path, sample()); err != nil {
		t.Fatal(err)
	}
	infos, meta, err := Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(infos) != 7 || infos[0].Name != "origin" || fmt.Sprint(infos[0].Shape) != "[1 2]" || infos[0].DType != I64 {
		t.Errorf("tensors %+v", infos)
	}
	if meta["format"] != "pt" {
		t.Errorf("metadata %q", meta)
	}
	if _, _, err := Stat(t.TempDir()); err == nil {
		t.Error("a directory: no error")
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

// A set that cannot be written leaves the old file and nothing else.
func TestSaveIsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	if err := Save(path, sample()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := sample()
	bad.Tensors["__metadata__"] = NewU8([]byte{1}, 1)
	if err := Save(path, bad); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names the file", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the old file has changed: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left in the folder: %v, %v", files, err)
	}
}

// FuzzRead: whatever the bytes, Read neither panics nor allocates beyond them, and what
// it accepts it writes and reads again as the same.
func FuzzRead(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Add(file(`{"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"__metadata__":{"k":"v"}}  `, 2))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		once := encode(t, s)
		again, err := decode(once)
		if err != nil {
			t.Fatalf("what was accepted and written is refused: %v", err)
		}
		if !bytes.Equal(once, encode(t, again)) {
			t.Fatal("written twice, the bytes differ")
		}
	})
}
