package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// A field is one decoded protobuf field: bits for varint and fixed types, bytes for the others.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	bits  uint64
	bytes []byte
}

// fields calls f for each field of one message.
func fields(b []byte, f func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		fd := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			fd.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			fd.bits = uint64(v)
		case protowire.Fixed64Type:
			fd.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			fd.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := f(fd); err != nil {
			return err
		}
	}
	return nil
}

func (f field) want(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("field %d has wire type %d, not %d", f.num, f.typ, typ)
	}
	return nil
}

func (f field) sub(what string, g func(field) error) error {
	if err := f.want(protowire.BytesType); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := fields(f.bytes, g); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (f field) str(to *string) error {
	*to = string(f.bytes)
	return f.want(protowire.BytesType)
}

func (f field) strs(to *[]string) error {
	*to = append(*to, string(f.bytes))
	return f.want(protowire.BytesType)
}

func (f field) int(to *int64) error {
	*to = int64(f.bits)
	return f.want(protowire.VarintType)
}

// ints reads a repeated integer, packed or not.
func (f field) ints(add func(int64)) error {
	if f.typ == protowire.VarintType {
		add(int64(f.bits))
		return nil
	}
	b := f.bytes
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		add(int64(v))
		b = b[n:]
	}
	return f.want(protowire.BytesType)
}

// floats reads a repeated 32-bit number, packed or not.
func (f field) floats(add func(uint32)) error {
	if f.typ == protowire.Fixed32Type {
		add(uint32(f.bits))
		return nil
	}
	if len(f.bytes)%4 != 0 {
		return errors.New("packed floats of odd length")
	}
	for b := f.bytes; len(b) > 0; b = b[4:] {
		add(binary.LittleEndian.Uint32(b))
	}
	return f.want(protowire.BytesType)
}

// doubles reads a repeated 64-bit number, packed or not.
func (f field) doubles(add func(uint64)) error {
	if f.typ == protowire.Fixed64Type {
		add(f.bits)
		return nil
	}
	if len(f.bytes)%8 != 0 {
		return errors.New("packed doubles of odd length")
	}
	for b := f.bytes; len(b) > 0; b = b[8:] {
		add(binary.LittleEndian.Uint64(b))
	}
	return f.want(protowire.BytesType)
}
