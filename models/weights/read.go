package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// Read reads a whole file of the given size in bytes from r. An error that wraps
// [ErrFormat] says what is wrong with the file. Nothing is allocated on the word of
// a length that the size does not bear out.
func Read(r io.Reader, size int64) (*Set, error) {
	entries, meta, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	s := &Set{Tensors: make(map[string]Tensor, len(entries)), Metadata: meta}
	in := bufio.NewReaderSize(r, 1<<16)
	for _, e := range entries {
		t, err := readTensor(in, e)
		if err != nil {
			return nil, readError(fmt.Sprintf("tensor %q", e.name), err)
		}
		s.Tensors[e.name] = t
	}
	return s, nil
}

// Load reads the file at path.
func Load(path string) (*Set, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := Read(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Info describes a tensor without its numbers.
type Info struct {
	Name  string
	DType DType
	Shape []int
}

// Stat reads only the header of the file at path: the tensors in the order in which
// the file holds them, and the metadata.
func Stat(path string) ([]Info, map[string]string, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	entries, meta, err := readHeader(f, size)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	infos := make([]Info, len(entries))
	for i, e := range entries {
		infos[i] = Info{e.name, e.dtype, e.shape}
	}
	return infos, meta, nil
}

func open(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("weights: %w", err)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", path)
	}
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("weights: %w", err)
	}
	return f, st.Size(), nil
}

func readHeader(r io.Reader, size int64) ([]entry, map[string]string, error) {
	if size < 8 {
		return nil, nil, formatError("it has %d bytes; the length of the header alone takes 8", size)
	}
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, nil, readError("the header's length", err)
	}
	h := binary.LittleEndian.Uint64(length[:])
	if h > uint64(size-8) {
		return nil, nil, formatError("it says that its header takes %d bytes and only %d are there: it is cut short or another format", h, size-8)
	}
	if h > MaxHeader {
		return nil, nil, formatError("its header takes %d bytes; %d are allowed", h, MaxHeader)
	}
	text := make([]byte, h)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, nil, readError("the header", err)
	}
	return parseHeader(text, size-8-int64(h))
}

// readTensor decodes a tensor's numbers as they come, so that a large file is never
// in memory twice.
func readTensor(r io.Reader, e entry) (Tensor, error) {
	t := Tensor{dtype: e.dtype, shape: e.shape}
	if e.dtype != F32 {
		t.raw = make([]byte, e.end-e.begin)
		_, err := io.ReadFull(r, t.raw)
		return t, err
	}
	t.f32 = make([]float32, (e.end-e.begin)/4)
	var buf [1 << 14]byte
	for at := 0; at < len(t.f32); {
		part := buf[:min(len(buf), 4*(len(t.f32)-at))]
		if _, err := io.ReadFull(r, part); err != nil {
			return t, err
		}
		for i := 0; i < len(part); i += 4 {
			t.f32[at] = math.Float32frombits(binary.LittleEndian.Uint32(part[i:]))
			at++
		}
	}
	return t, nil
}

// readError tells a file that ended early (its size lied) from a disk that failed.
func readError(what string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return formatError("it ends within %s", what)
	}
	return fmt.Errorf("weights: read %s: %w", what, err)
}
