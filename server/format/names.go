package format

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line makes text fit for one line of a text file: control characters and line
// breaks become spaces.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// maxName bounds a file name in an archive, in bytes; most file systems take 255.
const maxName = 200

// fileName makes a name one that every file system takes and that leaves no
// folder: no separators, no characters that Windows refuses, no leading or
// trailing dot or space, none of the names that are devices there.
func fileName(name string) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	s = strings.TrimRight(strings.TrimSpace(s), ". ")
	if strings.HasPrefix(s, ".") {
		s = "_" + s[1:]
	}
	if len(s) > maxName {
		ext := path.Ext(s)
		if len(ext) > 10 {
			ext = ""
		}
		s = cut(strings.TrimSuffix(s, ext), maxName-len(ext)) + ext
	}
	switch base := strings.ToUpper(stem(s)); {
	case s == "":
		return "_"
	case base == "CON" || base == "PRN" || base == "AUX" || base == "NUL",
		len(base) == 4 && (base[:3] == "COM" || base[:3] == "LPT") && base[3] >= '0' && base[3] <= '9':
		return "_" + s
	}
	return s
}

// baseName is the last part of a path of either kind of separator: what a file
// says of a picture's name never names a folder.
func baseName(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	if s == "." || s == ".." {
		return "_"
	}
	return s
}

// cut shortens s to n bytes at most, at a whole character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// stem is a file name without its extension.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// names gives out file names, none twice. Names that only differ in case count
// as one, as they do on Windows and macOS.
type names map[string]bool

// take returns name, or name~2 and so on where the stem was taken before in the
// same space, for instance a folder.
func (n names) take(space, name string) string {
	base, ext := stem(name), path.Ext(name)
	for i := 1; ; i++ {
		s := base
		if i > 1 {
			s += "~" + strconv.Itoa(i)
		}
		if key := space + "/" + strings.ToLower(s); !n[key] {
			n[key] = true
			return s + ext
		}
	}
}
