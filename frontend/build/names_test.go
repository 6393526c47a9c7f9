package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// program is a wasm file with a pclntab of a few names, cut into segments as
// the linker does where memory is zero.
func program(names string) []byte {
	table := []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}
	for _, v := range []uint64{3, 1, 0, 72, 72 + uint64(len(names)), 0, 0, 0} {
		table = binary.LittleEndian.AppendUint64(table, v)
	}
	table = append(append(table, names...), "files after the names"...)
	var body []byte
	segment := func(at int, data []byte) {
		body = append(body, 0, 0x41)
		for v := at; ; v >>= 7 { // small and positive: enough of signed LEB128
			if v < 64 {
				body = append(body, byte(v))
				break
			}
			body = append(body, byte(v&127)|128)
		}
		body = append(body, 0x0b)
		body = append(binary.AppendUvarint(body, uint64(len(data))), data...)
	}
	segment(4096, []byte("before"))
	segment(5000, table[:90])
	segment(5090, table[90:])
	body = append([]byte{3}, body...)
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, 1, 2, 'x', 'y') // another section
	out = append(out, 11)
	return append(binary.AppendUvarint(out, uint64(len(body))), body...)
}

func TestBlankNames(t *testing.T) {
	names := "\x00runtime.main\x00main.main\x00main.other\x00"
	in := program(names)
	out := bytes.Clone(in)
	if err := blankNames(out); err != nil {
		t.Fatal(err)
	}
	// Segments have no header between the names here: each part is zero, and nothing else changed.
	changed := 0
	for i := range in {
		if in[i] != out[i] {
			changed++
			if out[i] != 0 {
				t.Fatalf("byte %d became %d", i, out[i])
			}
		}
	}
	if want := len(names) - bytes.Count([]byte(names), []byte{0}); changed != want {
		t.Errorf("%d bytes changed, not %d", changed, want)
	}
	for _, part := range []string{"before", "files after the names"} {
		if !bytes.Contains(out, []byte(part)) {
			t.Errorf("%q is gone", part)
		}
	}
}

// What does not look as expected is left as it is.
func TestBlankNamesLeavesOthers(t *testing.T) {
	good := program("\x00main.main\x00")
	for n := range good {
		in := bytes.Clone(good[:n])
		if blankNames(in) == nil {
			continue // cut behind what matters
		} else if !bytes.Equal(in, good[:n]) {
			t.Fatalf("cut after %d bytes, it was changed", n)
		}
	}
	for _, in := range [][]byte{nil, []byte("\x00asm\x01\x00\x00\x00"), program("\x00other.main\x00"), []byte("text")} {
		before := bytes.Clone(in)
		if blankNames(in) == nil || !bytes.Equal(in, before) {
			t.Errorf("%.20q was changed", before)
		}
	}
}
