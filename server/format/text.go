package format

import (
	"fmt"
	"io"

	"golang.org/x/text/transform"

	"semirest/server/format/tolerant"
)

// Guessed notes a guess.
func (r *Reader) Guessed(c tolerant.Charset, f *File) {
	if c.Guess {
		r.Note(fmt.Sprintf("a text file is not in UTF-8 and was read as %s, which is a guess: look at the names of kinds, or save it as UTF-8", c.Name), f.Path, 1)
	}
}

// Text reads a label file as UTF-8 without a byte order mark.
func (r *Reader) Text(f *File, limit int64) ([]byte, error) {
	data, err := r.Read(f, limit)
	if err != nil {
		return nil, err
	}
	f.Used = true
	c := tolerant.CharsetOf(data)
	r.Guessed(c, f)
	out, err := c.NewDecoder().Bytes(data)
	if err != nil {
		return nil, fmt.Errorf("%w: it is no text in %s", ErrSyntax, c.Name)
	}
	return out, nil
}

// OpenText is text of a file that is too large to be held. It is read twice.
func (r *Reader) OpenText(f *File) (io.ReadCloser, error) {
	var s tolerant.Sniffer
	first, err := r.open(f, r.Limits.Text)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(&s, first)
	first.Close()
	if err != nil {
		return nil, err
	}
	f.Used = true
	c := s.Charset()
	r.Guessed(c, f)
	body, err := r.open(f, r.Limits.Text)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{transform.NewReader(body, c.NewDecoder()), body}, nil
}
