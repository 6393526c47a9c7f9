// Package npy reads and writes NumPy's array files, as far as this project
// exchanges them: float32, uint8 and bool arrays in C order.
//
// A file is
//
//	6 bytes   "\x93NUMPY"
//	2 bytes   version: 1.0, 2.0 or 3.0
//	2 or 4    header length n, little endian (2 bytes in version 1)
//	n bytes   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } in spaces up to a newline
//	          (Latin-1; UTF-8 in version 3)
//	the rest  the elements, row-major
//
// Source: NumPy, numpy/lib/format.py (NEP 1).
package npy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// ErrFormat is wrapped by every error about the file's content.
var ErrFormat = errors.New("not a usable .npy file")

// Limits of what Read accepts.
const (
	maxHeader = 64 << 10
	maxAxes   = 8
	// MaxElements bounds one array: 2^31 float32 are 8 GiB.
	MaxElements = 1 << 31
)

// Array is one array in C order. Exactly one of F32 and U8 is used, by DType.
type Array struct {
	DType DType
	Shape []int
	F32   []float32
	U8    []uint8 // also bool: 0 and 1
}

// DType is the element type.
type DType string

// The element types, named as NumPy's descr does.
const (
	Float32 DType = "<f4"
	Uint8   DType = "|u1"
	Bool    DType = "|b1"
)

func (d DType) size() int {
	if d == Float32 {
		return 4
	}
	return 1
}

// Len is the product of the shape: 1 for a scalar.
func (a Array) Len() int {
	n := 1
	for _, s := range a.Shape {
		n *= s
	}
	return n
}

// Read takes one array from r. It allocates as the bytes arrive: a shape that
// promises more than the file holds costs nothing.
func Read(r io.Reader) (Array, error) {
	h, err := readHeader(r)
	if err != nil {
		return Array{}, err
	}
	a := Array{DType: h.dtype, Shape: h.shape}
	n := a.Len()
	const chunk = 1 << 20
	buf := make([]byte, min(n, chunk)*a.DType.size())
	for done := 0; done < n; {
		part := buf[:min(n-done, chunk)*a.DType.size()]
		if _, err := io.ReadFull(r, part); err != nil {
			return Array{}, fmt.Errorf("npy: %w: cut short after %d of %d elements", ErrFormat, done, n)
		}
		if a.DType == Float32 {
			for i := 0; i < len(part); i += 4 {
				a.F32 = append(a.F32, math.Float32frombits(binary.LittleEndian.Uint32(part[i:])))
			}
		} else {
			a.U8 = append(a.U8, part...)
		}
		done += len(part) / a.DType.size()
	}
	if k, err := io.CopyN(io.Discard, r, 1); k != 0 || !errors.Is(err, io.EOF) {
		return Array{}, fmt.Errorf("npy: %w: more bytes than the shape %v holds", ErrFormat, a.Shape)
	}
	return a, nil
}

// ReadFile is Read on a file; the error names it.
func ReadFile(path string) (Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return Array{}, fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	a, err := Read(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return Array{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// Write sends a as version 1.0. It panics when the data do not fill the shape.
func Write(w io.Writer, a Array) error {
	if have := len(a.F32) + len(a.U8); have != a.Len() {
		panic(fmt.Sprintf("npy: %d elements for the shape %v", have, a.Shape))
	}
	bw := bufio.NewWriterSize(w, 1<<20)
	bw.Write(header(a))
	if a.DType == Float32 {
		var b [4]byte
		for _, v := range a.F32 {
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
			bw.Write(b[:])
		}
	} else {
		bw.Write(a.U8)
	}
	if err := bw.Flush(); err != nil { // keeps the first error of all writes
		return fmt.Errorf("npy: write: %w", err)
	}
	return nil
}
