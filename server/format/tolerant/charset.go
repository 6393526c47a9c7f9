package tolerant

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// Label files are text of any age. One with a byte order mark says what it is in;
// one that is valid UTF-8 is that. The rest was written by a program that used its
// system's code page, of which it says nothing: it is read as GBK where it looks
// like Chinese, else as Windows-1252, and that this is a guess is told.

// Charset is an encoding, what people call it, and whether that is a guess.
type Charset struct {
	encoding.Encoding
	Name  string
	Guess bool
}

var (
	UTF8    = Charset{unicode.UTF8BOM, "UTF-8", false}
	GBK     = Charset{simplifiedchinese.GB18030, "GBK", true}
	windows = Charset{charmap.Windows1252, "Windows-1252", true}
	DOS     = Charset{charmap.CodePage437, "code page 437", true}
)

// Sniffer finds out what text is in, from all of it.
type Sniffer struct {
	head          []byte
	tail          []byte // the beginning of a character that the next piece may end
	invalid       bool   // not UTF-8
	lead          byte   // the first byte of a pair, 0: none
	common, other int    // pairs that are the usual characters of GBK, bytes that are none of these
}

// Write implements io.Writer.
func (s *Sniffer) Write(p []byte) (int, error) {
	if len(s.head) < 4 {
		s.head = append(s.head, p[:min(len(p), 4-len(s.head))]...)
	}
	for _, c := range p {
		// GB 2312's first level, 3755 characters that text is nearly all made of, has
		// leading bytes from 0xb0 to 0xd7; Windows-1252 has its small accented letters
		// beyond, from 0xe0 on.
		switch {
		case s.lead != 0 && c >= 0xa1:
			if s.lead >= 0xb0 && s.lead <= 0xd7 || s.lead >= 0xa1 && s.lead <= 0xa9 {
				s.common++
			} else {
				s.other++
			}
			s.lead = 0
		case s.lead != 0:
			s.other++
			s.lead = 0
		case c >= 0x80:
			s.lead = c
		}
	}
	if s.invalid {
		return len(p), nil
	}
	text := slices.Concat(s.tail, p)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			if !utf8.FullRune(text) {
				break
			}
			s.invalid = true
			return len(p), nil
		}
		text = text[n:]
	}
	s.tail = append([]byte(nil), text...)
	return len(p), nil
}

func (s *Sniffer) Charset() Charset {
	switch {
	case bytes.HasPrefix(s.head, []byte("\xff\xfe")):
		return Charset{unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "UTF-16", false}
	case bytes.HasPrefix(s.head, []byte("\xfe\xff")):
		return Charset{unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "UTF-16", false}
	case !s.invalid && len(s.tail) == 0:
		return UTF8
	case s.lead == 0 && s.common > s.other:
		return GBK
	}
	return windows
}

// CharsetOf is what a whole text is in.
func CharsetOf(text []byte) Charset {
	var s Sniffer
	_, _ = s.Write(text)
	return s.Charset()
}
