package format

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Label files are text of any age. One with a byte order mark says what it is in;
// one that is valid UTF-8 is that. The rest was written by a program that used its
// system's code page, of which it says nothing: it is read as GBK where it looks
// like Chinese, else as Windows-1252, and that this is a guess is told.

// charset is an encoding, what people call it, and whether that is a guess.
type charset struct {
	encoding.Encoding
	name  string
	guess bool
}

var (
	utf8Text = charset{unicode.UTF8BOM, "UTF-8", false}
	gbk      = charset{simplifiedchinese.GB18030, "GBK", true}
	windows  = charset{charmap.Windows1252, "Windows-1252", true}
	dos      = charset{charmap.CodePage437, "code page 437", true}
)

// sniffer finds out what text is in, from all of it.
type sniffer struct {
	head          []byte
	tail          []byte // the beginning of a character that the next piece may end
	invalid       bool   // not UTF-8
	lead          byte   // the first byte of a pair, 0: none
	common, other int    // pairs that are the usual characters of GBK, bytes that are none of these
}

// Write implements io.Writer.
func (s *sniffer) Write(p []byte) (int, error) {
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

func (s *sniffer) charset() charset {
	switch {
	case bytes.HasPrefix(s.head, []byte("\xff\xfe")):
		return charset{unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "UTF-16", false}
	case bytes.HasPrefix(s.head, []byte("\xfe\xff")):
		return charset{unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "UTF-16", false}
	case !s.invalid && len(s.tail) == 0:
		return utf8Text
	case s.lead == 0 && s.common > s.other:
		return gbk
	}
	return windows
}

// charsetOf is what a whole text is in.
func charsetOf(text []byte) charset {
	var s sniffer
	_, _ = s.Write(text)
	return s.charset()
}

// told notes a guess.
func (r *reader) told(c charset, f *file) {
	if c.guess {
		r.notes.add(fmt.Sprintf("a text file is not in UTF-8 and was read as %s, which is a guess: look at the names of kinds, or save it as UTF-8", c.name), f.path, 1)
	}
}

// text reads a label file as UTF-8 without a byte order mark.
func (r *reader) text(f *file, limit int64) ([]byte, error) {
	data, err := r.read(*f, limit)
	if err != nil {
		return nil, err
	}
	f.used = true
	c := charsetOf(data)
	r.told(c, f)
	out, err := c.NewDecoder().Bytes(data)
	if err != nil {
		return nil, fmt.Errorf("%w: it is no text in %s", ErrSyntax, c.name)
	}
	return out, nil
}

// openText is text of a file that is too large to be held. It is read twice.
func (r *reader) openText(f *file) (io.ReadCloser, error) {
	var s sniffer
	first, err := r.open(*f, r.limits.Text)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(&s, first)
	first.Close()
	if err != nil {
		return nil, err
	}
	f.used = true
	c := s.charset()
	r.told(c, f)
	body, err := r.open(*f, r.limits.Text)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{transform.NewReader(body, c.NewDecoder()), body}, nil
}
