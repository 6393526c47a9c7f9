package format

import (
	"fmt"
	"io"
)

// maxDepth bounds how deeply JSON and XML may nest. No format here needs ten.
const maxDepth = 64

// shallow passes JSON on and fails where it nests too deeply, before a parser
// has to keep the nesting in memory.
type shallow struct {
	r               io.Reader
	depth           int
	quoted, escaped bool
}

func (s *shallow) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for _, c := range p[:n] {
		switch {
		case s.escaped:
			s.escaped = false
		case s.quoted:
			s.escaped, s.quoted = c == '\\', c != '"'
		case c == '"':
			s.quoted = true
		case c == '[' || c == '{':
			if s.depth++; s.depth > maxDepth {
				return 0, fmt.Errorf("%w: it nests deeper than %d", ErrSyntax, maxDepth)
			}
		case c == ']' || c == '}':
			s.depth--
		}
	}
	return n, err
}
