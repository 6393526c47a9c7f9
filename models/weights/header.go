package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Limits of what is read. They bound what a hostile file can make us allocate
// before its lies are noticed; the data itself is bounded by the file's size.
const (
	MaxHeader  = 100_000_000 // bytes, the format's own limit
	MaxTensors = 1 << 16
	MaxDims    = 8
	MaxName    = 1 << 10 // bytes
)

// ErrFormat is wrapped by the error of every file that is not a valid
// safetensors file, so that a caller can tell it from a failing disk.
var ErrFormat = errors.New("not a valid safetensors file")

func formatError(format string, args ...any) error {
	return fmt.Errorf("weights: %w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

// entry is a tensor as the header describes it. Offsets count from the data.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64
}

// parseHeader reads the JSON object. dataSize is how many bytes follow it; the
// entries come sorted by offset and cover them exactly.
func parseHeader(text []byte, dataSize int64) ([]entry, map[string]string, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, formatError("its header does not begin with '{'")
	}
	if !utf8.Valid(text) {
		return nil, nil, formatError("its header is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	meta := map[string]string{}
	var entries []entry
	err := object(dec, func(name string) error {
		if name == "__metadata__" {
			return object(dec, func(key string) error {
				s, err := token[string](dec, "a string")
				meta[key] = s
				return err
			})
		}
		if len(name) > MaxName {
			return fmt.Errorf("a tensor's name is longer than %d bytes", MaxName)
		}
		if len(entries) == MaxTensors {
			return fmt.Errorf("it holds more than %d tensors", MaxTensors)
		}
		e, err := parseEntry(dec)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		e.name = name
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, nil, formatError("%v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, formatError("something follows the header's JSON object")
	}
	if err := covers(entries, dataSize); err != nil {
		return nil, nil, formatError("%v", err)
	}
	return entries, meta, nil
}

// covers sorts the entries by offset and checks that they tile the data.
func covers(entries []entry, dataSize int64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return int(min(max(a.begin-b.begin, -1), 1))
		}
		return int(min(max(a.end-b.end, -1), 1))
	})
	var at int64
	for _, e := range entries {
		if e.begin != at {
			what := "leaves a gap"
			if e.begin < at {
				what = "overlaps another tensor"
			}
			return fmt.Errorf("tensor %q begins at %d where %d is next: it %s", e.name, e.begin, at, what)
		}
		at = e.end
	}
	switch {
	case at > dataSize:
		return fmt.Errorf("it is cut short: the tensors take %d bytes and %d are there", at, dataSize)
	case at < dataSize:
		return fmt.Errorf("%d bytes at its end belong to no tensor", dataSize-at)
	}
	return nil
}

func parseEntry(dec *json.Decoder) (entry, error) {
	var e entry
	seen := 0
	err := object(dec, func(key string) error {
		seen++
		switch key {
		case "dtype":
			s, err := token[string](dec, "a string")
			e.dtype = DType(s)
			return err
		case "shape":
			dims, err := integers(dec, MaxDims)
			for _, d := range dims {
				e.shape = append(e.shape, int(d))
			}
			return err
		case "data_offsets":
			o, err := integers(dec, 2)
			if err != nil {
				return err
			}
			if len(o) != 2 {
				return errors.New("data_offsets needs two numbers")
			}
			e.begin, e.end = o[0], o[1]
			return nil
		}
		return fmt.Errorf("unknown key %q", key)
	})
	if err != nil {
		return e, err
	}
	if seen != 3 {
		return e, errors.New("dtype, shape and data_offsets are all needed")
	}
	size := e.dtype.Size()
	if size == 0 {
		return e, fmt.Errorf("type %q is not known here", string(e.dtype))
	}
	n, ok := count(e.shape)
	if !ok {
		return e, fmt.Errorf("shape %v is too large", e.shape)
	}
	if e.end < e.begin || e.end-e.begin != int64(n)*int64(size) {
		return e, fmt.Errorf("shape %v of %s takes %d bytes, its offsets %d to %d say otherwise",
			e.shape, e.dtype, int64(n)*int64(size), e.begin, e.end)
	}
	return e, nil
}

// object reads a JSON object; value must consume the value of each key.
// The same key twice is an error: readers would disagree on which one counts.
func object(dec *json.Decoder, value func(key string) error) error {
	if err := delim(dec, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := token[string](dec, "a key")
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("the key %q stands there twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return delim(dec, '}')
}

// integers reads a JSON array of at most limit whole numbers, none negative.
func integers(dec *json.Decoder, limit int) ([]int64, error) {
	if err := delim(dec, '['); err != nil {
		return nil, err
	}
	var v []int64
	for dec.More() {
		n, err := token[json.Number](dec, "a number")
		if err != nil {
			return nil, err
		}
		x, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil || x < 0 {
			return nil, fmt.Errorf("%s is not a whole number of 0 or more", n)
		}
		if len(v) == limit {
			return nil, fmt.Errorf("more than %d numbers in a list", limit)
		}
		v = append(v, x)
	}
	return v, delim(dec, ']')
}

func delim(dec *json.Decoder, want json.Delim) error {
	got, err := token[json.Delim](dec, strconv.Quote(want.String()))
	if err == nil && got != want {
		err = fmt.Errorf("%q stands where %q is needed", got, want)
	}
	return err
}

func token[T any](dec *json.Decoder, want string) (T, error) {
	var zero T
	t, err := dec.Token()
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return zero, errors.New("its header ends too early")
	}
	if err != nil {
		return zero, fmt.Errorf("its header: %w", err)
	}
	v, ok := t.(T)
	if !ok {
		return zero, fmt.Errorf("%v stands where %s is needed", t, want)
	}
	return v, nil
}
