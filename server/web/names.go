package web

import (
	"fmt"
	"mime"
	"mime/multipart"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
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

// sentPath is a form's file name with the folders that it came with, which FileName leaves out; "" where it has none or is
// too long to be kept.
func sentPath(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get(echo.HeaderContentDisposition))
	if err != nil {
		return ""
	}
	s := strings.ReplaceAll(strings.ToValidUTF8(params["filename"], "_"), `\`, "/")
	if s = strings.TrimPrefix(path.Clean("/"+s), "/"); len(s) > maxField || strings.ContainsFunc(s, unprintable) {
		return ""
	}
	return s
}

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
