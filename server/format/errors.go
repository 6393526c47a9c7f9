package format

import (
	"errors"
	"fmt"
)

// What may be wrong with an archive; test with errors.Is.
var (
	// ErrArchive: the bytes are no zip, or a damaged one.
	ErrArchive = errors.New("not a zip file, or a damaged one")
	// ErrUnsafe: a name in the archive reaches out of it, or is there twice.
	ErrUnsafe = errors.New("a name in the archive is not safe")
	// ErrLimit: the archive holds more than Limits admit.
	ErrLimit = errors.New("the archive is too large")
	// ErrNothing: nothing in the archive looks like the format.
	ErrNothing = errors.New("nothing of this format is in the archive")
	// ErrSyntax: a label file is not what its format asks for.
	ErrSyntax = errors.New("the label file is damaged")
	// ErrUnknown: labels of a picture that is neither known nor in the archive.
	ErrUnknown = errors.New("there is no picture of this name")
	// ErrAmbiguous: several known pictures have the name.
	ErrAmbiguous = errors.New("several pictures have this name")
	// ErrSize: the labels were made on a picture of another size.
	ErrSize = errors.New("the sizes differ")
	// ErrOutside: a shape reaches beyond the picture.
	ErrOutside = errors.New("a shape lies outside the picture")
)

// PictureError says what is wrong with one picture's labels.
type PictureError struct {
	Name string // the picture's
	File string // in the archive, "" when it is none's fault
	Err  error
}

func (e *PictureError) Error() string {
	if e.File == "" || e.File == e.Name {
		return fmt.Sprintf("format: %s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("format: %s (%s): %v", e.Name, e.File, e.Err)
}

func (e *PictureError) Unwrap() error { return e.Err }
