package store

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"semirest/server/project"
)

// Limits of what rows hold, in bytes.
const (
	MaxPath     = 1024
	MaxName     = 255
	MaxText     = 4096    // notes, errors, details
	MaxSettings = 1 << 20 // JSON
	MaxData     = 64 << 20
)

// newID makes a row's id: 80 random bits. Two of a billion rows are alike with
// a chance below one in a million.
func newID() project.ID {
	var b [10]byte
	// crypto/rand never fails: it ends the program where the machine has no
	// randomness.
	_, _ = rand.Read(b[:])
	return project.ID(strings.ToLower(base32.StdEncoding.EncodeToString(b[:])))
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{project.ErrInvalid}, args...)...)
}

// line checks a short text that people see: valid UTF-8 without control
// characters. A NUL would end a statement early in SQLite and is refused by
// PostgreSQL.
func line(what, s string, limit int) error {
	switch {
	case len(s) > limit:
		return invalid("the %s is longer than %d bytes", what, limit)
	case !utf8.ValidString(s):
		return invalid("the %s is not UTF-8", what)
	case strings.ContainsFunc(s, unicode.IsControl):
		return invalid("the %s holds a control character", what)
	}
	return nil
}

// name checks a line that must not be empty or blank at an end.
func name(what, s string) error {
	switch {
	case s == "":
		return invalid("the %s is empty", what)
	case strings.TrimSpace(s) != s:
		return invalid("the %s begins or ends with a space", what)
	}
	return line(what, s, MaxName)
}

// fileName checks a picture's name: it becomes a file's name in exports, on any
// system.
func fileName(s string) error {
	if s == "." || s == ".." || strings.ContainsAny(s, `/\`) {
		return invalid("%q is no name of a picture: leave its folders out", s)
	}
	return name("picture's name", s)
}

// text cuts a long text to what a row holds, at a character's end, and takes
// what cannot be stored out of it. It is for what must be kept in any case,
// such as an error.
func text(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= MaxText {
		return s
	}
	s = s[:MaxText]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// settings brings settings to their one form: compact JSON, or nothing.
func settings(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if len(raw) > MaxSettings {
		return "", invalid("the settings are longer than %d bytes", MaxSettings)
	}
	if !utf8.Valid(raw) {
		return "", invalid("the settings are not UTF-8")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", invalid("the settings are no JSON: %v", err)
	}
	return b.String(), nil
}

// encode is a value's JSON for a row. A number that is not finite has none.
func encode(what string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", invalid("the %s cannot be stored: %v", what, err)
	}
	return string(b), nil
}
