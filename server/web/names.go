package web

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTitle bounds the names that people give, in characters.
const maxTitle = 120

// title checks a name that people gave: one line, not empty.
func title(what, s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", badRequest("a " + what + " needs a name")
	case utf8.RuneCountInString(s) > maxTitle:
		return "", badRequest(fmt.Sprintf("the name of a %s may have %d characters", what, maxTitle))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable):
		return "", badRequest("the name of a " + what + " may hold printable characters only")
	}
	return s, nil
}

// unprintable characters include those that turn the direction of writing round: a name with them may read as another.
func unprintable(r rune) bool { return !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) }

// fileName is the name of a picture that was sent as s: without folders of any system, and printable.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, "_"), `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if unprintable(r) || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, s)
	for len(s) > 200 { // bytes; the end says what kind of file it is
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
	if strings.Trim(s, ". /") == "" {
		return "picture"
	}
	return s
}
