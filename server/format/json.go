package format

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"semirest/server/format/tolerant"
)

// OpenJSON opens a JSON file that is too large to be held; close it when it is read.
func (r *Reader) OpenJSON(f *File) (d *json.Decoder, closing func() error, err error) {
	body, err := r.OpenText(f)
	if err != nil {
		return nil, nil, err
	}
	return json.NewDecoder(tolerant.Shallow(body)), body.Close, nil
}

// Damaged makes a damage of a JSON error and leaves limits and the archive's own
// errors what they are.
func Damaged(err error, where string) error {
	if err == nil {
		return fmt.Errorf("%w: %s", ErrSyntax, where)
	}
	if errors.Is(err, ErrLimit) || errors.Is(err, ErrArchive) || errors.Is(err, ErrSyntax) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, tolerant.ErrDeep) {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return fmt.Errorf("%w: %s: %s", ErrSyntax, where, tolerant.Words(err))
}

// End reads to the end of a file, where its checksum is compared, and refuses
// what follows the JSON value.
func End(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Damaged(err, "something follows the end")
	}
	return nil
}

// Skip passes over one value, rest over what is left of one that has begun.
func Skip(d *json.Decoder) error { return pass(d, 0) }

func Rest(d *json.Decoder) error { return pass(d, 1) }

func pass(d *json.Decoder, depth int) error {
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
