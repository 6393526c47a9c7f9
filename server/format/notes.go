package format

import (
	"fmt"
	"strings"

	"semirest/server/format/tolerant"
)

// NotesName is where a zip that Write made holds its warnings. Read passes it
// over.
const NotesName = "NOTES.txt"

// notes collects warnings, equal ones as one, in the order of their first.
type notes struct {
	list []Warning
	at   map[string]int
}

// add tells n times of the same for one picture.
func (s *notes) add(text, picture string, n int) {
	if n <= 0 {
		return
	}
	if s.at == nil {
		s.at = map[string]int{}
	}
	i, ok := s.at[text]
	if !ok {
		i = len(s.list)
		s.at[text] = i
		s.list = append(s.list, Warning{Text: text, First: picture})
	}
	s.list[i].Count += n
}

// String says it in one line.
func (w Warning) String() string {
	if w.First == "" {
		return w.Text
	}
	if w.Count == 1 {
		return fmt.Sprintf("%s (%s)", w.Text, w.First)
	}
	return fmt.Sprintf("%s (%d times, first in %s)", w.Text, w.Count, w.First)
}

// text is the notes as a file.
func (s *notes) text() string {
	var b strings.Builder
	b.WriteString("What this format could not hold, and how it was written instead.\n\n")
	for _, w := range s.list {
		fmt.Fprintf(&b, "- %s\n", tolerant.Line(w.String()))
	}
	return b.String()
}
