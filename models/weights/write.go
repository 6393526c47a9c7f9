package weights

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"
)

// Write writes the set to w. Equal sets give equal bytes: metadata is sorted by key,
// tensors by the size of their numbers, largest first, then by name; so each begins
// at a multiple of its numbers' size, for readers that map the file into memory.
func Write(w io.Writer, s *Set) error {
	names := slices.SortedFunc(maps.Keys(s.Tensors), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Tensors[b].dtype.Size(), s.Tensors[a].dtype.Size()), cmp.Compare(a, b))
	})
	head, err := header(s, names)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := writeAll(out, head, s, names); err != nil {
		return fmt.Errorf("weights: write: %w", err)
	}
	return nil
}

func writeAll(out *bufio.Writer, head []byte, s *Set, names []string) error {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(head)))
	out.Write(length[:]) // a bufio.Writer keeps its first error for Flush
	out.Write(head)
	for _, name := range names {
		t := s.Tensors[name]
		if t.dtype != F32 {
			out.Write(t.raw)
			continue
		}
		var buf [1 << 12]byte
		for v := t.f32; len(v) > 0; {
			n := min(len(v), len(buf)/4)
			for i, x := range v[:n] {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(x))
			}
			if _, err := out.Write(buf[:4*n]); err != nil {
				return err
			}
			v = v[n:]
		}
	}
	return out.Flush()
}

// header is the JSON object, padded with spaces to a multiple of 8.
func header(s *Set, names []string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if len(s.Metadata) > 0 {
		b.WriteString(`"__metadata__":{`)
		for i, key := range slices.Sorted(maps.Keys(s.Metadata)) {
			if i > 0 {
				b.WriteByte(',')
			}
			for j, text := range []string{key, s.Metadata[key]} {
				if !utf8.ValidString(text) {
					return nil, fmt.Errorf("weights: metadata %q is not UTF-8", key)
				}
				if j > 0 {
					b.WriteByte(':')
				}
				b.Write(quote(text))
			}
		}
		b.WriteByte('}')
	}
	at := 0
	for i, name := range names {
		t := s.Tensors[name]
		switch {
		case name == "__metadata__" || len(name) > MaxName || !utf8.ValidString(name):
			return nil, fmt.Errorf("weights: %q can't be a tensor's name", name)
		case t.dtype.Size() == 0:
			return nil, fmt.Errorf("weights: tensor %q is empty: it has no type", name)
		case len(t.shape) > MaxDims:
			return nil, fmt.Errorf("weights: tensor %q has %d dimensions; %d are allowed", name, len(t.shape), MaxDims)
		}
		if i > 0 || len(s.Metadata) > 0 {
			b.WriteByte(',')
		}
		b.Write(quote(name))
		fmt.Fprintf(&b, `:{"dtype":"%s","shape":[`, t.dtype)
		for j, d := range t.shape {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(&b, d)
		}
		fmt.Fprintf(&b, `],"data_offsets":[%d,%d]}`, at, at+t.bytes())
		at += t.bytes()
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if len(names) > MaxTensors || b.Len() > MaxHeader {
		return nil, fmt.Errorf("weights: %d tensors, header of %d bytes: %d and %d are allowed", len(names), b.Len(), MaxTensors, MaxHeader)
	}
	return b.Bytes(), nil
}

func quote(s string) []byte {
	q, err := json.Marshal(s)
	if err != nil {
		panic("weights: " + err.Error()) // a string always marshals
	}
	return q
}
