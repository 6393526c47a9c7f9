package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// blankNames overwrites the names of functions in a Go program compiled to wasm
// with zeros, in place. Only tracebacks read them (files and lines stay), and
// compressed they cost 16 KB of each visitor's download, which the linker has
// no flag to leave out. It changes nothing and says so where the program does
// not look as expected: another version of Go.
//
// The names are a part of the table that the linker calls pclntab, whose header
// tells where (internal/abi and runtime/symtab.go, type pcHeader): magic
// number, two zeros, 1, 8; number of functions, of files, start of the code;
// offsets of names, compilation units, files, and so on, eight bytes each.
// Memory comes as data segments with gaps where it is zero.
func blankNames(wasm []byte) error {
	segments, err := dataSegments(wasm)
	if err != nil {
		return err
	}
	end := 0
	for _, s := range segments {
		end = max(end, s.at+len(s.data))
	}
	if end > 1<<30 {
		return errNames
	}
	memory := make([]byte, end)
	for _, s := range segments {
		copy(memory[s.at:], s.data)
	}
	table := bytes.Index(memory, []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8})
	if table < 0 || table+48 > len(memory) {
		return errNames
	}
	from := binary.LittleEndian.Uint64(memory[table+32:])
	to := binary.LittleEndian.Uint64(memory[table+40:])
	if from > to || to > uint64(len(memory)-table) || !bytes.Contains(memory[table+int(from):table+int(to)], []byte("\x00main.main\x00")) {
		return errNames
	}
	for _, s := range segments {
		a, b := max(s.at, table+int(from)), min(s.at+len(s.data), table+int(to))
		if a < b {
			clear(s.data[a-s.at : b-s.at])
		}
	}
	return nil
}

var errNames = errors.New("the names of functions are not where this build looks for them")

// segment is a part of the memory that a wasm program starts with.
type segment struct {
	at   int
	data []byte // a part of the file
}

// dataSegments finds the segments of the data section (WebAssembly Core
// Specification 2.0, section 5.5.14). Linkers write plain ones: memory 0, an
// i32.const as offset.
func dataSegments(wasm []byte) ([]segment, error) {
	r := wasmReader{b: wasm}
	if string(r.take(8)) != "\x00asm\x01\x00\x00\x00" {
		return nil, errNames
	}
	var segments []segment
	for len(r.b) > 0 && !r.bad {
		id := r.take(1)
		body := wasmReader{b: r.take(r.uvarint())}
		if r.bad || id[0] != 11 {
			continue
		}
		for range body.uvarint() {
			head := body.take(2)
			if body.bad || head[0] != 0 || head[1] != 0x41 {
				return nil, errNames
			}
			at := body.varint()
			if end := body.take(1); body.bad || end[0] != 0x0b || at < 0 {
				return nil, errNames
			}
			segments = append(segments, segment{at, body.take(body.uvarint())})
		}
		r.bad = r.bad || body.bad
	}
	if r.bad || len(segments) == 0 {
		return nil, errNames
	}
	return segments, nil
}

// wasmReader reads numbers and bytes; bad once there were too few.
type wasmReader struct {
	b   []byte
	bad bool
}

func (r *wasmReader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *wasmReader) uvarint() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<31 {
		r.bad = true
		return 0
	}
	r.take(n)
	return int(v)
}

// varint reads a signed LEB128 number, which differs from encoding/binary's.
func (r *wasmReader) varint() int {
	v, shift := 0, 0
	for {
		c := r.take(1)
		if r.bad || shift > 28 {
			r.bad = true
			return 0
		}
		v |= int(c[0]&0x7f) << shift
		if shift += 7; c[0] < 0x80 {
			if c[0]&0x40 != 0 {
				v -= 1 << shift
			}
			return v
		}
	}
}
