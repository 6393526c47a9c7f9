// Package tolerant reads text as people's programs write it: in any encoding, with
// numbers as text, sizes with a decimal point, NaN where they have no number, a list
// where a map belongs. A value that is not what it should be must not end the reading of
// the whole file: Number, Numbers and Text take any JSON and say afterwards what they got.
package tolerant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Number is a number, or text that holds one; else NaN.
type Number float64

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (n *Number) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	v, ok := ParseNumber(s)
	if !ok {
		v = math.NaN()
	}
	*n = Number(v)
	return nil
}

// Whole is the number as a count of pixels, 0 where it is none.
func (n Number) Whole() int {
	if v := math.Round(float64(n)); v >= 1 && v < 1<<30 {
		return int(v)
	}
	return 0
}

// ParseNumber reads a finite number.
func ParseNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// Numbers is a list of numbers, nil where it is none. One that is no number
// is NaN.
type Numbers []float64

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (n *Numbers) UnmarshalJSON(b []byte) error {
	var list []Number
	if json.Unmarshal(b, &list) != nil {
		list = nil
	}
	*n = nil
	for _, v := range list {
		*n = append(*n, float64(v))
	}
	return nil
}

// Text is text, or a number as it is written; else "".
type Text string

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = Text(s)
	case json.Unmarshal(b, &n) == nil:
		*t = Text(n)
	default:
		*t = ""
	}
	return nil
}

// OtherKind says that a value was read whole and is of another kind than was asked
// for: a number where an object belongs.
func OtherKind(err error) bool {
	_, ok := errors.AsType[*json.UnmarshalTypeError](err)
	return ok
}

// Words says a parser's error in words.
func Words(err error) string {
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
