// Package archive writes a project as one zip file, and reads one back as a new
// project that differs in nothing but its ids. Two projects that are the same
// but for ids become the same bytes, so that writing what was read gives the
// file that was read.
//
// # The file, version 1
//
//	files/SHA256               a picture as it was dropped, a truth mask, a model: once, named by its bytes
//	labels/PICTURE/REVISION    a revision of a picture's labels, stored form of shared/annot
//	project.json               everything else, see manifest; last, since it is known last
//
// PICTURE and REVISION are six digits or more, counted from 1: the picture's
// place in project.json. Entries lie in the order pictures, truth masks, models,
// labels, each in the order of project.json; a file that is named twice lies
// where it is named first. They are stored without compression (pictures have
// their own, and weights hardly shrink) and bear no time.
//
// Read also takes a zip that another program packed from the same files:
// compressed, in another order, with entries for folders.
//
// # What Read refuses
//
// A zip comes from anywhere. Every name must be one of the three above, so that
// none leads out of a folder, and none may come twice; each must be named by
// project.json, and hold the bytes that its SHA-256 says. What the entries
// unpack to is bounded, in each and in all, by Limits and by a ratio to the
// zip's size, before and while they are unpacked. The project appears whole at
// the end or not at all.
package archive

import (
	"context"
	"errors"
	"io"

	"semirest/server/project"
)

// Store is what the package needs of a store of projects.
type Store interface {
	Snapshot(ctx context.Context, id project.ID, use func(project.Snapshot) error) error
	Restore(ctx context.Context, x project.Snapshot) (project.Project, error)
	OpenBlob(ctx context.Context, sha string) (io.ReadSeekCloser, error)
	PutBlob(ctx context.Context, r io.Reader) (sha string, n int64, err error)
}

// Limits bound what Read takes in. Zeros are the defaults.
type Limits struct {
	Bytes   int64 // unpacked, of all entries together; 64 GiB
	Entry   int64 // unpacked, of one file; 4 GiB
	Entries int   // in the zip; 1,000,000
}

func (l Limits) filled() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 30
	}
	if l.Entry <= 0 {
		l.Entry = 4 << 30
	}
	if l.Entries <= 0 {
		l.Entries = 1_000_000
	}
	return l
}

const (
	format   = "semirest-project"
	version  = 1
	listName = "project.json"

	maxLabels = 64 << 20 // bytes of a revision
	// maxRatio and slack bound what a zip unpacks to by its size: text shrinks
	// by up to 20, a bomb by 1000.
	maxRatio = 100
	slack    = 16 << 20

	// project.json says a little about each entry of the zip, and about jobs and
	// such. It is read whole, and a short text can become many structures.
	listBytes, listBytesEach     = 16 << 20, 1 << 10
	listObjects, listObjectsEach = 100_000, 8
)

// Errors beside those of the store; test with errors.Is.
var (
	// ErrFormat means that the file is no project, or that it was changed or
	// cut since it was written. It wraps the reason.
	ErrFormat = errors.New("archive: this is no whole project file")

	// ErrVersion means that a newer version of this program wrote the file.
	ErrVersion = errors.New("archive: the project file is of a newer version of this program: use that one")

	// ErrLimit means that the file would unpack to more than is taken in.
	ErrLimit = errors.New("archive: the project file unpacks to too much")
)
