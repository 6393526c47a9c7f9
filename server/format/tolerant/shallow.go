package tolerant

import (
	"bufio"
	"fmt"
	"io"
)

// MaxDepth bounds how deeply JSON and XML may nest. No format here needs ten.
const MaxDepth = 64

// ErrDeep: it does.
var ErrDeep = fmt.Errorf("it nests deeper than %d", MaxDepth)

// shallow passes JSON on and fails where it nests too deeply, before a parser
// has to keep the nesting in memory. NaN and Infinity, which Python writes and
// JSON does not have, become empty text of the same length.
type shallow struct {
	r               *bufio.Reader
	depth           int
	quoted, escaped bool
	word            string // what is left of NaN or Infinity
}

func Shallow(r io.Reader) io.Reader { return &shallow{r: bufio.NewReader(r)} }

// What stands in the place of NaN and of Infinity.
const noNumber, noBound = `"" `, `""      `

func (s *shallow) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for i, c := range p[:n] {
		switch {
		case s.word != "":
			p[i], s.word = s.word[0], s.word[1:]
		case s.escaped:
			s.escaped = false
		case s.quoted:
			s.escaped, s.quoted = c == '\\', c != '"'
		case c == '"':
			s.quoted = true
		case c == 'N':
			p[i], s.word = noNumber[0], noNumber[1:]
		case c == 'I':
			p[i], s.word = noBound[0], noBound[1:]
		case c == '-':
			next := byte(0)
			if i+1 < n {
				next = p[i+1]
			} else if peek, _ := s.r.Peek(1); len(peek) == 1 {
				next = peek[0]
			}
			if next == 'I' {
				p[i] = ' '
			}
		case c == '[' || c == '{':
			if s.depth++; s.depth > MaxDepth {
				return 0, ErrDeep
			}
		case c == ']' || c == '}':
			s.depth--
		}
	}
	return n, err
}
