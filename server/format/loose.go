package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// People's programs write numbers as text, sizes with a decimal point, NaN where
// they have no number, a list where a map belongs. A value that is not what it
// should be must not end the reading of the whole file, so that the types below
// take any JSON and say afterwards what they got.

// looseNumber is a number, or text that holds one; else NaN.
type looseNumber float64

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (n *looseNumber) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	v, ok := parseNumber(s)
	if !ok {
		v = math.NaN()
	}
	*n = looseNumber(v)
	return nil
}

// whole is the number as a count of pixels, 0 where it is none.
func (n looseNumber) whole() int {
	if v := math.Round(float64(n)); v >= 1 && v < 1<<30 {
		return int(v)
	}
	return 0
}

// parseNumber reads a finite number.
func parseNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// looseNumbers is a list of numbers, nil where it is none. One that is no number
// is NaN.
type looseNumbers []float64

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (n *looseNumbers) UnmarshalJSON(b []byte) error {
	var list []looseNumber
	if json.Unmarshal(b, &list) != nil {
		list = nil
	}
	*n = nil
	for _, v := range list {
		*n = append(*n, float64(v))
	}
	return nil
}

// looseText is text, or a number as it is written; else "".
type looseText string

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (t *looseText) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = looseText(s)
	case json.Unmarshal(b, &n) == nil:
		*t = looseText(n)
	default:
		*t = ""
	}
	return nil
}

// another says that a value was read whole and is of another kind than was asked
// for: a number where an object belongs.
func another(err error) bool {
	_, ok := errors.AsType[*json.UnmarshalTypeError](err)
	return ok
}

// plain says a parser's error in words.
func plain(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("at byte %d it is no JSON", e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("at byte %d is a %s, which does not belong there", e.Offset, e.Value)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it is cut off"
	}
	if e, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Sprintf("%.40q is no number", e.Num)
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "json: "), "xml: ")
}
