package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const magic = "\x93NUMPY"

type fields struct {
	dtype DType
	shape []int
}

// header is the whole preamble, padded so that the data start at a multiple of
// 64 bytes, as NumPy aligns them.
func header(a Array) []byte {
	var dims strings.Builder
	for _, s := range a.Shape {
		dims.WriteString(strconv.Itoa(s) + ", ")
	}
	shape := strings.TrimSuffix(dims.String(), " ")
	if len(a.Shape) > 1 {
		shape = strings.TrimSuffix(shape, ",") // (3,) but (3, 4)
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a.DType, shape)
	const fixed = len(magic) + 2 + 2
	pad := 63 - (fixed+len(dict))%64
	dict += strings.Repeat(" ", pad) + "\n"
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	return append(b, dict...)
}

func readHeader(r io.Reader) (fields, error) {
	var fixed [8]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil || string(fixed[:6]) != magic {
		return fields{}, fmt.Errorf("npy: %w: it does not begin with NumPy's magic bytes", ErrFormat)
	}
	var n int
	var length [4]byte
	switch fixed[6] {
	case 1:
		if _, err := io.ReadFull(r, length[:2]); err != nil {
			return fields{}, fmt.Errorf("npy: %w: cut short in the header", ErrFormat)
		}
		n = int(binary.LittleEndian.Uint16(length[:]))
	case 2, 3:
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return fields{}, fmt.Errorf("npy: %w: cut short in the header", ErrFormat)
		}
		n = int(binary.LittleEndian.Uint32(length[:]))
	default:
		return fields{}, fmt.Errorf("npy: %w: version %d.%d is unknown", ErrFormat, fixed[6], fixed[7])
	}
	if n > maxHeader {
		return fields{}, fmt.Errorf("npy: %w: a header of %d bytes", ErrFormat, n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return fields{}, fmt.Errorf("npy: %w: cut short in the header", ErrFormat)
	}
	return parseHeader(string(text))
}

// parseHeader reads the Python dictionary: three keys in any order, a string, a
// boolean and a tuple of integers. Nothing else is evaluated.
func parseHeader(text string) (fields, error) {
	bad := func(what string) (fields, error) {
		return fields{}, fmt.Errorf("npy: %w: header %.120q: %s", ErrFormat, text, what)
	}
	body, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	body, closed := strings.CutSuffix(body, "}")
	if !ok || !closed {
		return bad("no dictionary")
	}
	var f fields
	seen := map[string]bool{}
	for rest := strings.TrimSpace(body); rest != ""; {
		key, after, found := strings.Cut(rest, ":")
		key = strings.Trim(strings.TrimSpace(key), `'"`)
		if !found || seen[key] {
			return bad("a key without a value, or twice")
		}
		seen[key] = true
		after = strings.TrimSpace(after)
		end := strings.IndexByte(after, ',')
		if strings.HasPrefix(after, "(") {
			end = strings.IndexByte(after, ')') + 1
		}
		if end < 0 || end > len(after) {
			end = len(after)
		}
		value := strings.TrimSpace(after[:end])
		rest = strings.TrimLeft(after[end:], ", \t\n")
		var err error
		switch key {
		case "descr":
			f.dtype, err = parseDType(strings.Trim(value, `'"`))
		case "fortran_order":
			if value != "False" {
				err = fmt.Errorf("fortran_order is %s: save it with numpy.ascontiguousarray", value)
			}
		case "shape":
			f.shape, err = parseShape(value)
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return bad(err.Error())
		}
	}
	if !seen["descr"] || !seen["fortran_order"] || !seen["shape"] {
		return bad("descr, fortran_order and shape are needed")
	}
	return f, nil
}

func parseDType(s string) (DType, error) {
	switch s {
	case "<f4":
		return Float32, nil
	case "|u1", "<u1", "u1":
		return Uint8, nil
	case "|b1":
		return Bool, nil
	}
	return "", fmt.Errorf("element type %q: convert it to float32, uint8 or bool", s)
}

func parseShape(s string) ([]int, error) {
	inner, ok := strings.CutPrefix(s, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("shape %q is no tuple", s)
	}
	shape := []int{}
	n := 1
	for part := range strings.SplitSeq(inner, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		v, err := strconv.Atoi(part)
		if err != nil || v < 0 || v > MaxElements || len(shape) == maxAxes {
			return nil, fmt.Errorf("shape %q", s)
		}
		shape = append(shape, v)
		if n *= v; n > MaxElements {
			return nil, fmt.Errorf("shape %q holds more than %d elements", s, MaxElements)
		}
	}
	return shape, nil
}
