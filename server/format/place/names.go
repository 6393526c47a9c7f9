package place

import (
	"path"
	"strconv"
	"strings"
	"unicode"

	"semirest/server/format/tolerant"
)

// maxName bounds a file name in an archive, in bytes; most file systems take 255.
const maxName = 200

// FileName makes a name one that every file system takes and that leaves no
// folder: no separators, no characters that Windows refuses, no leading or
// trailing dot or space, none of the names that are devices there.
func FileName(name string) string {
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
		s = tolerant.Cut(strings.TrimSuffix(s, ext), maxName-len(ext)) + ext
	}
	switch base := strings.ToUpper(Stem(s)); {
	case s == "":
		return "_"
	case base == "CON" || base == "PRN" || base == "AUX" || base == "NUL",
		len(base) == 4 && (base[:3] == "COM" || base[:3] == "LPT") && base[3] >= '0' && base[3] <= '9':
		return "_" + s
	}
	return s
}

// Base is the last part of a path of either kind of separator: what a file
// says of a picture's name never names a folder.
func Base(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	if s == "." || s == ".." {
		return "_"
	}
	return s
}

// Stem is a file name without its extension.
func Stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// Names gives out file names, none twice. Names that only differ in case count
// as one, as they do on Windows and macOS.
type Names map[string]bool

// Take returns name, or name~2 and so on where the stem was taken before in the
// same space, for instance a folder.
func (n Names) Take(space, name string) string {
	base, ext := Stem(name), path.Ext(name)
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
